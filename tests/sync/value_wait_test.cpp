// SPDX-License-Identifier: MIT
// Sleeping on values: no wake-up is lost, whoever shares the line, whoever dies.
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/value_wait.hpp"

#include "support/ranks.hpp"
#include "support/soak.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <thread>

namespace shmwin {
namespace {

using namespace test;
using detail::deadline_after;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct two_values {
    alignas(64) std::atomic<std::uint8_t> there;
    alignas(64) std::atomic<std::uint64_t> back;
};

// Waiters that sleep at once: the paths where a wake-up can be lost.
wait_policy sleepy() {
    wait_policy how;
    how.spin = 0;
    how.yield = 0;
    how.slice = std::chrono::seconds(1);
    return how;
}

struct ValueWait : testing::Test {
    sync_pages<two_values> world{sleepy()};
    two_values& values = world.state();

    // Both values have the same key, so they share a line.
    template <typename T, typename U>
    void wait_until_is(int rank, std::atomic<T> const& value, U expected) const {
        auto const is = [&] { return value.load() == static_cast<T>(expected); };
        ASSERT_TRUE(detail::wait_for_value(
            world.waits(rank), world.what("value::wait"), is, deadline_after(60s)));
    }
    void notify(int rank) const {
        detail::notify_value(world.waits(rank).lot(), world.what("").object);
    }
    [[nodiscard]] detail::waitable& line() const {
        return world.waits(0).lot().line(world.what("").object).sequence;
    }
};

TEST_F(ValueWait, ChangeAfterTheLastLookEndsTheSleep) {
    // The look before the sleep still sees the old value, and then it changes.
    constexpr int before_sleep = 3;
    auto const before = line().word.load();
    std::uint32_t after = before;
    int n_looks = 0;
    auto const ready = [&] {
        bool const seen = values.there != 0;
        if (++n_looks == before_sleep) {
            EXPECT_FALSE(seen);
            values.there = 1;
            notify(1);
            after = line().word.load();
        }
        return seen;
    };
    EXPECT_TRUE(detail::wait_for_value(world.waits(0), world.what("value::wait"), ready));
    EXPECT_EQ(n_looks, before_sleep + 1);
    EXPECT_EQ(after, before + 1); // what a futex on `before` does not sleep on
}

TEST_F(ValueWait, PingPongOverOneLineEnds) {
    int const n = 2000 * soak_factor();
    auto const begin = steady_clock::now();
    as_threads(2, [&](int rank) {
        for (int i = 1; i <= n; ++i) {
            if (rank == 0) {
                values.there.store(static_cast<std::uint8_t>(i), std::memory_order_relaxed);
                notify(0);
                wait_until_is(0, values.back, i);
            } else {
                wait_until_is(1, values.there, i);
                values.back.store(static_cast<std::uint64_t>(i), std::memory_order_relaxed);
                notify(1);
            }
        }
    });
    EXPECT_LT(steady_clock::now() - begin, 60s);
    EXPECT_EQ(line().n_sleepers, 0U);
}

TEST_F(ValueWait, PingPongBetweenProcessesEnds) {
    auto const begin = steady_clock::now();
    EXPECT_TRUE(as_processes(world.pages, 2, [&](int rank) {
        auto& mine = world.state(rank == 0 ? via::first : via::second);
        for (int i = 1; i <= 2000; ++i) {
            if (rank == 0) {
                mine.there = static_cast<std::uint8_t>(i);
                notify(0);
                wait_until_is(0, mine.back, i);
            } else {
                wait_until_is(1, mine.there, i);
                mine.back = static_cast<std::uint64_t>(i);
                notify(1);
            }
        }
        return !HasFailure();
    }));
    EXPECT_LT(steady_clock::now() - begin, 60s);
}

TEST_F(ValueWait, NotifyWakesAllWhoSleep) {
    std::atomic<int> n_awake{0};
    std::thread setter([&] {
        EXPECT_TRUE(eventually([&] { return line().n_sleepers.load() >= 3; }));
        values.there = 1;
        notify(3);
    });
    as_threads(3, [&](int rank) {
        wait_until_is(rank, values.there, 1);
        ++n_awake;
    });
    setter.join();
    EXPECT_EQ(n_awake, 3);
}

TEST_F(ValueWait, NotifyWithoutSleepersTouchesNoSequence) {
    auto const before = line().word.load();
    notify(0);
    EXPECT_EQ(line().word, before);
}

TEST_F(ValueWait, ChangeWithoutNotifyIsSeenAtTheNextSlice) {
    // So it is if its maker was killed before the notification.
    std::thread setter([&] {
        EXPECT_TRUE(eventually([&] { return line().n_sleepers.load() != 0; }));
        values.there = 1;
    });
    wait_until_is(0, values.there, 1);
    setter.join();
}

TEST_F(ValueWait, DeadlineEndsItAndOneThatHasPassedLooksOnce) {
    auto const what = world.what("value::wait_for");
    auto const is_set = [&] { return values.there != 0; };
    auto const until = deadline_after(30ms);
    EXPECT_FALSE(detail::wait_for_value(world.waits(0), what, is_set, until));
    EXPECT_GE(steady_clock::now(), until);
    EXPECT_FALSE(detail::wait_for_value(world.waits(0), what, is_set, until));
    values.there = 1;
    EXPECT_TRUE(detail::wait_for_value(world.waits(0), what, is_set, until));
    EXPECT_EQ(line().n_sleepers, 0U);
}

TEST_F(ValueWait, KilledPeerIsNamed) {
    auto const victim = child([&] {
        world.pages.who(2).attach();
        values.back = 1;
        wait_until_is(2, values.there, 1);
        return true;
    });
    ASSERT_TRUE(eventually([&] { return line().n_sleepers != 0; }));
    victim.kill();
    auto const begin = steady_clock::now();
    try {
        wait_until_is(0, values.there, 1);
        FAIL() << "the wait returned";
    } catch (peer_left const& e) {
        EXPECT_EQ(e.rank(), 2);
        EXPECT_THAT(e.what(),
                    AllOf(HasSubstr("value::wait"), HasSubstr("rank 2"), HasSubstr("died")));
    }
    EXPECT_LT(steady_clock::now() - begin, longest_wait_for_the_dead());
    // The dead one's count stays: it costs a wake-up in vain, nothing else.
    EXPECT_NE(line().n_sleepers, 0U);
    values.there = 1;
    notify(0);
    wait_until_is(0, values.there, 1);
}

TEST_F(ValueWait, AfterCloseNobodyWaits) {
    world.pages.who(0).close();
    auto const is_set = [&] { return values.there != 0; };
    auto const thrown = error_of([&] {
        detail::wait_for_value(
            world.waits(0), world.what("value::wait"), is_set, deadline_after(10s));
    });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::closed);
    values.there = 1; // what is there needs no wait
    EXPECT_TRUE(detail::wait_for_value(world.waits(0), world.what("value::wait"), is_set));
}

TEST_F(ValueWait, PredicateThatThrowsLeavesNoSleeperBehind) {
    int n_looks = 0;
    auto const throws = [&]() -> bool {
        if (++n_looks > 3) throw std::runtime_error("no");
        return false;
    };
    EXPECT_THROW(detail::wait_for_value(world.waits(0), world.what("value::wait"), throws),
                 std::runtime_error);
    EXPECT_EQ(line().n_sleepers, 0U);
}

} // namespace
} // namespace shmwin
