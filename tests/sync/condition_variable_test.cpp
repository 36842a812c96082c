// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/sync/condition_variable.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/robust_mutex.hpp"

#include "support/killed_while.hpp"
#include "support/soak.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <mutex>
#include <thread>

namespace shmwin {
namespace {

using namespace test;
using detail::condition_state;
using detail::deadline_after;
using detail::notify_all;
using detail::notify_one;
using testing::AllOf;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct condition_room {
    condition_state not_empty;
    condition_state not_full;
    detail::robust_mutex mutex;
    std::int64_t n_items; ///< guarded, as all below
    std::int64_t n_put;
    std::int64_t n_got;
    std::atomic<int> n_ready;
    std::atomic<int> n_ended;
};

// What a rank has of the room. Works with the lock as the handle does.
struct room_of {
    room_of(sync_pages<condition_room> const& all, int rank)
        : world(all), room(all.state(via_of(rank))), in(all.waits(rank, via_of(rank))) {}

    void lock() { static_cast<void>(room.mutex.lock(in.who(), in.policy())); }
    void unlock() { room.mutex.unlock(); }
    bool wait(condition_state& condition, detail::wait_deadline until = detail::no_deadline) {
        auto const ticket = detail::ticket(condition);
        unlock();
        auto const outcome = detail::wait_for_notification(
            condition, ticket, in, world.what("condition_variable::wait"), until);
        lock();
        return outcome.get();
    }
    void put() {
        std::lock_guard const held(*this);
        while (room.n_items == capacity) {
            wait(room.not_full);
        }
        ++room.n_items;
        ++room.n_put;
        notify_one(room.not_empty);
    }
    void get() {
        std::lock_guard const held(*this);
        while (room.n_items == 0) {
            wait(room.not_empty);
        }
        --room.n_items;
        ++room.n_got;
        notify_one(room.not_full);
    }

