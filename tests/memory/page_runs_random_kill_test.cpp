// SPDX-License-Identifier: MIT
// Page runs of which processes are killed at random moments, one after another, under load.
#include "shmwin/memory/page_runs.hpp"

#include "support/shared_pages.hpp"
#include "support/violations.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using detail::page_bytes;
using detail::page_index;
using detail::page_runs;
using detail::section_id;
using test::child;
using test::violations_of;
using testing::IsEmpty;

constexpr int n_workers = 3;
constexpr std::size_t n_blocks = 12;

// What a worker owns, where the survivors find it. A block is entered after it was had and taken
// out before it is given back, so that a worker that dies leaves at most one that nobody knows of.
struct possessions {
    std::array<std::array<std::atomic<std::uint64_t>, n_blocks>, n_workers> blocks; // first + 1
    std::array<std::atomic<std::uint64_t>, n_workers> n_steps;
    std::atomic<std::uint64_t> n_broken; // blocks that somebody else wrote to
};

struct PageRunsUnderKills : testing::TestWithParam<unsigned> {
    static constexpr std::uint64_t n_pages = 600;
    test::shared_pages pages{{.capacity = n_pages * page_bytes, .n_ranks = n_workers + 1}};
    test::shared_object<possessions> known;

    [[nodiscard]] std::uint64_t& first_word(std::uint64_t page) const {
        return pages.where().as<std::uint64_t>(section_id::pages)[page * (page_bytes / 8)];
    }
    // Writes `to` on each page of the block, where `from` must stand.
    void change(page_index first, std::uint64_t n, std::uint64_t from, std::uint64_t to) const {
        for (std::uint64_t page = first; page < first + n; ++page) {
            if (first_word(page) != from) ++known->n_broken;
            first_word(page) = to;
        }
    }
    // What the worker writes on the pages of its block.
    static std::uint64_t tag_of(std::size_t rank, page_index first) {
        return std::uint64_t{rank + 1} << 32U | first;
    }
    // Whoever gets a run writes its own mark over what a killed one left there.
    void mark(page_index first, std::uint64_t n, std::uint64_t by) const {
        for (std::uint64_t page = first; page < first + n; ++page) {
            first_word(page) = by;
        }
    }
    void step(page_runs const& runs, int rank, std::minstd_rand& random) const {
        auto const mine = static_cast<std::size_t>(rank);
        auto& place = known->blocks.at(mine).at(random() % n_blocks);
        if (auto const owned = place.load(); owned != 0) {
            auto const first = static_cast<page_index>(owned - 1);
            auto const tag = tag_of(mine, first);
            change(first, runs.length(first), tag, tag);
            place = 0;
            if (!runs.free(first)) ++known->n_broken;
        } else if (auto const first = runs.allocate(1 + random() % 40, 1U << (random() % 4))) {
            mark(*first, runs.length(*first), tag_of(mine, *first));
            place = *first + 1;
        }
        ++known->n_steps.at(mine);
    }
    [[nodiscard]] child worker(int rank, unsigned seed) const {
        return child([this, rank, seed] {
            pages.who(rank).attach();
            auto const runs = pages.runs(rank);
            std::minstd_rand random(seed);
            for (;;) {
                step(runs, rank, random);
            }
            return true;
        });
    }
    // What the dead worker owned goes back.
    void give_back(page_runs const& runs, std::size_t rank) const {
        for (auto& place : known->blocks.at(rank)) {
            auto const owned = place.exchange(0);
            if (owned == 0) continue;
            auto const first = static_cast<page_index>(owned - 1);
            auto const tag = tag_of(rank, first);
            change(first, runs.length(first), tag, tag);
            EXPECT_TRUE(runs.free(first)) << "a block that a dead worker owned is not there";
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Seed, PageRunsUnderKills, testing::Range(0U, 4U));

TEST_P(PageRunsUnderKills, NoBlockIsLostOrHandedOutTwice) {
    SHMWIN_NEEDS_FORK();
    constexpr std::uint64_t least_kills = 60;
    std::uint64_t n_kills = 0;
    std::minstd_rand random(1000 + GetParam());
    std::vector<std::unique_ptr<child>> workers;
    unsigned seed = 100 * GetParam();
    for (int rank = 0; rank < n_workers; ++rank) {
        workers.push_back(std::make_unique<child>(worker(rank, ++seed)));
    }
    auto const survivor = pages.runs(n_workers);
    auto const none_held_it = [&] { return survivor.stats().n_takeovers == 0; };
    for (; n_kills < least_kills || (none_held_it() && n_kills < 100 * least_kills); ++n_kills) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 2500));
        auto const which = random() % n_workers;
        workers.at(which)->kill();
        static_cast<void>(workers.at(which)->wait());
        // The survivor goes on, whatever the dead one held.
        ASSERT_THAT(violations_of(survivor), IsEmpty()) << "after kill " << n_kills;
        give_back(survivor, which);
        workers.at(which) = std::make_unique<child>(worker(static_cast<int>(which), ++seed));
        // So do the others.
        auto const other = (which + 1) % n_workers;
        auto const before = known->n_steps.at(other).load();
        ASSERT_TRUE(test::eventually([&] { return known->n_steps.at(other).load() > before; }));
    }
    for (auto& each : workers) {
        each->kill();
        static_cast<void>(each->wait());
    }
    for (std::size_t rank = 0; rank < n_workers; ++rank) {
        give_back(survivor, rank);
    }
    EXPECT_EQ(known->n_broken, 0U);
    EXPECT_THAT(violations_of(survivor), IsEmpty());
    auto const numbers = survivor.stats();
    EXPECT_LE(numbers.n_used_runs, n_kills + n_workers) << "one a kill at most";
    EXPECT_GT(numbers.n_takeovers, 0U) << "no kill hit a holder: this test shows little";
    // What was lost is known by its heads: all can be had back.
    for (page_index page = 0; page < n_pages; ++page) {
        if (survivor.length(page) != 0) {
            EXPECT_TRUE(survivor.free(page));
        }
    }
    EXPECT_EQ(survivor.stats().largest_free_run, n_pages);
    EXPECT_THAT(violations_of(survivor), IsEmpty());
}

} // namespace
} // namespace shmwin
