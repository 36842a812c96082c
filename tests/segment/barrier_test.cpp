// SPDX-License-Identifier: MIT
#include "shmwin/segment/barrier.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <gmock/gmock.h>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

struct Barrier : open_segment {};

TEST_F(Barrier, OfAllRanksPublishes) {
    auto const all = seg.create_barrier("all");
    auto const numbers = seg.create_array<int>("numbers", shape(size));
    for (int round = 0; round < 500; ++round) {
        numbers(rank) = round;
        all.arrive_and_wait();
        for (int other = 0; other < size; ++other) {
            ASSERT_EQ(numbers(other), round);
        }
        all.arrive_and_wait();
    }
    EXPECT_EQ(all.members().size(), static_cast<std::size_t>(size));
    EXPECT_FALSE(all.is_broken());
}

TEST_F(Barrier, OfSomeRanksIsPassedByThemAlone) {
    auto const ends =
        size > 1 ? seg.create_barrier("ends", {last, 0}) : seg.create_barrier("ends", {0});
    if (rank == 0 || rank == last) {
        for (int round = 0; round < 500; ++round) {
            ends.arrive_and_wait();
        }
    } else {
        auto const refused = error_of([&] { ends.arrive_and_wait(); });
        ASSERT_TRUE(refused);
        EXPECT_EQ(refused->code, errc::invalid_argument);
        EXPECT_THAT(refused->text, HasSubstr("is not among"));
    }
    seg.fence();
}

TEST_F(Barrier, IsFoundByAnyRank) {
    auto const made = seg.create_barrier("some", std::vector{0});
    auto const found = seg.find_barrier("some");
    EXPECT_EQ(found.where().address, made.where().address);
    EXPECT_THAT(found.members(), ElementsAre(0));
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_barrier("none")); })->code,
              errc::not_found);
    seg.fence();
    seg.destroy(made);
    EXPECT_FALSE(found.is_valid());
}

TEST_F(Barrier, DrivesMessagesOfTheHost) {
    auto const all = seg.create_barrier("all");
    std::vector<double> const large(500'000, rank);
    std::vector<double> from_left(large.size());
    MPI_Request pending{};
    auto const n = static_cast<int>(large.size());
    MPI_Isend(large.data(), n, MPI_DOUBLE, (rank + 1) % size, 0, world, &pending);
    if (rank % 2 == 0) all.arrive_and_wait(); // before its neighbour receives
    auto const left = (rank + size - 1) % size;
    MPI_Recv(from_left.data(), n, MPI_DOUBLE, left, 0, world, MPI_STATUS_IGNORE);
    if (rank % 2 == 1) all.arrive_and_wait();
    MPI_Wait(&pending, MPI_STATUS_IGNORE);
    EXPECT_EQ(from_left.back(), left);
}

TEST_F(Barrier, RefusesWrongMembersOnAllRanks) {
    auto const twice = agreed_error_of(world, [&] { seg.create_barrier("b", {0, 0}); });
    EXPECT_EQ(twice.code, errc::invalid_argument);
    EXPECT_THAT(twice.text, HasSubstr("rank 0 is given twice"));
    auto const beyond = agreed_error_of(world, [&] { seg.create_barrier("b", {size}); });
    EXPECT_EQ(beyond.code, errc::invalid_argument);
    EXPECT_FALSE(seg.contains("b"));
}

TEST_F(Barrier, RefusesOtherMembersOnAnotherRank) {
    if (size < 2) GTEST_SKIP() << "needs another rank";
    auto const differ =
        agreed_error_of(world, [&] { seg.create_barrier("b", {rank == last ? 1 : 0}); });
    EXPECT_EQ(differ.code, errc::disagreement);
    EXPECT_THAT(differ.text, HasSubstr("create_barrier(\"b\""));
    // The order does not matter.
    auto const same = rank == 0 ? seg.create_barrier("b", {0, 1}) : seg.create_barrier("b", {1, 0});
    EXPECT_THAT(same.members(), ElementsAre(0, 1));
}

TEST_F(Barrier, BreaksForAllWhenOneGivesUp) {
    if (size < 2) GTEST_SKIP() << "needs another rank";
    auto const all = seg.create_barrier("all");
    if (rank == 0) {
        EXPECT_FALSE(all.arrive_and_wait_for(1ms));
    } else if (rank != last) {
        EXPECT_EQ(error_of([&] { all.arrive_and_wait(); })->rank, 0);
    }
    seg.fence(); // the last rank did not come
    EXPECT_TRUE(all.is_broken());
    EXPECT_EQ(error_of([&] { all.arrive_and_wait(); })->code, errc::barrier_broken);
}

} // namespace
} // namespace shmwin
