// SPDX-License-Identifier: MIT
// Memory of a segment that goes back to the system.
#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;

struct Trim : open_segment {
    static void fill_my_rows(array<double, 1> const& all, double with) {
        for (auto const i : all.rows()) {
            all(i) = with;
        }
    }
};

TEST_F(Trim, GivesBackWhatNoRankUses) {
    auto const kept = seg.create_array<double>("kept", shape(100'000));
    fill_my_rows(kept, 2.5);
    auto const dropped = seg.create_array<double>("dropped", shape(2'000'000));
    fill_my_rows(dropped, 1.5);
    seg.fence();
    seg.destroy(dropped);
    auto const before = seg.heap().stats().present;
    auto const n_bytes = seg.trim();
    EXPECT_GE(n_bytes, 16'000'000U);
    EXPECT_EQ(seg.heap().stats().present, before - n_bytes);
    EXPECT_EQ(std::count(kept.data(), kept.data() + 100'000, 2.5), 100'000);
    seg.fence();
    auto const again = seg.create_array<double>("again", shape(2'000'000));
    EXPECT_EQ(std::count(again.data(), again.data() + 2'000'000, 0.0), 2'000'000);
    expect_sound(seg);
}

TEST_F(Trim, CollectsWhatEachRankHoldsInEmptySlabs) {
    std::vector<void*> mine(10'000);
    for (auto& each : mine) {
        each = seg.heap().allocate(256);
    }
    seg.fence(); // all hold theirs at the same time
    for (auto* const each : mine) {
        seg.heap().deallocate(each);
    }
    seg.fence();
    EXPECT_GE(seg.trim(), static_cast<std::size_t>(size) * 2'000'000);
    seg.fence();
    EXPECT_LE(seg.heap().stats().in_pages, 1_MiB);
}

TEST_F(Trim, IsTheSameOnAllRanksAndOnceIsEnough) {
    auto const dropped = seg.create_array<char>("dropped", shape(3'000'000));
    seg.destroy(dropped);
    auto n_bytes = static_cast<long long>(seg.trim());
    long long sum = 0;
    MPI_Allreduce(&n_bytes, &sum, 1, MPI_LONG_LONG, MPI_SUM, world);
    EXPECT_EQ(sum, n_bytes * size);
    EXPECT_EQ(seg.trim(), 0U);
}

TEST_F(Trim, OfAClosedSegmentIsRefused) {
    node const other(world);
    segment closed(other, {.capacity = 1_MiB});
    closed.close();
    EXPECT_THROW(closed.trim(), error);
}

} // namespace
} // namespace shmwin
