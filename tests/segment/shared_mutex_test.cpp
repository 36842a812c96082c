// SPDX-License-Identifier: MIT
// A lock that ranks read and write under, with the standard's guards.
#include "shmwin/segment/shared_mutex.hpp"

#include "support/open_segment.hpp"
#include "support/ranks.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using namespace std::chrono_literals;

struct SharedMutex : open_segment {
    shared_mutex lock = seg.create_shared_mutex("lock");
    array<std::int64_t, 1> pair = seg.create_array<std::int64_t>("pair", shape(2));
};

TEST_F(SharedMutex, GuardsOfTheStandardKeepWritesWhole) {
    auto const n_torn = seg.create_value<int>("n_torn");
    for (int i = 0; i < 500; ++i) {
        if (i % 4 == 0) {
            std::unique_lock const alone(lock);
            pair(0) += 1;
            pair(1) = pair(0);
        } else {
            std::shared_lock const together(lock);
            if (pair(0) != pair(1)) n_torn.fetch_add(1);
        }
    }
    seg.fence();
    EXPECT_EQ(pair(0), 125 * size);
    EXPECT_EQ(n_torn.load(), 0);
    EXPECT_FALSE(lock.holder());
    EXPECT_EQ(lock.n_readers(), 0U);
}

TEST_F(SharedMutex, ThreadsOfARankCountForThemselves) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 100; ++k) {
                {
                    std::lock_guard const alone(lock);
                    pair(0) += 1;
                }
                std::shared_lock const together(lock);
                EXPECT_GT(pair(0), 0);
            }
        });
    }
    for (auto& each : threads) {
        each.join();
    }
    seg.fence();
    EXPECT_EQ(pair(0), 300 * size);
}

TEST_F(SharedMutex, AllReadAtOnceAndDeadlinesSayFalse) {
    std::shared_lock mine(lock, 60s);
    ASSERT_TRUE(mine.owns_lock());
    seg.fence();
    EXPECT_EQ(lock.n_readers(), static_cast<std::uint64_t>(size));
    if (rank == last) {
        EXPECT_FALSE(lock.try_lock());
        EXPECT_FALSE(lock.try_lock_for(10ms));
        EXPECT_FALSE(lock.try_lock_until(std::chrono::system_clock::now() + 10ms));
    }
    seg.fence();
    mine.unlock();
    seg.fence();
    if (rank == 0) {
        std::unique_lock const alone(lock, std::try_to_lock);
        ASSERT_TRUE(alone.owns_lock());
        EXPECT_EQ(lock.holder().rank, 0);
        std::thread([&] {
            EXPECT_FALSE(lock.try_lock_shared());
            EXPECT_FALSE(lock.try_lock_shared_for(10ms));
            EXPECT_FALSE(lock.try_lock_shared_until(std::chrono::steady_clock::now() + 10ms));
        }).join();
        EXPECT_EQ(error_of([&] { lock.lock(); })->code, errc::would_deadlock);
    }
    seg.fence();
    EXPECT_FALSE(lock.lock_to_repair()); // in turn: nobody died
    lock.mark_consistent();
    lock.unlock();
    seg.fence();
}

TEST_F(SharedMutex, IsFoundAndDestroyed) {
    auto const found = seg.find_shared_mutex("lock");
    {
        std::scoped_lock const alone(found);
        EXPECT_FALSE(lock.try_lock());
    }
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_counter("lock")); })->code,
              errc::type_mismatch);
    seg.fence();
    seg.destroy(lock);
    EXPECT_FALSE(found.is_valid());
    EXPECT_FALSE(shared_mutex());
}

} // namespace
} // namespace shmwin
