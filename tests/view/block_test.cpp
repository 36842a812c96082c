// SPDX-License-Identifier: MIT
// block and grid_block: every element in exactly one block, with the indices that block_range says.
#include "shmwin/view/block.hpp"

#include "support/view_parts.hpp"
#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

template <typename T, std::size_t N, typename Layout = layout_right>
using view = mdspan<T, array_extents<N>, Layout>;

// The elements of `part` are those of `whole`, moved along `dim` by `first`.
template <typename Part, typename Whole>
void expect_moved(Part const& part, Whole const& whole, std::size_t dim, i64 first) {
    each_index(part.extents(), [&](auto at) {
        auto const* const element = &part[at];
        at[dim] += first;
        EXPECT_EQ(element, &whole[at]);
    });
}

// Blocks along a dimension that is known at compile time, and at run time.
template <std::size_t Dim, typename Whole>
void expect_blocks(Whole const& whole) {
    auto const n = extent_of(whole, Dim);
    for (i64 const parts : {i64{1}, i64{2}, i64{3}, n, n + 2}) {
        if (parts == 0) continue;
        visits seen;
        for (i64 i = 0; i < parts; ++i) {
            auto const mine = block<Dim>(whole, i, parts);
            auto const range = block_range(n, parts, i);
            ASSERT_EQ(static_cast<i64>(mine.extent(Dim)), range.size());
            expect_moved(mine, whole, Dim, range.first);
            auto const same = block(whole, Dim, i, parts);
            ASSERT_EQ(same.extents(), mine.extents());
            expect_moved(same, whole, Dim, range.first);
            visit(mine, seen);
        }
        EXPECT_TRUE(saw_each_once(whole, seen)) << parts << " blocks along " << Dim;
    }
}

template <typename Layout, typename Extents, std::size_t... Dim>
void expect_all_blocks(Extents const& e, std::index_sequence<Dim...> /*dim*/) {
    viewed_memory<Layout, Extents> const over(e);
    (expect_blocks<Dim>(over.whole), ...);
}

template <typename Layout>
struct Block : testing::Test {
    template <typename Extents>
    static void covers(Extents const& e) {
        expect_all_blocks<Layout>(e, std::make_index_sequence<Extents::rank()>{});
    }
};
using Layouts = testing::Types<layout_right, layout_left, layout_stride>;
TYPED_TEST_SUITE(Block, Layouts);

TYPED_TEST(Block, OfAllShapesHoldEveryElementOnce) {
    for (int const n : {0, 1, 2, 7, 13, 24}) {
        TestFixture::covers(shape(n));
        TestFixture::covers(shape(n, 5));
        TestFixture::covers(shape(3, n));
    }
    TestFixture::covers(shape(5, 4, 3));
    TestFixture::covers(shape(2, 0, 3));
    TestFixture::covers(shape(3, 2, 5, 4));
}

TYPED_TEST(Block, OfAnyIndexType) {
    TestFixture::covers(dims<2>(7, 5));
    TestFixture::covers(dextents<std::int8_t, 2>(7, 5));
    TestFixture::covers(dextents<std::uint8_t, 2>(7, 5));
    TestFixture::covers(dextents<std::uint16_t, 3>(3, 4, 5));
    TestFixture::covers(dextents<int, 1>(11));
    TestFixture::covers(extents<int, 7, 5>());
    TestFixture::covers(extents<std::int64_t, 3, dyn, 2>(4));
}

