// SPDX-License-Identifier: MIT
// latch: handle to a count in the segment that goes down to zero once.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/latch.hpp"

#include <chrono>
#include <cstdint>

SHMWIN_NAME(shmwin::detail::latch_state, "shmwin.latch/1");

namespace shmwin::inline v1 {

/// A count that any ranks and threads take down, and wait for at zero. All stores before a
/// count_down() are visible after a wait that it ended. It stays open once it is at zero.
///
/// While a rank is missing (it left or died), a wait for a count that is not zero throws
/// barrier_broken within a second, naming all who are missing: they might have counted.
/// @see ISO C++20 [thread.latch]
class SHMWIN_API latch : public detail::sync_handle<detail::latch_state> {
  public:
    using sync_handle::sync_handle;

    /// Local. Takes n off the count.
    /// @throws argument_error (invalid_argument)  n is negative, or more than is left
    void count_down(std::int64_t n = 1) const;

    /// Local. True if the count is zero. Never waits.
    [[nodiscard]] bool try_wait() const noexcept;

    /// Local. What is left.
    [[nodiscard]] std::int64_t count() const noexcept;

    /// Local. Waits until the count is zero. Drives MPI, but not at MPI_THREAD_SERIALIZED.
    /// @throws barrier_broken, runtime_failure (closed)
    void wait() const;

    /// Local. wait() for so long, or until then, at most.
    /// @returns  false if it was not zero in time
    /// @throws barrier_broken, runtime_failure (closed)
    template <typename Rep, typename Period>
    [[nodiscard]] bool wait_for(std::chrono::duration<Rep, Period> const& how_long) const {
        return wait(detail::deadline_after(how_long));
    }
    template <typename Clock, typename Duration>
    [[nodiscard]] bool wait_until(std::chrono::time_point<Clock, Duration> const& when) const {
        return wait(detail::deadline_of(when));
    }

    /// Local. count_down(n), then wait().
    /// @throws argument_error (invalid_argument)  n is negative, or more than is left: nothing was
    ///                                            counted
    /// @throws barrier_broken, runtime_failure (closed)  it was counted all the same
    void arrive_and_wait(std::int64_t n = 1) const;

    /// Local. count_down(n), then wait() for so long, or until then, at most.
    /// @returns  false if it was not zero in time; it was counted all the same
    /// @throws argument_error, barrier_broken, runtime_failure  as arrive_and_wait()
    template <typename Rep, typename Period>
    [[nodiscard]] bool arrive_and_wait_for(std::chrono::duration<Rep, Period> const& how_long,
                                           std::int64_t n = 1) const {
        count_down(n);
        return wait_for(how_long);
    }
    template <typename Clock, typename Duration>
    [[nodiscard]] bool arrive_and_wait_until(std::chrono::time_point<Clock, Duration> const& when,
                                             std::int64_t n = 1) const {
        count_down(n);
        return wait_until(when);
    }

  private:
    [[nodiscard]] bool wait(detail::wait_deadline until) const;
};

} // namespace shmwin::inline v1
