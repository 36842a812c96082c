// SPDX-License-Identifier: MIT
// Page runs while nobody dies: what is handed out and given back. Several processes and threads:
// page_runs_together_test; those who die: page_runs_kill_test; broken words: page_runs_verify_test.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/page_runs.hpp"

#include "support/page_runs_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <gmock/gmock.h>
#include <map>
#include <random>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::page_bytes;
using detail::page_index;
using detail::page_runs;
using detail::run_control;
using detail::section_id;
using test::expect_one_free_run;
using test::violations_of;
using testing::IsEmpty;

// Part of the segment's layout.
static_assert(offsetof(run_control, n_free_pages) == 8 && offsetof(run_control, n_used_runs) == 16);
static_assert(offsetof(run_control, most_used_pages) == 24);
static_assert(offsetof(run_control, level_bits) == 32 && offsetof(run_control, n_staggered) == 40);
static_assert(offsetof(run_control, bin_bits) == 48 && offsetof(run_control, bins) == 88);
static_assert(std::is_nothrow_copy_constructible_v<page_runs>);

using PageRuns = test::page_runs_fixture;

TEST_F(PageRuns, AreOneFreeRunAtFirst) {
    EXPECT_EQ(runs.stats().n_pages, n_pages);
    EXPECT_EQ(runs.stats().most_used_pages, 0U);
    expect_one_free_run(runs, n_pages);
}

TEST_F(PageRuns, HandOutAllPagesAtOnceAndNoPageMore) {
    EXPECT_FALSE(runs.allocate(n_pages + 1, 1));
    EXPECT_EQ(runs.allocate(n_pages, 1), 0U);
    EXPECT_EQ(runs.stats().n_free_pages, 0U);
    EXPECT_EQ(runs.stats().largest_free_run, 0U);
    EXPECT_FALSE(runs.allocate(1, 1));
    EXPECT_THAT(violations_of(runs), IsEmpty());
    EXPECT_TRUE(runs.free(0));
    expect_one_free_run(runs, n_pages);
    EXPECT_EQ(runs.stats().most_used_pages, n_pages);
}

TEST_F(PageRuns, OfAbsurdSizeAreRefused) {
    EXPECT_FALSE(runs.allocate(~std::uint64_t{0}, 1));
    EXPECT_FALSE(runs.allocate(std::uint64_t{1} << 52U, 512));
    expect_one_free_run(runs, n_pages);
}

TEST_F(PageRuns, LengthIsThatOfUsedRunsOnly) {
    auto const first = take(7);
    EXPECT_EQ(runs.length(first), 7U);
    for (page_index inside = first + 1; inside < first + 7; ++inside) {
        EXPECT_EQ(runs.length(inside), 0U);
    }
    EXPECT_EQ(runs.length(first + 7), 0U) << "free";
    EXPECT_EQ(runs.length(n_pages), 0U) << "there is no such page";
    EXPECT_EQ(runs.length(~page_index{0}), 0U);
    EXPECT_TRUE(runs.free(first));
    EXPECT_EQ(runs.length(first), 0U);
}

TEST_F(PageRuns, WhatIsNoUsedRunIsNotFreedAndNothingChanges) {
    auto const first = take(7);
    auto const second = take(3);
    auto const before = runs.stats();
    for (auto const wrong : {first + 1,
                             first + 6,
                             second + 1,
                             second + 2,
                             page_index{n_pages - 1}, // the free run's tail
                             page_index{n_pages},
                             ~page_index{0}}) {
        EXPECT_FALSE(runs.free(wrong)) << wrong;
    }
    EXPECT_TRUE(runs.free(first));
    EXPECT_FALSE(runs.free(first)) << "twice";
    EXPECT_EQ(runs.length(second), 3U);
    EXPECT_EQ(runs.stats().n_free_pages, before.n_free_pages + 7);
    EXPECT_EQ(runs.stats().n_used_runs, 1U);
    EXPECT_THAT(violations_of(runs), IsEmpty());
}

TEST_F(PageRuns, WhereNoMetadataIsYetNothingIsFreed) {
    test::shared_pages const large({.capacity = 64_MiB, .n_ranks = 1});
    EXPECT_FALSE(large.runs(0).free(5000));
    EXPECT_EQ(large.runs(0).length(5000), 0U);
}

