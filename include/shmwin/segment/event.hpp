// SPDX-License-Identifier: MIT
// event: handle to a flag in the segment that ranks wait for.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/event.hpp"

#include <chrono>

SHMWIN_NAME(shmwin::detail::event_state, "shmwin.event/1");

namespace shmwin::inline v1 {

/// A flag that any rank or thread sets, clears and waits for, as Python's multiprocessing.Event.
/// All stores before a set() are visible after a wait that it ended.
///
/// While a rank is missing (it left or died), a wait for a clear flag throws peer_left within a
/// second: that rank might have set it.
class SHMWIN_API event : public detail::sync_handle<detail::event_state> {
  public:
    using sync_handle::sync_handle;

    /// Local. Sets the flag: all who wait go on, also those who look only after a clear().
    void set() const noexcept;

    /// Local. Clears the flag: who waits from now on waits for the next set().
    void clear() const noexcept;

    /// Local. True if the flag is set.
    [[nodiscard]] bool is_set() const noexcept;

    /// Local. Returns when the flag is set. Drives MPI, but not at MPI_THREAD_SERIALIZED.
    /// @throws peer_left, runtime_failure (closed)
    void wait() const;

    /// Local. Until then at most.
    /// @returns  false if the flag was not set in time
    template <typename Rep, typename Period>
    [[nodiscard]] bool wait_for(std::chrono::duration<Rep, Period> const& how_long) const {
        return wait(detail::deadline_after(how_long));
    }
    template <typename Clock, typename Duration>
    [[nodiscard]] bool wait_until(std::chrono::time_point<Clock, Duration> const& when) const {
        return wait(detail::deadline_of(when));
    }

  private:
    [[nodiscard]] bool wait(detail::wait_deadline until) const;
};

} // namespace shmwin::inline v1
