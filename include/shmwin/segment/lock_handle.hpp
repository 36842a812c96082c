// SPDX-License-Identifier: MIT
// lock_handle: what the handles of mutex and recursive_mutex have in common.
//
// Layer: segment.
#pragma once

#include "shmwin/segment/core.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/mutex.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace shmwin::inline v1::detail {

/// Lockable and TimedLockable of the standard, for ranks and for threads of a rank:
/// std::lock_guard, std::unique_lock and std::scoped_lock work on it. A thread holds it; only that
/// thread unlocks. Cheap to copy, owns nothing; all functions are local. What was stored before
/// unlock() is visible after the next lock().
///
/// If the process of a holder dies, that is noticed within a second by who waits or tries. From
/// then on everybody gets owner_died, without holding the lock, until one calls lock_to_repair(),
/// mends the data and says so: mark_consistent(). Unlocked without that, it is never had again. A
/// holder that left the segment (by an exception, say) and lives on still holds; who has waited for
/// half a second since gets peer_left. Who only tries, or waits for less than a second at a time,
/// may get false for ever.
///
/// Errors that the functions share:
///   owner_died                          the last holder died; not locked
///   runtime_failure (not_recoverable)   nobody repaired; destroy it and create it anew
///   runtime_failure (would_deadlock)    this thread holds it (mutex)
///   peer_left                           the holder left and lives on (waits of a second or more)
///   argument_error (invalid_argument)   unlock() and mark_consistent() without holding it
/// @complexity  uncontended: one atomic operation to lock, one to unlock
/// @see ISO C++20 [thread.timedmutex.requirements]; POSIX.1-2017, pthread_mutexattr_setrobust
template <typename State>
class lock_handle : public sync_handle<State> {
  public:
    /// Refers to nothing.
    lock_handle() = default;

    /// Local. Waits until the calling thread holds it. Drives MPI meanwhile.
    void lock() const { this->state().lock(this->waits(), this->what(State::calls.lock)); }

    /// Local. Never waits. @returns  true if it locked
    [[nodiscard]] bool try_lock() const {
        return this->state().try_lock(this->waits(), this->what(State::calls.try_lock));
    }
    /// Local. Waits at most so long. @returns  true if it locked
    template <typename Rep, typename Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> const& how_long) const {
        return lock_by(State::calls.try_lock_for, deadline_after(how_long));
    }
    /// Local. Waits at most until then. @returns  true if it locked
    template <typename Clock, typename Duration>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<Clock, Duration> const& when) const {
        return lock_by(State::calls.try_lock_until, deadline_of(when));
    }

    /// Local. Waits until the calling thread holds it, also after a holder's death.
    /// @returns  true if the last holder died: the data may be half changed; of a recursive_mutex
    ///           false to the thread that is repairing, which then holds it once more
    [[nodiscard]] bool lock_to_repair() const {
        return this->state().lock_to_repair(this->waits(), this->what(State::calls.lock_to_repair));
    }
    /// Local. Says, before unlock(), that the data are whole again.
    void mark_consistent() const {
        this->state().mark_consistent(this->waits(), this->what(State::calls.mark_consistent));
    }

    /// Local. Gives it back and wakes who waits. Never waits.
    void unlock() const { this->state().unlock(this->waits(), this->what(State::calls.unlock)); }

    /// Local. Who holds it: a snapshot.
    [[nodiscard]] lock_holder holder() const noexcept { return this->state().holder(); }

    /// Internal: made by segment and group.
    lock_handle(std::shared_ptr<segment_core> core, placed_object where)
        : sync_handle<State>(std::move(core), std::move(where)) {
        this->core().note_locks();
    }
    /// Internal: for condition_variable.
    [[nodiscard]] State& lock_state() const noexcept { return this->state(); }

  private:
    [[nodiscard]] bool lock_by(char const* call, wait_deadline until) const {
        return this->state().lock_until(this->waits(), this->what(call), until);
    }
};

} // namespace shmwin::inline v1::detail
