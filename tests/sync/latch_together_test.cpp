// SPDX-License-Identifier: MIT
// Latches that all ranks count down and wait for, one after the other: nobody passes before the
// last count, everybody passes after it, and sees what was written before the counts.
#include "shmwin/sync/latch.hpp"

#include "support/sync_fixture.hpp"
#include "support/together.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

namespace shmwin {
namespace {

using namespace test;
using detail::latch_state;

struct alignas(64) one_latch {
    latch_state state;
};

struct latch_row {
    std::array<one_latch, 3> of;
    std::array<std::array<std::int64_t, 8>, 2> plain; ///< of even and of odd rounds
};

class LatchTogether : public Together {
  protected:
    using shared = sync_pages<latch_row>;

    static void make(one_latch& at) { new (&at.state) latch_state{n_ranks(), {}}; }

    static bool pass_often(shared const& pages, int rank, int n) {
        auto& all = pages.state(via_of(rank));
        auto const in = pages.waits(rank, via_of(rank));
        for (int round = 0; round < n; ++round) {
            auto& latch = all.of.at(static_cast<std::size_t>(round) % 3).state;
            auto const half = std::span(all.plain.at(static_cast<std::size_t>(round) % 2))
                                  .first(static_cast<std::size_t>(n_ranks()));
            half[static_cast<std::size_t>(rank)] = round;
            detail::count_down(latch, 1);
            if (!detail::wait_for_latch(latch, in, {"latch::wait", 0})) return false;
            if (!std::ranges::all_of(half, [&](auto number) { return number == round; })) {
                return false;
            }
            // All are out of the one before: the round after the next one needs it.
            if (rank == 0) make(all.of.at(static_cast<std::size_t>(round + 2) % 3));
        }
        return true;
    }

    static void expect_to_pass(wait_policy const& how, int n) {
        shared const pages(how);
        for (auto& each : pages.state().of) {
            make(each);
        }
        EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) { return pass_often(pages, rank, n); }));
        EXPECT_TRUE(
            detail::is_open(pages.state().of.at(static_cast<std::size_t>(n - 1) % 3).state));
    }
};

TEST_P(LatchTogether, OpensWithTheLastCountForAll) {
    expect_to_pass(shared_pages::policy(), n_turns(8000));
}

TEST_P(LatchTogether, WakesAllWhoSleep) {
    expect_to_pass(sleepy(), n_turns(5000));
}

INSTANTIATE_TEST_SUITE_P(Crowd, LatchTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
