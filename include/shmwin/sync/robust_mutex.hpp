// SPDX-License-Identifier: MIT
// robust_mutex: an 8-byte lock in the segment that survives its holder. The word names the
// process that holds it (its participant), so a waiter can find out that the holder is dead and
// take the lock over; it then learns that what the lock guards may be half changed.
//
//     word: 0 = free; participant + 1, with the top bit set when somebody sleeps
//
// A futex lock that lets newcomers in first: hand-over in order collapses when ranks outnumber
// cores (U. Drepper, "Futexes are tricky", 2011).
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/futex.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/wait.hpp"

#include <atomic>
#include <cstdint>
#include <utility>

namespace shmwin::inline v1::detail {

enum class lock_outcome : std::uint8_t {
    locked,
    owner_died, ///< locked; the one before died inside and its work may be half done
};

/// In the segment. All zero is a free lock.
class robust_mutex {
  public:
    /// Waits until the lock is the caller's. Only for sections of a few microseconds inside one
    /// library call: not recursive, no MPI progress while waiting.
    [[nodiscard]] SHMWIN_API lock_outcome lock(participants const& who,
                                               wait_policy const& policy) noexcept;

    /// @pre  the caller's process holds the lock
    SHMWIN_API void unlock() noexcept;

    /// The participant that holds the lock; -1 if it is free. A snapshot.
    [[nodiscard]] int holder() const noexcept {
        return static_cast<int>(word_.load(std::memory_order_relaxed) & ~sleepers_bit) - 1;
    }

    /// How often the lock was taken over from a dead holder.
    [[nodiscard]] std::uint32_t n_takeovers() const noexcept { return n_takeovers_.load(); }

  private:
    static constexpr std::uint32_t sleepers_bit = 0x8000'0000U;

    bool try_take(std::uint32_t mine) noexcept;
    bool taken_soon(std::uint32_t mine, wait_policy const& policy) noexcept;
    bool sleep_once(std::uint32_t seen) noexcept;
    bool take_over(std::uint32_t seen, std::uint32_t mine, participants const& who) noexcept;

    futex_word word_;
    std::atomic<std::uint32_t> n_takeovers_;
};
static_assert(sizeof(robust_mutex) == 8);

/// Holds a robust_mutex for a scope; calls `repair` first if its last holder died.
template <typename Repair>
class robust_lock {
  public:
    robust_lock(robust_mutex& mutex,
                participants const& who,
                wait_policy const& policy,
                Repair repair)
        : mutex_(mutex) {
        static_assert(noexcept(repair()), "else the lock would stay held");
        if (mutex_.lock(who, policy) == lock_outcome::owner_died) repair();
    }
    robust_lock(robust_lock const&) = delete;
    robust_lock(robust_lock&&) = delete;
    robust_lock& operator=(robust_lock const&) = delete;
    robust_lock& operator=(robust_lock&&) = delete;
    ~robust_lock() { mutex_.unlock(); }

  private:
    robust_mutex& mutex_;
};

} // namespace shmwin::inline v1::detail
