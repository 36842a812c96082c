// SPDX-License-Identifier: MIT
// rows: the same elements by global indices and as an array of their own.
#include "shmwin/view/rows.hpp"

#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

template <typename T, std::size_t N, typename Layout = layout_right>
using view = mdspan<T, array_extents<N>, Layout>;

template <typename Layout>
struct Rows : testing::Test {
    // A 5 x 4 x 3 array whose mapping is the layout's; strided ones leave gaps.
    static view<int, 3, Layout> over(std::vector<int>& memory) {
        auto const m = [] {
            if constexpr (std::is_same_v<Layout, layout_stride>)
                return layout_stride::mapping<array_extents<3>>(shape(5, 4, 3),
                                                                std::array{40, 7, 2});
            else
                return typename Layout::template mapping<array_extents<3>>(shape(5, 4, 3));
        }();
        memory.resize(static_cast<std::size_t>(m.required_span_size()));
        std::iota(memory.begin(), memory.end(), 0);
        return {memory.data(), m};
    }
    std::vector<int> memory;
};
using Layouts = testing::Types<layout_right, layout_left, layout_stride>;
TYPED_TEST_SUITE(Rows, Layouts);

TYPED_TEST(Rows, ReachTheElementsOfTheWholeArray) {
    auto const whole = TestFixture::over(this->memory);
    auto const mine = rows(whole, {1, 4});
    EXPECT_EQ(mine.range(), (range{1, 4}));
    for (auto i : mine.range())
        for (int j = 0; j < 4; ++j)
            for (unsigned k = 0; k < 3; ++k)
                EXPECT_EQ(&mine(i, j, k), &whole(i, j, k));
}

TYPED_TEST(Rows, AreAnArrayOfTheirOwn) {
    auto const whole = TestFixture::over(this->memory);
    auto const mine = rows(whole, {1, 4});
    auto const local = mine.local();
    EXPECT_EQ(local.extents(), shape(3, 4, 3));
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 4; ++j)
            for (int k = 0; k < 3; ++k)
                EXPECT_EQ(&local(i, j, k), &whole(i + 1, j, k));
    EXPECT_EQ(mine.data(), &whole(1, 0, 0));
    EXPECT_EQ(mine.size(), 36U);
    EXPECT_FALSE(mine.empty());
}

TYPED_TEST(Rows, OfAllBlocksAreTheWhole) {
    auto const whole = TestFixture::over(this->memory);
    for (i64 parts = 1; parts <= 7; ++parts) {
        std::size_t n = 0;
        for (i64 b = 0; b < parts; ++b) {
            auto const mine = rows(whole, block_range(whole.extent(0), parts, b));
            for (auto i : mine.range()) {
                EXPECT_EQ(&mine(i, 3, 2), &whole(i, 3, 2));
                EXPECT_EQ(&mine.local()(i - mine.range().first, 3, 2), &whole(i, 3, 2));
            }
            n += mine.size();
        }
        EXPECT_EQ(n, 60U);
    }
}

TYPED_TEST(Rows, MayBeNone) {
    auto const whole = TestFixture::over(this->memory);
    for (i64 const at : {0, 2, 5}) {
        auto const none = rows(whole, {at, at});
        EXPECT_TRUE(none.empty());
        EXPECT_EQ(none.size(), 0U);
        EXPECT_EQ(none.local().extents(), shape(0, 4, 3));
        EXPECT_GE(none.data(), this->memory.data());
        EXPECT_LE(none.data(), this->memory.data() + this->memory.size());
    }
}

TEST(RowBlock, KeepsTheLayoutOnlyIfRowMajor) {
    static_assert(std::is_same_v<row_block<view<int, 2>>::local_type, view<int, 2>>);
    static_assert(std::is_same_v<row_block<view<int, 2, layout_left>>::local_type,
                                 view<int, 2, layout_stride>>);
    static_assert(std::is_same_v<row_block<view<int, 2, layout_stride>>::local_type,
                                 view<int, 2, layout_stride>>);
    static_assert(
        std::is_same_v<row_block<mdspan<float const, extents<int, 5, 4, dyn>>>::local_type,
                       mdspan<float const, extents<int, dyn, 4, dyn>>>);
}

TEST(RowBlock, IsAPlainValue) {
    static_assert(std::is_trivially_copyable_v<row_block<view<int, 2>>>);
    static_assert(sizeof(row_block<view<int, 2>>) == sizeof(view<int, 2>) + sizeof(range));
}

template <typename View>
concept has_rows = requires(View const& v) {
    rows(v, range{});
};
template <typename Block, typename... I>
concept callable = requires(Block const& b, I... i) {
    b(i...);
};

