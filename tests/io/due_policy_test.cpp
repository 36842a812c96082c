// SPDX-License-Identifier: MIT
#include "io/due_policy.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace shmwin::detail {
namespace {

using seconds = due_seconds;
using time_point = due_policy::time_point;

constexpr time_point begin{};

time_point at(double s) {
    return begin + std::chrono::duration_cast<time_point::duration>(seconds(s));
}

// The steps at which a loop of `n` steps, a second each, saves; a save costs `cost`.
std::vector<std::int64_t> saves_of(due_policy& policy, std::int64_t n, double cost) {
    std::vector<std::int64_t> saved;
    double now = 0;
    for (std::int64_t step = 0; step < n; ++step) {
        now += 1;
        if (policy.decide(step, at(now)) == due_kind::no) continue;
        now += cost;
        policy.saved(step + 1, at(now), seconds(cost), seconds(cost));
        saved.push_back(step + 1);
    }
    return saved;
}

using labels = std::vector<std::int64_t>;

TEST(DuePolicy, NothingAskedIsNeverDue) {
    due_policy policy({}, begin);
    EXPECT_EQ(saves_of(policy, 1000, 0.1), labels{});
}

TEST(DuePolicy, StepsAreMultiplesOfWhatIsDone) {
    due_policy policy({.every_steps = 3}, begin);
    EXPECT_EQ(saves_of(policy, 10, 0), (labels{3, 6, 9}));
}

TEST(DuePolicy, EveryStepIsDueIfAsked) {
    due_policy policy({.every_steps = 1}, begin);
    EXPECT_EQ(saves_of(policy, 3, 0), (labels{1, 2, 3}));
}

TEST(DuePolicy, SkippedMultiplesAreDueAtTheNextCall) {
    due_policy policy({.every_steps = 10}, begin);
    EXPECT_EQ(policy.decide(6, at(1)), due_kind::no);
    EXPECT_EQ(policy.decide(13, at(2)), due_kind::steps); // 10 lies between 7 and 14
    EXPECT_EQ(policy.decide(18, at(3)), due_kind::no);
    EXPECT_EQ(policy.decide(57, at(4)), due_kind::steps); // several: once
    EXPECT_EQ(policy.decide(58, at(5)), due_kind::no);
    EXPECT_EQ(policy.decide(59, at(6)), due_kind::steps);
    EXPECT_EQ(policy.decide(59, at(7)), due_kind::no); // asked twice
}

TEST(DuePolicy, StepsGoOnFromARestore) {
    due_policy policy({.every_steps = 10}, begin);
    policy.restored(14, at(1), seconds(1));
    EXPECT_EQ(policy.decide(14, at(2)), due_kind::no);
    EXPECT_EQ(policy.decide(18, at(3)), due_kind::no);
    EXPECT_EQ(policy.decide(19, at(4)), due_kind::steps);
    policy.restored(10, at(5), seconds(1)); // back
    EXPECT_EQ(policy.decide(10, at(6)), due_kind::no);
    EXPECT_EQ(policy.decide(19, at(7)), due_kind::steps);
    policy.restored(1019, at(8), seconds(1)); // what lies between was not done here
    EXPECT_EQ(policy.decide(1019, at(9)), due_kind::steps);
    policy.restored(2020, at(10), seconds(1));
    EXPECT_EQ(policy.decide(2020, at(11)), due_kind::no);
}

TEST(DuePolicy, LoopThatGoesBackUntoldCountsOn) {
    due_policy policy({.every_steps = 10}, begin);
    EXPECT_EQ(policy.decide(59, at(1)), due_kind::steps);
    EXPECT_EQ(policy.decide(4, at(2)), due_kind::no);
    EXPECT_EQ(policy.decide(9, at(3)), due_kind::steps);
}

TEST(DuePolicy, GreatestStepIsNoTrouble) {
    due_policy policy({.every_steps = 2}, begin);
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(policy.decide(most - 2, at(1)), due_kind::steps); // most - 1 is even
    EXPECT_EQ(policy.decide(most, at(2)), due_kind::no);
}

TEST(DuePolicy, TimeRunsFromTheEndOfTheLastSave) {
    due_policy policy({.every_time = std::chrono::seconds(10)}, begin);
    EXPECT_EQ(policy.decide(0, at(9.9)), due_kind::no);
    EXPECT_EQ(policy.decide(1, at(10)), due_kind::time);
    EXPECT_EQ(policy.decide(2, at(11)), due_kind::time) << "until something is saved";
    policy.saved(3, at(16), seconds(5), seconds(5));
    EXPECT_EQ(policy.decide(3, at(25.9)), due_kind::no);
    EXPECT_EQ(policy.decide(4, at(26)), due_kind::time);
    policy.restored(0, at(30), seconds(1));
    EXPECT_EQ(policy.decide(5, at(39)), due_kind::no);
    EXPECT_EQ(policy.decide(6, at(40)), due_kind::time);
}

TEST(DuePolicy, OverheadIsTheShareThatWasAsked) {
    due_policy policy({.overhead = 0.05}, begin);
    constexpr double cost = 2;
    constexpr std::int64_t n = 10000;
    auto const saved = saves_of(policy, n, cost);
    ASSERT_FALSE(saved.empty());
    EXPECT_EQ(saved.front(), 1) << "the cost is found out";
    auto const lost = cost * static_cast<double>(saved.size());
    EXPECT_NEAR(lost / (lost + n), 0.05, 0.002);
}

TEST(DuePolicy, OverheadFollowsTheCost) {
    due_policy policy({.overhead = 0.1}, begin);
    policy.saved(1, at(0), seconds(1), seconds(1)); // every 9 s
    EXPECT_EQ(policy.decide(1, at(8.9)), due_kind::no);
    EXPECT_EQ(policy.decide(2, at(9.1)), due_kind::overhead);
    policy.saved(3, at(100), seconds(10), seconds(10)); // dearer: at once, 90 s
    EXPECT_EQ(policy.decide(3, at(189)), due_kind::no);
    EXPECT_EQ(policy.decide(4, at(191)), due_kind::overhead);
    policy.saved(5, at(200), seconds(1), seconds(1)); // cheaper: by halves, 5.5 s
    EXPECT_EQ(policy.decide(5, at(249)), due_kind::no);
    EXPECT_EQ(policy.decide(6, at(250)), due_kind::overhead);
}

TEST(DuePolicy, OverheadOfAllTimeIsAlwaysDue) {
    due_policy policy({.overhead = 1}, begin);
    EXPECT_EQ(saves_of(policy, 3, 1), (labels{1, 2, 3}));
}

TEST(DuePolicy, RestoreStandsForTheCostBeforeTheFirstSave) {
    due_policy policy({.overhead = 0.5}, begin);
    policy.restored(0, at(10), seconds(10));
    EXPECT_EQ(policy.decide(0, at(19)), due_kind::no);
    EXPECT_EQ(policy.decide(1, at(20)), due_kind::overhead);
    policy.saved(2, at(21), seconds(1), seconds(1)); // now it is known
    EXPECT_EQ(policy.decide(2, at(22)), due_kind::overhead);
}

// What is computed, saved and lost, of the time that a run takes; see Daly, section 2: failures
// come at random (exponentially), and a restart costs nothing.
double expected_time(double interval, double cost, double failures) {
    return failures * (std::exp((interval + cost) / failures) - 1) / interval;
}

TEST(DuePolicy, IntervalLosesLeastTime) {
    for (double const cost : {0.001, 0.1, 1.0, 10.0, 100.0}) {
        for (double const failures : {1000.0, 86400.0}) {
            if (cost > failures / 10) continue; // higher order, not exact
            double const best = best_interval(seconds(cost), seconds(failures)).count();
            double const least = expected_time(best, cost, failures);
            for (double const factor : {0.8, 0.9, 1.1, 1.25}) {
                EXPECT_LT(least, expected_time(best * factor, cost, failures))
                    << cost << ' ' << failures << ' ' << factor;
            }
        }
    }
}

TEST(DuePolicy, IntervalIsYoungsForSmallCosts) {
    EXPECT_NEAR(best_interval(seconds(1), seconds(1e8)).count() / std::sqrt(2e8), 1, 1e-3);
    EXPECT_EQ(best_interval(seconds(0), seconds(1e4)).count(), 0);
}

TEST(DuePolicy, IntervalIsThatOfFailuresWhereSavesTakeAsLong) {
    EXPECT_EQ(best_interval(seconds(200), seconds(100)), seconds(100));
    EXPECT_EQ(best_interval(seconds(1e6), seconds(100)), seconds(100));
    EXPECT_NEAR(
        best_interval(seconds(199.999), seconds(100)).count(), 88.9, 0.1); // 200 (1 + 4/9) - 200
}

TEST(DuePolicy, FailureIntervalIsKept) {
    due_policy policy({.failure_interval = std::chrono::hours(1)}, begin);
    EXPECT_EQ(policy.decide(0, at(1)), due_kind::failure_interval) << "the cost is found out";
    policy.saved(1, at(10), seconds(2), seconds(2));
    auto const interval = best_interval(seconds(2), std::chrono::hours(1)).count();
    EXPECT_NEAR(interval, 119, 1);
    EXPECT_EQ(policy.decide(1, at(10 + interval - 0.1)), due_kind::no);
    EXPECT_EQ(policy.decide(2, at(10 + interval + 0.1)), due_kind::failure_interval);
}

TEST(DuePolicy, WallClockLeavesRoomForTwoSavesAndAStep) {
    due_policy policy({}, begin, seconds(1000));
    EXPECT_EQ(policy.decide(0, at(1)), due_kind::no);
    EXPECT_EQ(policy.decide(1, at(4)), due_kind::no); // a step takes 3 s
    policy.saved(2, at(24), seconds(20), seconds(20));
    EXPECT_EQ(policy.decide(2, at(27)), due_kind::no); // again: the save is not part of it
    EXPECT_EQ(policy.decide(3, at(30)), due_kind::no);
    // 2 * 20 for the save, 926.8 for the longest step, seen at this call itself
    EXPECT_EQ(policy.decide(4, at(956.8)), due_kind::wall_clock);
}

TEST(DuePolicy, WallClockOfEvenSteps) {
    due_policy policy({}, begin, seconds(100));
    double now = 0;
    policy.saved(0, at(0), seconds(5), seconds(5));
    std::int64_t step = 0;
    for (;; ++step) {
        now += 2;
        if (policy.decide(step, at(now)) == due_kind::wall_clock) break;
        ASSERT_LT(now, 100);
    }
    EXPECT_EQ(now, 88); // 12 s are left: 2 * 5, and a step
}

TEST(DuePolicy, WallClockCountsTheWholeOfASaveThatIsWrittenBehind) {
    due_policy policy({}, begin, seconds(1000));
    policy.saved(1, at(0), seconds(1), seconds(1));
    policy.became_safe(seconds(100));
    EXPECT_EQ(policy.decide(1, at(799)), due_kind::no);
    EXPECT_EQ(policy.decide(2, at(800)), due_kind::wall_clock);
}

TEST(DuePolicy, WallClockBeforeTheFirstSaveKeepsATenth) {
    due_policy brief({}, begin, seconds(100));
    EXPECT_EQ(brief.decide(0, at(89)), due_kind::no);
    EXPECT_EQ(brief.decide(0, at(90)), due_kind::wall_clock);
    due_policy long_one({}, begin, std::chrono::hours(24)); // 5 minutes
    EXPECT_EQ(long_one.decide(0, at(86400 - 301)), due_kind::no);
    due_policy other({}, begin, std::chrono::hours(24));
    EXPECT_EQ(other.decide(0, at(86400 - 300)), due_kind::wall_clock);
    due_policy restored({}, begin, seconds(100));
    restored.restored(0, at(20), seconds(20)); // more than a tenth
    EXPECT_EQ(restored.decide(0, at(59)), due_kind::no);
    EXPECT_EQ(restored.decide(0, at(60.5)), due_kind::wall_clock);
}

TEST(DuePolicy, WallClockThatIsOverIsDueAtOnceAndStays) {
    due_policy policy({}, begin, seconds(-5));
    EXPECT_EQ(policy.decide(0, at(0)), due_kind::wall_clock);
    policy.saved(1, at(1), seconds(1), seconds(1));
    EXPECT_EQ(policy.decide(1, at(2)), due_kind::wall_clock);
}

TEST(DuePolicy, WhatStopsTheJobIsSaidFirst) {
    due_policy policy({.every_steps = 1, .every_time = seconds(1)}, begin, seconds(100));
    EXPECT_EQ(policy.decide(0, at(0.5)), due_kind::steps);
    EXPECT_EQ(policy.decide(1, at(10)), due_kind::time);
    EXPECT_EQ(policy.decide(2, at(99)), due_kind::wall_clock);
}

TEST(DuePolicy, EachIsAlone) {
    due_policy policy({.every_steps = 5, .every_time = seconds(7)}, begin);
    // by steps at 5; 7 s later by time at 12; by steps at 15 and 20
    EXPECT_EQ(saves_of(policy, 20, 0), (labels{5, 10, 15, 20}));
    due_policy slow({.every_steps = 10, .every_time = seconds(7)}, begin);
    EXPECT_EQ(saves_of(slow, 20, 0), (labels{7, 10, 17, 20}));
}

} // namespace
} // namespace shmwin::detail
