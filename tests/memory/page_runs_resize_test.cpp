// SPDX-License-Identifier: MIT
// Runs from either end, and runs that grow and shrink where they stand: also of processes that
// die at any store of it.
#include "shmwin/memory/page_runs.hpp"

#include "memory/run_word.hpp"
#include "support/crash_states.hpp"
#include "support/shared_pages.hpp"
#include "support/violations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <gmock/gmock.h>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using detail::make_block_word;
using detail::page_bytes;
using detail::page_index;
using detail::page_runs;
using test::violations_of;
using testing::IsEmpty;

bool resize(page_runs const& runs, page_index first, std::uint64_t n) {
    auto const hold = runs.lock();
    return runs.resize(hold, first, n);
}

page_index take(page_runs const& runs, page_runs::request const& what) {
    auto const hold = runs.lock();
    auto const first =
        runs.allocate(hold, what, [&](page_index) { return make_block_word(what.n_pages, 0); });
    EXPECT_TRUE(first) << what.n_pages << " pages";
    return first.value_or(0);
}

struct PageRunsInPlace : testing::Test {
    static constexpr std::uint64_t n_pages = 100;
    test::shared_pages pages{{.capacity = n_pages * page_bytes, .n_ranks = 2}};
    page_runs runs = pages.runs(0);

    void expect_well(std::uint64_t n_free) const {
        EXPECT_THAT(violations_of(runs), IsEmpty());
        EXPECT_EQ(runs.stats().n_free_pages, n_free);
    }
};

TEST_F(PageRunsInPlace, ComeFromTheEndThatIsAskedFor) {
    EXPECT_EQ(take(runs, {10, 1, true}), 90U);
    EXPECT_EQ(take(runs, {10, 1, false}), 0U);
    EXPECT_EQ(take(runs, {5, 1, true}), 85U);
    EXPECT_EQ(take(runs, {5, 1, false}), 10U);
    expect_well(70);
    EXPECT_EQ(runs.stats().largest_free_run, 70U) << "no hole between them";
    EXPECT_EQ(take(runs, {70, 1, true}), 15U);
    expect_well(0);
}

TEST_F(PageRunsInPlace, AreAlignedFromTheEndToo) {
    auto const base = pages.where().header()[detail::section_id::pages].offset / page_bytes;
    for (std::uint64_t const align : {2U, 8U, 32U}) {
        auto const first = take(runs, {3, align, true});
        EXPECT_EQ((base + first) % align, 0U);
        EXPECT_GE(first + 3 + align, n_pages) << "the last place that is aligned";
        expect_well(n_pages - 3);
        EXPECT_TRUE(runs.free(first));
        expect_well(n_pages);
    }
}

TEST_F(PageRunsInPlace, GrowIntoWhatIsFreeBehind) {
    auto const first = take(runs, {10});
    auto const wall = take(runs, {1, 1, true});
    EXPECT_TRUE(resize(runs, first, 11));
    expect_well(88);
    EXPECT_EQ(runs.length(first), 11U);
    EXPECT_TRUE(resize(runs, first, 98)) << "all but one page";
    expect_well(1);
    EXPECT_TRUE(resize(runs, first, 99));
    expect_well(0);
    EXPECT_FALSE(resize(runs, first, 100)) << "the wall";
    EXPECT_EQ(runs.length(first), 99U);
    expect_well(0);
    EXPECT_EQ(runs.stats().most_used_pages, n_pages);
    EXPECT_TRUE(runs.free(first));
    EXPECT_TRUE(runs.free(wall));
    expect_well(n_pages);
}

TEST_F(PageRunsInPlace, DoNotGrowBeyondTheLastPage) {
    auto const first = take(runs, {10});
    EXPECT_FALSE(resize(runs, first, n_pages + 1));
    EXPECT_TRUE(resize(runs, first, n_pages));
    EXPECT_FALSE(resize(runs, first, n_pages + 1));
    expect_well(0);
}

TEST_F(PageRunsInPlace, GiveTheirEndBack) {
    auto const first = take(runs, {50});
    auto const next = take(runs, {10});
    EXPECT_TRUE(resize(runs, first, 49)) << "one page alone";
    expect_well(41);
    EXPECT_TRUE(resize(runs, first, 20)) << "and what joins the free run behind";
    expect_well(70);
    EXPECT_EQ(runs.stats().largest_free_run, 40U);
    EXPECT_TRUE(resize(runs, first, 1));
    expect_well(89);
    EXPECT_TRUE(runs.free(next));
    expect_well(99);
    EXPECT_EQ(runs.stats().largest_free_run, 99U);
}

