// SPDX-License-Identifier: MIT
#include "shmwin/segment/scratch_array.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;

static_assert(!std::is_copy_constructible_v<scratch_array<double, 2>>);
static_assert(
    std::is_nothrow_move_constructible_v<
        scratch_array<double, 2>> && std::is_nothrow_move_assignable_v<scratch_array<double, 2>>);

struct ScratchArray : open_segment {
    [[nodiscard]] std::size_t used() const { return seg.heap().stats().used; }
};

TEST_F(ScratchArray, IsSharedAndZero) {
    auto const work = seg.scratch_array<double>(shape(size, 3));
    EXPECT_EQ(work(size - 1, 2), 0.0);
    EXPECT_EQ(work.extent(1), 3);
    EXPECT_EQ(work.size(), 3 * size);
    seg.fence();
    work(rank, 1) = rank + 0.5;
    seg.fence();
    for (int r = 0; r < size; ++r) {
        EXPECT_EQ(work(r, 1), r + 0.5);
    }
    EXPECT_EQ(work.rows(), block_range(size, size, rank));
}

TEST_F(ScratchArray, HasNoName) {
    auto const one = seg.scratch_array<int>(shape(4));
    auto const other = seg.scratch_array<int>(shape(4));
    EXPECT_NE(one.data(), other.data());
    EXPECT_TRUE(seg.list().empty());
    expect_sound(seg);
}

TEST_F(ScratchArray, IsFreeWhenTheLastRankHasDroppedIt) {
    auto const before = used();
    seg.fence(); // all have looked
    for (auto const n : {0, 1, 10'000, 1'000'000}) {
        std::optional work(seg.scratch_array<int>(shape(n)));
        auto const whole = used();
        EXPECT_GT(whole, before);
        for (int r = 0; r < size; ++r) {
            seg.fence();
            EXPECT_EQ(used(), whole);
            seg.fence();
            if (r == rank) work.reset();
            seg.fence();
            if (r == last) break;
            EXPECT_EQ(used(), whole) << "rank " << r << " dropped it, others hold it";
        }
        EXPECT_EQ(used(), before);
        seg.fence();
    }
}

TEST_F(ScratchArray, IsHeldByWhatItWasMovedTo) {
    auto const before = used();
    seg.fence();
    {
        auto first = seg.scratch_array<int>(shape(100));
        auto* const data = first.data();
        auto second = std::move(first);
        EXPECT_EQ(second.data(), data);
        scratch_array<int, 1> third;
        third = std::move(second);
        EXPECT_EQ(third.data(), data);
        EXPECT_GT(used(), before);
        seg.fence();
    }
    seg.fence();
    EXPECT_EQ(used(), before);
}

TEST_F(ScratchArray, IsDroppedWhenAnotherTakesItsPlace) {
    auto const before = used();
    seg.fence();
    auto work = seg.scratch_array<int>(shape(100));
    auto const one = used();
    seg.fence(); // all have looked
    for (int i = 0; i < 10; ++i) {
        work = seg.scratch_array<int>(shape(100));
    }
    seg.fence();
    EXPECT_EQ(used(), one);
    seg.fence();
    work = {};
    seg.fence();
    EXPECT_EQ(used(), before);
}

TEST_F(ScratchArray, IsZeroAlsoOverDirtyMemory) {
    for (auto const how : {touch::by_rows, touch::interleave, touch::later}) {
        for (auto const n : {100, 300'001}) {
            for (int round = 0; round < 3; ++round) {
                auto const work = seg.scratch_array<char, layout_left>(shape(3, n), {.touch = how});
                auto* const data = work.data();
                ASSERT_EQ(std::count(data, data + 3 * n, 0), 3 * n);
                seg.fence();
                auto const mine = block_range(3 * n, size, rank);
                std::fill_n(data + mine.first, mine.size(), 'x');
                seg.fence();
            }
        }
    }
    expect_sound(seg);
}

TEST_F(ScratchArray, MayOutliveTheSegment) {
    auto work = std::make_unique<scratch_array<int, 1>>();
    {
        segment other(on, {.capacity = 1_MiB});
        *work = other.scratch_array<int>(shape(size));
        (*work)(rank) = rank;
        other.fence();
        other.close();
    }
    EXPECT_EQ((*work)(last), last);
    MPI_Barrier(world);
    work.reset();
}

TEST_F(ScratchArray, ImpossibleShapeIsRefusedOnAllRanks) {
    auto const thrown = agreed_error_of(world, [&] {
        static_cast<void>(seg.scratch_array<double>(shape(std::int64_t{1} << 40, 1 << 30)));
    });
    EXPECT_EQ(thrown.code, errc::invalid_argument);
    auto const full = agreed_error_of(
        world, [&] { static_cast<void>(seg.scratch_array<double>(shape(1 << 30))); });
    EXPECT_EQ(full.code, errc::out_of_memory);
    EXPECT_EQ(used(), 0U);
    seg.fence();
}

} // namespace
} // namespace shmwin
