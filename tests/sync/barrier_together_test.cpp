// SPDX-License-Identifier: MIT
// A barrier at which all ranks meet: what each wrote before a meeting is there for all after it,
// and nobody is a meeting ahead.
#include "support/barrier_fixture.hpp"
#include "support/together.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace shmwin {
namespace {

using namespace test;

class BarrierTogether : public Together {
  protected:
    // One meeting a round: numbers of even rounds stand in the first half, of odd ones in the
    // second, so that nobody writes where others still read.
    static bool meet_often(barrier_world const& world, int rank, int n_rounds) {
        auto& plain = world.state(rank % 2 == 0 ? via::first : via::second).plain;
        auto const n = static_cast<std::size_t>(n_ranks());
        for (std::int64_t round = 0; round < n_rounds; ++round) {
            auto const half = std::span(plain).subspan(round % 2 == 0 ? 0 : 8, n);
            half[static_cast<std::size_t>(rank)] = round;
            if (!world.meet(rank)) return false;
            bool const all_here = std::all_of(
                half.begin(), half.end(), [&](std::int64_t number) { return number == round; });
            if (!all_here) return false;
        }
        return true;
    }

    static void expect_meetings(wait_policy const& how, int n_rounds) {
        barrier_world const world(how);
        world.make_first(n_ranks());
        EXPECT_TRUE(
            all_ranks(world.pages, [&](int rank) { return meet_often(world, rank, n_rounds); }));
    }
};

TEST_P(BarrierTogether, NobodyPassesBeforeTheLast) {
    expect_meetings(shared_pages::policy(), n_turns(1000));
}

TEST_P(BarrierTogether, SleepersAreWokenByTheLast) {
    expect_meetings(sleepy(), n_turns(500));
}

INSTANTIATE_TEST_SUITE_P(Crowd, BarrierTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
