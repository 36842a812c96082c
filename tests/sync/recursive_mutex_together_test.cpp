// SPDX-License-Identifier: MIT
// A recursive_mutex that all ranks want, each several times over: it is free only after the last
// unlock, and begins anew with each holder.
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/recursive_mutex.hpp"

#include "support/sync_fixture.hpp"
#include "support/together.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <sched.h>

namespace shmwin {
namespace {

using namespace test;
using std::chrono::microseconds;

struct guarded_count {
    detail::recursive_mutex_state mutex;
    alignas(64) std::uint64_t count; // plain: guarded by the mutex
};

class RecursiveMutexTogether : public Together {
  protected:
    using shared = sync_pages<guarded_count>;

    struct user {
        user(shared const& pages, int rank)
            : all(pages.state(via_of(rank))),
              by(pages.waits(rank, via_of(rank))),
              what(pages.what("test")) {}

        void lock_somehow(int turn) const {
            if (turn % 3 == 0) {
                auto const time = microseconds(turn % 300);
                while (!all.mutex.lock_until(by, what, detail::deadline_after(time))) {
                }
            } else if (turn % 3 == 1 || !all.mutex.try_lock(by, what)) {
                all.mutex.lock(by, what);
            }
        }
        // Adds one a level, on the way in and on the way out. False if another one was inside.
        [[nodiscard]] bool add(int n_levels, int turn) const {
            for (int i = 0; i < n_levels; ++i) {
                lock_somehow(turn + i);
                ++all.count;
            }
            auto const before = all.count;
            bool right = all.mutex.depth(by) == unsigned(n_levels);
            if (turn % 64 == 0) ::sched_yield(); // on one core, too, others find it held
            for (int i = 1; i <= n_levels; ++i) {
                right = right && all.count == before + unsigned(i) - 1;
                ++all.count;
                all.mutex.unlock(by, what);
            }
            return right;
        }

        guarded_count& all;
        detail::wait_context by;
        detail::awaited what;
    };

    static void expect_exclusion(wait_policy const& how, int n) {
        shared const pages(how);
        EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) {
            user const me(pages, rank);
            for (int i = 0; i < n; ++i) {
                if (!me.add(1 + i % 3, i + rank)) return false;
            }
            return true;
        }));
        auto const n_counts = [](int turn) { return 2U * (1U + unsigned(turn) % 3); };
        std::uint64_t each = 0;
        for (int i = 0; i < n; ++i) {
            each += n_counts(i);
        }
        EXPECT_EQ(pages.state().count, each * unsigned(n_ranks()));
        EXPECT_EQ(pages.state().mutex.depth(pages.waits(0)), 0U);
    }
};

TEST_P(RecursiveMutexTogether, NobodyIsInsideBeforeTheLastUnlock) {
    expect_exclusion(shared_pages::policy(), n_turns(12'000) / n_ranks());
}

TEST_P(RecursiveMutexTogether, SleepersGetTheirTurns) {
    expect_exclusion(sleepy(), n_turns(6000) / n_ranks());
}

INSTANTIATE_TEST_SUITE_P(Crowd, RecursiveMutexTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