TYPED_TEST(Block, OfAGridHoldEveryElementOnce) {
    viewed_memory<TypeParam, array_extents<3>> const over(shape(7, 5, 4));
    visits seen;
    for (i64 z = 0; z < 3; ++z) {
        for (i64 y = 0; y < 6; ++y) {
            for (i64 x = 0; x < 2; ++x) {
                auto const mine = grid_block(over.whole, {3, 6, 2}, {z, y, x});
                auto const where = grid_box(over.whole.extents(), {3, 6, 2}, {z, y, x});
                EXPECT_EQ(where[0], block_range(7, 3, z));
                EXPECT_EQ(where[1], block_range(5, 6, y));
                EXPECT_EQ(where[2], block_range(4, 2, x));
                EXPECT_EQ(mine.extents(), where.extents());
                each_index(mine.extents(), [&](auto const& at) {
                    EXPECT_EQ(&mine[at],
                              &over.whole(at[0] + where[0].first,
                                          at[1] + where[1].first,
                                          at[2] + where[2].first));
                });
                visit(mine, seen);
            }
        }
    }
    EXPECT_TRUE(saw_each_once(over.whole, seen));
}

TYPED_TEST(Block, OfABlockIsABlock) {
    viewed_memory<TypeParam, array_extents<2>> const over(shape(7, 9));
    auto const inside = block<0>(block<1>(over.whole, 1, 3), 0, 2);
    EXPECT_EQ(inside.extents(), shape(4, 3));
    EXPECT_EQ(&inside(1, 2), &over.whole(1, 5));
}

TEST(BlockLayout, IsKeptWhereTheBlockIsOnePiece) {
    using right = view<int, 3>;
    using left = view<int, 3, layout_left>;
    using strided = view<int, 3, layout_stride>;
    static_assert(std::is_same_v<decltype(block(right(), 0, 1)), right>);
    static_assert(std::is_same_v<decltype(block<1>(right(), 0, 1)), strided>);
    static_assert(std::is_same_v<decltype(block<2>(right(), 0, 1)), strided>);
    static_assert(std::is_same_v<decltype(block<0>(left(), 0, 1)), strided>);
    static_assert(std::is_same_v<decltype(block<2>(left(), 0, 1)), left>);
    static_assert(std::is_same_v<decltype(block(right(), 0U, 0, 1)), strided>);
    static_assert(std::is_same_v<decltype(block(view<int, 1>(), 0, 1)), view<int, 1>>);
    static_assert(std::is_same_v<decltype(block(view<int, 1, layout_left>(), 0U, 0, 1)),
                                 view<int, 1, layout_left>>);
    SUCCEED();
}

TEST(BlockLayout, KeepsOtherExtentsStaticAndTheElementsConst) {
    using whole = mdspan<float const, extents<int, 5, 4, 3>>;
    static_assert(std::is_same_v<decltype(block<1>(std::declval<whole>(), 0, 1)),
                                 mdspan<float const, extents<int, 5, dyn, 3>, layout_stride>>);
    static_assert(std::is_same_v<decltype(block(std::declval<whole>(), 0, 1)),
                                 mdspan<float const, extents<int, dyn, 4, 3>>>);
    SUCCEED();
}

struct handle {
    std::vector<int> memory = std::vector<int>(12);
    [[nodiscard]] auto view() const { return mdspan(memory.data(), shape(3, 4)); }
};

template <typename V>
concept has_blocks = requires(V const& v) {
    block(v, 0, 1);
};

TEST(BlockArgument, MayBeAHandleWithAView) {
    handle const h;
    EXPECT_EQ(block(h, 1, 2).data_handle(), h.memory.data() + 8);
    EXPECT_EQ(block(h, 1, 1, 2).data_handle(), h.memory.data() + 2);
    EXPECT_EQ(grid_block(h, {3, 2}, {1, 1}).data_handle(), h.memory.data() + 6);
    EXPECT_EQ(part(h, {{range{1, 2}, range{3, 4}}}).data_handle(), h.memory.data() + 7);
    static_assert(has_blocks<handle> && has_blocks<view<int, 1>>);
    static_assert(!has_blocks<view<int, 0>> && !has_blocks<int> && !has_blocks<std::vector<int>>);
}