TEST_F(PageRunsInPlace, KeepWhereTheirBlockBegins) {
    page_index first = 0;
    {
        auto const hold = runs.lock();
        first =
            runs.allocate(hold, {4}, [](page_index) { return make_block_word(4, 320); }).value();
    }
    EXPECT_TRUE(resize(runs, first, 9));
    EXPECT_FALSE(runs.free(first)) << "it does not begin there";
    EXPECT_FALSE(runs.free(first, 384));
    EXPECT_EQ(runs.length(first), 9U);
    EXPECT_TRUE(runs.free(first, 320));
    expect_well(n_pages);
}

TEST_F(PageRunsInPlace, AreShownWhereTheyAreFree) {
    auto const a = take(runs, {10});
    take(runs, {10});
    EXPECT_TRUE(runs.free(a));
    std::map<std::uint64_t, std::uint64_t> seen;
    auto const hold = runs.lock();
    runs.each_free(hold, [&](std::uint64_t first, std::uint64_t n) { seen.emplace(first, n); });
    EXPECT_THAT(seen, testing::ElementsAre(testing::Pair(0U, 10U), testing::Pair(20U, 80U)));
}

// Runs of random lengths that are taken, freed and resized; a map of their lengths knows better.
TEST_F(PageRunsInPlace, AgreeWithAMapOfThem) {
    std::mt19937 random(7);
    auto const up_to = [&](std::uint64_t n) { return std::uint64_t{random() % n}; };
    std::map<page_index, std::uint64_t> known;
    auto const free_behind = [&](page_index first) {
        auto const next = known.upper_bound(first);
        return (next == known.end() ? n_pages : next->first) - first;
    };
    for (int step = 0; step < 4000; ++step) {
        if (known.empty() || up_to(3) == 0) {
            auto const n = 1 + up_to(20);
            auto const hold = runs.lock();
            auto const first = runs.allocate(
                hold, {n, 1, up_to(2) == 0}, [&](page_index) { return make_block_word(n, 0); });
            if (first) {
                EXPECT_TRUE(known.emplace(*first, n).second);
            }
            continue;
        }
        auto const each = std::next(known.begin(), static_cast<int>(up_to(known.size())));
        if (up_to(3) == 0) {
            EXPECT_TRUE(runs.free(each->first));
            known.erase(each);
            continue;
        }
        auto const n = 1 + up_to(30);
        bool const fits = n <= free_behind(each->first);
        EXPECT_EQ(resize(runs, each->first, n), fits);
        if (fits) each->second = n;
        std::uint64_t n_used = 0;
        for (auto const& [first, length] : known) {
            n_used += length;
            ASSERT_EQ(runs.length(first), length);
        }
        expect_well(n_pages - n_used);
    }
}

// Rank 1 resizes 20 pages from 10 on to `n`, with `behind` free pages behind them, and dies at any
// store. All pages are in a run afterwards, the block has its old length or the new one.
void die_in_resize(std::uint64_t n, std::uint64_t behind) {
    detail::layout_request const request{.capacity = 100 * page_bytes, .n_ranks = 2};
    test::shared_pages const pages(request);
    auto const runs = pages.runs(0);
    static_cast<void>(take(runs, {10}));
    auto const block = take(runs, {20});
    auto const gap = behind == 0 ? 0 : take(runs, {behind});
    static_cast<void>(take(runs, {5}));
    if (behind != 0) {
        EXPECT_TRUE(runs.free(gap));
    }
    auto const n_bytes = pages.where().header()[detail::section_id::pages].offset;
    test::crash_states states(pages, request, n_bytes);
    std::size_t n_states = 0;
    bool const possible =
        states.each([&] { static_cast<void>(resize(pages.runs(1), block, n)); },
                    [&](test::shared_pages const& image, std::size_t i) {
                        auto const after = image.runs(0);
                        auto const length = after.length(block);
                        auto const n_free =
                            after.stats().n_free_pages; // takes the lock, and repairs
                        EXPECT_THAT(violations_of(after), IsEmpty()) << "state " << i;
                        EXPECT_TRUE(length == 20 || length == n) << length << ", state " << i;
                        EXPECT_EQ(n_free, 100 - 15 - after.length(block)) << "state " << i;
                        EXPECT_TRUE(after.free(block)) << "state " << i;
                        EXPECT_THAT(violations_of(after), IsEmpty()) << "state " << i;
                        ++n_states;
                    });
    if (!possible) GTEST_SKIP() << "a process must not be stepped here";
    EXPECT_GT(n_states, 5U);
}

TEST(PageRunsInPlaceAfterDeath, AtAnyStoreOfGrowing) {
    SHMWIN_NEEDS_FORK();
    die_in_resize(21, 10);
    die_in_resize(30, 10);
    die_in_resize(21, 1);
}

TEST(PageRunsInPlaceAfterDeath, AtAnyStoreOfShrinking) {
    SHMWIN_NEEDS_FORK();
    die_in_resize(10, 0);
    die_in_resize(19, 0);
    die_in_resize(10, 1);
    die_in_resize(19, 1);
    die_in_resize(10, 10);
}

} // namespace
} // namespace shmwin
