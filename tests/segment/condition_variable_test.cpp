// SPDX-License-Identifier: MIT
#include "shmwin/segment/condition_variable.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <mutex>
#include <stdexcept>

namespace shmwin {
namespace {

using namespace test;
using namespace std::chrono_literals;

// Any lock will do: this one is a semaphore.
struct semaphore_lock {
    semaphore turn;
    int n_held = 0; ///< by this rank
    bool fails = false;

    void lock() {
        turn.acquire();
        ++n_held;
        if (!fails) return;
        unlock();
        throw std::domain_error("no lock");
    }
    void unlock() {
        --n_held;
        turn.release();
    }
};

struct ConditionVariable : open_segment {
    semaphore_lock lock{seg.create_semaphore("turn", 1, 1)};
    condition_variable changed = seg.create_condition_variable("changed");
};

TEST_F(ConditionVariable, WakesAllWhoWaitForAChange) {
    auto const number = seg.create_array<int>("number", shape(1));
    std::unique_lock held(lock);
    if (rank == last) {
        number(0) = 42;
        changed.notify_all();
    } else {
        changed.wait(held, [&] { return number(0) != 0; });
    }
    EXPECT_EQ(number(0), 42);
    EXPECT_TRUE(held.owns_lock());
    EXPECT_EQ(lock.n_held, 1);
}

TEST_F(ConditionVariable, PassesATurnRound) {
    auto const turn = seg.create_array<int>("turn of", shape(1));
    for (int round = 0; round < 100; ++round) {
        std::unique_lock held(lock);
        changed.wait(held, [&] { return turn(0) == round * size + rank; });
        ++turn(0);
        changed.notify_all();
    }
    seg.fence();
    EXPECT_EQ(turn(0), 100 * size);
}

TEST_F(ConditionVariable, NotifyOneIsEnoughForOneOfAKind) {
    auto const n_items = seg.create_array<int>("n_items", shape(1));
    auto const found = seg.find_condition_variable("changed");
    if (rank == 0) {
        for (int i = 0; i < 200 * (size - 1); ++i) {
            std::lock_guard const held(lock);
            ++n_items(0);
            found.notify_one();
        }
    } else {
        for (int i = 0; i < 200; ++i) {
            std::unique_lock held(lock);
            changed.wait(held, [&] { return n_items(0) > 0; });
            --n_items(0);
        }
    }
    seg.fence();
    EXPECT_EQ(n_items(0), 0);
}

TEST_F(ConditionVariable, WaitsNoLongerThanItsDeadline) {
    std::unique_lock held(lock);
    EXPECT_FALSE(changed.wait_for(held, 1ms, [] { return false; }));
    EXPECT_FALSE(
        changed.wait_until(held, std::chrono::steady_clock::now() + 1ms, [] { return false; }));
    while (changed.wait_for(held, 1ms)) { // of its own accord
    }
    EXPECT_FALSE(changed.wait_until(held, std::chrono::system_clock::now() - 1ms));
    EXPECT_TRUE(changed.wait_for(held, 0ms, [] { return true; }));
    EXPECT_EQ(lock.n_held, 1);
}

TEST_F(ConditionVariable, APredicateThatThrowsKeepsTheLock) {
    std::unique_lock held(lock);
    auto const throws = []() -> bool { throw std::domain_error("no answer"); };
    EXPECT_THROW(changed.wait(held, throws), std::domain_error);
    EXPECT_TRUE(held.owns_lock());
    EXPECT_EQ(lock.n_held, 1);
}

TEST_F(ConditionVariable, ALockThatFailsIsWhatTheWaitEndsWith) {
    std::unique_lock held(lock);
    lock.fails = true;
    EXPECT_THROW(changed.wait_for(held, 1ms), std::domain_error);
    EXPECT_FALSE(held.owns_lock());
    EXPECT_EQ(lock.n_held, 0);
    lock.fails = false;
    seg.fence();
    EXPECT_EQ(lock.turn.units(), 1);
}

} // namespace
} // namespace shmwin
