// SPDX-License-Identifier: MIT
// condition_variable: handle to a place in the segment where ranks sleep until another one says
// that something changed.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/sync/condition_variable.hpp"
#include "shmwin/sync/deadline.hpp"

#include <chrono>

SHMWIN_NAME(shmwin::detail::condition_state, "shmwin.condition_variable/1");

namespace shmwin::inline v1 {

/// Waits with any lock that has lock() and unlock(): std::unique_lock<shmwin::mutex>, say. Whoever
/// changes what is waited for holds the same lock while it does, and then notifies, with the lock
/// or without. As std::condition_variable_any, a wait may return without a notification: so it
/// stands in a loop, or has a predicate.
///
/// A notification is never lost, also not on one who is killed as it wakes: each wakes at least
/// one of those who wait, and all others find out within a slice of sleep (50 ms unless changed)
/// that there was one.
///
/// While a rank is missing (it left or died), a wait throws barrier_broken within a second, naming
/// all who are missing: they might have notified. However a wait ends, by return or by an
/// exception, the lock is held again; only if lock() itself throws (owner_died) it is not, and that
/// is the error.
/// @see ISO C++20 [thread.condition.condvarany]
class SHMWIN_API condition_variable : public detail::sync_handle<detail::condition_state> {
  public:
    using sync_handle::sync_handle;

    /// Local. Wakes at least one who waits.
    void notify_one() const noexcept;

    /// Local. Wakes all who wait.
    void notify_all() const noexcept;

    /// Local. Gives the lock up, waits for a notification, takes the lock again. Drives MPI while
    /// it waits, but not at MPI_THREAD_SERIALIZED.
    /// @pre  the caller holds the lock
    /// @throws barrier_broken, runtime_failure (closed), what lock.lock() throws
    template <typename Lock>
    void wait(Lock& lock) const {
        static_cast<void>(wait_by(lock, detail::no_deadline));
    }

    /// Local. Returns when `predicate()` is true; it is called with the lock held.
    template <typename Lock, typename Predicate>
    void wait(Lock& lock, Predicate predicate) const {
        while (!predicate()) {
            wait(lock);
        }
    }

    /// Local. Until then at most.
    /// @returns  false if there was no notification in time
    template <typename Lock, typename Rep, typename Period>
    bool wait_for(Lock& lock, std::chrono::duration<Rep, Period> const& how_long) const {
        return wait_by(lock, detail::deadline_after(how_long));
    }
    template <typename Lock, typename Clock, typename Duration>
    bool wait_until(Lock& lock, std::chrono::time_point<Clock, Duration> const& when) const {
        return wait_by(lock, detail::deadline_of(when));
    }

    /// Local. Until `predicate()` is true, or then at most.
    /// @returns  what `predicate()` said last
    template <typename Lock, typename Rep, typename Period, typename Predicate>
    bool wait_for(Lock& lock,
                  std::chrono::duration<Rep, Period> const& how_long,
                  Predicate predicate) const {
        return wait_by(lock, detail::deadline_after(how_long), predicate);
    }
    template <typename Lock, typename Clock, typename Duration, typename Predicate>
    bool wait_until(Lock& lock,
                    std::chrono::time_point<Clock, Duration> const& when,
                    Predicate predicate) const {
        return wait_by(lock, detail::deadline_of(when), predicate);
    }

  private:
    template <typename Lock>
    bool wait_by(Lock& lock, detail::wait_deadline until) const {
        auto const ticket = take_ticket(); // before the lock goes: what comes after it counts
        lock.unlock();
        auto const outcome = sleep(ticket, until);
        lock.lock();
        return outcome.get();
    }
    template <typename Lock, typename Predicate>
    bool wait_by(Lock& lock, detail::wait_deadline until, Predicate& predicate) const {
        while (!predicate()) {
            if (!wait_by(lock, until)) return predicate();
        }
        return true;
    }

    [[nodiscard]] std::uint32_t take_ticket() const noexcept { return detail::ticket(state()); }
    [[nodiscard]] detail::condition_outcome sleep(std::uint32_t ticket,
                                                  detail::wait_deadline until) const noexcept;
};

} // namespace shmwin::inline v1
