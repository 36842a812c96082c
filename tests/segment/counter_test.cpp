// SPDX-License-Identifier: MIT
// A loop that the ranks of a segment share.
#include "shmwin/segment/counter.hpp"

#include "support/open_segment.hpp"
#include "support/ranks.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <gmock/gmock.h>
#include <iterator>
#include <optional>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

static_assert(std::input_iterator<counter::iterator>);
static_assert(std::sentinel_for<std::default_sentinel_t, counter::iterator>);

struct Counter : open_segment {
    static constexpr std::int64_t n = 5000;
    array<int, 1> count = seg.create_array<int>("count", shape(n));

    void expect_once_each(std::string const& what) {
        seg.fence();
        for (std::int64_t i = 0; i < n; ++i) {
            ASSERT_EQ(count(i), 1) << what << ' ' << i;
        }
        seg.fence();
        for (auto const i : count.rows()) {
            count(i) = 0;
        }
        seg.fence();
    }
};

TEST_F(Counter, HandsOutEachIndexOnceAmongAllRanks) {
    std::array const schedules{schedule::static_blocks(),
                               schedule::static_chunks(7),
                               schedule::dynamic(),
                               schedule::dynamic(64),
                               schedule::guided(4)};
    int number = 0;
    for (auto const& how : schedules) {
        auto const name = "loop " + std::to_string(number++);
        auto const loop = seg.create_counter(name, n, how);
        EXPECT_EQ(loop.size(), n);
        for (auto const chunk : loop) {
            for (auto const i : chunk) {
                ++count(i);
            }
        }
        expect_once_each(name);
        EXPECT_EQ(loop.remaining(), 0);
        EXPECT_FALSE(loop.next());
        loop.reset(n);
        EXPECT_EQ(seg.find_counter(name).size(), n);
        seg.find_counter(name).for_each([&](std::int64_t i) { ++count(i); });
        expect_once_each(name);
    }
}

TEST_F(Counter, ResetIsCollectiveAndChangesTheNumber) {
    auto const loop = seg.create_counter("loop", 0);
    EXPECT_FALSE(loop.next());
    loop.reset(n);
    EXPECT_EQ(loop.size(), n);
    seg.fence(); // all have looked
    loop.for_each([&](std::int64_t i) { ++count(i); });
    expect_once_each("after reset");
    loop.reset(3);
    EXPECT_EQ(loop.remaining(), 3);
    seg.fence();
}

TEST_F(Counter, NumberBelowZeroIsRefusedOnAllRanks) {
    EXPECT_EQ(agreed_error_of(world, [&] { seg.create_counter("loop", -1); }).code,
              errc::invalid_argument);
    EXPECT_FALSE(seg.contains("loop"));
    auto const loop = seg.create_counter("loop", 10);
    EXPECT_EQ(agreed_error_of(world, [&] { loop.reset(-5); }).code, errc::invalid_argument);
    EXPECT_EQ(loop.size(), 10);
}

TEST_F(Counter, RanksThatDisagreeAreTold) {
    if (size == 1) GTEST_SKIP() << "one rank agrees";
    auto const on_last = [&](std::int64_t one, std::int64_t other) {
        return rank == last ? one : other;
    };
    auto const made = agreed_error_of(world, [&] { seg.create_counter("loop", on_last(5, 6)); });
    EXPECT_EQ(made.code, errc::disagreement);
    auto const planned = agreed_error_of(
        world, [&] { seg.create_counter("loop", 5, schedule::dynamic(on_last(1, 2))); });
    EXPECT_EQ(planned.code, errc::disagreement);
    auto const loop = seg.create_counter("loop", 5);
    auto const reset = agreed_error_of(world, [&] { loop.reset(on_last(7, 8)); });
    EXPECT_EQ(reset.code, errc::disagreement);
    EXPECT_THAT(reset.text, HasSubstr("reset_counter(\"loop\""));
}

TEST_F(Counter, IsFoundAndDestroyed) {
    auto const loop = seg.create_counter("loop", 10, schedule::guided());
    auto const found = seg.find_counter("loop");
    EXPECT_EQ(found.size(), 10);
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_value<int>("loop")); })->code,
              errc::type_mismatch);
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_counter("none")); })->code,
              errc::not_found);
    seg.fence();
    seg.destroy(loop);
    EXPECT_FALSE(found.is_valid());
    auto const gone = agreed_error_of(world, [&] { found.reset(10); });
    EXPECT_EQ(gone.code, errc::not_found);
    EXPECT_THAT(gone.text, HasSubstr("destroyed before"));
    EXPECT_FALSE(counter());
}

} // namespace
} // namespace shmwin
