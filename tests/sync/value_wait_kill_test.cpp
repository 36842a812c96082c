// SPDX-License-Identifier: MIT
// Ranks that wake each other by values, of whom one is killed at a random moment: while it sleeps,
// while it wakes others, or between. tests/soak.sh: more.
#include "shmwin/sync/value_wait.hpp"

#include "support/killed_while.hpp"
#include "support/soak.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

namespace shmwin {
namespace {

using namespace test;
using namespace std::chrono_literals;

constexpr int n_ranks = 4;

struct turns {
    std::array<std::atomic<std::uint16_t>, n_ranks> of; ///< how often it was each rank's
};

// A turn goes round; whoever has it, passes it on. Rank 0 has it when all had it equally often, the
// others when the one before had it once more.
void take_and_pass(sync_pages<turns> const& pages, int rank) {
    auto& all = pages.state(rank % 2 == 0 ? via::first : via::second).of;
    auto const self = static_cast<std::size_t>(rank);
    auto& mine = all.at(self);
    auto const& before_me = rank == 0 ? all.back() : all.at(self - 1);
    auto const my_turn = static_cast<std::uint16_t>(mine.load() + (rank == 0 ? 0 : 1));
    auto const in = pages.waits(rank);
    auto const what = pages.what("value::wait");
    static_cast<void>(
        detail::wait_for_value(in, what, [&] { return before_me.load() == my_turn; }));
    mine.fetch_add(1);
    detail::notify_value(in.lot(), what.object);
}

TEST(ValueWaitKill, SurvivorsNameTheDead) {
    SHMWIN_NEEDS_FORK();
    std::mt19937 random{5};
    longest_wait survivors;
    for (int round = 0; round < 8 * soak_factor(); ++round) {
        sync_pages<turns> const pages;
        kill_one_of(
            pages.pages,
            n_ranks,
            random,
            5ms,
            survivors,
            [&](int rank) { take_and_pass(pages, rank); },
            [](int, int victim, error_info const& thrown) {
                return thrown.code == errc::peer_left && thrown.rank == victim;
            });
    }
}

} // namespace
} // namespace shmwin
