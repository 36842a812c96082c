// SPDX-License-Identifier: MIT
// A mutex whose holder died, or left.
#include "support/mutex_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <string>
#include <thread>

namespace shmwin {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::child;
using testing::HasSubstr;

using MutexDeath = test::mutex_fixture;

TEST_F(MutexDeath, ADeadHolderIsNoticedSoon) {
    SHMWIN_NEEDS_FORK();
    // Whatever else the machine does: one of three tries is as quick as promised.
    auto quickest = steady_clock::duration::max();
    for (int attempt = 0; attempt < 3; ++attempt) {
        die_holding(1 + attempt);
        auto const before = steady_clock::now();
        auto const died = error_of([&] { lock(0); });
        quickest = std::min(quickest, steady_clock::now() - before);
        EXPECT_EQ(died.code, errc::owner_died);
        EXPECT_EQ(died.rank, 1 + attempt);
        EXPECT_THAT(died.text, HasSubstr("rank " + std::to_string(1 + attempt) + " died"));
        EXPECT_TRUE(lock_to_repair(0));
        mark_consistent(0);
        unlock(0);
    }
    EXPECT_LT(quickest, std::chrono::seconds(1));
}

TEST_F(MutexDeath, AfterADeathNobodyGetsItUntilItIsRepaired) {
    SHMWIN_NEEDS_FORK();
    die_holding(7);
    for (int rank = 0; rank < 3; ++rank) {
        EXPECT_EQ(lock_error(rank), errc::owner_died);
        EXPECT_EQ(error_of([&] { static_cast<void>(try_lock(rank)); }).code, errc::owner_died);
        EXPECT_EQ(error_of([&] { static_cast<void>(lock_for(rank, milliseconds(0))); }).code,
                  errc::owner_died);
        EXPECT_FALSE(shared.mutex.holder());
    }
    EXPECT_TRUE(lock_to_repair(1));
    EXPECT_FALSE(try_lock(2)) << "it is being repaired";
    mark_consistent(1);
    unlock(1);
    lock(2);
    unlock(2);
    EXPECT_FALSE(lock_to_repair(0)) << "there is nothing to repair any more";
    unlock(0);
}

TEST_F(MutexDeath, WhoOnlyTriesFindsADeadHolder) {
    SHMWIN_NEEDS_FORK();
    die_holding(7);
    errc code = errc::ok;
    EXPECT_TRUE(test::eventually([&] {
        code = error_of([&] { static_cast<void>(try_lock(0)); }).code;
        return code != errc::ok;
    }));
    EXPECT_EQ(code, errc::owner_died);
}

TEST_F(MutexDeath, AShortDeadlineFindsADeadHolder) {
    SHMWIN_NEEDS_FORK();
    die_holding(7);
    errc code = errc::ok;
    EXPECT_TRUE(test::eventually([&] {
        code = error_of([&] { static_cast<void>(lock_for(0, milliseconds(1))); }).code;
        return code != errc::ok;
    }));
    EXPECT_EQ(code, errc::owner_died);
}

TEST_F(MutexDeath, UnlockedWithoutRepairItIsNeverHadAgain) {
    SHMWIN_NEEDS_FORK();
    die_holding(7);
    EXPECT_TRUE(lock_to_repair(1));
    unlock(1);
    for (int rank = 0; rank < 3; ++rank) {
        auto const never = error_of([&] { lock(rank); });
        EXPECT_EQ(never.code, errc::not_recoverable);
        EXPECT_THAT(never.text, HasSubstr("rank 1 unlocked"));
        EXPECT_EQ(error_of([&] { static_cast<void>(try_lock(rank)); }).code, errc::not_recoverable);
        EXPECT_EQ(error_of([&] { static_cast<void>(lock_to_repair(rank)); }).code,
                  errc::not_recoverable);
    }
}

TEST_F(MutexDeath, MarkingWhatIsConsistentChangesNothing) {
    lock(0);
    mark_consistent(0);
    EXPECT_EQ(shared.mutex.holder().rank, 0);
    unlock(0);
    lock(1);
    unlock(1);
}

TEST_F(MutexDeath, ARepairerThatDiesIsRepairedAfter) {
    SHMWIN_NEEDS_FORK();
    die_holding(7);
    {
        auto const before = shared.n_ready.load();
        child const second([&] {
            pages.pages.who(6).attach();
            if (!lock_to_repair(6)) return false;
            ++shared.n_ready;
            for (;;) {
                ::pause();
            }
            return true;
        });
        ASSERT_TRUE(test::eventually([&] { return shared.n_ready.load() != before; }));
    }
    EXPECT_EQ(lock_error(0), errc::owner_died);
    EXPECT_TRUE(lock_to_repair(0));
    mark_consistent(0);
    unlock(0);
    lock(1);
    unlock(1);
}

TEST_F(MutexDeath, ExactlyOneOfAllRepairs) {
    SHMWIN_NEEDS_FORK();
    die_holding(7);
    std::atomic<int> n_repairs{0};
    test::as_threads(6, [&](int rank) {
        for (int i = 0; i < 50; ++i) {
            if (lock_to_repair(rank)) {
                ++n_repairs;
                mark_consistent(rank);
            }
            ++shared.count;
            unlock(rank);
        }
    });
    EXPECT_EQ(n_repairs, 1);
    EXPECT_EQ(shared.count, 300U);
}

TEST_F(MutexDeath, AllWhoWaitLearnOfTheDeath) {
    SHMWIN_NEEDS_FORK();
    std::atomic<int> n_told{0};
    auto const doomed = holder(7, [] {});
    std::thread killer([&] {
        std::this_thread::sleep_for(milliseconds(50));
        doomed.kill();
    });
    test::as_threads(4, [&](int rank) {
        if (lock_error(rank) == errc::owner_died) ++n_told;
    });
    killer.join();
    EXPECT_EQ(n_told, 4);
}

TEST_F(MutexDeath, AHolderThatLeftAndLivesKeepsItAndItsWaitersAreTold) {
    SHMWIN_NEEDS_FORK();
    auto const alive =
        holder(7, [&] { pages.pages.who(7).leave("the code after fence", "an exception"); });
    auto const told = error_of([&] { lock(0); });
    EXPECT_EQ(told.code, errc::peer_left);
    EXPECT_EQ(told.rank, 7);
    EXPECT_THAT(told.text, HasSubstr("an exception"));
    EXPECT_EQ(shared.mutex.holder().rank, 7);
    alive.kill();
    alive.wait_for_zombie();
    EXPECT_EQ(lock_error(0), errc::owner_died);
}

TEST_F(MutexDeath, AHolderThatClosedAndLivesKeepsItAndItsWaitersAreTold) {
    SHMWIN_NEEDS_FORK();
    auto const alive = holder(7, [&] { pages.pages.who(7).close(); });
    auto const told = error_of([&] { lock(0); });
    EXPECT_EQ(told.code, errc::peer_left);
    EXPECT_THAT(told.text, HasSubstr("rank 7 closed the segment"));
}

TEST_F(MutexDeath, AHolderThatLeftMayStillUnlock) {
    lock(7);
    pages.pages.who(7).leave("the code after fence", "an exception");
    std::thread waiter([&] {
        lock(0);
        unlock(0);
    });
    auto const word = word_of_sleepers();
    EXPECT_TRUE(test::eventually([&] { return (word.load() & 0x8000'0000U) != 0; }));
    unlock(7);
    waiter.join();
    EXPECT_FALSE(shared.mutex.holder());
}

TEST_F(MutexDeath, OtherRanksThatLeaveOrDieDoNotMatter) {
    SHMWIN_NEEDS_FORK();
    child idle([&] {
        pages.pages.who(6).attach();
        return true;
    });
    EXPECT_EQ(idle.wait(), 0);
    lock(0);
    EXPECT_FALSE(lock_for(1, milliseconds(250))) << "no error";
    unlock(0);
}

} // namespace
} // namespace shmwin