// Neighbours of a run that is freed: used or free, on either side, also of one page.
TEST_F(PageRuns, MergeWithFreeNeighboursOnBothSides) {
    for (std::uint64_t const size : {1U, 2U, 3U, 9U}) {
        for (unsigned freed_first = 0; freed_first < 4; ++freed_first) {
            auto const before = take(size);
            auto const middle = take(size);
            auto const after = take(size);
            auto const fence = take(1);
            if ((freed_first & 1U) != 0) {
                EXPECT_TRUE(runs.free(before));
            }
            if ((freed_first & 2U) != 0) {
                EXPECT_TRUE(runs.free(after));
            }
            EXPECT_TRUE(runs.free(middle));
            EXPECT_THAT(violations_of(runs), IsEmpty()) << size << ' ' << freed_first;
            if ((freed_first & 1U) == 0) {
                EXPECT_TRUE(runs.free(before));
            }
            if ((freed_first & 2U) == 0) {
                EXPECT_TRUE(runs.free(after));
            }
            EXPECT_TRUE(runs.free(fence));
            expect_one_free_run(runs, n_pages);
        }
    }
}

struct PageRunsAligned : PageRuns, testing::WithParamInterface<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(To,
                         PageRunsAligned,
                         testing::Values(1, 2, 4, 8, 16, 32, 64, 128, 256, 512));

TEST_P(PageRunsAligned, BeginAtAMultipleInTheSegment) {
    auto const align = GetParam();
    auto const first_page = pages.where().header()[section_id::pages].offset / page_bytes;
    std::vector<page_index> all;
    while (auto const first = runs.allocate(3, align)) {
        EXPECT_EQ((first_page + *first) % align, 0U);
        EXPECT_EQ(
            reinterpret_cast<std::uintptr_t>(pages.where().base()) % detail::segment_alignment, 0U);
        all.push_back(*first);
    }
    // As many as there are such places.
    std::uint64_t possible = 0;
    for (std::uint64_t page = 0, next = 0; page + 3 <= n_pages; ++page) {
        if (page < next || (first_page + page) % align != 0) continue;
        ++possible;
        next = page + 3;
    }
    if (align > 2) {
        EXPECT_EQ(all.size(), possible);
    }
    EXPECT_THAT(violations_of(runs), IsEmpty());
    for (auto const first : all) {
        EXPECT_TRUE(runs.free(first));
    }
    expect_one_free_run(runs, n_pages);
}

TEST_F(PageRuns, FillTheSegmentToTheLastPage) {
    std::minstd_rand random(5);
    std::vector<page_index> all;
    std::uint64_t left = n_pages;
    while (left > 0) {
        auto const n = std::min<std::uint64_t>(left, 1 + random() % 60);
        all.push_back(take(n));
        left -= n;
        ASSERT_EQ(runs.stats().n_free_pages, left);
    }
    EXPECT_FALSE(runs.allocate(1, 1));
    EXPECT_THAT(violations_of(runs), IsEmpty());
    std::shuffle(all.begin(), all.end(), random);
    for (auto const first : all) {
        EXPECT_TRUE(runs.free(first));
    }
    expect_one_free_run(runs, n_pages);
}

// Every second page is free: no two pages together, though half of all are free.
TEST_F(PageRuns, AreNotFoundWhereNoneIsLargeEnough) {
    std::vector<page_index> all;
    for (std::uint64_t i = 0; i < n_pages; ++i) {
        all.push_back(take(1));
    }
    for (std::size_t i = 0; i < all.size(); i += 2) {
        EXPECT_TRUE(runs.free(all[i]));
    }
    EXPECT_EQ(runs.stats().n_free_pages, n_pages / 2);
    EXPECT_EQ(runs.stats().largest_free_run, 1U);
    EXPECT_FALSE(runs.allocate(2, 1));
    EXPECT_THAT(violations_of(runs), IsEmpty());
}

// What is free and used, as a list of used runs.
class model {
  public:
    model(std::uint64_t n_pages, std::uint64_t first_page)
        : n_pages_(n_pages), first_page_(first_page) {}

    [[nodiscard]] bool has_room(std::uint64_t n, std::uint64_t align) const {
        std::uint64_t begin = 0;
        auto const fits = [&](std::uint64_t end) {
            auto const aligned = (first_page_ + begin + align - 1) / align * align - first_page_;
            return aligned + n <= end;
        };
        for (auto const& [first, length] : used) {
            if (fits(first)) return true;
            begin = first + length;
        }
        return fits(n_pages_);
    }
    [[nodiscard]] bool overlaps(std::uint64_t first, std::uint64_t n) const {
        auto const after = used.lower_bound(first);
        if (after != used.end() && after->first < first + n) return true;
        if (after == used.begin()) return false;
        auto const before = std::prev(after);
        return before->first + before->second > first;
    }
    [[nodiscard]] std::uint64_t n_used_pages() const {
        std::uint64_t all = 0;
        for (auto const& each : used) {
            all += each.second;
        }
        return all;
    }

