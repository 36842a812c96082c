// SPDX-License-Identifier: MIT
// Holders, repairers and waiters of a mutex are killed at random moments. tests/soak.sh: more.
#include "shmwin/base/error.hpp"
#include "shmwin/sync/mutex.hpp"

#include "support/soak.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using detail::mutex_state;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::child;

constexpr int n_children = 5;

struct MutexKill : testing::Test {
    struct state {
        mutex_state mutex;
        std::uint64_t count; // plain: guarded by the mutex
        std::uint64_t twice; // plain: 2 * count, but for a moment inside the lock
        std::uint64_t n_repairs;
        std::atomic<std::int64_t> longest_wait_ms;
        std::array<std::atomic<std::uint64_t>, n_children> n_done;
    };
    test::sync_pages<state> pages;
    state& shared = pages.state();
    std::minstd_rand random{11};

    // Locked; true if there is something to repair.
    [[nodiscard]] bool lock(int rank) const {
        auto const by = pages.waits(rank);
        try {
            shared.mutex.lock(by, pages.what("lock"));
            return false;
        } catch (owner_died const&) {
            return shared.mutex.lock_to_repair(by, pages.what("lock_to_repair"));
        }
    }
    void lock_whole(int rank) const {
        if (!lock(rank)) return;
        shared.twice = 2 * shared.count;
        ++shared.n_repairs;
        shared.mutex.mark_consistent(pages.waits(rank), pages.what("mark_consistent"));
    }
    void note_wait(steady_clock::time_point since) const {
        auto const waited = std::chrono::duration_cast<milliseconds>(steady_clock::now() - since);
        auto longest = shared.longest_wait_ms.load();
        while (waited.count() > longest
               && !shared.longest_wait_ms.compare_exchange_weak(longest, waited.count())) {
        }
    }
    // False if the data are half changed and nobody said so.
    [[nodiscard]] bool add_one(int rank) const {
        auto const by = pages.waits(rank);
        auto const before = steady_clock::now();
        lock_whole(rank);
        note_wait(before);
        if (shared.twice != 2 * shared.count) return false;
        ++shared.count;
        for (int i = 0; i < 50; ++i) { // half changed for a while
            detail::cpu_pause();
        }
        shared.twice += 2;
        shared.n_done.at(static_cast<std::size_t>(rank)).fetch_add(1, std::memory_order_relaxed);
        shared.mutex.unlock(by, pages.what("unlock"));
        return true;
    }
    [[nodiscard]] child worker(int rank) const {
        return child([this, rank] {
            pages.pages.who(rank).attach();
            while (add_one(rank)) {
            }
            return false;
        });
    }
    [[nodiscard]] std::uint64_t n_done_but(std::size_t left_out) const {
        std::uint64_t all = 0;
        for (std::size_t rank = 0; rank < n_children; ++rank) {
            if (rank != left_out) all += shared.n_done.at(rank).load();
        }
        return all;
    }
};

TEST_F(MutexKill, WhoeverIsKilledTheOthersGetOn) {
    SHMWIN_NEEDS_FORK();
    std::vector<child> children;
    for (int rank = 0; rank < n_children; ++rank) {
        children.push_back(worker(rank));
    }
    int const n_kills = 60 * test::soak_factor();
    for (int i = 0; i < n_kills; ++i) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
        auto const which = random() % n_children;
        children[which].kill();
        ASSERT_EQ(children[which].wait(), -SIGKILL) << "it found half-changed data";
        // A new one in its place only now: the dead one would seem to live.
        auto const before = n_done_but(which);
        ASSERT_TRUE(test::eventually([&] { return n_done_but(which) > before; }))
            << "after kill " << i;
        std::destroy_at(&children[which]);
        std::construct_at(&children[which], worker(static_cast<int>(which)));
    }
    children.clear();
    pages.pages.who(7).attach();
    lock_whole(7);
    EXPECT_EQ(shared.twice, 2 * shared.count);
    auto const all = n_done_but(n_children);
    EXPECT_GE(shared.count, all);
    EXPECT_LE(shared.count, all + shared.n_repairs) << "one a death is half done";
    EXPECT_LT(milliseconds(shared.longest_wait_ms), test::longest_wait_for_the_dead());
    RecordProperty("repairs", static_cast<int>(shared.n_repairs));
}

// Whoever sleeps may be the one that a wake-up was meant for.
TEST_F(MutexKill, KilledWaitersTakeNobodysTurn) {
    SHMWIN_NEEDS_FORK();
    pages.pages.who(7).attach();
    auto const by = pages.waits(7);
    int const n_trials = 20 * test::soak_factor();
    for (int i = 0; i < n_trials; ++i) {
        auto const before = n_done_but(n_children);
        lock_whole(7); // a killed one may have got it in its last microseconds
        std::vector<child> waiters;
        for (int rank = 0; rank < n_children; ++rank) {
            waiters.emplace_back([this, rank] {
                pages.pages.who(rank).attach();
                return add_one(rank);
            });
        }
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 5000));
        waiters[0].kill();
        waiters[1].kill();
        shared.mutex.unlock(by, pages.what("unlock"));
        for (std::size_t rank = 2; rank < n_children; ++rank) {
            ASSERT_EQ(waiters[rank].wait(), 0);
        }
        EXPECT_GE(n_done_but(n_children), before + 3);
        static_cast<void>(waiters[0].wait());
        static_cast<void>(waiters[1].wait());
    }
    EXPECT_LT(milliseconds(shared.longest_wait_ms), test::longest_wait_for_the_dead());
}

} // namespace
} // namespace shmwin
