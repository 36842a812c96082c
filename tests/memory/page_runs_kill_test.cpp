// SPDX-License-Identifier: MIT
// Page runs of which a process dies at a chosen place: the words are set as they stand there, or
// the process is stepped to it. At random ones: page_runs_random_kill_test.
#include "shmwin/memory/page_runs.hpp"

#include "support/crash_states.hpp"
#include "support/shared_pages.hpp"
#include "support/violations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <gmock/gmock.h>
#include <map>
#include <span>
#include <string>
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

constexpr std::uint64_t free_head = std::uint64_t{1} << 60U;
constexpr std::uint64_t free_tail = std::uint64_t{2} << 60U;
constexpr std::uint64_t used_head = std::uint64_t{3} << 60U;
constexpr std::uint64_t used_tail = std::uint64_t{4} << 60U;

using used_runs = std::map<page_index, std::uint64_t>; // first page and length

constexpr std::uint64_t n_pages = 100;
constexpr detail::layout_request small_segment = {.capacity = n_pages * page_bytes, .n_ranks = 2};

// Pages 0-9 used, 10-29 free, 30-34 used, 35-99 free.
used_runs const before_death = {{0, 10}, {30, 5}};

void take_before_death(page_runs const& runs) {
    EXPECT_EQ(runs.allocate(10, 1), 0U);
    EXPECT_EQ(runs.allocate(20, 1), 10U);
    EXPECT_EQ(runs.allocate(5, 1), 30U);
    EXPECT_TRUE(runs.free(10));
}

used_runs used_of(page_runs const& runs) {
    used_runs found;
    for (page_index page = 0; page < n_pages; ++page) {
        if (auto const n = runs.length(page); n != 0) found.emplace(page, n);
    }
    return found;
}

// A process takes the lock, as that rank, does `change`, and dies.
template <typename Change>
void die_with_the_lock(test::shared_pages const& pages, int rank, Change const& change) {
    child holder([&] {
        pages.who(rank).attach();
        static_cast<void>(
            pages.control().mutex.lock(pages.who(rank), test::shared_pages::policy()));
        change();
        return true;
    });
    EXPECT_EQ(holder.wait(), 0);
}

struct PageRunsAfterDeath : testing::Test {
    test::shared_pages pages{small_segment};
    page_runs runs = pages.runs(0);
    std::span<std::uint64_t> words = pages.where().as<std::uint64_t>(section_id::page_map);
    std::span<std::uint64_t> links = pages.where().as<std::uint64_t>(section_id::page_links);

    PageRunsAfterDeath() { take_before_death(runs); }

    template <typename Change>
    void die_after(Change const& change, int rank = 1) const {
        die_with_the_lock(pages, rank, change);
        EXPECT_EQ(pages.control().mutex.holder(), rank);
    }

    // All is well again, with these runs in use; what is free can be had.
    void expect_used(used_runs const& expected) const {
        EXPECT_THAT(violations_of(runs), IsEmpty());
        auto const found = used_of(runs);
        std::uint64_t n_used = 0;
        for (auto const& each : found) {
            n_used += each.second;
        }
        EXPECT_EQ(found, expected);
        EXPECT_EQ(runs.stats().n_free_pages, n_pages - n_used);
        EXPECT_EQ(runs.stats().n_used_runs, expected.size());
        EXPECT_EQ(runs.stats().n_takeovers, 1U);
        for (auto const& each : expected) {
            EXPECT_TRUE(runs.free(each.first));
        }
        EXPECT_EQ(runs.stats().largest_free_run, n_pages);
        EXPECT_THAT(violations_of(runs), IsEmpty());
    }
};

TEST_F(PageRunsAfterDeath, WithoutAChangeAreAsBefore) {
    SHMWIN_NEEDS_FORK();
    die_after([] {});
    expect_used(before_death);
}

