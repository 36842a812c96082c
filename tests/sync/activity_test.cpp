// SPDX-License-Identifier: MIT
// What ranks say of their waits: seen by others while they sleep, and told of when it takes long.
#include "shmwin/sync/activity.hpp"
#include "shmwin/sync/wait_context.hpp"

#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using detail::activity;
using detail::activity_slot;
using detail::awaited;
using detail::waitable;
using detail::waiting;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

std::vector<waiting> waits_of(activity const& log, int rank) {
    std::vector<waiting> all;
    log.for_each(rank, [&](waiting const& each) { all.push_back(each); });
    return all;
}

struct Activity : testing::Test {
    sync_pages<waitable> world;
    waitable& word = world.state();
    static constexpr auto unchecked = [](bool) {};

    // As another process sees it.
    [[nodiscard]] std::vector<waiting> seen_of(int rank) const {
        return waits_of(world.pages.log(5, via::second), rank);
    }
    [[nodiscard]] bool comes_to_wait(int rank, std::size_t n_threads = 1) const {
        return eventually([&] { return seen_of(rank).size() == n_threads; });
    }
};

TEST_F(Activity, OfARankThatSleepsIsSeenByOthersUntilItWakes) {
    auto const before = steady_clock::now().time_since_epoch();
    std::atomic<int> thread{0};
    std::thread sleeper([&] {
        thread = static_cast<int>(::syscall(SYS_gettid));
        world.waits(3).wait_while(word, 0, {"event::wait", 4711}, unchecked);
    });
    ASSERT_TRUE(comes_to_wait(3));
    auto const seen = seen_of(3).front();
    EXPECT_EQ(seen.call_text(), "event::wait");
    EXPECT_EQ(seen.object, 4711U);
    EXPECT_EQ(seen.thread, thread);
    EXPECT_GE(seen.since, before);
    EXPECT_LE(seen.since, nanoseconds(steady_clock::now().time_since_epoch()));
    EXPECT_TRUE(seen_of(2).empty());
    word.publish(1);
    sleeper.join();
    EXPECT_TRUE(seen_of(3).empty());
}

TEST_F(Activity, OfAWaitThatDoesNotSleepStoresNothing) {
    word.publish(1);
    EXPECT_TRUE(world.waits(0).wait_while(word, 0, {"event::wait", 4711}, unchecked));
    EXPECT_TRUE(world.waits(0).park(
        {"value::wait"}, [] { return true; }, unchecked));
    auto const slots = world.pages.where().as<std::byte>(detail::section_id::activity);
    EXPECT_TRUE(std::ranges::all_of(slots, [](std::byte each) { return each == std::byte{0}; }));
}

TEST_F(Activity, EndsAlsoWhenTheWaitThrows) {
    auto const fail = [](bool) { raise(errc::peer_left, "over"); };
    EXPECT_THROW(world.waits(0).wait_while(word, 0, {"event::wait"}, fail), peer_left);
    EXPECT_TRUE(seen_of(0).empty());
}

TEST_F(Activity, OfAParkedRankIsOneWaitHoweverOftenItIsWoken) {
    std::atomic<bool> ready{false};
    std::thread sleeper([&] {
        world.waits(0).park(
            {"value::wait", 64}, [&] { return ready.load(); }, unchecked);
    });
    ASSERT_TRUE(comes_to_wait(0));
    auto const since = seen_of(0).front().since;
    for (int i = 0; i < 100; ++i) {
        world.pages.lot().unpark(64);
    }
    auto const now = seen_of(0);
    ASSERT_EQ(now.size(), 1U);
    EXPECT_EQ(now.front().since, since);
    ready = true;
    world.pages.lot().unpark(64);
    sleeper.join();
}

TEST_F(Activity, OfMoreThreadsThanThereIsRoomForIsLeftOutAndHarmless) {
    constexpr int n_threads = 9;
    auto const room = activity_slot{}.entries.size();
    std::thread waker([&] {
        EXPECT_TRUE(comes_to_wait(0, room));
        EXPECT_TRUE(eventually([&] { return word.n_sleepers == n_threads; }));
        word.publish(1);
    });
    as_threads(n_threads, [&](int) {
        EXPECT_TRUE(world.waits(0).wait_while(word, 0, {"event::wait"}, unchecked));
    });
    waker.join();
    EXPECT_TRUE(seen_of(0).empty());
}

