// SPDX-License-Identifier: MIT
// semaphore: handle to a number of units in the segment that ranks take and give back.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/semaphore.hpp"

#include <chrono>
#include <cstdint>

SHMWIN_NAME(shmwin::detail::semaphore_state, "shmwin.semaphore/1");

namespace shmwin::inline v1 {

/// Units that any rank or thread takes and gives back. All stores before a release() are visible
/// after an acquire() of what it gave. Newcomers may be served before those who wait.
///
/// It does not know who has its units: those of a rank that dies are lost. So while a rank is
/// missing (it left or died), a wait for a unit throws peer_left within a second; units that are
/// there can be taken as before.
/// @see ISO C++20 [thread.sema]; Python's multiprocessing.Semaphore, and with a maximum
///      BoundedSemaphore
class SHMWIN_API semaphore : public detail::sync_handle<detail::semaphore_state> {
  public:
    using sync_handle::sync_handle;

    /// Local. The most units of a semaphore without a maximum of its own: 2^31 - 1.
    [[nodiscard]] static constexpr std::int64_t max() noexcept { return detail::most_units; }

    /// Local. Waits for a unit and takes it. Drives MPI, but not at MPI_THREAD_SERIALIZED.
    /// @throws peer_left, runtime_failure (closed)
    void acquire() const;

    /// Local. Takes a unit if there is one; never waits.
    /// @returns  false if there is none
    [[nodiscard]] bool try_acquire() const noexcept;

    /// Local. acquire() until then at most.
    /// @returns  false if there was none in time
    template <typename Rep, typename Period>
    [[nodiscard]] bool try_acquire_for(std::chrono::duration<Rep, Period> const& how_long) const {
        return acquire(detail::deadline_after(how_long));
    }
    template <typename Clock, typename Duration>
    [[nodiscard]] bool
    try_acquire_until(std::chrono::time_point<Clock, Duration> const& when) const {
        return acquire(detail::deadline_of(when));
    }

    /// Local. Gives n units back.
    /// @throws argument_error (invalid_argument)  n is negative, or there would be more than the
    ///         maximum; nothing changed
    void release(std::int64_t n = 1) const;

    /// Local. Units that are there now.
    [[nodiscard]] std::int64_t units() const noexcept;

  private:
    [[nodiscard]] bool acquire(detail::wait_deadline until) const;
};

} // namespace shmwin::inline v1
