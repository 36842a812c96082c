// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/semaphore.hpp"

#include "support/killed_while.hpp"
#include "support/soak.hpp"
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
using detail::most_units;
using detail::release;
using detail::semaphore_state;
using detail::try_acquire;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct semaphore_room {
    semaphore_state state;
    std::atomic<int> n_inside;
    std::atomic<int> most_inside;
    std::int64_t plain; ///< guarded by a semaphore of one unit
};

struct Semaphore : testing::Test {
    sync_pages<semaphore_room> world;
    semaphore_state& semaphore = world.state().state;

    void begin(std::uint32_t units, std::uint32_t maximum = most_units) const {
        new (&semaphore) semaphore_state{{units, 0}, maximum};
    }
    bool acquire(int rank, detail::wait_deadline until = detail::no_deadline) const {
        auto const which = via_of(rank);
        return detail::acquire(world.state(which).state,
                               world.waits(rank, which),
                               world.what("semaphore::acquire"),
                               until);
    }
    void use_often(int rank, int n) const {
        auto& room = world.state();
        for (int i = 0; i < n; ++i) {
            acquire(rank);
            auto const inside = ++room.n_inside;
            auto most = room.most_inside.load();
            while (inside > most && !room.most_inside.compare_exchange_weak(most, inside)) {
            }
            if (i % 16 == 0) std::this_thread::yield();
            --room.n_inside;
            release(semaphore, 1);
        }
    }
};

TEST_F(Semaphore, GivesItsUnitsAndNoMore) {
    begin(2);
    EXPECT_TRUE(try_acquire(semaphore));
    EXPECT_TRUE(acquire(0));
    EXPECT_FALSE(try_acquire(semaphore));
    EXPECT_FALSE(acquire(0, deadline_after(1ms)));
    release(semaphore, 3);
    EXPECT_EQ(semaphore.units.word, 3U);
    release(semaphore, 0);
    EXPECT_TRUE(acquire(0, std::chrono::steady_clock::now() - 1s)) << "it looks once";
    EXPECT_EQ(semaphore.units.word, 2U);
}

TEST_F(Semaphore, OfOneUnitExcludesAndPublishes) {
    begin(1, 1);
    auto const n = 20'000 * soak_factor();
    as_threads(4, [&](int rank) {
        for (int i = 0; i < n; ++i) {
            acquire(rank);
            ++world.state().plain;
            release(semaphore, 1);
        }
    });
    EXPECT_EQ(world.state().plain, 4 * n);
    EXPECT_EQ(semaphore.units.word, 1U);
}

TEST_F(Semaphore, LetsAsManyInAsItHasUnits) {
    begin(3, 3);
    as_threads(8, [&](int rank) { use_often(rank, 5000 * soak_factor()); });
    EXPECT_LE(world.state().most_inside, 3);
    EXPECT_EQ(semaphore.units.word, 3U);
}

TEST_F(Semaphore, WorksBetweenProcesses) {
    SHMWIN_NEEDS_FORK();
    begin(2, 2);
    EXPECT_TRUE(as_processes(world.pages, 6, [&](int rank) {
        use_often(rank, 5000 * soak_factor());
        return true;
    }));
    EXPECT_LE(world.state().most_inside, 2);
    EXPECT_EQ(semaphore.units.word, 2U);
}

TEST_F(Semaphore, WakesOneForOneUnitAndAllForMore) {
    begin(0);
    sleeper const a(semaphore.units);
    sleeper const b(semaphore.units);
    sleeper const c(semaphore.units);
    release(semaphore, 1);
    EXPECT_TRUE(eventually([&] { return a.is_awake() || b.is_awake() || c.is_awake(); }));
    EXPECT_EQ(int{a.is_awake()} + int{b.is_awake()} + int{c.is_awake()}, 1);
    release(semaphore, 2);
    EXPECT_TRUE(a.wakes_up() && b.wakes_up() && c.wakes_up());
}

TEST_F(Semaphore, RefusesMoreThanItsMaximumAndChangesNothing) {
    begin(1, 2);
    release(semaphore, 1);
    for (std::int64_t const n : {std::int64_t{1}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
        auto const thrown = error_that_ends([&] { release(semaphore, n); });
        ASSERT_TRUE(thrown);
        EXPECT_EQ(thrown->code, errc::invalid_argument);
        EXPECT_THAT(thrown->text, HasSubstr("it has 2 of at most 2"));
    }
    EXPECT_EQ(semaphore.units.word, 2U);
    begin(0);
    release(semaphore, most_units);
    EXPECT_THROW(release(semaphore, 1), argument_error);
}

TEST_F(Semaphore, RefusesImpossibleUnits) {
    EXPECT_NO_THROW(detail::check_semaphore(0, 0));
    EXPECT_NO_THROW(detail::check_semaphore(most_units, most_units));
    EXPECT_THROW(detail::check_semaphore(-1, 1), argument_error);
    EXPECT_THROW(detail::check_semaphore(2, 1), argument_error);
    EXPECT_THROW(detail::check_semaphore(0, most_units + 1), argument_error);
}

TEST_F(Semaphore, WaitEndsWhenARankIsMissingAndUnitsDoNot) {
    begin(1);
    world.pages.meeting(2, world.how).leave("fence", "it threw");
    EXPECT_TRUE(acquire(0));
    auto const thrown = error_that_ends([&] { acquire(0); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::peer_left);
    EXPECT_EQ(thrown->rank, 2);
    release(semaphore, 1);
    EXPECT_TRUE(acquire(0));
}

TEST_F(Semaphore, SurvivorsOfAKilledHolderNameIt) {
    SHMWIN_NEEDS_FORK();
    std::mt19937 random(7);
    longest_wait survivors;
    for (int round = 0; round < 8 * soak_factor(); ++round) {
        sync_pages<semaphore_room> const own;
        auto& shared = own.state().state;
        new (&shared) semaphore_state{{1, 0}, 1};
        int const n_before = 200; // with the unit held for ever then
        kill_one_of(
            own.pages,
            3,
            random,
            2000us,
            survivors,
            [&](int rank) {
                for (int i = 0; i < n_before; ++i) {
                    detail::acquire(shared, own.waits(rank), own.what("semaphore::acquire"));
                    release(shared, 1);
                }
                detail::acquire(shared, own.waits(rank), own.what("semaphore::acquire"));
            },
            [&](int, int victim, error_info const& thrown) {
                return thrown.code == errc::peer_left && thrown.rank == victim;
            });
        ASSERT_FALSE(HasFailure()) << "round " << round;
    }
}

} // namespace
} // namespace shmwin
