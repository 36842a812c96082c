// SPDX-License-Identifier: MIT
// A semaphore that all ranks want: never more of them inside than it has units, and no unit is
// lost, also of those that one rank gives and another takes.
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/semaphore.hpp"

#include "support/sync_fixture.hpp"
#include "support/together.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <sched.h>

namespace shmwin {
namespace {

using namespace test;
using detail::semaphore_state;

struct rooms {
    semaphore_state free;
    alignas(64) semaphore_state filled;
    alignas(64) std::atomic<std::int32_t> n_inside;
    alignas(64) std::int64_t plain; // guarded, where there is one unit
};

class SemaphoreTogether : public Together {
  protected:
    using shared = sync_pages<rooms>;

    static void acquire(shared const& pages, int rank, semaphore_state& which, int turn) {
        auto const in = pages.waits(rank, via_of(rank));
        auto const what = pages.what("semaphore::acquire");
        if (turn % 4 == 0) {
            auto const time = std::chrono::microseconds(turn % 300);
            while (!detail::acquire(which, in, what, detail::deadline_after(time))) {
            }
        } else if (turn % 4 != 1 || !detail::try_acquire(which)) {
            detail::acquire(which, in, what);
        }
    }

    static bool enter_often(shared const& pages, int rank, int n_units, int n) {
        auto& all = pages.state(via_of(rank));
        for (int i = 0; i < n; ++i) {
            acquire(pages, rank, all.free, i);
            bool const right = all.n_inside.fetch_add(1) < n_units;
            if (n_units == 1) ++all.plain;
            if (i % 32 == rank) ::sched_yield(); // on one core, too, others come meanwhile
            all.n_inside.fetch_sub(1);
            detail::release(all.free, 1);
            if (!right) return false;
        }
        return true;
    }

    static void expect_no_more_inside(wait_policy const& how, int n_units, int n) {
        shared const pages(how);
        auto& all = pages.state();
        new (&all.free) semaphore_state{{unsigned(n_units), 0}, unsigned(n_units)};
        EXPECT_TRUE(
            all_ranks(pages.pages, [&](int rank) { return enter_often(pages, rank, n_units, n); }));
        EXPECT_EQ(all.free.units.word, unsigned(n_units));
        EXPECT_EQ(all.plain, n_units == 1 ? std::int64_t{n_ranks()} * n : 0);
    }

    // Half of the ranks give what the other half takes, one by one and several at a time.
    static void expect_none_lost(wait_policy const& how, int n) {
        shared const pages(how);
        auto& all = pages.state();
        new (&all.free) semaphore_state{{6, 0}, 6};
        new (&all.filled) semaphore_state{{0, 0}, 6};
        EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) {
            auto& mine = pages.state(via_of(rank));
            auto& from = rank % 2 == 0 ? mine.free : mine.filled;
            auto& to = rank % 2 == 0 ? mine.filled : mine.free;
            for (int i = 0; i < n; ++i) {
                int const n_units = 1 + i % 2 * (rank / 2 == 0 ? 1 : 0); // one rank of each half
                for (int k = 0; k < n_units; ++k) {
                    acquire(pages, rank, from, i);
                }
                detail::release(to, n_units);
            }
            return true;
        }));
        EXPECT_EQ(all.free.units.word, 6U);
        EXPECT_EQ(all.filled.units.word, 0U);
    }

    // Rank 0 gives all others a unit at once, and goes on when all have told that they got it.
    static void expect_all_served(wait_policy const& how, int n) {
        shared const pages(how);
        auto& all = pages.state();
        new (&all.free) semaphore_state{{0, 0}, 8};
        new (&all.filled) semaphore_state{{0, 0}, 8};
        EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) {
            auto& mine = pages.state(via_of(rank));
            for (int i = 0; i < n; ++i) {
                if (rank != 0) {
                    acquire(pages, rank, mine.free, 2);
                    detail::release(mine.filled, 1);
                    continue;
                }
                detail::release(mine.free, n_ranks() - 1);
                for (int k = 1; k < n_ranks(); ++k) {
                    acquire(pages, rank, mine.filled, 2);
                }
            }
            return true;
        }));
        EXPECT_EQ(all.free.units.word, 0U);
        EXPECT_EQ(all.filled.units.word, 0U);
    }
};

TEST_P(SemaphoreTogether, NeverMoreAreInsideThanItHasUnits) {
    for (int const n_units : {1, 3}) {
        expect_no_more_inside(shared_pages::policy(), n_units, n_turns(3000) / n_ranks());
    }
}

TEST_P(SemaphoreTogether, SleepersGetTheirUnits) {
    for (int const n_units : {1, 3}) {
        expect_no_more_inside(sleepy(), n_units, n_turns(2000) / n_ranks());
    }
}

TEST_P(SemaphoreTogether, NoUnitIsLostOnItsWay) {
    expect_none_lost(shared_pages::policy(), n_turns(3000) / n_ranks());
    expect_none_lost(sleepy(), n_turns(1500) / n_ranks());
}

TEST_P(SemaphoreTogether, OneReleaseOfManyUnitsServesAll) {
    expect_all_served(shared_pages::policy(), n_turns(1000));
    expect_all_served(sleepy(), n_turns(500));
}

INSTANTIATE_TEST_SUITE_P(Crowd, SemaphoreTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