TEST(RowBlock, NeedsOneDimension) {
    static_assert(has_rows<view<int, 1>> && has_rows<view<int, 5>>);
    static_assert(!has_rows<view<int, 0>>);
    static_assert(callable<row_block<view<int, 2>>, int, std::size_t>);
    static_assert(!callable<row_block<view<int, 2>>, int>);
    static_assert(!callable<row_block<view<int, 2>>, int, int, int>);
    std::vector<int> v{0, 1, 2, 3, 4};
    auto const mine = rows(mdspan(v.data(), 5), {2, 4});
    EXPECT_EQ(mine(3), 3);
    EXPECT_EQ(mine.local()(0), 2);
    EXPECT_EQ(mine.size(), 2U);
}

TEST(RowBlock, HasNoElementsIfItsRowsHaveNone) {
    std::vector<int> v(1);
    auto const mine = rows(mdspan(v.data(), 5, 0), {1, 4});
    EXPECT_TRUE(mine.empty());
    EXPECT_EQ(mine.size(), 0U);
    EXPECT_EQ(mine.range().size(), 3);
    EXPECT_EQ(mine.data(), v.data());
}

TEST(RowBlock, WritesThroughAndConvertsToConst) {
    std::vector<int> v(12);
    auto const mine = rows(mdspan(v.data(), shape(3, 4)), {1, 2});
    mine(1, 2) = 5;
    EXPECT_EQ(v[6], 5);
    row_block<view<int const, 2>> const read = mine;
    EXPECT_EQ(&read(1, 2), &v[6]);
    EXPECT_EQ(read.range(), mine.range());
    static_assert(!std::is_constructible_v<row_block<view<int, 2>>, row_block<view<int const, 2>>>);
}

TEST(RowBlock, OfStaticExtentsAndNarrowIndices) {
    std::array<int, 12> a{};
    mdspan<int, extents<std::int8_t, 3, 4>> const whole(a.data());
    auto const local = rows(whole, {1, 3}).local();
    static_assert(decltype(local)::static_extent(1) == 4);
    EXPECT_EQ(local.extent(0), 2);
    EXPECT_EQ(&local(1, 3), &a[11]);
}

// mdspan(p, 3, 4) has the standard's index type, which is unsigned.
TEST(RowBlock, OfUnsignedIndices) {
    std::vector<int> v(12);
    auto const whole = mdspan(v.data(), 3, 4);
    static_assert(std::is_same_v<decltype(whole)::extents_type, dims<2>>);
    auto const mine = rows(whole, {1, 2});
    EXPECT_EQ(mine.size(), 4U);
    EXPECT_EQ(mine.data(), &v[4]);
    for (auto const i : mine.range())
        for (int j = 0; j < 4; ++j)
            EXPECT_EQ(&mine(i, j), &v[static_cast<std::size_t>(4 * i + j)]);
    static_assert(std::is_same_v<decltype(mine.local())::extents_type, dims<2>>);
    EXPECT_EQ(&mine.local()(0, 3), &v[7]);
    EXPECT_EQ(rows(whole, {1, 3}).local().extent(0), 2U);
    EXPECT_TRUE(rows(whole, {3, 3}).empty());
    std::array<int, 12> a{};
    mdspan<int, extents<std::uint8_t, 3, 4>> const narrow(a.data());
    EXPECT_EQ(&rows(narrow, {1, 3}).local()(1, 3), &a[11]);
}

constexpr int third_row() {
    std::array<int, 6> a{1, 2, 3, 4, 5, 6};
    auto const mine = rows(mdspan(a.data(), 3, 2), {2, 3});
    return mine(2, 1) + mine.local()(0, 0);
}

TEST(RowBlock, WorksInConstantExpressions) {
    static_assert(third_row() == 11);
    SUCCEED();
}

#ifndef NDEBUG
TEST(RowBlockDeathTest, RefusesForeignRows) {
    std::vector<int> v(12);
    auto const whole = mdspan(v.data(), 3, 4);
    auto const mine = rows(whole, {1, 2});
    EXPECT_DEATH((void)mine(0, 0), "precondition");
    EXPECT_DEATH((void)mine(2, 0), "precondition");
    EXPECT_DEATH((void)mine(1, 4), "precondition");
    EXPECT_DEATH((void)mine.local()(1, 0), "precondition");
    EXPECT_DEATH((void)rows(whole, {2, 4}), "precondition");
    EXPECT_DEATH((void)rows(whole, {-1, 2}), "precondition");
    EXPECT_DEATH((void)rows(whole, {2, 1}), "precondition");
}
#endif

} // namespace
} // namespace shmwin
