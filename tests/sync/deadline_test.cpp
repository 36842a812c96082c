// SPDX-License-Identifier: MIT
#include "shmwin/sync/deadline.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace shmwin {
namespace {

using detail::deadline_after;
using detail::deadline_of;
using detail::no_deadline;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

TEST(Deadline, IsNeverEarlierThanAsked) {
    auto const before = steady_clock::now();
    EXPECT_GE(deadline_after(10ms), before + 10ms);
    auto const when = deadline_after(10ms);
    EXPECT_LE(when, steady_clock::now() + 10ms);
    auto const third = std::chrono::duration<double, std::nano>(0.3);
    EXPECT_GT(deadline_after(third), before); // rounded up
}

TEST(Deadline, ThatHasPassedIsNow) {
    for (auto const passed : {deadline_after(-1h),
                              deadline_after(std::chrono::hours::min()),
                              deadline_of(std::chrono::system_clock::now() - 24h),
                              deadline_of(std::chrono::system_clock::time_point::min())}) {
        EXPECT_LE(passed, steady_clock::now());
    }
}

TEST(Deadline, BeyondTheClockIsNone) {
    EXPECT_EQ(deadline_after(std::chrono::hours::max()), no_deadline);
    EXPECT_EQ(deadline_after(std::chrono::nanoseconds::max()), no_deadline);
    auto const endless = std::chrono::duration<double>(std::numeric_limits<double>::infinity());
    EXPECT_EQ(deadline_after(endless), no_deadline);
    EXPECT_EQ(deadline_of(steady_clock::time_point::max()), no_deadline);
    EXPECT_EQ(deadline_of(std::chrono::system_clock::time_point::max()), no_deadline);
}

template <typename Clock, typename Duration>
using time_of = std::chrono::time_point<Clock, Duration>;

TEST(Deadline, BeyondTheClockInACoarserUnitIsNone) {
    using std::chrono::hours;
    using std::chrono::seconds;
    using std::chrono::system_clock;
    EXPECT_EQ(deadline_of(time_of<steady_clock, seconds>::max()), no_deadline);
    EXPECT_EQ(deadline_of(time_of<steady_clock, hours>(hours(3'000'000))), no_deadline);
    EXPECT_EQ(deadline_of(time_of<system_clock, seconds>::max()), no_deadline);
    EXPECT_EQ(deadline_of(time_of<system_clock, hours>(hours(3'000'000))), no_deadline);
    EXPECT_EQ(deadline_of(time_of<system_clock, hours>::max()), no_deadline);
}

TEST(Deadline, BeforeTheClockInACoarserUnitHasPassed) {
    using std::chrono::hours;
    using std::chrono::seconds;
    using std::chrono::system_clock;
    for (auto const passed : {deadline_of(time_of<steady_clock, seconds>::min()),
                              deadline_of(time_of<steady_clock, hours>(hours(-3'000'000))),
                              deadline_of(time_of<system_clock, seconds>::min()),
                              deadline_of(time_of<system_clock, hours>(hours(-3'000'000)))}) {
        EXPECT_LE(passed, steady_clock::now());
    }
}

TEST(Deadline, OfAnotherClockIsAsFarAway) {
    auto const before = steady_clock::now();
    auto const when = deadline_of(std::chrono::system_clock::now() + 1h);
    EXPECT_GT(when, before + 59min);
    EXPECT_LT(when, steady_clock::now() + 61min);
}

TEST(Deadline, OfTheSameClockIsItself) {
    auto const when = steady_clock::now() + 5s;
    EXPECT_EQ(deadline_of(when), when);
    EXPECT_EQ(deadline_of(std::chrono::time_point_cast<std::chrono::seconds>(when)),
              std::chrono::time_point_cast<std::chrono::seconds>(when));
}

} // namespace
} // namespace shmwin
