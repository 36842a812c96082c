// SPDX-License-Identifier: MIT
// cyclic, block_cyclic: indices dealt out in turn.
#include "shmwin/view/cyclic.hpp"

#include "support/view_parts.hpp"
#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

template <std::size_t Dim, typename Whole>
void expect_cyclic(Whole const& whole) {
    auto const extent = extent_of(whole, Dim);
    for (i64 const n : {i64{1}, i64{2}, i64{3}, extent + 1, i64{1} << 40U}) {
        visits seen;
        for (i64 i = 0; i < std::min(n, extent + 2); ++i) {
            auto const mine = cyclic<Dim>(whole, i, n);
            each_index(mine.extents(), [&](auto at) {
                auto const* const element = &mine[at];
                at[Dim] = i + at[Dim] * n;
                EXPECT_EQ(element, &whole[at]);
            });
            visit(mine, seen);
        }
        EXPECT_TRUE(saw_each_once(whole, seen)) << n << " along " << Dim;
    }
}

template <typename Layout, typename Extents, std::size_t... Dim>
void expect_cyclic_in_all(Extents const& e, std::index_sequence<Dim...> /*dim*/) {
    viewed_memory<Layout, Extents> const over(e);
    (expect_cyclic<Dim>(over.whole), ...);
}

template <typename Layout>
struct Cyclic : testing::Test {
    template <typename Extents>
    static void covers(Extents const& e) {
        expect_cyclic_in_all<Layout>(e, std::make_index_sequence<Extents::rank()>{});
    }
};
using Layouts = testing::Types<layout_right, layout_left, layout_stride>;
TYPED_TEST_SUITE(Cyclic, Layouts);

TYPED_TEST(Cyclic, HoldEveryElementOnce) {
    for (int const n : {0, 1, 2, 7, 12}) {
        TestFixture::covers(shape(n));
        TestFixture::covers(shape(n, 3));
        TestFixture::covers(shape(2, n));
    }
    TestFixture::covers(shape(3, 4, 5));
    TestFixture::covers(shape(3, 2, 1, 5));
}

TYPED_TEST(Cyclic, OfAnyIndexType) {
    TestFixture::covers(dims<2>(7, 5));
    TestFixture::covers(dextents<std::int8_t, 2>(7, 5)); // steps that int8_t cannot hold
    TestFixture::covers(dextents<std::uint8_t, 2>(7, 5));
    TestFixture::covers(extents<int, 7, 5>());
}

TEST(CyclicCount, IsWhatIsLeftForEach) {
    static_assert(cyclic_count(10, 0, 3) == 4 && cyclic_count(10, 1, 3) == 3);
    static_assert(cyclic_count(10, 9, 100) == 1 && cyclic_count(10, 10, 100) == 0);
    static_assert(cyclic_count(0, 0, 1) == 0);
    constexpr auto most = std::numeric_limits<i64>::max();
    static_assert(cyclic_count(most, 0, 1) == most && cyclic_count(most, most - 1, most) == 1);
    SUCCEED();
}

TEST(CyclicRows, OfMoreElementsThanFitIn32Bits) {
    alignas(64) static char origin = 0;
    mdspan const plane(&origin, shape(i64{1} << 20U, i64{1} << 20U));
    auto const mine = cyclic(plane, 5, 7);
    EXPECT_EQ(mine.stride(0), i64{7} << 20U);
    EXPECT_EQ(mine.extent(0), ((i64{1} << 20U) - 6) / 7 + 1);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(mine.data_handle())
                  - reinterpret_cast<std::uintptr_t>(plane.data_handle()),
              5ULL << 20U);
}

template <typename Layout>
struct BlockCyclic : testing::Test {};
TYPED_TEST_SUITE(BlockCyclic, Layouts);

TYPED_TEST(BlockCyclic, DealsOutEveryRowOnceInBlocks) {
    for (int const n_rows : {0, 1, 7, 12, 25}) {
        viewed_memory<TypeParam, array_extents<2>> const over(shape(n_rows, 3));
        for (i64 const rows_per_block : {1, 2, 5, 30}) {
            for (i64 const n : {1, 2, 3, 40}) {
                visits seen;
                for (i64 i = 0; i < n; ++i) {
                    auto const mine = block_cyclic(over.whole, rows_per_block, i, n);
                    i64 k = 0;
                    for (auto const each : mine) {
                        EXPECT_EQ(each.range(), mine.rows(k));
                        EXPECT_EQ(mine[k].range(), mine.rows(k));
                        for (auto const row : each.range()) {
                            EXPECT_EQ(row / rows_per_block % n, i);
                            EXPECT_EQ(&each(row, 1), &over.whole(row, 1));
                        }
                        visit(each.local(), seen);
                        ++k;
                    }
                    EXPECT_EQ(k, mine.size());
                    EXPECT_EQ(mine.empty(), k == 0);
                }
                EXPECT_TRUE(saw_each_once(over.whole, seen));
            }
        }
    }
}

constexpr int sums() {
    std::array<int, 10> a{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    mdspan const m(a.data(), 10);
    int sum = cyclic(m, 1, 4)(2);                    // 10
    for (auto const each : block_cyclic(m, 2, 1, 2)) // 3, 4, 7, 8
        for (auto const i : each.range())
            sum += 100 * each(i);
    return sum;
}

TEST(CyclicRows, MayBeConstexprAndOfUnsignedIndices) {
    static_assert(sums() == 2210);
    SUCCEED();
}

#ifndef NDEBUG
TEST(CyclicDeathTest, RefusesWhatIsNotThere) {
    std::vector<int> v(12);
    mdspan const m(v.data(), shape(3, 4));
    EXPECT_DEATH((void)cyclic(m, 2, 2), "precondition");
    EXPECT_DEATH((void)cyclic(m, -1, 2), "precondition");
    EXPECT_DEATH((void)block_cyclic(m, 0, 0, 1), "precondition");
    EXPECT_DEATH((void)block_cyclic(m, 2, 0, 1)[2], "precondition");
}
#endif

} // namespace
} // namespace shmwin