TEST_F(Activity, CutsTheNameOfACallThatIsTooLong) {
    std::string const name(60, 'x');
    std::thread sleeper([&] { world.waits(0).wait_while(word, 0, {name.c_str()}, unchecked); });
    ASSERT_TRUE(comes_to_wait(0));
    EXPECT_EQ(seen_of(0).front().call_text(), name.substr(0, 40));
    word.publish(1);
    sleeper.join();
}

TEST_F(Activity, OfAMeetingSaysWhoIsThereAndInWhichCall) {
    constexpr int n = 2;
    shared_pages const own({.capacity = 4096, .n_ranks = n});
    auto const other = own.meeting(1);
    EXPECT_FALSE(other.is_here(0));
    std::thread sleeper([&] { own.meeting(0).meet({operation::destroy, "fields/u"}); });
    ASSERT_TRUE(eventually([&] { return waits_of(own.log(1), 0).size() == 1; }));
    EXPECT_EQ(waits_of(own.log(1), 0).front().call_text(), "destroy");
    EXPECT_TRUE(other.is_here(0));
    EXPECT_FALSE(other.is_here(1));
    EXPECT_EQ(other.words_of(0).op, operation::destroy);
    EXPECT_STREQ(other.words_of(0).object.data(), "fields/u");
    other.meet({operation::destroy, "fields/u"});
    sleeper.join();
    EXPECT_FALSE(other.is_here(0));
    EXPECT_TRUE(waits_of(own.log(1), 0).empty());
}

TEST_F(Activity, OfAMeetingThatCannotBeMetIsOver) {
    constexpr int n = 2;
    shared_pages const own({.capacity = 4096, .n_ranks = n});
    std::thread sleeper([&] { EXPECT_THROW(own.meeting(0).meet({operation::fence}), peer_left); });
    ASSERT_TRUE(eventually([&] { return own.meeting(1).is_here(0); }));
    own.meeting(1).leave("test", "over");
    sleeper.join();
    EXPECT_FALSE(own.meeting(1).is_here(0));
}

TEST_F(Activity, OfAKilledRankHarmsNobody) {
    SHMWIN_NEEDS_FORK();
    child victim([&] {
        world.pages.who(1).attach();
        return world.waits(1).wait_while(word, 0, {"mutex::lock", 64}, unchecked);
    });
    ASSERT_TRUE(comes_to_wait(1));
    victim.kill();
    victim.wait_for_zombie();
    EXPECT_EQ(seen_of(1).front().call_text(), "mutex::lock"); // what it did when it died
    std::thread sleeper([&] { world.waits(0).wait_while(word, 0, {"fence"}, unchecked); });
    EXPECT_TRUE(comes_to_wait(0));
    word.publish(1);
    sleeper.join();
    EXPECT_TRUE(seen_of(0).empty());
}

// --- SHMWIN_WAIT_WARN ------------------------------------------------------------------------

struct watcher final : detail::wait_watcher {
    void
    waits_too_long(awaited const& what, nanoseconds how_long, bool at_length) noexcept override {
        EXPECT_STREQ(what.call, "event::wait");
        EXPECT_GE(how_long, 1s);
        ++n_told;
        if (at_length) ++n_at_length;
    }
    std::atomic<int> n_told{0};
    std::atomic<int> n_at_length{0};
};

struct LongWait : Activity {
    watcher told;

    // Waits as that rank, for 1.5 s at least, with such a policy.
    void wait(int rank, std::chrono::seconds warn_after) {
        auto policy = shared_pages::policy();
        policy.warn_after = warn_after;
        detail::wait_context const waits(world.pages.who(rank),
                                         policy,
                                         world.pages.lot(),
                                         world.pages.meeting(rank),
                                         world.pages.log(rank, via::first, &told));
        EXPECT_FALSE(
            waits.wait_while(word, 0, {"event::wait"}, unchecked, steady_clock::now() + 1500ms));
    }
};

TEST_F(LongWait, IsToldOfOnceAndOnceAtLengthForAllRanks) {
    constexpr int n_waiting = 3;
    as_threads(n_waiting, [&](int rank) { wait(rank, 1s); });
    EXPECT_EQ(told.n_told, n_waiting);
    EXPECT_EQ(told.n_at_length, 1);
}

TEST_F(LongWait, IsNotToldOfBeforeItsTimeNorUnlessAskedFor) {
    as_threads(2, [&](int rank) { wait(rank, rank == 0 ? 100s : 0s); });
    EXPECT_EQ(told.n_told, 0);
}

} // namespace
} // namespace shmwin
