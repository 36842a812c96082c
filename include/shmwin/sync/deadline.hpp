// SPDX-License-Identifier: MIT
// Deadlines: what users give as a duration or a time of any clock, as the clock of all waits.
#pragma once

#include "shmwin/sync/wait.hpp"

#include <chrono>

namespace shmwin::inline v1::detail {

/// Local. So long from now; no_deadline if that is beyond what the clock can say.
template <typename Rep, typename Period>
[[nodiscard]] wait_deadline deadline_after(std::chrono::duration<Rep, Period> const& how_long) {
    using clock = wait_deadline::clock;
    auto const now = clock::now();
    using seconds = std::chrono::duration<double>;
    if (seconds(how_long) >= seconds(no_deadline - now)) return no_deadline;
    if (seconds(how_long) <= seconds(0)) return now;
    return now + std::chrono::ceil<clock::duration>(how_long);
}

/// Local. That time, on the clock of the waits: what another clock is set to meanwhile is not
/// noticed.
template <typename Clock, typename Duration>
[[nodiscard]] wait_deadline deadline_of(std::chrono::time_point<Clock, Duration> const& when) {
    if (when == std::chrono::time_point<Clock, Duration>::max()) return no_deadline;
    auto const now = Clock::now();
    if (when <= now)
        return wait_deadline::clock::now(); // of time_point::min(), the difference overflows
    return deadline_after(when - now);
}
template <typename Duration>
[[nodiscard]] wait_deadline
deadline_of(std::chrono::time_point<wait_deadline::clock, Duration> const& when) {
    if (when >= no_deadline) return no_deadline;
    return std::chrono::time_point_cast<wait_deadline::duration>(when);
}

} // namespace shmwin::inline v1::detail
