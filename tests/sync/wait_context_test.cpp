// SPDX-License-Identifier: MIT
// The one place where a rank sleeps: what wakes it, what ends the wait, and in which words.
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/wait_context.hpp"

#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <thread>

namespace shmwin {
namespace {

using namespace test;
using detail::deadline_after;
using detail::waitable;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct WaitContext : testing::Test {
    sync_pages<waitable> world;
    waitable& word = world.state();
    static constexpr auto unchecked = [](bool) {};
};

TEST_F(WaitContext, WaitEndsWhenAnotherMappingPublishes) {
    std::thread other([&] { world.state(via::second).publish(7); });
    EXPECT_TRUE(world.waits(0).wait_while(word, 0, world.what("test"), unchecked));
    EXPECT_EQ(word.word, 7U);
    other.join();
}

TEST_F(WaitContext, WaitEndsAtItsDeadline) {
    auto const until = deadline_after(20ms);
    EXPECT_FALSE(world.waits(0).wait_while(word, 0, world.what("test"), unchecked, until));
    EXPECT_GE(steady_clock::now(), until);
    EXPECT_EQ(word.n_sleepers, 0U);
}

TEST_F(WaitContext, DeadlineThatHasPassedStillLooksOnce) {
    auto const past = steady_clock::now() - 1s;
    EXPECT_FALSE(world.waits(0).wait_while(word, 0, world.what("test"), unchecked, past));
    EXPECT_TRUE(world.waits(0).wait_while(word, 1, world.what("test"), unchecked, past));
}

TEST_F(WaitContext, ParkedRankIsWokenByUnpark) {
    std::atomic<bool> ready{false};
    std::thread other([&] {
        ready = true;
        world.waits(1, via::second).lot().unpark(world.what("test").object);
    });
    auto const is_ready = [&] { return ready.load(); };
    EXPECT_TRUE(world.waits(0).park(world.what("test"), is_ready, unchecked));
    other.join();
}

TEST_F(WaitContext, ParkEndsAtItsDeadlineAndLooksOnceMore) {
    int n_looks = 0;
    auto const never = [&] { return ++n_looks < 0; };
    auto const until = deadline_after(20ms);
    EXPECT_FALSE(world.waits(0).park(world.what("test"), never, unchecked, until));
    EXPECT_GE(steady_clock::now(), until);
    EXPECT_GE(n_looks, 2);
}

TEST_F(WaitContext, PeerThatLeftEndsTheWaitInWords) {
    auto const waits = world.waits(0);
    world.pages.meeting(1, world.how).leave("fence", "it threw");
    auto const check = [&](bool look) { waits.check_peers(world.what("event::wait"), look); };
    try {
        waits.wait_while(word, 0, world.what("event::wait"), check);
        FAIL() << "the wait returned";
    } catch (peer_left const& e) {
        EXPECT_EQ(e.rank(), 1);
        EXPECT_EQ(e.code(), errc::peer_left);
        EXPECT_THAT(
            e.what(),
            AllOf(HasSubstr("event::wait cannot be met (rank 1 left"), HasSubstr("it threw")));
    }
}

TEST_F(WaitContext, CheckOfABarrierSaysThatItIsBroken) {
    world.pages.meeting(2, world.how).leave("fence", "it threw");
    EXPECT_THROW(world.waits(0).check_peers(world.what("barrier"), false, errc::barrier_broken),
                 barrier_broken);
}

TEST_F(WaitContext, CheckOfAllWhoAreThereDoesNothing) {
    EXPECT_NO_THROW(world.waits(0).check_peers(world.what("barrier"), true));
}

} // namespace
} // namespace shmwin