TEST_F(PageRunsAfterDeath, AllHintsAreRebuiltFromTheHeads) {
    SHMWIN_NEEDS_FORK();
    die_after([&] {
        auto& control = pages.control();
        control.bins.fill(0x0bad'0badU);
        control.bin_bits.fill(0xff);
        control.level_bits = ~0ULL;
        control.n_free_pages = 12345;
        control.n_used_runs = 54321;
        std::ranges::fill(links, 0x0123'4567'89ab'cdefULL);
        for (auto const page : {9U, 29U, 34U, 99U}) {
            words[page] = 0; // the tails
        }
        words[20] = free_head | 77; // inside a run
        words[50] = used_tail | 1;
    });
    expect_used(before_death);
}

TEST_F(PageRunsAfterDeath, HintsOfZeroAreRebuiltToo) {
    SHMWIN_NEEDS_FORK();
    die_after([&] {
        pages.control().bins.fill(0);
        pages.control().bin_bits.fill(0);
        pages.control().level_bits = 0;
        std::ranges::fill(links, 0);
    });
    expect_used(before_death);
}

// Each step of taking 8 pages from 12 on out of the run 10-29, with a lead of 2 and a rest of 10.
TEST_F(PageRunsAfterDeath, AnAllocationIsAllOrNothingAtEachStep) {
    SHMWIN_NEEDS_FORK();
    struct step {
        std::size_t page;
        std::uint64_t word;
    };
    std::array<step, 6> const steps = {{{20, free_head | 10},
                                        {29, free_tail | 10},
                                        {12, used_head | 8},
                                        {19, used_tail | 8},
                                        {10, free_head | 2}, // commits
                                        {11, free_tail | 2}}};
    for (std::size_t n_done = 0; n_done <= steps.size(); ++n_done) {
        SCOPED_TRACE(n_done);
        test::shared_pages const fresh(small_segment);
        auto const again = fresh.runs(0);
        take_before_death(again);
        auto const map = fresh.where().as<std::uint64_t>(section_id::page_map);
        die_with_the_lock(fresh, 1, [&] {
            for (std::size_t i = 0; i < n_done; ++i) {
                map[steps.at(i).page] = steps.at(i).word;
            }
        });
        EXPECT_THAT(violations_of(again), IsEmpty());
        bool const committed = n_done >= 5;
        EXPECT_EQ(again.length(12), committed ? 8U : 0U);
        EXPECT_EQ(again.stats().n_free_pages, n_pages - 15 - (committed ? 8 : 0));
        EXPECT_EQ(again.stats().n_used_runs, committed ? 3U : 2U);
        EXPECT_EQ(again.free(12), committed);
        EXPECT_EQ(again.stats().n_free_pages, n_pages - 15);
        EXPECT_THAT(violations_of(again), IsEmpty());
    }
}

// A call of rank 1, and the runs that are in use after it.
struct stepped_call {
    char const* name;
    std::function<void(page_runs const&)> body;
    used_runs after;
};

struct PageRunsAtEachStore : PageRunsAfterDeath, testing::WithParamInterface<stepped_call> {};

INSTANTIATE_TEST_SUITE_P(
    Of,
    PageRunsAtEachStore,
    testing::Values(
        stepped_call{"an_allocation_at_the_front",
                     [](page_runs const& runs) { static_cast<void>(runs.allocate(8, 1)); },
                     {{0, 10}, {10, 8}, {30, 5}}},
        stepped_call{"an_allocation_of_a_whole_run",
                     [](page_runs const& runs) { static_cast<void>(runs.allocate(20, 1)); },
                     {{0, 10}, {10, 20}, {30, 5}}},
        stepped_call{"an_allocation_behind_a_lead",
                     [](page_runs const& runs) { static_cast<void>(runs.allocate(3, 64)); },
                     {}}, // where, depends on where the segment's pages begin
        stepped_call{"a_free_that_merges_with_both",
                     [](page_runs const& runs) { static_cast<void>(runs.free(30)); },
                     {{0, 10}}},
        stepped_call{"a_free_that_merges_with_the_next",
                     [](page_runs const& runs) { static_cast<void>(runs.free(0)); },
                     {{30, 5}}}),
    [](auto const& row) { return row.param.name; });

TEST_P(PageRunsAtEachStore, ADeathLeavesTheCallDoneOrNotDone) {
    SHMWIN_NEEDS_FORK();
    auto const metadata = pages.where().header()[section_id::heap_slots].offset;
    test::crash_states states(pages, small_segment, metadata);
    std::vector<used_runs> found;
    bool const stepped =
        states.each([&] { GetParam().body(pages.runs(1)); },
                    [&](test::shared_pages const& image, std::size_t i) {
                        auto const survivor = image.runs(0);
                        ASSERT_THAT(violations_of(survivor), IsEmpty()) << "state " << i;
                        found.push_back(used_of(survivor));
                        for (auto const& each : found.back()) {
                            ASSERT_TRUE(survivor.free(each.first)) << "state " << i;
                        }
                        ASSERT_EQ(survivor.stats().largest_free_run, n_pages) << "state " << i;
                        ASSERT_THAT(violations_of(survivor), IsEmpty()) << "state " << i;
                    });
    if (!stepped) GTEST_SKIP() << "no ptrace() here";
    ASSERT_GT(found.size(), 5U);
    auto const after = used_of(runs);
    if (!GetParam().after.empty()) {
        EXPECT_EQ(after, GetParam().after);
    }
    EXPECT_NE(after, before_death);
    // Not done up to some state, done from there on.
    auto const done = std::ranges::find(found, after);
    EXPECT_NE(done, found.begin());
    EXPECT_NE(done, found.end());
    EXPECT_TRUE(std::all_of(found.begin(), done, [](auto const& f) { return f == before_death; }));
    EXPECT_TRUE(std::all_of(done, found.end(), [&](auto const& f) { return f == after; }));
}

// The one who repairs dies too.
TEST_F(PageRunsAfterDeath, ADeathInTheRepairIsRepaired) {
    SHMWIN_NEEDS_FORK();
    die_after(
        [&] {
            words[10] = free_head | 90; // a free that committed
            pages.control().bins.fill(0);
        },
        0);
    test::crash_states states(
        pages, small_segment, pages.where().header()[section_id::heap_slots].offset);
    std::size_t n_states = 0;
    bool const stepped =
        states.each([&] { static_cast<void>(pages.runs(1).stats()); },
                    [&](test::shared_pages const& image, std::size_t i) {
                        ++n_states;
                        if (image.control().mutex.holder() == 0) return; // the repair has not begun
                        image.who(0).attach();
                        ASSERT_THAT(violations_of(image.runs(0)), IsEmpty()) << "state " << i;
                        ASSERT_EQ(used_of(image.runs(0)), (used_runs{{0, 10}})) << "state " << i;
                    });
    if (!stepped) GTEST_SKIP() << "no ptrace() here";
    EXPECT_GT(n_states, 10U);
}

// Freeing 30-34, which merges with 10-29 before and 35-99 behind it.
TEST_F(PageRunsAfterDeath, AFreeThatCommittedIsFinished) {
    SHMWIN_NEEDS_FORK();
    die_after([&] { words[10] = free_head | 90; });
    expect_used({{0, 10}});
}

TEST_F(PageRunsAfterDeath, AFreeThatCommittedAndWroteItsTailIsFinished) {
    SHMWIN_NEEDS_FORK();
    die_after([&] {
        words[10] = free_head | 90;
        words[99] = free_tail | 90;
        words[29] = 0;
    });
    expect_used({{0, 10}});
}

// The free runs next to it were taken out of their bins, no more.
TEST_F(PageRunsAfterDeath, AFreeThatDidNotCommitLeavesTheRunInUse) {
    SHMWIN_NEEDS_FORK();
    die_after([&] {
        pages.control().bins.fill(0);
        pages.control().bin_bits.fill(0);
        pages.control().level_bits = 0;
    });
    expect_used(before_death);
}

// Without neighbours to merge with; the rebuild joins what is free side by side.
TEST_F(PageRunsAfterDeath, FreeRunsSideBySideAreJoined) {
    SHMWIN_NEEDS_FORK();
    die_after([&] { words[30] = free_head | 5; });
    expect_used({{0, 10}});
}

TEST_F(PageRunsAfterDeath, EveryMemberTakesTheLockOver) {
    SHMWIN_NEEDS_FORK();
    std::array<std::function<void()>, 5> const calls = {
        [&] { EXPECT_TRUE(runs.allocate(1, 1)); },
        [&] { EXPECT_TRUE(runs.free(30)); },
        [&] { EXPECT_EQ(runs.stats().n_free_pages, 84U + 5U); },
        [&] { EXPECT_THAT(violations_of(runs), IsEmpty()); },
        [&] { EXPECT_FALSE(runs.free(31)); }};
    for (std::size_t i = 0; i < calls.size(); ++i) {
        die_after([&] { pages.control().level_bits = 0; });
        calls.at(i)();
        EXPECT_EQ(pages.control().mutex.n_takeovers(), i + 1);
        EXPECT_THAT(violations_of(runs), IsEmpty());
    }
}

} // namespace
} // namespace shmwin
