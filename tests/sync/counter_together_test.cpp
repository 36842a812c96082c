// SPDX-License-Identifier: MIT
// A loop that all ranks share: each index is somebody's, and nobody else's.
#include "shmwin/sync/counter.hpp"

#include "support/sync_fixture.hpp"
#include "support/together.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace shmwin {
namespace {

using namespace test;

constexpr int max_ranks = 8;
constexpr std::size_t n_indices = 10'000;

struct shared_loop {
    std::array<detail::counter_state, max_ranks + 1> lines;
    std::array<std::atomic<std::uint8_t>, n_indices> n_taken; ///< by how many each index was
    std::atomic<std::uint64_t> n_empty;
};

class CounterTogether : public Together {
  protected:
    static void expect_each_once(schedule const& how) {
        sync_pages<shared_loop> const pages;
        detail::make_counter(&pages.state().lines, n_ranks(), n_indices, how);
        EXPECT_TRUE(all_ranks(pages.pages, [&](int rank) {
            auto& loop = pages.state(rank % 2 == 0 ? via::first : via::second);
            auto const lines =
                detail::counter_lines(loop.lines).first(static_cast<std::size_t>(n_ranks()) + 1);
            while (auto const chunk = detail::next_chunk(lines, rank)) {
                if (chunk->empty()) ++loop.n_empty;
                for (auto const i : *chunk) {
                    ++loop.n_taken.at(static_cast<std::size_t>(i));
                }
            }
            return !detail::next_chunk(lines, rank); // the end is for ever
        }));
        auto const& taken = pages.state().n_taken;
        EXPECT_TRUE(std::all_of(taken.begin(), taken.end(), [](auto& n) { return n == 1; }));
        EXPECT_EQ(pages.state().n_empty, 0U);
    }
};

TEST_P(CounterTogether, EachIndexIsTakenOnce) {
    for (int i = 0; i < n_turns(5); ++i) {
        expect_each_once(schedule::dynamic(1));
        expect_each_once(schedule::dynamic(7));
        expect_each_once(schedule::guided(1));
        expect_each_once(schedule::guided(64));
        expect_each_once(schedule::static_blocks());
        expect_each_once(schedule::static_chunks(7));
    }
}

INSTANTIATE_TEST_SUITE_P(Crowd, CounterTogether, crowds, name_of_crowd);

} // namespace
} // namespace shmwin
