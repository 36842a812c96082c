// SPDX-License-Identifier: MIT
// Page runs while nobody dies. Those who do: page_runs_kill_test.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/page_runs.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <gmock/gmock.h>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
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
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// Part of the segment's layout.
static_assert(offsetof(run_control, n_free_pages) == 8 && offsetof(run_control, n_used_runs) == 16);
static_assert(offsetof(run_control, most_used_pages) == 24);
static_assert(offsetof(run_control, level_bits) == 32 && offsetof(run_control, bin_bits) == 40);
static_assert(offsetof(run_control, bins) == 80);
static_assert(std::is_nothrow_copy_constructible_v<page_runs>);

std::vector<std::string> violations_of(page_runs const& runs) {
    std::vector<std::string> all;
    runs.verify(all, 20);
    return all;
}

// All free: one run again.
void expect_one_free_run(page_runs const& runs, std::uint64_t n_pages) {
    auto const numbers = runs.stats();
    EXPECT_EQ(numbers.n_free_pages, n_pages);
    EXPECT_EQ(numbers.largest_free_run, n_pages);
    EXPECT_EQ(numbers.n_used_runs, 0U);
    EXPECT_THAT(violations_of(runs), IsEmpty());
}

struct PageRuns : testing::Test {
    static constexpr std::uint64_t n_pages = 2000;
    test::shared_pages pages{{.capacity = n_pages * page_bytes, .n_ranks = 8}};
    page_runs runs = pages.runs(0);

    [[nodiscard]] page_index take(std::uint64_t n, std::uint64_t align = 1) const {
        auto const first = runs.allocate(n, align);
        EXPECT_TRUE(first) << n << " pages";
        return first.value_or(0);
    }
};

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

// --- verify
// ---------------------------------------------------------------------------------------

struct PageRunsVerify : PageRuns {
    page_index a = take(5);
    page_index b = take(1);
    page_index c = take(20);
    std::span<std::uint64_t> words = pages.where().as<std::uint64_t>(section_id::page_map);
    std::span<std::uint64_t> links = pages.where().as<std::uint64_t>(section_id::page_links);

    PageRunsVerify() { EXPECT_TRUE(runs.free(b)); } // two free runs: b and the rest
};

TEST_F(PageRunsVerify, FindsAWrongHead) {
    words[a] = 0;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("no run begins at page")));
}

TEST_F(PageRunsVerify, FindsALengthPastTheEnd) {
    words[c] = (std::uint64_t{3} << 60U) | n_pages;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("no run begins at page")));
}

TEST_F(PageRunsVerify, FindsAWrongTail) {
    words[c + 19] = 0;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("wrong tail")));
}

TEST_F(PageRunsVerify, FindsAWordInsideARun) {
    words[c + 3] = words[c];
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("inside the run")));
}

TEST_F(PageRunsVerify, FindsFreeRunsThatMeet) {
    words[a] = std::uint64_t{1} << 60U | 5;
    words[a + 4] = std::uint64_t{2} << 60U | 5;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("two free runs meet")));
}

TEST_F(PageRunsVerify, FindsWrongCounts) {
    ++pages.control().n_free_pages; // 2000 - 5 - 20 are free
    ++pages.control().n_used_runs;
    EXPECT_THAT(violations_of(runs),
                Contains(HasSubstr("miscounted (1976 free pages and 3 runs, found 1975 and 2)")));
}

TEST_F(PageRunsVerify, FindsARunThatIsInNoBin) {
    pages.control().bins.at(1) = 0;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("bin 1 is marked wrongly")));
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("not all free ones")));
}

TEST_F(PageRunsVerify, FindsARunInTheWrongBin) {
    pages.control().bins.at(1) = a + 1;
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("does not belong to bin 1")));
}

TEST_F(PageRunsVerify, FindsABinThatLeadsOutOfTheSegment) {
    pages.control().bins.at(1) = ~page_index{0};
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("does not belong to bin 1")));
}

TEST_F(PageRunsVerify, FindsLinksInACircleAndComesToAnEnd) {
    links[b] = b + 1; // next: itself
    EXPECT_THAT(violations_of(runs), Contains(HasSubstr("does not belong to bin 1 there")));
}

TEST_F(PageRunsVerify, ReportsNoMoreThanAsked) {
    for (auto page = c + 1; page < c + 19; ++page) {
        words[page] = 1;
    }
    std::vector<std::string> all;
    runs.verify(all, 3);
    EXPECT_EQ(all.size(), 3U);
}

