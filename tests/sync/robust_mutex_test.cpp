// SPDX-License-Identifier: MIT
#include "shmwin/sync/robust_mutex.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>

namespace shmwin {
namespace {

using detail::lock_outcome;
using detail::robust_lock;
using detail::robust_mutex;
using std::chrono::steady_clock;
using test::child;

constexpr int n_ranks = 16;

struct guarded {
    std::array<participant_slot, n_ranks> slots;
    robust_mutex mutex;
    std::uint64_t count; // plain: guarded by the mutex
    std::uint64_t twice; // plain: 2 * count, but for a moment inside the lock
    std::uint64_t n_repairs;
    std::atomic<std::uint64_t> n_ready;
    std::array<std::atomic<std::uint64_t>, n_ranks> n_done;
};

struct RobustMutex : testing::Test {
    test::shared_object<guarded> shared;
    wait_policy const policy = test::shared_pages::policy();

    [[nodiscard]] participants as(int rank) const { return {shared->slots, rank}; }

    // Holds the lock for the result's life; repairs the two counters if their last holder died.
    [[nodiscard]] auto hold(int rank) const {
        auto repair = [this]() noexcept {
            shared->twice = 2 * shared->count;
            ++shared->n_repairs;
        };
        return robust_lock(shared->mutex, as(rank), policy, repair);
    }
    void add_one(int rank) const {
        auto const held = hold(rank);
        ++shared->count;
        shared->twice += 2;
        shared->n_done.at(static_cast<std::size_t>(rank)).fetch_add(1, std::memory_order_relaxed);
    }
    // A child that holds the lock as `rank`, does `then`, and sleeps until it is killed.
    template <typename Then>
    [[nodiscard]] child holder(int rank, Then const& then) const {
        auto const before = shared->n_ready.load();
        child made([&] {
            as(rank).attach();
            if (shared->mutex.lock(as(rank), policy) != lock_outcome::locked) return false;
            then();
            ++shared->n_ready;
            for (;;) {
                ::pause();
            }
            return true;
        });
        EXPECT_TRUE(test::eventually([&] { return shared->n_ready.load() != before; }));
        return made;
    }
    [[nodiscard]] child holder(int rank) const {
        return holder(rank, [] {});
    }
    // What lock() gives in another process, so that a lock that never comes fails the test.
    [[nodiscard]] bool owner_died_for(int rank) const {
        auto const before = shared->n_ready.load();
        child locks([&] {
            as(rank).attach();
            auto const got = shared->mutex.lock(as(rank), policy);
            shared->mutex.unlock();
            as(rank).close();
            ++shared->n_ready;
            return got == lock_outcome::owner_died;
        });
        bool const came = test::eventually([&] { return shared->n_ready.load() != before; });
        EXPECT_TRUE(came) << "the lock never came";
        return came && locks.wait() == 0;
    }
};

TEST_F(RobustMutex, IsFreeAtFirstAndNamesItsHolder) {
    as(3).attach();
    EXPECT_EQ(shared->mutex.holder(), -1);
    EXPECT_EQ(shared->mutex.lock(as(3), policy), lock_outcome::locked);
    EXPECT_EQ(shared->mutex.holder(), 3);
    shared->mutex.unlock();
    EXPECT_EQ(shared->mutex.holder(), -1);
    EXPECT_EQ(shared->mutex.n_takeovers(), 0U);
}

TEST_F(RobustMutex, ExcludesThreads) {
    constexpr int n = 8;
    constexpr int per_thread = 2000;
    test::as_threads(n, [&](int rank) {
        as(rank).attach();
        for (int i = 0; i < per_thread; ++i) {
            add_one(rank);
        }
    });
    EXPECT_EQ(shared->count, std::uint64_t{n} * per_thread);
    EXPECT_EQ(shared->twice, 2 * shared->count);
    EXPECT_EQ(shared->mutex.n_takeovers(), 0U);
}

// Threads of one rank share its name in the lock.
TEST_F(RobustMutex, ExcludesThreadsOfOneRank) {
    as(0).attach();
    test::as_threads(8, [&](int) {
        for (int i = 0; i < 2000; ++i) {
            add_one(0);
        }
    });
    EXPECT_EQ(shared->count, 16'000U);
}

TEST_F(RobustMutex, ExcludesProcessesOfWhichThereAreMoreThanCores) {
    SHMWIN_NEEDS_FORK();
    constexpr int per_process = 2000;
    std::vector<child> children;
    for (int rank = 0; rank < n_ranks; ++rank) {
        children.emplace_back([&, rank] {
            as(rank).attach();
            for (int i = 0; i < per_process; ++i) {
                add_one(rank);
            }
            return true;
        });
    }
    for (auto& each : children) {
        EXPECT_EQ(each.wait(), 0);
    }
    EXPECT_EQ(shared->count, std::uint64_t{n_ranks} * per_process);
    EXPECT_EQ(shared->n_repairs, 0U) << "a process that ended outside the lock is no dead holder";
}

// Its wake-up was meant for one: whoever got it cannot know whether it was the only one asleep.
TEST_F(RobustMutex, WhoSleptForItSaysThatOthersMaySleep) {
    constexpr std::uint32_t somebody_sleeps = 0x8000'0000U; // in its word, see the header
    as(0).attach();
    as(1).attach();
    std::atomic_ref const word(reinterpret_cast<std::uint32_t&>(shared->mutex));
    bool said = false;
    ASSERT_EQ(shared->mutex.lock(as(0), policy), lock_outcome::locked);
    std::thread other([&] {
        static_cast<void>(shared->mutex.lock(as(1), policy));
        said = (word.load() & somebody_sleeps) != 0;
        shared->mutex.unlock();
    });
    EXPECT_TRUE(test::eventually([&] { return (word.load() & somebody_sleeps) != 0; }));
    shared->mutex.unlock();
    other.join();
    EXPECT_TRUE(said);
}

TEST_F(RobustMutex, IsTakenOverFromAKilledHolderSoon) {
    SHMWIN_NEEDS_FORK();
    // Whatever else the machine does: one of three tries is as quick as promised.
    auto quickest = steady_clock::duration::max();
    for (std::uint32_t attempt = 0; attempt < 3; ++attempt) {
        auto const doomed = holder(1 + static_cast<int>(attempt));
        as(0).attach();
        doomed.kill();
        doomed.wait_for_zombie();
        auto const before = steady_clock::now();
        ASSERT_EQ(shared->mutex.lock(as(0), policy), lock_outcome::owner_died);
        quickest = std::min(quickest, steady_clock::now() - before);
        EXPECT_EQ(shared->mutex.n_takeovers(), attempt + 1);
        EXPECT_EQ(shared->mutex.holder(), 0);
        shared->mutex.unlock();
    }
    EXPECT_LT(quickest, std::chrono::seconds(1));
}

TEST_F(RobustMutex, AHolderThatWasReapedIsDeadToo) {
    SHMWIN_NEEDS_FORK();
    as(0).attach();
    { auto const doomed = holder(1); }
    EXPECT_EQ(shared->mutex.lock(as(0), policy), lock_outcome::owner_died);
    shared->mutex.unlock();
}

TEST_F(RobustMutex, IsOrdinaryAgainAfterATakeOver) {
    SHMWIN_NEEDS_FORK();
    as(0).attach();
    { auto const doomed = holder(1); }
    EXPECT_EQ(shared->mutex.lock(as(0), policy), lock_outcome::owner_died);
    shared->mutex.unlock();
    EXPECT_EQ(shared->mutex.lock(as(0), policy), lock_outcome::locked);
    shared->mutex.unlock();
}

// A rank that left, as its exception unwinds, still frees what it holds.
TEST_F(RobustMutex, IsTakenOverFromAKilledHolderThatHadLeft) {
    SHMWIN_NEEDS_FORK();
    {
        auto const doomed = holder(1, [&] { as(1).leave("fence", "an exception"); });
    }
    EXPECT_TRUE(owner_died_for(0));
    EXPECT_EQ(as(0).missing(false)->text, "an exception") << "why it left is still known";
}

TEST_F(RobustMutex, IsTakenOverFromAKilledHolderThatHadClosed) {
    SHMWIN_NEEDS_FORK();
    {
        auto const doomed = holder(1, [&] { as(1).close(); });
    }
    EXPECT_TRUE(owner_died_for(0));
    EXPECT_FALSE(as(0).missing(true)) << "it ended as agreed";
}

TEST_F(RobustMutex, IsNotTakenFromAHolderThatLeftButLives) {
    SHMWIN_NEEDS_FORK();
    auto const alive = holder(1, [&] { as(1).leave("fence", "an exception"); });
    child waits([&] {
        as(0).attach();
        ++shared->n_ready;
        auto const outcome = shared->mutex.lock(as(0), policy);
        shared->n_done[0] = 1;
        return outcome == lock_outcome::owner_died;
    });
    ASSERT_TRUE(test::eventually([&] { return shared->n_ready.load() == 2; }));
    for (int i = 0; i < 10; ++i) { // some looks at the holder's process
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        ASSERT_EQ(shared->mutex.holder(), 1);
    }
    EXPECT_EQ(shared->n_done[0], 0U);
    alive.kill();
    EXPECT_EQ(waits.wait(), 0);
}

TEST_F(RobustMutex, RepairRunsExactlyOnceForADeadHolder) {
    SHMWIN_NEEDS_FORK();
    {
        auto const doomed = holder(15, [&] { ++shared->count; }); // half of a change
    }
    EXPECT_NE(shared->twice, 2 * shared->count);
    test::as_threads(8, [&](int rank) {
        as(rank).attach();
        for (int i = 0; i < 100; ++i) {
            auto const held = hold(rank);
            ASSERT_EQ(shared->twice, 2 * shared->count);
            ++shared->count;
            shared->twice += 2;
        }
    });
    EXPECT_EQ(shared->n_repairs, 1U);
    EXPECT_EQ(shared->count, 801U);
}

TEST_F(RobustMutex, ARepairerThatIsKilledIsRepairedAfter) {
    SHMWIN_NEEDS_FORK();
    as(0).attach();
    { auto const first = holder(1); }
    {
        auto const before = shared->n_ready.load();
        child const second([&] {
            as(2).attach();
            auto const never_ends = [&]() noexcept {
                ++shared->n_ready;
                for (;;) {
                    ::pause();
                }
            };
            robust_lock const held(shared->mutex, as(2), policy, never_ends);
            return true;
        });
        ASSERT_TRUE(test::eventually([&] { return shared->n_ready.load() != before; }));
    }
    EXPECT_EQ(shared->mutex.lock(as(0), policy), lock_outcome::owner_died);
    EXPECT_EQ(shared->mutex.n_takeovers(), 2U);
    shared->mutex.unlock();
}

TEST_F(RobustMutex, AThreadThatEndedIsNotADeadHolder) {
    as(0).attach();
    as(1).attach();
    std::thread([&] { ASSERT_EQ(shared->mutex.lock(as(1), policy), lock_outcome::locked); }).join();
    std::atomic<bool> got{false};
    std::thread waiter([&] {
        EXPECT_EQ(shared->mutex.lock(as(0), policy), lock_outcome::locked);
        got = true;
        shared->mutex.unlock();
    });
    for (int i = 0; i < 10; ++i) { // some looks at the holder's process
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        ASSERT_EQ(shared->mutex.holder(), 1);
    }
    EXPECT_FALSE(got);
    shared->mutex.unlock();
    waiter.join();
    EXPECT_EQ(shared->mutex.n_takeovers(), 0U);
}

TEST_F(RobustMutex, SurvivesKillsAtRandomMoments) {
    SHMWIN_NEEDS_FORK();
    constexpr int n_children = 4;
    constexpr int n_kills = 60;
    std::minstd_rand random(7);
    auto const works = [&](int rank) {
        return child([this, rank] {
            as(rank).attach();
            for (;;) {
                add_one(rank);
            }
            return true;
        });
    };
    std::vector<child> children;
    int n_made = 0;
    for (; n_made < n_children; ++n_made) {
        children.push_back(works(n_made));
    }
    for (int i = 0; i < n_kills; ++i) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
        auto const which = random() % n_children;
        auto const rank = static_cast<int>(which);
        children[which].kill();
        static_cast<void>(children[which].wait());
        // The others must get on: at least one of them counts further.
        auto const sum = [&] {
            std::uint64_t all = 0;
            for (std::size_t other = 0; other < n_children; ++other) {
                if (other != which) all += shared->n_done.at(other).load();
            }
            return all;
        };
        auto const before = sum();
        ASSERT_TRUE(test::eventually([&] { return sum() > before; })) << "after kill " << i;
        std::destroy_at(&children[which]);
        std::construct_at(&children[which], works(rank));
    }
    children.clear();
    as(8).attach();
    auto const held = hold(8);
    EXPECT_EQ(shared->twice, 2 * shared->count);
    std::uint64_t all = 0;
    for (auto const& each : shared->n_done) {
        all += each.load();
    }
    EXPECT_GE(shared->count, all);
    EXPECT_LE(shared->count, all + shared->mutex.n_takeovers()) << "one a takeover is half done";
}

} // namespace
} // namespace shmwin
