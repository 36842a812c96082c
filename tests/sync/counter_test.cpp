// SPDX-License-Identifier: MIT
// Every schedule hands out every index once, to the rank that it should go to.
#include "shmwin/sync/counter.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using detail::counter_lines;
using detail::counter_state;
using detail::next_chunk;

constexpr auto largest = std::numeric_limits<std::int64_t>::max();

// A counter for some ranks, in memory of this process.
struct loop {
    loop(int n_ranks, std::int64_t n, schedule const& how)
        : lines(static_cast<std::size_t>(n_ranks) + 1) {
        detail::make_counter(lines.data(), n_ranks, n, how);
    }
    [[nodiscard]] counter_lines all() { return lines; }
    [[nodiscard]] std::optional<range> next(int rank) { return next_chunk(all(), rank); }

    std::vector<counter_state> lines;
};

// What each rank gets when all ask in turn.
std::vector<std::vector<range>> hand_out(loop& of, int n_ranks) {
    std::vector<std::vector<range>> got(static_cast<std::size_t>(n_ranks));
    for (bool more = true; more;) {
        more = false;
        for (int rank = 0; rank < n_ranks; ++rank) {
            auto const chunk = of.next(rank);
            if (!chunk) continue;
            more = true;
            got[static_cast<std::size_t>(rank)].push_back(*chunk);
        }
    }
    return got;
}

TEST(Counter, StaticBlocksAreThoseOfBlockRange) {
    for (std::int64_t const n : {0, 1, 3, 10, 1000}) {
        loop of(4, n, schedule::static_blocks());
        EXPECT_EQ(detail::n_remaining(of.all()), n);
        for (int rank = 0; rank < 4; ++rank) {
            auto const mine = block_range(n, 4, rank);
            auto const got = of.next(rank);
            EXPECT_EQ(got.has_value(), !mine.empty());
            EXPECT_EQ(got.value_or(mine), mine);
            EXPECT_FALSE(of.next(rank));
        }
        EXPECT_EQ(detail::n_remaining(of.all()), 0);
    }
}

TEST(Counter, StaticChunksGoToTheRanksInTurn) {
    loop of(3, 20, schedule::static_chunks(4)); // 5 chunks
    EXPECT_EQ(of.next(1), (range{4, 8}));
    EXPECT_EQ(of.next(1), (range{16, 20}));
    EXPECT_FALSE(of.next(1));
    EXPECT_EQ(detail::n_remaining(of.all()), 12);
    EXPECT_EQ(of.next(0), (range{0, 4}));
    EXPECT_EQ(of.next(0), (range{12, 16}));
    EXPECT_EQ(of.next(2), (range{8, 12}));
    EXPECT_FALSE(of.next(2));
    EXPECT_EQ(detail::n_remaining(of.all()), 0);
    loop shorter(2, 5, schedule::static_chunks(4));
    EXPECT_EQ(detail::n_remaining(shorter.all()), 5);
    EXPECT_EQ(shorter.next(1), (range{4, 5}));
    EXPECT_EQ(detail::n_remaining(shorter.all()), 4);
}

TEST(Counter, DynamicChunksGoToWhoeverAsks) {
    loop of(3, 10, schedule::dynamic(4));
    EXPECT_EQ(of.next(2), (range{0, 4}));
    EXPECT_EQ(of.next(2), (range{4, 8}));
    EXPECT_EQ(detail::n_remaining(of.all()), 2);
    EXPECT_EQ(of.next(0), (range{8, 10}));
    EXPECT_FALSE(of.next(1));
    EXPECT_EQ(detail::n_remaining(of.all()), 0);
}

TEST(Counter, GuidedChunksShrinkToTheLeast) {
    loop of(2, 1000, schedule::guided(10));
    std::int64_t next = 0;
    std::int64_t before = largest;
    while (auto const chunk = of.next(0)) {
        EXPECT_EQ(chunk->first, next);
        EXPECT_EQ(detail::n_remaining(of.all()), 1000 - chunk->last);
        EXPECT_LE(chunk->size(), before);
        auto const left = 1000 - next;
        EXPECT_EQ(chunk->size(), std::min(left, std::max<std::int64_t>(10, (left + 3) / 4)));
        next = chunk->last;
        before = chunk->size();
    }
    EXPECT_EQ(next, 1000);
}

std::array const schedules{schedule::static_blocks(),
                           schedule::static_chunks(1),
                           schedule::static_chunks(7),
                           schedule::dynamic(),
                           schedule::dynamic(13),
                           schedule::dynamic(largest),
                           schedule::guided(),
                           schedule::guided(5)};

