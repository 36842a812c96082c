// SPDX-License-Identifier: MIT
// barrier: handle to a barrier in the segment, for all ranks or some.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/sync/barrier.hpp"
#include "shmwin/sync/deadline.hpp"

#include <chrono>
#include <vector>

SHMWIN_NAME(shmwin::detail::barrier_state, "shmwin.barrier/1");

namespace shmwin::inline v1 {

/// A point that none of the members passes before all have come; for any number of times. Other
/// ranks are not concerned. One thread of a member at a time.
///
/// A barrier breaks, for good, when a member left or died, or gave up at its deadline: then every
/// call of every member, now and later, throws barrier_broken, which names all members that are
/// missing; those that wait do so within a second. A meeting is met for all members or for none. A
/// new barrier is made by destroy() and create_barrier().
/// @see ISO C++20 [thread.barrier]; Python's threading.Barrier, for what breaks it
class SHMWIN_API barrier : public detail::sync_handle<detail::barrier_state> {
  public:
    using sync_handle::sync_handle;

    /// Members, collective. Waits for all of them. All stores before it, on any member, are visible
    /// to all members after it. Drives MPI while it waits, but not at MPI_THREAD_SERIALIZED.
    /// @throws barrier_broken
    /// @throws argument_error (invalid_argument)  this rank is no member
    /// @complexity  one atomic addition a member, one store in all
    void arrive_and_wait() const;

    /// Members, collective. arrive_and_wait() until then at most.
    /// @returns  false if not all came in time: the barrier is broken, the others get
    ///           barrier_broken, which names this rank
    template <typename Rep, typename Period>
    [[nodiscard]] bool
    arrive_and_wait_for(std::chrono::duration<Rep, Period> const& how_long) const {
        return arrive_and_wait_until(detail::deadline_after(how_long));
    }
    template <typename Clock, typename Duration>
    [[nodiscard]] bool
    arrive_and_wait_until(std::chrono::time_point<Clock, Duration> const& when) const {
        return meet(detail::deadline_of(when));
    }

    /// Local. True if it cannot be met any more, as far as anybody has noticed.
    [[nodiscard]] bool is_broken() const noexcept;

    /// Local. Ranks of the members, in order.
    [[nodiscard]] std::vector<int> members() const;

  private:
    [[nodiscard]] bool meet(detail::wait_deadline until) const;
};

} // namespace shmwin::inline v1
