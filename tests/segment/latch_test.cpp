// SPDX-License-Identifier: MIT
#include "shmwin/segment/latch.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <gmock/gmock.h>

namespace shmwin {
namespace {

using namespace test;
using namespace std::chrono_literals;
using testing::HasSubstr;

struct Latch : open_segment {};

TEST_F(Latch, OpensWhenAllRanksHaveCounted) {
    auto const all = seg.create_latch("all", size);
    auto const numbers = seg.create_array<int>("numbers", shape(size));
    numbers(rank) = rank + 1;
    all.arrive_and_wait();
    for (int other = 0; other < size; ++other) {
        EXPECT_EQ(numbers(other), other + 1);
    }
    EXPECT_TRUE(all.try_wait());
    EXPECT_EQ(all.count(), 0);
}

TEST_F(Latch, IsWaitedForByOthersThanThoseWhoCount) {
    auto const done = seg.create_latch("done", 10);
    if (rank == last) {
        EXPECT_FALSE(done.try_wait());
        done.count_down(3);
        done.count_down(6);
        EXPECT_EQ(done.count(), 1);
        done.count_down();
    }
    done.wait();
    EXPECT_TRUE(seg.find_latch("done").try_wait());
}

TEST_F(Latch, WaitsNoLongerThanItsDeadline) {
    auto const never = seg.create_latch("never", size + 1);
    EXPECT_FALSE(never.wait_for(1ms));
    EXPECT_FALSE(never.wait_until(std::chrono::system_clock::now() + 1ms));
    EXPECT_FALSE(never.arrive_and_wait_for(1ms));
    seg.fence();
    EXPECT_EQ(never.count(), 1);
    EXPECT_EQ(error_of([&] { never.count_down(2); })->code, errc::invalid_argument);
}

TEST_F(Latch, RefusesWrongCountsOnAllRanks) {
    auto const negative = agreed_error_of(world, [&] { seg.create_latch("l", -1); });
    EXPECT_EQ(negative.code, errc::invalid_argument);
    EXPECT_THAT(negative.text, HasSubstr("-1"));
    EXPECT_FALSE(seg.contains("l"));
    if (size < 2) return;
    auto const differ = agreed_error_of(world, [&] { seg.create_latch("l", rank == 0 ? 1 : 2); });
    EXPECT_EQ(differ.code, errc::disagreement);
}

} // namespace
} // namespace shmwin
