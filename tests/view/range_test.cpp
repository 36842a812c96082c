// SPDX-License-Identifier: MIT
// range, and that blocks of a range are a balanced partition with an inverse, up to huge numbers.
#include "shmwin/view/range.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <type_traits>
#include <vector>

namespace {

using shmwin::block_of;
using shmwin::block_range;
using shmwin::range;

using i64 = std::int64_t;
constexpr auto most = std::numeric_limits<i64>::max();
constexpr auto least = std::numeric_limits<i64>::min();

std::vector<i64> visited(range r) {
    std::vector<i64> indices;
    for (auto i : r)
        indices.push_back(i);
    return indices;
}

TEST(Range, IsAPlainValue) {
    static_assert(std::is_trivially_copyable_v<range> && std::is_aggregate_v<range>);
    static_assert(sizeof(range) == 16);
    static_assert(range{}.empty());
    static_assert(range{2, 5} == range{2, 5});
    EXPECT_NE((range{2, 5}), (range{2, 6}));
    EXPECT_NE((range{2, 5}), (range{1, 5}));
}

TEST(Range, VisitsEachIndexOnce) {
    EXPECT_EQ(visited({-2, 3}), (std::vector<i64>{-2, -1, 0, 1, 2}));
    EXPECT_EQ(visited({7, 8}), (std::vector<i64>{7}));
    EXPECT_EQ(visited({most - 2, most}), (std::vector<i64>{most - 2, most - 1}));
    EXPECT_TRUE(visited({7, 7}).empty());
}

TEST(Range, IsEmptyWhereLastIsNotAfterFirst) {
    for (range const r : {range{5, 5}, range{5, 3}, range{most, least}}) {
        EXPECT_TRUE(r.empty());
        EXPECT_EQ(r.size(), 0);
        EXPECT_TRUE(visited(r).empty());
        EXPECT_FALSE(r.contains(r.first));
        EXPECT_FALSE(r.contains(4));
    }
}

TEST(Range, ContainsFirstButNotLast) {
    constexpr range r{2, 5};
    static_assert(r.size() == 3 && !r.empty());
    EXPECT_FALSE(r.contains(1));
    EXPECT_TRUE(r.contains(2));
    EXPECT_TRUE(r.contains(4));
    EXPECT_FALSE(r.contains(5));
    EXPECT_TRUE((range{least, most}.contains(0)));
}

TEST(Range, ClipsToTheIntersection) {
    constexpr range r{2, 8};
    EXPECT_EQ(r.clip(4, 6), (range{4, 6}));
    EXPECT_EQ(r.clip(0, 5), (range{2, 5}));
    EXPECT_EQ(r.clip(5, 100), (range{5, 8}));
    EXPECT_EQ(r.clip(least, most), r);
    EXPECT_EQ((range{0, 1}.clip(1, 0)), (range{1, 1}));
}

TEST(Range, ClipIsWhatBothContainAndNeverLeavesIt) {
    for (i64 first = 0; first < 6; ++first)
        for (i64 last = 0; last < 6; ++last)
            for (i64 lo = -2; lo < 8; ++lo)
                for (i64 hi = -2; hi < 8; ++hi) {
                    range const r{first, last};
                    auto const c = r.clip(lo, hi);
                    ASSERT_LE(c.first, c.last);
                    ASSERT_GE(c.first, first);
                    ASSERT_LE(c.last, std::max(first, last));
                    for (i64 i = -3; i < 9; ++i)
                        ASSERT_EQ(c.contains(i), r.contains(i) && lo <= i && i < hi);
                }
}

TEST(Range, HasRandomAccessIterators) {
    static_assert(std::random_access_iterator<range::iterator>);
    static_assert(std::is_trivially_copyable_v<range::iterator>);
    constexpr range r{10, 20};
    EXPECT_EQ(std::distance(r.begin(), r.end()), 10);
    EXPECT_EQ(r.begin()[3], 13);
    EXPECT_EQ(*(r.end() - 1), 19);
    EXPECT_EQ(*(3 + r.begin()), 13);
    EXPECT_LT(r.begin(), r.end());
    auto it = r.begin();
    EXPECT_EQ(*it++, 10);
    EXPECT_EQ(*it--, 11);
    EXPECT_EQ(*++it, 11);
    EXPECT_EQ(*--it, 10);
    it += 5;
    it -= 2;
    EXPECT_EQ(it - r.begin(), 3);
    EXPECT_EQ(std::accumulate(r.begin(), r.end(), i64{0}), 145);
    EXPECT_EQ(*std::lower_bound(r.begin(), r.end(), 15), 15);
    EXPECT_EQ(*std::make_reverse_iterator(r.end()), 19);
}

TEST(BlockRange, IsABalancedPartitionWithAnInverse) {
    for (i64 n = 0; n <= 60; ++n)
        for (i64 parts = 1; parts <= 70; ++parts) {
            i64 next = 0;
            i64 size_before = n;
            for (i64 b = 0; b < parts; ++b) {
                auto const r = block_range(n, parts, b);
                ASSERT_EQ(r.first, next);
                ASSERT_TRUE(r.size() == n / parts || r.size() == n / parts + 1);
                ASSERT_LE(r.size(), size_before);
                for (auto i : r)
                    ASSERT_EQ(block_of(n, parts, i), b);
                next = r.last;
                size_before = r.size();
            }
            ASSERT_EQ(next, n);
        }
}

TEST(BlockRange, PutsLargerBlocksFirst) {
    EXPECT_EQ(block_range(11, 4, 0), (range{0, 3}));
    EXPECT_EQ(block_range(11, 4, 2), (range{6, 9}));
    EXPECT_EQ(block_range(11, 4, 3), (range{9, 11}));
    EXPECT_EQ(block_range(2, 4, 1), (range{1, 2}));
    EXPECT_EQ(block_range(2, 4, 3), (range{2, 2}));
}

TEST(BlockRange, IsExactForHugeNumbers) {
    for (i64 const n : {i64{1} << 62, (i64{1} << 62) + 5, (i64{1} << 62) - 1, most, most - 1})
        for (i64 const parts : {i64{1}, i64{2}, i64{3}, i64{128}, i64{1} << 40, n - 1, n, most}) {
            for (i64 const b : {i64{0}, parts / 3, parts / 2, parts - 1}) {
                auto const r = block_range(n, parts, b);
                EXPECT_GE(r.first, 0);
                EXPECT_LE(r.last, n);
                EXPECT_GE(r.size(), n / parts);
                EXPECT_LE(r.size() - 1, n / parts);
                if (b > 0) {
                    EXPECT_EQ(block_range(n, parts, b - 1).last, r.first);
                }
                if (r.empty()) continue;
                EXPECT_EQ(block_of(n, parts, r.first), b);
                EXPECT_EQ(block_of(n, parts, r.last - 1), b);
            }
            EXPECT_EQ(block_range(n, parts, 0).first, 0);
            EXPECT_EQ(block_range(n, parts, parts - 1).last, n);
        }
}

TEST(BlockRange, WorksInConstantExpressions) {
    static_assert(block_range(10, 3, 1) == range{4, 7});
    static_assert(block_of(10, 3, 6) == 1);
    SUCCEED();
}

#ifndef NDEBUG
TEST(BlockRangeDeathTest, RefusesWhatIsNoBlock) {
    EXPECT_DEATH((void)block_range(-1, 4, 0), "precondition");
    EXPECT_DEATH((void)block_range(10, 0, 0), "precondition");
    EXPECT_DEATH((void)block_range(10, 4, 4), "precondition");
    EXPECT_DEATH((void)block_range(10, 4, -1), "precondition");
    EXPECT_DEATH((void)block_of(10, 4, 10), "precondition");
    EXPECT_DEATH((void)block_of(10, 4, -1), "precondition");
    EXPECT_DEATH((void)block_of(10, 0, 1), "precondition");
}
#endif

} // namespace
