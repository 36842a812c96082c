// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/latch.hpp"

#include "support/killed_while.hpp"
#include "support/soak.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <thread>

namespace shmwin {
namespace {

using namespace test;
using detail::count_down;
using detail::deadline_after;
using detail::latch_state;
using testing::AllOf;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct latch_room {
    latch_state state;
    std::array<std::int64_t, 8> plain; ///< published by the latch alone
};

struct Latch : testing::Test {
    sync_pages<latch_room> world;
    latch_state& latch = world.state().state;

    void begin(std::int64_t count) const { new (&latch) latch_state{count, {}}; }
    bool wait(int rank, detail::wait_deadline until = detail::no_deadline) const {
        auto const which = via_of(rank);
        return detail::wait_for_latch(
            world.state(which).state, world.waits(rank, which), world.what("latch::wait"), until);
    }
};

TEST_F(Latch, OfZeroIsOpen) {
    EXPECT_TRUE(detail::is_open(latch));
    EXPECT_TRUE(wait(0));
}

TEST_F(Latch, OpensWithTheLastCountAndStaysOpen) {
    begin(5'000'000'000);
    count_down(latch, 4'999'999'999);
    EXPECT_FALSE(detail::is_open(latch));
    count_down(latch, 0);
    EXPECT_FALSE(wait(0, deadline_after(1ms)));
    count_down(latch, 1);
    EXPECT_TRUE(detail::is_open(latch));
    EXPECT_TRUE(wait(0));
    EXPECT_TRUE(wait(1));
}

TEST_F(Latch, RefusesMoreThanIsLeftAndChangesNothing) {
    begin(3);
    for (std::int64_t const n : {std::int64_t{4}, std::int64_t{-1}, INT64_MIN, INT64_MAX}) {
        auto const thrown = error_that_ends([&] { count_down(latch, n); });
        ASSERT_TRUE(thrown);
        EXPECT_EQ(thrown->code, errc::invalid_argument);
        EXPECT_THAT(thrown->text, AllOf(HasSubstr(std::to_string(n)), HasSubstr("3 are left")));
    }
    EXPECT_EQ(latch.count, 3);
    EXPECT_THROW(detail::check_latch_count(-1), argument_error);
}

TEST_F(Latch, PublishesWhatWasWrittenBefore) {
    for (int round = 0; round < 200 * soak_factor(); ++round) {
        begin(8);
        as_threads(8, [&](int rank) {
            world.state().plain.at(static_cast<std::size_t>(rank)) = round;
            count_down(latch, 1);
            ASSERT_TRUE(wait(rank));
            for (auto const each : world.state(via_of(1)).plain) {
                ASSERT_EQ(each, round);
            }
        });
    }
}

TEST_F(Latch, WakesProcesses) {
    SHMWIN_NEEDS_FORK();
    begin(4);
    EXPECT_TRUE(as_processes(world.pages, 4, [&](int rank) {
        count_down(latch, 1);
        return wait(rank);
    }));
}

TEST_F(Latch, WakesASleeperAtOnce) {
    begin(1);
    sleeper const sleeps(latch.open);
    count_down(latch, 1);
    EXPECT_TRUE(sleeps.wakes_up());
}

// Between the last count and the wake-up.
TEST_F(Latch, OpensAlsoIfItsLastCounterIsKilled) {
    begin(1);
    std::thread waits([&] { EXPECT_TRUE(wait(0)); });
    EXPECT_TRUE(eventually([&] { return latch.open.n_sleepers != 0; }));
    latch.count = 0; // and nothing more
    waits.join();
    EXPECT_EQ(latch.open.word, 1U);
}

TEST_F(Latch, IsBrokenForWhoWaitsWhenRanksAreMissing) {
    begin(1);
    world.pages.meeting(2, world.how).leave("fence", "it threw");
    world.pages.meeting(5, world.how).leave("fence", "it threw, too");
    auto const thrown = error_that_ends([&] { wait(0); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::barrier_broken);
    EXPECT_EQ(thrown->rank, 2);
    EXPECT_THAT(thrown->text,
                AllOf(HasSubstr("latch::wait cannot be met (rank 2 left (in fence: it threw)"),
                      HasSubstr("rank 5 left (in fence: it threw, too)")));
    count_down(latch, 1); // it needs nobody else
    EXPECT_TRUE(wait(0));
}

TEST_F(Latch, AfterCloseNobodyWaits) {
    begin(1);
    world.pages.who(0).close();
    auto const thrown = error_that_ends([&] { wait(0); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::closed);
}

TEST_F(Latch, SurvivorsOfAKilledCounterNameIt) {
    SHMWIN_NEEDS_FORK();
    std::mt19937 random(5);
    longest_wait survivors;
    for (int round = 0; round < 8 * soak_factor(); ++round) {
        sync_pages<latch_room> const own;
        auto& shared = own.state().state;
        new (&shared) latch_state{INT64_MAX, {}};
        kill_one_of(
            own.pages,
            3,
            random,
            2000us,
            survivors,
            [&](int rank) {
                for (int i = 0; i < 1000; ++i) {
                    count_down(shared, 1);
                }
                detail::wait_for_latch(shared, own.waits(rank), own.what("latch::wait"));
            },
            [&](int, int victim, error_info const& thrown) {
                return thrown.code == errc::barrier_broken && thrown.rank == victim;
            });
        ASSERT_FALSE(HasFailure()) << "round " << round;
    }
}

} // namespace
} // namespace shmwin
