// SPDX-License-Identifier: MIT
// A shared_mutex that all ranks want, to read and to write: readers never see a writer's work half
// done, and no writer's work is lost.
#include "shmwin/sync/deadline.hpp"

#include "support/shared_mutex_fixture.hpp"
#include "support/together.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <sched.h>

namespace shmwin {
namespace {

using namespace test;
using detail::deadline_after;
using detail::no_deadline;
using std::chrono::microseconds;

class SharedMutexTogether : public Together {
  protected:
    using shared = sync_pages<guarded_pair, most_ranks>;

    // Waits without end, for a moment at a time, or by trying first: all mean the same.
    static void lock_somehow(pair_user& me, int turn) {
        if (turn % 4 == 0) {
            while (!me.lock().lock_until(deadline_after(microseconds(turn % 300)))) {
            }
        } else if (turn % 4 != 1 || !me.lock().try_lock()) {
            static_cast<void>(me.lock().lock_until(no_deadline));
        }
    }
    static void lock_shared_somehow(pair_user& me, int turn) {
        if (turn % 4 == 0) {
            while (!me.lock().lock_shared_until(deadline_after(microseconds(turn % 300)))) {
            }
        } else if (turn % 4 != 1 || !me.lock().try_lock_shared()) {
            static_cast<void>(me.lock().lock_shared_until(no_deadline));
        }
    }

    // On one core, too, others find it held.
    static void be_interrupted(int turn, int rank) {
        if (turn % 37 == rank) ::sched_yield();
    }

    static bool read_and_write(shared const& pages, int rank, int n) {
        pair_user me(pages, rank, via_of(rank));
        for (int i = 0; i < n; ++i) {
            if (i % 4 == rank % 4) {
                lock_somehow(me, i / 4);
                me.write();
                be_interrupted(i, rank);
                me.lock().unlock();
            } else {
                lock_shared_somehow(me, i / 4);
                me.read();
                be_interrupted(i, rank);
                me.lock().unlock_shared();
            }
        }
        return true;
    }

    static void expect_whole(wait_policy const& how, int n) {
        shared const pages(how);
        EXPECT_TRUE(
            all_ranks(pages.pages, [&](int rank) { return read_and_write(pages, rank, n); }));
        auto const& state = pages.state();
        auto const n_writes = static_cast<std::uint64_t>(n_ranks()) * unsigned(n / 4);
        EXPECT_EQ(state.first, n_writes);
        EXPECT_EQ(state.second, n_writes);
        EXPECT_EQ(state.n_torn, 0U);
        pair_user left(pages, 0, via::first);
        EXPECT_EQ(left.lock().n_readers(), 0U);
        EXPECT_FALSE(left.lock().holder());
    }
};

TEST_P(SharedMutexTogether, ReadersSeeWholePairsAndNoWriteIsLost) {
    expect_whole(shared_pages::policy(), n_turns(10'000));
}

TEST_P(SharedMutexTogether, SleepersGetTheirTurns) {
    expect_whole(sleepy(), n_turns(2000));
}

INSTANTIATE_TEST_SUITE_P(Crowd, SharedMutexTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
