// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/mutex.hpp"

#include "support/sync_fixture.hpp"

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

using detail::deadline_after;
using detail::mutex_state;
using detail::this_thread_number;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::child;
using testing::HasSubstr;

struct Mutex : testing::Test {
    struct state {
        mutex_state mutex;
        std::uint64_t count; // plain: guarded by the mutex
        std::atomic<std::uint64_t> n_ready;
    };
    test::sync_pages<state> pages;
    state& shared = pages.state();

    void lock(int rank) const { shared.mutex.lock(pages.waits(rank), pages.what("lock")); }
    [[nodiscard]] bool try_lock(int rank) const {
        return shared.mutex.try_lock(pages.waits(rank), pages.what("try_lock"));
    }
    [[nodiscard]] bool lock_for(int rank, milliseconds how_long) const {
        return shared.mutex.lock_until(
            pages.waits(rank), pages.what("lock_for"), deadline_after(how_long));
    }
    [[nodiscard]] bool lock_to_repair(int rank) const {
        return shared.mutex.lock_to_repair(pages.waits(rank), pages.what("lock_to_repair"));
    }
    void mark_consistent(int rank) const {
        shared.mutex.mark_consistent(pages.waits(rank), pages.what("mark_consistent"));
    }
    void unlock(int rank) const { shared.mutex.unlock(pages.waits(rank), pages.what("unlock")); }

    // The futex word: its top bit says that somebody sleeps.
    [[nodiscard]] std::atomic_ref<std::uint32_t> word_of_sleepers() const {
        auto* const bytes = reinterpret_cast<std::byte*>(&shared.mutex);
        return std::atomic_ref(*reinterpret_cast<std::uint32_t*>(bytes));
    }

    template <typename Call>
    [[nodiscard]] static error_info error_of(Call const& call) {
        try {
            call();
        } catch (error const& thrown) {
            return thrown.info();
        }
        return {};
    }
    [[nodiscard]] errc lock_error(int rank) const {
        return error_of([&] { lock(rank); }).code;
    }

    // A child that holds the lock as `rank`, does `then`, and sleeps until it is killed.
    template <typename Then>
    [[nodiscard]] child holder(int rank, Then const& then) const {
        auto const before = shared.n_ready.load();
        child made([&] {
            pages.pages.who(rank).attach();
            lock(rank);
            then();
            ++shared.n_ready;
            for (;;) {
                ::pause();
            }
            return true;
        });
        EXPECT_TRUE(test::eventually([&] { return shared.n_ready.load() != before; }));
        return made;
    }
    void die_holding(int rank) const {
        auto const doomed = holder(rank, [] {});
    }
};

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

TEST_F(Mutex, ADeadHolderIsNoticedSoon) {
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

TEST_F(Mutex, AfterADeathNobodyGetsItUntilItIsRepaired) {
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

TEST_F(Mutex, WhoOnlyTriesFindsADeadHolder) {
    SHMWIN_NEEDS_FORK();
    die_holding(7);
    errc code = errc::ok;
    EXPECT_TRUE(test::eventually([&] {
        code = error_of([&] { static_cast<void>(try_lock(0)); }).code;
        return code != errc::ok;
    }));
    EXPECT_EQ(code, errc::owner_died);
}

TEST_F(Mutex, AShortDeadlineFindsADeadHolder) {
    SHMWIN_NEEDS_FORK();
    die_holding(7);
    errc code = errc::ok;
    EXPECT_TRUE(test::eventually([&] {
        code = error_of([&] { static_cast<void>(lock_for(0, milliseconds(1))); }).code;
        return code != errc::ok;
    }));
    EXPECT_EQ(code, errc::owner_died);
}

TEST_F(Mutex, UnlockedWithoutRepairItIsNeverHadAgain) {
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

TEST_F(Mutex, MarkingWhatIsConsistentChangesNothing) {
    lock(0);
    mark_consistent(0);
    EXPECT_EQ(shared.mutex.holder().rank, 0);
    unlock(0);
    lock(1);
    unlock(1);
}

TEST_F(Mutex, ARepairerThatDiesIsRepairedAfter) {
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

TEST_F(Mutex, ExactlyOneOfAllRepairs) {
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

TEST_F(Mutex, AllWhoWaitLearnOfTheDeath) {
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

TEST_F(Mutex, AHolderThatLeftAndLivesKeepsItAndItsWaitersAreTold) {
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

TEST_F(Mutex, AHolderThatClosedAndLivesKeepsItAndItsWaitersAreTold) {
    SHMWIN_NEEDS_FORK();
    auto const alive = holder(7, [&] { pages.pages.who(7).close(); });
    auto const told = error_of([&] { lock(0); });
    EXPECT_EQ(told.code, errc::peer_left);
    EXPECT_THAT(told.text, HasSubstr("rank 7 closed the segment"));
}

TEST_F(Mutex, AHolderThatLeftMayStillUnlock) {
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

TEST_F(Mutex, OtherRanksThatLeaveOrDieDoNotMatter) {
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