std::string text_of(schedule const& how) {
    return std::to_string(static_cast<int>(how.how())) + ":" + std::to_string(how.chunk());
}

TEST(Counter, AllSchedulesHandOutEachIndexOnce) {
    for (auto const& how : schedules) {
        for (std::int64_t const n : {0, 1, 5, 100, 1001}) {
            for (int const n_ranks : {1, 3, 8}) {
                loop of(n_ranks, n, how);
                std::vector<int> count(static_cast<std::size_t>(n));
                for (auto const& rank : hand_out(of, n_ranks)) {
                    for (auto const& chunk : rank) {
                        EXPECT_FALSE(chunk.empty());
                        for (auto const i : chunk) {
                            ++count.at(static_cast<std::size_t>(i));
                        }
                    }
                }
                EXPECT_EQ(count, std::vector<int>(count.size(), 1)) << text_of(how) << ' ' << n;
            }
        }
    }
}

// The chunks of as many indices as there can be: no sum overflows, the end is the end.
TEST(Counter, LargestNumberOfIndicesIsHandedOut) {
    auto const chunk = largest / 5;
    for (auto const& how : {schedule::static_blocks(),
                            schedule::static_chunks(chunk),
                            schedule::static_chunks(largest),
                            schedule::dynamic(chunk),
                            schedule::dynamic(largest - 1),
                            schedule::dynamic(largest),
                            schedule::guided(chunk),
                            schedule::guided(largest)}) {
        loop of(3, largest, how);
        EXPECT_EQ(detail::n_remaining(of.all()), largest);
        std::vector<range> all;
        for (auto const& rank : hand_out(of, 3)) {
            all.insert(all.end(), rank.begin(), rank.end());
        }
        std::ranges::sort(all, {}, &range::first);
        std::int64_t next = 0;
        for (auto const& each : all) {
            EXPECT_EQ(each.first, next) << text_of(how);
            next = each.last;
        }
        EXPECT_EQ(next, largest) << text_of(how);
        EXPECT_EQ(detail::n_remaining(of.all()), 0) << text_of(how);
        for (int i = 0; i < 100; ++i) {
            EXPECT_FALSE(of.next(i % 3)) << text_of(how);
        }
    }
}

TEST(Counter, BeginsAnewWithAnotherNumber) {
    for (auto const& how : schedules) {
        loop of(2, 3, how);
        static_cast<void>(hand_out(of, 2));
        detail::restart_counter(of.all(), 50);
        EXPECT_EQ(detail::n_remaining(of.all()), 50);
        std::int64_t n = 0;
        for (auto const& rank : hand_out(of, 2)) {
            for (auto const& chunk : rank) {
                n += chunk.size();
            }
        }
        EXPECT_EQ(n, 50) << text_of(how);
    }
}

// Two threads for each of four ranks: a rank's part is its threads' together.
TEST(Counter, ThreadsGetEachIndexOnce) {
    constexpr std::int64_t n = 20'000;
    for (auto const& how : schedules) {
        loop of(4, n, how);
        std::vector<std::atomic<int>> count(n);
        as_threads(8, [&](int thread) {
            while (auto const chunk = of.next(thread % 4)) {
                for (auto const i : *chunk) {
                    count[static_cast<std::size_t>(i)].fetch_add(1, std::memory_order_relaxed);
                }
            }
        });
        for (auto const& each : count) {
            ASSERT_EQ(each, 1) << text_of(how);
        }
    }
}

// A rank that is killed takes what it has along, and keeps nobody from the rest.
TEST(Counter, KilledRankLosesWhatItTookAndNoMore) {
    struct counted {
        std::array<counter_state, 3> lines;
        std::atomic<std::int64_t> n_taken;
    };
    shared_object<counted> const at;
    detail::make_counter(at->lines.data(), 2, 1'000'000'000, schedule::dynamic(10));
    child const victim([&] {
        while (next_chunk(at->lines, 1)) {
            at->n_taken.fetch_add(1);
        }
        return true;
    });
    ASSERT_TRUE(eventually([&] { return at->n_taken > 100; }));
    victim.kill();
    victim.wait_for_zombie();
    auto const left = detail::n_remaining(at->lines);
    // One chunk may have been taken and not counted.
    EXPECT_GE(at->n_taken * 10 + left, 1'000'000'000 - 10);
    auto const first = 1'000'000'000 - left;
    EXPECT_EQ(next_chunk(at->lines, 0), (range{first, first + 10}));
}

} // namespace
} // namespace shmwin
