// SPDX-License-Identifier: MIT
// Memory of a segment that goes back to the system.
#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>
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

// The rank that has the slabs comes first, and waits for the one that frees what is in them.
TEST_F(Trim, GivesBackWhatARankFreedBeforeItCame) {
    std::vector<unsigned long long> offsets(2000);
    if (rank == 0) {
        for (auto& each : offsets) {
            each = seg.heap().offset_of(seg.heap().allocate(1024));
        }
    }
    MPI_Bcast(offsets.data(), 2000, MPI_UNSIGNED_LONG_LONG, 0, world);
    if (rank == last) {
        std::this_thread::sleep_for(std::chrono::milliseconds(size == 1 ? 0 : 100));
        for (auto const each : offsets) {
            seg.heap().deallocate(seg.heap().at(each));
        }
    }
    EXPECT_GE(seg.trim(), 1_MiB);
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

// That rank has no slot yet, and no room for one.
TEST(TrimWithoutRoom, OnOneRankIsTheErrorOfAll) {
    node on(MPI_COMM_WORLD);
    if (on.size() > 1) {
        auto const last = on.size() - 1;
        // Each rank leaves as much free as it is told to; who creates the segment looks first.
        scoped_variable const reserve("SHMWIN_RESERVE", on.rank() == last ? "1000TiB" : "16MiB");
        segment seg(on, {.capacity = 4_MiB});
        auto const thrown = agreed_error_of(MPI_COMM_WORLD, [&] { seg.trim(); });
        EXPECT_EQ(thrown.code, errc::no_space);
        EXPECT_EQ(thrown.rank, last);
        seg.close();
    }
    on.close();
}

} // namespace
} // namespace shmwin