    static constexpr std::int64_t capacity = 2;
    sync_pages<condition_room> const& world;
    condition_room& room;
    detail::wait_context in;
};

struct ConditionVariable : testing::Test {
    sync_pages<condition_room> world;
    condition_room& room = world.state();
};

TEST_F(ConditionVariable, WaitEndsAtItsDeadlineWithTheLockHeld) {
    room_of mine(world, 0);
    std::lock_guard const held(mine);
    EXPECT_FALSE(mine.wait(room.not_empty, deadline_after(5ms)));
    EXPECT_EQ(room.mutex.holder(), 0);
}

TEST_F(ConditionVariable, NotificationBetweenUnlockAndSleepIsNotLost) {
    auto const ticket = detail::ticket(room.not_empty);
    notify_one(room.not_empty); // nobody sleeps yet
    EXPECT_TRUE(detail::wait_for_notification(
                    room.not_empty, ticket, world.waits(0), world.what("condition_variable::wait"))
                    .get());
}

TEST_F(ConditionVariable, OneIsWokenByNotifyOneAndTheRestByNotifyAll) {
    sleeper const a(room.not_empty.notified);
    sleeper const b(room.not_empty.notified);
    sleeper const c(room.not_empty.notified);
    notify_one(room.not_empty);
    EXPECT_TRUE(eventually([&] { return a.is_awake() || b.is_awake() || c.is_awake(); }));
    EXPECT_EQ(int{a.is_awake()} + int{b.is_awake()} + int{c.is_awake()}, 1);
    notify_all(room.not_empty);
    EXPECT_TRUE(a.wakes_up() && b.wakes_up() && c.wakes_up());
}

// Each put wakes at most one: were one lost, this would stand still.
TEST_F(ConditionVariable, LosesNoNotificationBetweenThreads) {
    auto const n = 10'000 * soak_factor();
    as_threads(8, [&](int rank) {
        room_of mine(world, rank);
        for (int i = 0; i < n; ++i) {
            if (rank % 2 == 0) {
                mine.put();
            } else {
                mine.get();
            }
        }
    });
    EXPECT_EQ(room.n_put, 4 * n);
    EXPECT_EQ(room.n_got, 4 * n);
    EXPECT_EQ(room.n_items, 0);
}

TEST_F(ConditionVariable, LosesNoNotificationBetweenProcesses) {
    SHMWIN_NEEDS_FORK();
    auto const n = 10'000 * soak_factor();
    EXPECT_TRUE(as_processes(world.pages, 4, [&](int rank) {
        room_of mine(world, rank);
        for (int i = 0; i < n; ++i) {
            if (rank % 2 == 0) {
                mine.put();
            } else {
                mine.get();
            }
        }
        return true;
    }));
    EXPECT_EQ(room.n_put, 2 * n);
    EXPECT_EQ(room.n_got, 2 * n);
}

TEST_F(ConditionVariable, IsBrokenForWhoWaitsWhenRanksAreMissing) {
    world.pages.meeting(2, world.how).leave("fence", "it threw");
    world.pages.meeting(3, world.how).leave("fence", "it threw");
    room_of mine(world, 0);
    std::lock_guard const held(mine);
    auto const thrown = error_that_ends([&] { mine.wait(room.not_empty); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::barrier_broken);
    EXPECT_EQ(thrown->rank, 2);
    EXPECT_THAT(thrown->text,
                AllOf(HasSubstr("condition_variable::wait cannot be met (rank 2 left"),
                      HasSubstr("rank 3 left")));
    EXPECT_EQ(room.mutex.holder(), 0) << "the lock is held again";
}

TEST_F(ConditionVariable, AfterCloseNobodyWaits) {
    world.pages.who(0).close();
    room_of mine(world, 0);
    std::lock_guard const held(mine);
    auto const thrown = error_that_ends([&] { mine.wait(room.not_empty); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::closed);
}

// The dead one has no place of its own among the participants: nobody is missing, and only the
// notification can end the others' waits.
TEST_F(ConditionVariable, AKilledWaiterEatsNoNotification) {
    SHMWIN_NEEDS_FORK();
    auto const waits = [&](int rank) {
        return child([&, rank] {
            room_of mine(world, rank);
            std::lock_guard const held(mine);
            ++room.n_ready;
            while (room.n_items == 0) {
                mine.wait(room.not_empty);
            }
            --room.n_items;
            return true;
        });
    };
    for (int round = 0; round < 10 * soak_factor(); ++round) {
        room.n_ready = 0;
        room.not_empty.notified.n_sleepers = 0;
        auto doomed = waits(1); // the first to sleep, so the first to be woken
        EXPECT_TRUE(eventually([&] { return room.not_empty.notified.n_sleepers == 1; }));
        auto second = waits(2);
        auto third = waits(3);
        EXPECT_TRUE(eventually([&] { return room.n_ready == 3; }));
        doomed.stop(); // so what wakes it, it cannot use
        auto const put = [&] {
            room_of mine(world, 0);
            std::lock_guard const held(mine);
            ++room.n_items;
            notify_one(room.not_empty);
        };
        put();
        doomed.kill();
        put();
        ASSERT_EQ(second.wait(), 0);
        ASSERT_EQ(third.wait(), 0);
        ASSERT_EQ(room.n_items, 0);
    }
}

TEST_F(ConditionVariable, SurvivorsOfAKilledRankNameIt) {
    SHMWIN_NEEDS_FORK();
    std::mt19937 random(8);
    longest_wait survivors;
    for (int round = 0; round < 8 * soak_factor(); ++round) {
        sync_pages<condition_room> const own;
        kill_one_of(
            own.pages,
            4,
            random,
            3000us,
            survivors,
            [&](int rank) {
                room_of mine(own, rank);
                for (int i = 0; i < 200; ++i) {
                    if (rank % 2 == 0) {
                        mine.put();
                    } else {
                        mine.get();
                    }
                }
                mine.in.check_peers({"work"}, true); // the rest may get on without the dead one
            },
            [&](int, int victim, error_info const& thrown) {
                return (thrown.code == errc::barrier_broken || thrown.code == errc::peer_left)
                       && thrown.rank == victim;
            });
        ASSERT_FALSE(HasFailure()) << "round " << round;
    }
}

} // namespace
} // namespace shmwin
