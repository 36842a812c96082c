// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/event.hpp"

#include "support/killed_while.hpp"
#include "support/soak.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <gmock/gmock.h>
#include <thread>

namespace shmwin {
namespace {

using namespace test;
using detail::clear_event;
using detail::deadline_after;
using detail::event_state;
using detail::is_set;
using detail::set_event;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct Event : testing::Test {
    sync_pages<event_state> world;
    event_state& event = world.state();

    bool wait(int rank, detail::wait_deadline until = detail::no_deadline) const {
        auto const which = via_of(rank);
        return detail::wait_for_event(
            world.state(which), world.waits(rank, which), world.what("event::wait"), until);
    }
};

TEST_F(Event, IsClearAtFirstAndSetUntilItIsCleared) {
    EXPECT_FALSE(is_set(event));
    set_event(event);
    set_event(event);
    EXPECT_TRUE(is_set(event));
    EXPECT_TRUE(wait(0));
    EXPECT_TRUE(wait(1));
    clear_event(event);
    clear_event(event);
    EXPECT_FALSE(is_set(event));
    EXPECT_FALSE(wait(0, deadline_after(1ms)));
    set_event(event);
    EXPECT_TRUE(is_set(event)) << "how often it was set does not count";
}

TEST_F(Event, WakesASleeperAtOnce) {
    sleeper const a(event.changes);
    sleeper const b(event.changes);
    set_event(event);
    EXPECT_TRUE(a.wakes_up());
    EXPECT_TRUE(b.wakes_up());
}

TEST_F(Event, IsNotMissedIfItIsClearedAtOnce) {
    std::thread waits([&] { EXPECT_TRUE(wait(0)); });
    EXPECT_TRUE(eventually([&] { return event.changes.n_sleepers != 0; }));
    set_event(event);
    clear_event(event);
    waits.join();
    EXPECT_FALSE(is_set(event));
}

// Two that hand a token to each other.
TEST_F(Event, LosesNoSetOfMany) {
    sync_pages<event_state> const other;
    auto& back = other.state();
    long plain = 0; // published by the events alone
    auto const n_rounds = 20'000 * soak_factor();
    as_threads(2, [&](int rank) {
        for (int i = 0; i < n_rounds; ++i) {
            if (rank == 0) {
                ++plain;
                set_event(event);
                detail::wait_for_event(back, other.waits(0), other.what("event::wait"));
                clear_event(back);
            } else {
                wait(1);
                clear_event(event);
                ASSERT_EQ(plain, 2 * i + 1);
                ++plain;
                set_event(back);
            }
        }
    });
    EXPECT_EQ(plain, 2 * n_rounds);
}

TEST_F(Event, WakesAllProcesses) {
    SHMWIN_NEEDS_FORK();
    EXPECT_TRUE(as_processes(world.pages, 4, [&](int rank) {
        if (rank == 0) set_event(event);
        return wait(rank);
    }));
}

TEST_F(Event, WaitOnSetDoesNotCareForMissingRanks) {
    world.pages.meeting(2, world.how).leave("fence", "it threw");
    set_event(event);
    EXPECT_TRUE(wait(0));
    clear_event(event);
    auto const thrown = error_that_ends([&] { wait(0); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::peer_left);
    EXPECT_EQ(thrown->rank, 2);
    EXPECT_THAT(thrown->text, HasSubstr("event::wait cannot be met (rank 2 left"));
}

TEST_F(Event, AfterCloseNobodyWaits) {
    world.pages.who(0).close();
    auto const thrown = error_that_ends([&] { wait(0); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::closed);
}

// A token that goes round.
TEST_F(Event, SurvivorsOfAKilledSetterNameIt) {
    SHMWIN_NEEDS_FORK();
    std::mt19937 random(6);
    longest_wait survivors;
    for (int round = 0; round < 8 * soak_factor(); ++round) {
        sync_pages<std::array<event_state, 3>> const own;
        auto& events = own.state();
        set_event(events[0]);
        kill_one_of(
            own.pages,
            3,
            random,
            2000us,
            survivors,
            [&](int rank) {
                auto& mine = events.at(static_cast<std::size_t>(rank));
                detail::wait_for_event(mine, own.waits(rank), own.what("event::wait"));
                clear_event(mine);
                set_event(events.at(static_cast<std::size_t>((rank + 1) % 3)));
            },
            [&](int, int victim, error_info const& thrown) {
                return thrown.code == errc::peer_left && thrown.rank == victim;
            });
        ASSERT_FALSE(HasFailure()) << "round " << round;
    }
}

} // namespace
} // namespace shmwin