// --- together
// -------------------------------------------------------------------------------------

// Takes and gives back at random; every page of a block holds its owner's mark meanwhile.
class worker {
  public:
    worker(test::shared_pages const& pages, int rank)
        : runs_(pages.runs(rank)),
          words_(pages.where().as<std::uint64_t>(section_id::pages)),
          mark_(static_cast<std::uint64_t>(rank) + 1),
          random_(static_cast<unsigned>(rank) + 17) {}

    // False if somebody else wrote to a block of ours.
    [[nodiscard]] bool works(int n_steps) {
        bool intact = true;
        for (int step = 0; step < n_steps; ++step) {
            if (blocks_.size() < 20 && random_() % 2 == 0) {
                auto const n = std::uint64_t{1} + random_() % 30;
                auto const align = std::uint64_t{1} << (random_() % 5);
                if (auto const first = runs_.allocate(n, align)) {
                    blocks_.emplace_back(*first, n);
                    intact = change(blocks_.back(), 0, mark_) && intact;
                }
            } else if (!blocks_.empty()) {
                std::swap(blocks_.at(random_() % blocks_.size()), blocks_.back());
                intact = change(blocks_.back(), mark_, 0) && intact;
                intact = runs_.free(blocks_.back().first) && intact;
                blocks_.pop_back();
            }
        }
        return intact;
    }
    [[nodiscard]] bool ends() {
        bool intact = true;
        for (auto const& each : blocks_) {
            intact = change(each, mark_, 0) && runs_.free(each.first) && intact;
        }
        blocks_.clear();
        return intact;
    }

  private:
    using block = std::pair<page_index, std::uint64_t>;
    // Plain: the lock of the page runs orders one owner's stores before the next one's.
    bool change(block const& which, std::uint64_t from, std::uint64_t to) {
        bool intact = true;
        for (auto page = which.first; page < which.first + which.second; ++page) {
            auto& word = words_[page * (page_bytes / 8)];
            intact = intact && word == from;
            word = to;
        }
        return intact;
    }

    page_runs runs_;
    std::span<std::uint64_t> words_;
    std::uint64_t mark_;
    std::minstd_rand random_;
    std::vector<block> blocks_;
};

TEST_F(PageRuns, AreSharedByThreads) {
    std::atomic<bool> over{false};
    std::thread checker([&] {
        while (!over) {
            ASSERT_THAT(violations_of(pages.runs(7)), IsEmpty());
        }
    });
    test::as_threads(6, [&](int rank) {
        worker one(pages, rank);
        EXPECT_TRUE(one.works(10'000)) << "a block was handed out twice";
        EXPECT_TRUE(one.ends());
    });
    over = true;
    checker.join();
    expect_one_free_run(runs, n_pages);
}

// length() takes no lock: it may be asked about pages whose words others are changing.
TEST_F(PageRuns, LengthMayBeAskedWhileOthersWork) {
    auto const mine = take(9);
    std::atomic<bool> over{false};
    std::thread asker([&] {
        std::minstd_rand random(2);
        while (!over) {
            ASSERT_LE(runs.length(static_cast<page_index>(random() % n_pages)), n_pages);
            ASSERT_EQ(runs.length(mine), 9U);
        }
    });
    test::as_threads(2, [&](int rank) {
        worker one(pages, rank);
        EXPECT_TRUE(one.works(10'000));
        EXPECT_TRUE(one.ends());
    });
    over = true;
    asker.join();
}

TEST_F(PageRuns, AreSharedByProcesses) {
    SHMWIN_NEEDS_FORK();
    EXPECT_TRUE(test::as_processes(pages, 6, [&](int rank) {
        worker one(pages, rank);
        return one.works(10'000) && one.ends();
    }));
    expect_one_free_run(runs, n_pages);
    EXPECT_EQ(runs.stats().n_takeovers, 0U);
}

TEST_F(PageRuns, TakenByOneProcessAreFreedByAnother) {
    SHMWIN_NEEDS_FORK();
    test::shared_object<std::atomic<page_index>> taken;
    test::child taker([&] {
        pages.who(1).attach();
        *taken = pages.runs(1).allocate(10, 1).value();
        pages.who(1).close();
        return true;
    });
    EXPECT_EQ(taker.wait(), 0);
    EXPECT_EQ(runs.length(*taken), 10U);
    EXPECT_TRUE(runs.free(*taken));
    expect_one_free_run(runs, n_pages);
}

} // namespace
} // namespace shmwin
