// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"

#include "io/wall_clock.hpp"
#include "support/ranks.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <gmock/gmock.h>
#include <string>

namespace shmwin::detail {
namespace {

using test::error_of;
using test::scoped_variable;
using testing::HasSubstr;

struct WallClock : testing::Test {
    scoped_variable const ours{"SHMWIN_WALL_CLOCK", ""}; // empty is as good as unset
    scoped_variable const slurm{"SLURM_JOB_END_TIME", ""};
};

TEST_F(WallClock, IsReadAsSecondsOrAsSlurmWritesIt) {
    auto const seconds_of = [](char const* text) { return parse_wall_clock(text)->count(); };
    EXPECT_EQ(seconds_of("0"), 0);
    EXPECT_EQ(seconds_of("5400"), 5400);
    EXPECT_EQ(seconds_of("0.5"), 0.5);
    EXPECT_EQ(seconds_of("01:30:00"), 5400);
    EXPECT_EQ(seconds_of("100:00:01"), 360001);
    EXPECT_EQ(seconds_of("1-12:00:00"), 129600);
    EXPECT_EQ(seconds_of("0-0:0:7"), 7);
}

TEST_F(WallClock, AnythingElseIsRefused) {
    for (auto const* const bad : {"",        "x",
                                  "-1",      "1:2",
                                  "1:2:3:4", "1:60:00",
                                  "1:00:60", "1::2",
                                  "1:2:",    "1-2",
                                  "-1:2:3",  "1--1:2:3",
                                  "nan",     "inf",
                                  "1e300",   "1h",
                                  " 5",      "5 ",
                                  "1:2:3.5", "x-1:00:00",
                                  "1-1:0:x", "99999999999:0:0"}) {
        EXPECT_FALSE(parse_wall_clock(bad)) << bad;
    }
}

TEST_F(WallClock, WithoutAnyTheJobIsNotEnded) {
    EXPECT_FALSE(time_left({}));
}

TEST_F(WallClock, OptionWinsOverVariables) {
    scoped_variable const a("SHMWIN_WALL_CLOCK", "1000");
    scoped_variable const b("SLURM_JOB_END_TIME", "1");
    EXPECT_EQ(time_left({.wall_clock = std::chrono::seconds(77)})->count(), 77);
}

TEST_F(WallClock, VariableCountsFromTheBeginOfTheProcess) {
    scoped_variable const a("SHMWIN_WALL_CLOCK", "1-00:00:00");
    scoped_variable const b("SLURM_JOB_END_TIME", "1");
    auto const left = time_left({});
    ASSERT_TRUE(left);
    EXPECT_LE(left->count(), 86400 + 0.02); // a tick
    EXPECT_GT(left->count(), 86400 - 3600); // this process is not that old
    scoped_variable const never("SHMWIN_WALL_CLOCK", "0");
    EXPECT_FALSE(time_left({}));
}

TEST_F(WallClock, SlurmsIsAPointInTime) {
    scoped_variable const a("SLURM_JOB_END_TIME", std::to_string(std::time(nullptr) + 500));
    auto const left = time_left({});
    ASSERT_TRUE(left);
    EXPECT_LE(left->count(), 500);
    EXPECT_GT(left->count(), 400);
    scoped_variable const past("SLURM_JOB_END_TIME", "1700000000");
    EXPECT_LT(time_left({})->count(), 0);
}

TEST_F(WallClock, BadVariablesAreNamed) {
    for (auto const* const variable : {"SHMWIN_WALL_CLOCK", "SLURM_JOB_END_TIME"}) {
        scoped_variable const bad(variable, "soon");
        auto const refused = error_of([] { static_cast<void>(time_left({})); });
        ASSERT_TRUE(refused);
        EXPECT_EQ(refused->code, errc::invalid_argument);
        EXPECT_THAT(refused->text, HasSubstr(variable));
        EXPECT_THAT(refused->text, HasSubstr("soon"));
    }
}

} // namespace
} // namespace shmwin::detail
