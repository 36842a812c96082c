// SPDX-License-Identifier: MIT
// Members that are killed at any moment of a meeting.
#include "shmwin/sync/barrier.hpp"

#include "support/barrier_fixture.hpp"
#include "support/killed_while.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <string>

namespace shmwin {
namespace {

using namespace test;

// True if it is the right error, of the right rank, in the right words.
bool names(error_info const& thrown, int victim) {
    auto const words = "rank " + std::to_string(victim) + " is gone (its process died)";
    if (thrown.code == errc::barrier_broken && thrown.rank == victim
        && thrown.text.find(words) != std::string::npos) {
        return true;
    }
    static_cast<void>(std::fprintf(stderr, "rank %d: %s\n", thrown.rank, thrown.text.c_str()));
    return false;
}

struct BarrierKill : testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Ranks, BarrierKill, testing::Values(2, 4, 8));

TEST_P(BarrierKill, SurvivorsNameTheDeadAndMetEquallyOften) {
    SHMWIN_NEEDS_FORK();
    auto const n = GetParam();
    std::mt19937 random(20240607U + static_cast<unsigned>(n));
    longest_wait survivors;
    for (int round = 0; round < 12 * soak_factor(); ++round) {
        auto how = shared_pages::policy();
        if (round % 2 == 0) how.spin = 2000; // the lowest member leads
        barrier_world const world(how);
        world.make_first(n);
        int killed = -1;
        kill_one_of(
            world.pages,
            n,
            random,
            std::chrono::microseconds(3000),
            survivors,
            [&](int rank) {
                world.meet(rank);
                ++world.count(rank);
            },
            [&](int rank, int victim, error_info const& thrown) {
                world.count(8 + rank) = victim + 1;
                auto const again = error_that_ends([&] { world.meet(rank); });
                return names(thrown, victim) && again && names(*again, victim);
            });
        ASSERT_FALSE(HasFailure()) << "round " << round;
        std::int64_t n_met = -1;
        for (int rank = 0; rank < n; ++rank) {
            if (world.count(8 + rank) == 0) { // the victim
                killed = rank;
                continue;
            }
            if (n_met < 0) n_met = world.count(rank);
            ASSERT_EQ(world.count(rank), n_met) << "a meeting was met for some, round " << round;
        }
        ASSERT_GE(killed, 0);
        ASSERT_LE(world.count(killed), n_met);
        ASSERT_GE(world.count(killed), n_met - 1);
    }
}

} // namespace
} // namespace shmwin
