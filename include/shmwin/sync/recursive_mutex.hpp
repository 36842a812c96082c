// SPDX-License-Identifier: MIT
// recursive_mutex_state: a mutex that its thread may lock again.
//
//     | mutex_state (8) | how often it is locked (4) | pad (4) |
//
// The count belongs to the holder: whoever takes the lock, also after a death, begins with 1.
//
// Layer: sync.
#pragma once

#include "shmwin/sync/mutex.hpp"

#include <cstdint>

namespace shmwin::inline v1::detail {

/// In the segment. All zero is a free lock. Errors as mutex_state, but for would_deadlock.
class recursive_mutex_state {
  public:
    static constexpr lock_calls calls{"recursive_mutex::lock",
                                      "recursive_mutex::try_lock",
                                      "recursive_mutex::try_lock_for",
                                      "recursive_mutex::try_lock_until",
                                      "recursive_mutex::lock_to_repair",
                                      "recursive_mutex::mark_consistent",
                                      "recursive_mutex::unlock"};

    void lock(wait_context const& by, awaited const& what) {
        if (locked_again(by)) return;
        mutex_.lock(by, what);
        count_ = 1;
    }
    [[nodiscard]] bool
    lock_until(wait_context const& by, awaited const& what, wait_deadline until) {
        return locked_again(by) || first(mutex_.lock_until(by, what, until));
    }
    [[nodiscard]] bool try_lock(wait_context const& by, awaited const& what) {
        return locked_again(by) || first(mutex_.try_lock(by, what));
    }
    [[nodiscard]] bool lock_to_repair(wait_context const& by, awaited const& what) {
        if (locked_again(by)) return false;
        bool const died = mutex_.lock_to_repair(by, what);
        count_ = 1;
        return died;
    }
    void mark_consistent(wait_context const& by, awaited const& what) {
        mutex_.mark_consistent(by, what);
    }
    void unlock(wait_context const& by, awaited const& what) {
        if (mutex_.is_mine(by) && count_ > 1) {
            --count_;
        } else {
            mutex_.unlock(by, what);
        }
    }

    [[nodiscard]] bool is_mine(wait_context const& by) const noexcept { return mutex_.is_mine(by); }
    [[nodiscard]] lock_holder holder() const noexcept { return mutex_.holder(); }
    /// How often the calling thread has locked it.
    [[nodiscard]] std::uint32_t depth(wait_context const& by) const noexcept {
        return mutex_.is_mine(by) ? count_ : 0;
    }

  private:
    [[nodiscard]] bool locked_again(wait_context const& by) noexcept {
        if (!mutex_.is_mine(by)) return false;
        ++count_;
        return true;
    }
    [[nodiscard]] bool first(bool locked) noexcept {
        if (locked) count_ = 1;
        return locked;
    }

    mutex_state mutex_;
    std::uint32_t count_ = 0; // the holder's
};
static_assert(sizeof(recursive_mutex_state) == 16);

} // namespace shmwin::inline v1::detail
