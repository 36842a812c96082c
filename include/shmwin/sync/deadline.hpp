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

/// Local. That time, on the clock of the waits; no_deadline if it is a century away, or beyond what
/// the clock can say. What another clock is set to meanwhile is not noticed.
template <typename Clock, typename Duration>
[[nodiscard]] wait_deadline deadline_of(std::chrono::time_point<Clock, Duration> const& when) {
    // As numbers that do not overflow: the difference of times far apart does, and so does a time
    // of a coarser clock in the unit of a finer one.
    using seconds = std::chrono::duration<double>;
    auto const now = Clock::now();
    auto const left = seconds(when.time_since_epoch()) - seconds(now.time_since_epoch());
    constexpr seconds century = std::chrono::years(100);
    if (left >= century) return no_deadline;
    if (left <= seconds(-1)) return wait_deadline::clock::now();
    return deadline_after(when - now);
}
template <typename Duration>
[[nodiscard]] wait_deadline
deadline_of(std::chrono::time_point<wait_deadline::clock, Duration> const& when) {
    using seconds = std::chrono::duration<double>;
    auto const wanted = seconds(when.time_since_epoch());
    if (wanted >= seconds(no_deadline.time_since_epoch())) return no_deadline;
    if (wanted <= seconds(0)) return {}; // the clock's begin: a time that has passed
    return std::chrono::time_point_cast<wait_deadline::duration>(when);
}

} // namespace shmwin::inline v1::detail
