// SPDX-License-Identifier: MIT
// A mutex that all ranks want: nobody is in it with another, whichever way they came in, and each
// sees all that the one before wrote.
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/mutex.hpp"

#include "support/sync_fixture.hpp"
#include "support/together.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <sched.h>

namespace shmwin {
namespace {

using namespace test;
using std::chrono::microseconds;

/// What the mutex guards: all lines have the same number, but for moments inside.
struct guarded {
    detail::mutex_state mutex;
    struct alignas(64) line {
        std::uint64_t number;
    };
    std::array<line, 6> lines;

    // False if it saw another rank's work half done.
    [[nodiscard]] bool add_one() {
        auto const before = lines[0].number;
        bool const whole = std::all_of(
            lines.begin(), lines.end(), [&](auto const& each) { return each.number == before; });
        for (auto& each : lines) {
            each.number = before + 1;
        }
        return whole;
    }
};

class MutexTogether : public Together {
  protected:
    using shared = sync_pages<guarded>;

    // Waits without end, for a moment at a time, or by trying: all mean the same.
    static void lock_somehow(shared const& pages, guarded& all, int rank, int turn) {
        auto const by = pages.waits(rank);
        switch (turn % 4) {
        case 0:
            while (!all.mutex.lock_until(
                by, pages.what("lock_for"), detail::deadline_after(microseconds(turn % 300)))) {
            }
            return;
        case 1:
            if (all.mutex.try_lock(by, pages.what("try_lock"))) return;
            [[fallthrough]];
        default:
            all.mutex.lock(by, pages.what("lock"));
        }
    }

    [[nodiscard]] static bool take_turns(shared const& pages, int rank, int n) {
        auto& all = pages.state(rank % 2 == 0 ? via::first : via::second);
        for (int i = 0; i < n; ++i) {
            lock_somehow(pages, all, rank, i + rank);
            bool const whole = all.add_one();
            if (i % (n / 16) == rank) ::sched_yield(); // on one core, too, others find it held
            all.mutex.unlock(pages.waits(rank), pages.what("unlock"));
            if (!whole) return false;
        }
        return true;
    }
};

TEST_P(MutexTogether, NoUpdateIsLostOrSeenHalfDone) {
    int const n = n_turns(30'000);
    shared const pages;
    EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) { return take_turns(pages, rank, n); }));
    EXPECT_EQ(pages.state().lines[0].number, static_cast<std::uint64_t>(n_ranks()) * unsigned(n));
    EXPECT_FALSE(pages.state().mutex.holder());
}

TEST_P(MutexTogether, SleepersGetTheirTurns) {
    int const n = n_turns(3000);
    shared const pages(sleepy());
    EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) { return take_turns(pages, rank, n); }));
    EXPECT_EQ(pages.state().lines[0].number, static_cast<std::uint64_t>(n_ranks()) * unsigned(n));
}

INSTANTIATE_TEST_SUITE_P(Crowd, MutexTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
