// SPDX-License-Identifier: MIT
// A heap that is full, again and again: four processes allocate until nothing is left, give all
// back in any order, and find it as it was at first.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;

constexpr int n_ranks = 4;
constexpr int n_rounds = 100;
constexpr std::size_t capacity = 8_MiB;
constexpr std::size_t max_blocks = 20'000; // of one rank; then it holds enough

struct possessions {
    std::size_t n;
    std::array<std::uint64_t, max_blocks> blocks;
};
using shared_possessions = std::array<possessions, n_ranks>;

// One rank, in a process of its own.
class rank_of_many {
  public:
    rank_of_many(test::shared_pages const& pages, shared_possessions& all, int rank)
        : memory_(pages.memory(rank)),
          meeting_(pages.meeting(rank)),
          all_(all),
          rank_(rank),
          random_(static_cast<unsigned>(rank)) {}

    void fence() const { meeting_.meet({operation::fence}); }

    // Ever smaller blocks, until there is no room for one of 8 bytes.
    void fill(std::size_t most) {
        auto& mine = all_.at(index());
        mine.n = 0;
        while (most >= 8 && mine.n < max_blocks) {
            try {
                take(8 + random_() % most);
            } catch (out_of_memory const&) {
                most /= 2;
            }
        }
    }

    // What the rank `distance` further on took, in any order. False if it is not what it was.
    [[nodiscard]] bool give_back(std::size_t distance) {
        auto& theirs = all_.at((index() + distance) % n_ranks);
        std::shuffle(theirs.blocks.begin(),
                     theirs.blocks.begin() + static_cast<std::ptrdiff_t>(theirs.n),
                     random_);
        for (std::size_t i = 0; i < theirs.n; ++i) {
            auto* const block = static_cast<std::uint64_t*>(memory_.at(theirs.blocks[i]));
            auto const n_words = memory_.usable_size(block) / 8;
            if (block[0] != theirs.blocks[i] || block[n_words - 1] != theirs.blocks[i]) {
                return false;
            }
            memory_.deallocate(block);
        }
        return true;
    }

    // All have collected.
    [[nodiscard]] std::string what_is_wrong() const {
        auto const numbers = memory_.stats();
        auto const report = memory_.verify();
        if (!report.ok()) return report.violations.front();
        if (numbers.n_blocks == 0 && numbers.used == 0 && numbers.largest_free == capacity) {
            return {};
        }
        return detail::text(numbers.n_blocks,
                            " blocks, ",
                            numbers.in_pages,
                            " bytes of pages in use, ",
                            numbers.largest_free,
                            " free in one piece");
    }

    void collect() const { memory_.collect(); }

  private:
    [[nodiscard]] std::size_t index() const { return static_cast<std::size_t>(rank_); }

    void take(std::size_t n_bytes) {
        auto* const block = static_cast<std::uint64_t*>(memory_.allocate(n_bytes, 8));
        auto const offset = memory_.offset_of(block);
        block[0] = offset;
        block[memory_.usable_size(block) / 8 - 1] = offset;
        auto& mine = all_.at(index());
        mine.blocks.at(mine.n++) = offset;
    }

    heap memory_;
    detail::rendezvous meeting_;
    shared_possessions& all_;
    int rank_;
    std::minstd_rand random_;
};

// Rank r gives back what rank r + GetParam() took.
struct FullHeap : testing::TestWithParam<std::size_t> {
    test::shared_pages pages{{.capacity = capacity, .n_ranks = n_ranks}};
    test::shared_object<shared_possessions> all;
};

INSTANTIATE_TEST_SUITE_P(FreedByRank, FullHeap, testing::Values(0U, 1U, 2U));

TEST_P(FullHeap, IsEmptyAgainInEachRound) {
    SHMWIN_NEEDS_FORK();
    EXPECT_TRUE(test::as_processes(pages, n_ranks, [&](int rank) {
        rank_of_many mine(pages, *all, rank);
        bool good = true;
        for (int round = 0; round < n_rounds && good; ++round) {
            mine.fence();
            mine.fill(std::array{500_KiB, 30_KiB, 1_KiB}.at(static_cast<std::size_t>(round) % 3));
            mine.fence();
            good = mine.give_back(GetParam());
            mine.fence();
            mine.collect();
            mine.fence();
            auto const wrong = good ? mine.what_is_wrong() : "a block was written to";
            if (!wrong.empty()) ADD_FAILURE() << "round " << round << ": " << wrong;
            good = wrong.empty();
        }
        return good;
    }));
}

} // namespace
} // namespace shmwin
