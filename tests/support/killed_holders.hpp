// SPDX-License-Identifier: MIT
// Holders, repairers and waiters of a lock, killed at random moments. Tests of each kind of lock
// instantiate the suite with a Lock:
//
//     using mutex_type = ...;                            what is in the segment
//     Lock(mutex_type&, wait_context const&, awaited)    of one rank
//     template <typename Mend> void lock(Mend const&);   calls mend() if the last holder died
//     void unlock();
#pragma once

#include "shmwin/base/error.hpp"

#include "support/longest_wait.hpp"
#include "support/soak.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace shmwin::test {

template <typename Lock>
struct KilledHolders : testing::Test {
    static constexpr int n_children = 5;

    struct state {
        typename Lock::mutex_type mutex;
        std::uint64_t count = 0; // plain: guarded by the mutex
        std::uint64_t twice = 0; // plain: 2 * count, but for a moment inside the lock
        std::uint64_t n_repairs = 0;
        std::atomic<std::int64_t> longest_wait_us;
        std::array<std::atomic<std::uint64_t>, n_children> n_done;
    };

    /// What a rank does.
    class user {
      public:
        user(KilledHolders const& test, int rank)
            : shared_(test.shared),
              rank_(static_cast<std::size_t>(rank)),
              by_(test.pages.waits(rank)),
              lock_(shared_.mutex, by_, test.pages.what("test")) {}

        void lock() {
            auto const since = std::chrono::steady_clock::now();
            lock_.lock([this] {
                shared_.twice = 2 * shared_.count;
                ++shared_.n_repairs;
            });
            note_wait(std::chrono::steady_clock::now() - since);
        }
        void unlock() { lock_.unlock(); }

        /// False if the data are half changed and nobody said so.
        [[nodiscard]] bool add_one() {
            lock();
            if (shared_.twice != 2 * shared_.count) return false;
            ++shared_.count;
            for (int i = 0; i < 50; ++i) { // half changed for a while
                detail::cpu_pause();
            }
            shared_.twice += 2;
            shared_.n_done.at(rank_).fetch_add(1, std::memory_order_relaxed);
            unlock();
            return true;
        }

      private:
        void note_wait(std::chrono::steady_clock::duration time) {
            auto const us = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
            auto longest = shared_.longest_wait_us.load();
            while (us > longest && !shared_.longest_wait_us.compare_exchange_weak(longest, us)) {
            }
        }

        state& shared_;
        std::size_t rank_;
        detail::wait_context by_;
        Lock lock_;
    };

    [[nodiscard]] child worker(int rank) const {
        return child([this, rank] {
            pages.pages.who(rank).attach();
            user me(*this, rank);
            while (me.add_one()) {
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
    void note_longest_wait() {
        survivors.note(std::chrono::microseconds(shared.longest_wait_us.load()));
    }

    sync_pages<state> pages;
    state& shared = pages.state();
    std::minstd_rand random{11};
    longest_wait survivors;
};

TYPED_TEST_SUITE_P(KilledHolders);

TYPED_TEST_P(KilledHolders, TheOthersGetOn) {
    SHMWIN_NEEDS_FORK();
    constexpr auto n = TestFixture::n_children;
    auto& seen = this->shared;
    std::vector<child> children;
    for (int rank = 0; rank < n; ++rank) {
        children.push_back(this->worker(rank));
    }
    int const n_kills = 60 * soak_factor();
    for (int i = 0; i < n_kills; ++i) {
        std::this_thread::sleep_for(std::chrono::microseconds(this->random() % 3000));
        auto const which = this->random() % n;
        children[which].kill();
        ASSERT_EQ(children[which].wait(), -SIGKILL) << "it found half-changed data";
        // A new one in its place only now: the dead one would seem to live.
        auto const before = this->n_done_but(which);
        auto const killed_at = std::chrono::steady_clock::now();
        ASSERT_TRUE(eventually([&] { return this->n_done_but(which) > before; }))
            << "after kill " << i;
        this->survivors.note_since(killed_at);
        std::destroy_at(&children[which]);
        std::construct_at(&children[which], this->worker(static_cast<int>(which)));
    }
    children.clear();
    this->pages.pages.who(7).attach();
    typename TestFixture::user last(*this, 7);
    last.lock();
    EXPECT_EQ(seen.twice, 2 * seen.count);
    auto const all = this->n_done_but(n);
    EXPECT_GE(seen.count, all);
    EXPECT_LE(seen.count, all + seen.n_repairs) << "one a death is half done";
    last.unlock();
    this->note_longest_wait();
    this->RecordProperty("repairs", static_cast<int>(seen.n_repairs));
}

// Whoever sleeps may be the one that a wake-up was meant for.
TYPED_TEST_P(KilledHolders, KilledWaitersTakeNobodysTurn) {
    SHMWIN_NEEDS_FORK();
    constexpr auto n = TestFixture::n_children;
    using member = typename TestFixture::user;
    this->pages.pages.who(7).attach();
    member me(*this, 7);
    int const n_trials = 20 * soak_factor();
    for (int i = 0; i < n_trials; ++i) {
        auto const before = this->n_done_but(n);
        me.lock(); // a killed one may have got it in its last microseconds
        std::vector<child> waiters;
        for (int rank = 0; rank < n; ++rank) {
            waiters.emplace_back([this, rank] {
                this->pages.pages.who(rank).attach();
                return member(*this, rank).add_one();
            });
        }
        std::this_thread::sleep_for(std::chrono::microseconds(this->random() % 5000));
        waiters[0].kill();
        waiters[1].kill();
        me.unlock();
        for (std::size_t rank = 2; rank < n; ++rank) {
            ASSERT_EQ(waiters[rank].wait(), 0);
        }
        EXPECT_GE(this->n_done_but(n), before + 3);
        static_cast<void>(waiters[0].wait());
        static_cast<void>(waiters[1].wait());
    }
    this->note_longest_wait();
}

REGISTER_TYPED_TEST_SUITE_P(KilledHolders, TheOthersGetOn, KilledWaitersTakeNobodysTurn);

/// The Lock of what has lock(), lock_to_repair() and so on.
template <typename Mutex, int n_levels = 1>
class mutex_of_rank {
  public:
    using mutex_type = Mutex;

    mutex_of_rank(Mutex& mutex, detail::wait_context const& by, detail::awaited const& what)
        : mutex_(mutex), by_(by), what_(what) {}

    template <typename Mend>
    void lock(Mend const& mend) {
        lock_once(mend);
        for (int i = 1; i < n_levels; ++i) {
            mutex_.lock(by_, what_);
        }
    }
    void unlock() {
        for (int i = 0; i < n_levels; ++i) {
            mutex_.unlock(by_, what_);
        }
    }

  private:
    template <typename Mend>
    void lock_once(Mend const& mend) {
        try {
            mutex_.lock(by_, what_);
        } catch (owner_died const&) {
            if (!mutex_.lock_to_repair(by_, what_)) return;
            mend();
            mutex_.mark_consistent(by_, what_);
        }
    }

    Mutex& mutex_;
    detail::wait_context const& by_;
    detail::awaited what_;
};

} // namespace shmwin::test
