// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/recursive_mutex.hpp"

#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>

namespace shmwin {
namespace {

using detail::deadline_after;
using detail::recursive_mutex_state;
using std::chrono::milliseconds;
using test::child;

struct RecursiveMutex : testing::Test {
    struct state {
        recursive_mutex_state mutex;
        std::uint64_t count; // plain: guarded by the mutex
    };
    test::sync_pages<state> pages;
    state& shared = pages.state();

    void lock(int rank) const { shared.mutex.lock(pages.waits(rank), pages.what("lock")); }
    void unlock(int rank) const { shared.mutex.unlock(pages.waits(rank), pages.what("unlock")); }
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
    [[nodiscard]] bool is_free_for(int rank) const {
        bool got = false;
        std::thread([&] {
            got = try_lock(rank);
            if (got) unlock(rank);
        }).join();
        return got;
    }
};

TEST_F(RecursiveMutex, IsUnlockedAsOftenAsItWasLocked) {
    lock(0);
    EXPECT_TRUE(try_lock(0));
    EXPECT_TRUE(lock_for(0, milliseconds(0)));
    EXPECT_FALSE(lock_to_repair(0));
    EXPECT_EQ(shared.mutex.depth(pages.waits(0)), 4U);
    for (int i = 0; i < 4; ++i) {
        EXPECT_FALSE(is_free_for(1));
        EXPECT_FALSE(is_free_for(0)) << "another thread of the rank";
        unlock(0);
    }
    EXPECT_TRUE(is_free_for(1));
    EXPECT_THROW(unlock(0), argument_error);
}

TEST_F(RecursiveMutex, TheNextHolderBeginsAnew) {
    lock(0);
    lock(0);
    unlock(0);
    unlock(0);
    lock(1);
    EXPECT_EQ(shared.mutex.depth(pages.waits(1)), 1U);
    EXPECT_EQ(shared.mutex.depth(pages.waits(0)), 0U);
    unlock(1);
    EXPECT_TRUE(is_free_for(0));
}

TEST_F(RecursiveMutex, ThreadsLoseNoUpdate) {
    test::as_threads(4, [&](int rank) {
        for (int i = 0; i < 1000; ++i) {
            lock(rank);
            lock(rank);
            ++shared.count;
            unlock(rank);
            ++shared.count;
            unlock(rank);
        }
    });
    EXPECT_EQ(shared.count, 8000U);
}

TEST_F(RecursiveMutex, ADeadHoldersDepthIsForgotten) {
    SHMWIN_NEEDS_FORK();
    child dies([&] {
        pages.pages.who(7).attach();
        lock(7);
        lock(7);
        return true; // without unlocking
    });
    EXPECT_EQ(dies.wait(), 0);
    EXPECT_THROW(lock(0), owner_died);
    EXPECT_TRUE(lock_to_repair(0));
    EXPECT_EQ(shared.mutex.depth(pages.waits(0)), 1U);
    shared.mutex.mark_consistent(pages.waits(0), pages.what("mark_consistent"));
    unlock(0);
    EXPECT_TRUE(is_free_for(1));
}

} // namespace
} // namespace shmwin