// No memory is behind it: only addresses are computed.
TEST(BlockArgument, MayHaveMoreElementsThanFitIn32Bits) {
    constexpr i64 n = i64{3} << 31U;
    auto const place = [](auto const& part, auto const& whole) {
        return static_cast<i64>((reinterpret_cast<std::uintptr_t>(part.data_handle())
                                 - reinterpret_cast<std::uintptr_t>(whole.data_handle())));
    };
    alignas(64) static char origin = 0;
    mdspan const line(&origin, shape(n));
    EXPECT_EQ(place(block(line, 2, 3), line), i64{2} << 31U);
    EXPECT_EQ(block(line, 2, 3).extent(0), i64{1} << 31U);
    mdspan const plane(&origin, shape(i64{1} << 20U, i64{1} << 20U));
    EXPECT_EQ(place(block(plane, 3, 4), plane), i64{3} << 38U);
    EXPECT_EQ(place(block<1>(plane, 3, 4), plane), i64{3} << 18U);
    EXPECT_EQ(block<1>(plane, 3, 4).mapping().required_span_size(),
              ((i64{1} << 20U) - 1) * (i64{1} << 20U) + (i64{1} << 18U));
    EXPECT_EQ(place(grid_block(plane, {2, 2}, {1, 1}), plane), (i64{1} << 39U) + (i64{1} << 19U));
}

TEST(BlockArgument, WithoutElementsStaysInItsMemory) {
    std::vector<int> v(1);
    mdspan const none(v.data(), shape(5, 0));
    EXPECT_EQ(block(none, 1, 2).data_handle(), v.data());
    EXPECT_EQ(block(none, 1, 2).extents(), shape(2, 0));
    EXPECT_EQ(block<1>(none, 1, 2).extents(), shape(5, 0));
    mdspan const few(v.data(), shape(1));
    EXPECT_EQ(block(few, 4, 5).data_handle(), v.data()); // not behind
    EXPECT_TRUE(block(few, 4, 5).empty());
}

constexpr int last_of_second_block() {
    std::array<int, 6> a{1, 2, 3, 4, 5, 6};
    mdspan const m(a.data(), 3, 2);
    return block<0>(m, 1, 2)(0, 1) * 100 + block<1>(m, 1, 2)(2, 0) * 10
           + grid_block(m, {3, 2}, {1, 1})(0, 0);
}

TEST(BlockArgument, MayBeConstexpr) {
    static_assert(last_of_second_block() == 664);
    SUCCEED();
}

TEST(Box, KnowsItsIndices) {
    constexpr box<2> b{{range{1, 4}, range{2, 3}}};
    static_assert(b.size() == 3 && !b.empty() && b.extents() == shape(3, 1));
    static_assert(b.contains({3, 2}) && !b.contains({3, 3}) && !b.contains({0, 2}));
    static_assert(b.clip(box_of(shape(2, 9))) == box<2>{{range{1, 2}, range{2, 3}}});
    static_assert(b.relative_to({1, 1}) == box<2>{{range{0, 3}, range{1, 2}}});
    static_assert(b.first() == index_list<2>{1, 2});
    static_assert(b.clip(box_of(shape(0, 9))).empty());
    SUCCEED();
}

#ifndef NDEBUG
TEST(BlockDeathTest, RefusesWhatIsNotThere) {
    std::vector<int> v(12);
    mdspan const m(v.data(), shape(3, 4));
    EXPECT_DEATH((void)block(m, 2, 2), "precondition");
    EXPECT_DEATH((void)block(m, -1, 2), "precondition");
    EXPECT_DEATH((void)block(m, 0, 0), "precondition");
    EXPECT_DEATH((void)block(m, 2, 0, 1), "precondition");
    EXPECT_DEATH((void)grid_block(m, {2, 2}, {1, 2}), "precondition");
    EXPECT_DEATH((void)part(m, {{range{0, 4}, range{0, 4}}}), "precondition");
    EXPECT_DEATH((void)part(m, {{range{0, 3}, range{-1, 4}}}), "precondition");
    EXPECT_DEATH((void)part(m, {{range{2, 1}, range{0, 4}}}), "precondition");
    EXPECT_DEATH((void)block(m, 1, 2)(1, 0), "precondition");
}
#endif

} // namespace
} // namespace shmwin
