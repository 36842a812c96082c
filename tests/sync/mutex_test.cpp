// SPDX-License-Identifier: MIT
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

using detail::mutex_state;
using detail::this_thread_number;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::child;
using testing::HasSubstr;

using Mutex = test::mutex_fixture;

TEST_F(Mutex, TakesEightBytes) {
    static_assert(sizeof(mutex_state) == 8);
    static_assert(std::is_trivially_copyable_v<lock_holder>);
}

TEST_F(Mutex, IsFreeAtFirstAndNamesItsHolder) {
    EXPECT_FALSE(shared.mutex.holder());
    lock(3);
    EXPECT_EQ(shared.mutex.holder(), (lock_holder{3, this_thread_number()}));
    EXPECT_TRUE(shared.mutex.is_mine(pages.waits(3)));
    EXPECT_FALSE(shared.mutex.is_mine(pages.waits(2)));
    unlock(3);
    EXPECT_FALSE(shared.mutex.holder());
}

TEST_F(Mutex, IsTheSameThroughAnotherMapping) {
    lock(0);
    EXPECT_FALSE(pages.state(test::via::second)
                     .mutex.try_lock(pages.waits(1, test::via::second), {"try_lock"}));
    unlock(0);
}

TEST_F(Mutex, TryLockSaysWhetherItLocked) {
    EXPECT_TRUE(try_lock(0));
    EXPECT_FALSE(try_lock(1));
    EXPECT_FALSE(try_lock(0)) << "not recursive";
    unlock(0);
    EXPECT_TRUE(try_lock(1));
    unlock(1);
}

TEST_F(Mutex, ADeadlineEndsTheWait) {
    lock(0);
    auto const before = steady_clock::now();
    EXPECT_FALSE(lock_for(1, milliseconds(30)));
    EXPECT_GE(steady_clock::now() - before, milliseconds(30));
    EXPECT_FALSE(lock_for(1, milliseconds(-1)));
    unlock(0);
    EXPECT_TRUE(lock_for(1, milliseconds(-1))) << "it tries once";
    unlock(1);
}

TEST_F(Mutex, IsGivenToWhoWaits) {
    lock(0);
    std::thread waiter([&] {
        EXPECT_TRUE(lock_for(1, std::chrono::minutes(1)));
        unlock(1);
    });
    // Asleep: the word says so.
    auto const word = word_of_sleepers();
    EXPECT_TRUE(test::eventually([&] { return (word.load() & 0x8000'0000U) != 0; }));
    unlock(0);
    waiter.join();
    EXPECT_FALSE(shared.mutex.holder());
}

// Its wake-up was meant for one: whoever got it cannot know whether it was the only one asleep.
TEST_F(Mutex, WhoSleptForItSaysThatOthersMaySleep) {
    auto const word = word_of_sleepers();
    constexpr std::uint32_t somebody_sleeps = 0x8000'0000U; // see the header
    bool said = false;
    lock(0);
    std::thread other([&] {
        lock(1);
        said = (word.load() & somebody_sleeps) != 0;
        unlock(1);
    });
    EXPECT_TRUE(test::eventually([&] { return (word.load() & somebody_sleeps) != 0; }));
    unlock(0);
    other.join();
    EXPECT_TRUE(said);
}

TEST_F(Mutex, AThreadThatLocksTwiceIsToldSo) {
    lock(0);
    auto const twice = error_of([&] { lock(0); });
    EXPECT_EQ(twice.code, errc::would_deadlock);
    EXPECT_THAT(twice.text, HasSubstr("thread " + std::to_string(this_thread_number())));
    EXPECT_EQ(error_of([&] { static_cast<void>(lock_for(0, milliseconds(10))); }).code,
              errc::would_deadlock);
    unlock(0);
}

TEST_F(Mutex, AnotherThreadOfTheRankWaits) {
    lock(0);
    std::thread([&] { EXPECT_FALSE(lock_for(0, milliseconds(10))); }).join();
    unlock(0);
}

TEST_F(Mutex, WhoDoesNotHoldItCannotUnlockIt) {
    EXPECT_EQ(error_of([&] { unlock(0); }).code, errc::invalid_argument);
    lock(0);
    auto const other_rank = error_of([&] { unlock(1); });
    EXPECT_EQ(other_rank.code, errc::invalid_argument);
    EXPECT_THAT(other_rank.text, HasSubstr("of rank 0 holds it"));
    std::thread([&] {
        EXPECT_EQ(error_of([&] { unlock(0); }).code, errc::invalid_argument);
        EXPECT_EQ(error_of([&] { mark_consistent(0); }).code, errc::invalid_argument);
    }).join();
    EXPECT_EQ(shared.mutex.holder().rank, 0) << "nothing changed";
    unlock(0);
}

TEST_F(Mutex, ThreadsLoseNoUpdate) {
    constexpr int n = 8;
    constexpr int per_thread = 2000;
    test::as_threads(n, [&](int rank) {
        for (int i = 0; i < per_thread; ++i) {
            if (i % 3 == 0) {
                while (!try_lock(rank)) {
                    std::this_thread::yield();
                }
            } else if (i % 3 == 1) {
                ASSERT_TRUE(lock_for(rank, std::chrono::minutes(1)));
            } else {
                lock(rank);
            }
            ++shared.count;
            unlock(rank);
        }
    });
    EXPECT_EQ(shared.count, std::uint64_t{n} * per_thread);
}

// The thread is part of the name: threads of one rank share the rest.
TEST_F(Mutex, ThreadsOfOneRankLoseNoUpdate) {
    test::as_threads(8, [&](int) {
        for (int i = 0; i < 2000; ++i) {
            lock(0);
            ++shared.count;
            unlock(0);
        }
    });
    EXPECT_EQ(shared.count, 16'000U);
}

TEST_F(Mutex, ProcessesOfWhichThereAreMoreThanCoresLoseNoUpdate) {
    SHMWIN_NEEDS_FORK();
    EXPECT_TRUE(test::as_processes(pages.pages, 8, [&](int rank) {
        for (int i = 0; i < 3000; ++i) {
            lock(rank);
            ++shared.count;
            unlock(rank);
        }
        return true;
    }));
    EXPECT_EQ(shared.count, 24'000U);
}

TEST_F(Mutex, AChildIsAnotherThreadThanItsParent) {
    SHMWIN_NEEDS_FORK();
    lock(0);
    child inherits([&] {
        pages.pages.who(0).attach(); // as the parent's rank, so that only the thread differs
        return error_of([&] { unlock(0); }).code == errc::invalid_argument
               && this_thread_number() == static_cast<std::uint32_t>(::getpid());
    });
    EXPECT_EQ(inherits.wait(), 0);
}

} // namespace
} // namespace shmwin
