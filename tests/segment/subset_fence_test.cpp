// SPDX-License-Identifier: MIT
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <gmock/gmock.h>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

struct SubsetFence : open_segment {
    [[nodiscard]] std::vector<int> all_ranks() const {
        std::vector<int> all;
        for (int r = last; r >= 0; --r) {
            all.push_back(r);
        }
        return all;
    }
    [[nodiscard]] error_info refused(std::vector<int> const& ranks) {
        return error_of([&] { seg.fence(ranks); }).value_or(error_info{});
    }
};

TEST_F(SubsetFence, PublishesAmongItsRanks) {
    auto const numbers = seg.create_array<int>("numbers", shape(size));
    std::vector<int> odd;
    std::vector<int> even;
    for (int r = 0; r < size; ++r) {
        (r % 2 == 0 ? even : odd).push_back(r);
    }
    auto const& mine = rank % 2 == 0 ? even : odd;
    // Each half as often as it likes.
    for (int round = 0; round < (rank % 2 == 0 ? 300 : 500); ++round) {
        numbers(rank) = round;
        seg.fence(mine);
        for (auto const other : mine) {
            ASSERT_EQ(numbers(other), round);
        }
        seg.fence(mine);
    }
    seg.fence();
}

TEST_F(SubsetFence, TakesTheRanksInAnyOrder) {
    if (size < 3) GTEST_SKIP() << "needs three ranks";
    if (rank == 0) seg.fence({0, last});
    if (rank == last) seg.fence({last, 0});
    seg.fence();
}

TEST_F(SubsetFence, OfOneRankReturns) {
    for (int i = 0; i < 100; ++i) {
        seg.fence({rank});
    }
}

TEST_F(SubsetFence, OfAllRanksIsFence) {
    auto const all = all_ranks();
    for (int i = 0; i < 100; ++i) {
        if (rank == 0) {
            seg.fence();
        } else {
            seg.fence(all);
        }
    }
}

TEST_F(SubsetFence, OfAllRanksReportsRaces) {
    if (size < 2) GTEST_SKIP() << "one rank races with nobody";
    auto const u = seg.create_array<double>("u", shape(4));
    u.checked()(2) = rank;
    auto const thrown = agreed_error_of(world, [&] { seg.fence(all_ranks()); });
    EXPECT_EQ(thrown.code, errc::data_race);
    EXPECT_NO_THROW(seg.fence(all_ranks()));
}

TEST_F(SubsetFence, OfAllRanksNamesTheLineOfItsCall) {
    if (size < 2) GTEST_SKIP() << "one rank agrees with itself";
    auto const line = std::to_string(source_line::current().line + 1);
    auto const odd = [&] { seg.fence(all_ranks()); };
    auto const usual = [&] { static_cast<void>(seg.trim()); };
    auto const thrown = rank == last ? agreed_error_of(world, odd) : agreed_error_of(world, usual);
    EXPECT_EQ(thrown.code, errc::disagreement);
    EXPECT_THAT(thrown.text, HasSubstr("subset_fence_test.cpp:" + line));
}

TEST_F(SubsetFence, OverlappingSetsAreToldApart) {
    if (size < 3) GTEST_SKIP() << "needs three ranks";
    for (int round = 0; round < 100; ++round) { // a chain
        if (rank > 0) seg.fence({rank - 1, rank});
        if (rank < last) seg.fence({rank, rank + 1});
    }
    seg.fence();
}

TEST_F(SubsetFence, LeavesNothingToSeeAndLittleInTheHeap) {
    if (size < 2) GTEST_SKIP() << "of all ranks it needs nothing";
    auto const n_objects = seg.list().size();
    seg.fence();
    seg.fence({rank});
    seg.fence();
    auto const used = seg.heap().stats().used;
    seg.fence();
    for (int i = 0; i < 1000; ++i) {
        seg.fence({rank});
    }
    EXPECT_EQ(seg.list().size(), n_objects);
    EXPECT_EQ(seg.heap().stats().used, used);
    seg.fence();
}

TEST_F(SubsetFence, DrivesMessagesOfTheHost) {
    if (size < 3) GTEST_SKIP() << "needs three ranks";
    std::vector<double> large(500'000, rank);
    if (rank == 0) {
        MPI_Request pending{};
        MPI_Isend(large.data(), 500'000, MPI_DOUBLE, 1, 0, world, &pending);
        seg.fence({0, 1});
        MPI_Wait(&pending, MPI_STATUS_IGNORE);
    } else if (rank == 1) {
        MPI_Recv(large.data(), 500'000, MPI_DOUBLE, 0, 0, world, MPI_STATUS_IGNORE);
        seg.fence({0, 1});
        EXPECT_EQ(large.back(), 0);
    }
    seg.fence();
}

TEST_F(SubsetFence, RefusesWhatIsNoSetOfRanksWithThisOne) {
    EXPECT_THAT(refused({}).text, HasSubstr("fence of other ranks"));
    EXPECT_THAT(refused({rank, size}).text, HasSubstr("fence of no such rank"));
    EXPECT_THAT(refused({rank, -1}).text, HasSubstr("fence of no such rank (-1"));
    EXPECT_THAT(refused({rank, rank}).text, HasSubstr("given twice"));
    EXPECT_EQ(refused({rank, rank}).code, errc::invalid_argument);
    if (size > 1) {
        EXPECT_THAT(refused({(rank + 1) % size}).text, HasSubstr("which is not among them"));
    }
    seg.fence();
}

TEST_F(SubsetFence, AfterCloseIsRefused) {
    segment other(on, {.capacity = std::size_t{4} << 20U});
    other.close();
    EXPECT_EQ(error_of([&] { other.fence({rank}); })->code, errc::closed);
}

} // namespace
} // namespace shmwin