    std::map<std::uint64_t, std::uint64_t> used;

  private:
    std::uint64_t n_pages_;
    std::uint64_t first_page_;
};

struct PageRunsModel : PageRuns, testing::WithParamInterface<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seed, PageRunsModel, testing::Range(0U, 8U));

TEST_P(PageRunsModel, SucceedsExactlyWhenThereIsRoomAndNeverOverlaps) {
    std::minstd_rand random(100 + GetParam());
    auto const largest = std::array{4U, 20U, 100U, 700U}.at(GetParam() % 4);
    model known(n_pages, pages.where().header()[section_id::pages].offset / page_bytes);
    for (int step = 0; step < 4000; ++step) {
        // Waves: mostly taking, then mostly giving back.
        bool const takes = random() % 10 < (step / 500 % 2 == 0 ? 7U : 3U);
        if (takes) {
            auto const n = std::uint64_t{1} + random() % largest;
            auto const align = std::uint64_t{1} << (random() % 3 == 0 ? random() % 10 : 0);
            auto const first = runs.allocate(n, align);
            ASSERT_EQ(first.has_value(), known.has_room(n, align)) << "step " << step;
            if (!first) continue;
            ASSERT_LE(*first + n, n_pages);
            ASSERT_FALSE(known.overlaps(*first, n)) << "step " << step;
            ASSERT_EQ(runs.length(*first), n);
            known.used.emplace(*first, n);
        } else if (!known.used.empty()) {
            auto each = known.used.begin();
            std::advance(each, static_cast<std::ptrdiff_t>(random() % known.used.size()));
            ASSERT_TRUE(runs.free(static_cast<page_index>(each->first)));
            known.used.erase(each);
        }
        if (step % 50 != 0) continue;
        ASSERT_THAT(violations_of(runs), IsEmpty()) << "step " << step;
        ASSERT_EQ(runs.stats().n_free_pages, n_pages - known.n_used_pages());
        ASSERT_EQ(runs.stats().n_used_runs, known.used.size());
    }
    for (auto const& each : known.used) {
        EXPECT_TRUE(runs.free(static_cast<page_index>(each.first)));
    }
    expect_one_free_run(runs, n_pages);
}

// The page map of a large segment is made piece by piece.
TEST(PageRunsOfALargeSegment, TakeMetadataOnlyWhereRunsBegin) {
    test::shared_pages const pages({.capacity = 8_GiB, .n_ranks = 1});
    auto const runs = pages.runs(0);
    auto const n_pages = runs.stats().n_pages;
    auto const a = runs.allocate(n_pages / 2, 1);
    auto const b = runs.allocate(n_pages / 4, 512);
    ASSERT_TRUE(a && b);
    EXPECT_THAT(violations_of(runs), IsEmpty());
    auto const map = pages.where().header()[section_id::page_map].offset;
    EXPECT_FALSE(pages.where().has_metadata(map + 8 * (*a + n_pages / 4)));
    EXPECT_TRUE(runs.free(*a));
    EXPECT_THAT(violations_of(runs), IsEmpty());
    EXPECT_TRUE(runs.free(*b));
    expect_one_free_run(runs, n_pages);
}

TEST(PageRunsOfALargeSegment, WithoutRoomForMetadataAreAnErrorAndNothingChanges) {
    std::size_t left = SIZE_MAX;
    detail::page_source const source{
        [](void* room, std::size_t) { return *static_cast<std::size_t*>(room); },
        &left,
        "/dev/shm",
        "the knob"};
    test::shared_pages const pages({.capacity = 1_GiB, .n_ranks = 1}, source);
    auto const runs = pages.runs(0);
    auto const n_pages = runs.stats().n_pages;
    left = 0;
    EXPECT_THROW(static_cast<void>(runs.allocate(n_pages / 2, 1)), out_of_memory);
    expect_one_free_run(runs, n_pages);
    left = SIZE_MAX;
    EXPECT_TRUE(runs.allocate(n_pages / 2, 1));
}
} // namespace
} // namespace shmwin
