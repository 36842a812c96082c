// SPDX-License-Identifier: MIT
#include "shmwin/segment/semaphore.hpp"

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

struct Semaphore : open_segment {};

TEST_F(Semaphore, OfOneUnitExcludes) {
    auto const turn = seg.create_semaphore("turn");
    auto const sum = seg.create_array<int>("sum", shape(1));
    for (int i = 0; i < 2000; ++i) {
        turn.acquire();
        sum(0) += 1;
        turn.release();
    }
    seg.fence();
    EXPECT_EQ(sum(0), 2000 * size);
    EXPECT_EQ(turn.units(), 1);
}

TEST_F(Semaphore, HandsUnitsToWhoWaits) {
    auto const items = seg.create_semaphore("items", 0);
    if (rank == last) items.release(2 * size);
    items.acquire();
    EXPECT_TRUE(items.try_acquire_for(1min));
    seg.fence();
    EXPECT_FALSE(items.try_acquire());
    EXPECT_FALSE(items.try_acquire_for(1ms));
    EXPECT_FALSE(items.try_acquire_until(std::chrono::system_clock::now() + 1ms));
}

TEST_F(Semaphore, WithAMaximumRefusesMore) {
    auto const bounded = seg.create_semaphore("bounded", 3, 3);
    EXPECT_EQ(seg.find_semaphore("bounded").units(), 3);
    auto const thrown = error_of([&] { bounded.release(); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::invalid_argument);
    EXPECT_THAT(thrown->text, HasSubstr("at most 3"));
}

TEST_F(Semaphore, RefusesWrongUnitsOnAllRanks) {
    auto const negative = agreed_error_of(world, [&] { seg.create_semaphore("s", -1); });
    EXPECT_EQ(negative.code, errc::invalid_argument);
    auto const beyond = agreed_error_of(world, [&] { seg.create_semaphore("s", 3, 2); });
    EXPECT_EQ(beyond.code, errc::invalid_argument);
    EXPECT_FALSE(seg.contains("s"));
    if (size < 2) return;
    auto const differ =
        agreed_error_of(world, [&] { seg.create_semaphore("s", 1, rank == 0 ? 1 : 2); });
    EXPECT_EQ(differ.code, errc::disagreement);
}

} // namespace
} // namespace shmwin
