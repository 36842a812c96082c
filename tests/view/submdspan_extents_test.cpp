// SPDX-License-Identifier: MIT
// strided_slice, full_extent and submdspan_extents, section by section of the C++26 working draft
// (P2630R4, P3355): [mdspan.syn], [mdspan.sub.strided.slice], [mdspan.sub.helpers],
// [mdspan.sub.extents].
#include "shmwin/view/submdspan_extents.hpp"

#include "support/slices.hpp"
#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

namespace shmwin {
namespace {

using namespace test;

// --- [mdspan.syn], [mdspan.sub.strided.slice] ----------------------------------------------------

static_assert(std::is_same_v<decltype(full_extent), full_extent_t const>);
static_assert(std::is_empty_v<full_extent_t> && !std::is_convertible_v<int, full_extent_t>);

template <typename T>
concept made_of_nothing = requires(void (&take)(T)) {
    take({});
};
static_assert(!made_of_nothing<full_extent_t>, "its constructor is explicit");

TEST(StridedSlice, HoldsThreeNumbers) {
    strided_slice<int, long, unsigned> const s{.offset = 1, .extent = 10, .stride = 3};
    static_assert(std::is_same_v<decltype(s)::offset_type, int>);
    static_assert(std::is_same_v<decltype(s)::extent_type, long>);
    static_assert(std::is_same_v<decltype(s)::stride_type, unsigned>);
    static_assert(std::is_aggregate_v<decltype(s)>);
    EXPECT_EQ(s.offset, 1);
    EXPECT_EQ(s.extent, 10);
    EXPECT_EQ(s.stride, 3U);
    strided_slice<int, int, int> const nothing;
    EXPECT_EQ(nothing.offset + nothing.extent + nothing.stride, 0);
}

TEST(StridedSlice, TakesNoRoomForConstants) {
    static_assert(std::is_empty_v<strided_slice<constant<1>, constant<2>, constant<3>>>);
    static_assert(sizeof(strided_slice<int, constant<2>, constant<3>>) == sizeof(int));
    strided_slice const s{1, constant<10>(), 3};
    static_assert(std::is_same_v<decltype(s), strided_slice<int, constant<10>, int> const>);
    EXPECT_EQ(s.extent, 10);
}

// clang deduces from designated initialisers from version 17 on
#if !defined(__clang__) || __clang_major__ >= 17
TEST(StridedSlice, DeducesFromDesignatedInitialisers) {
    strided_slice const s{.offset = 1, .extent = 10L, .stride = constant<3>()};
    static_assert(std::is_same_v<decltype(s), strided_slice<int, long, constant<3>> const>);
    EXPECT_EQ(s.offset, 1);
}
#endif

// --- [mdspan.sub.extents] values, for each index type --------------------------------------------

template <typename I>
class SubmdspanExtents : public testing::Test {};
using index_types = testing::Types<std::int8_t,
                                   std::uint8_t,
                                   std::int16_t,
                                   std::uint16_t,
                                   std::int32_t,
                                   std::uint32_t,
                                   std::int64_t,
                                   std::uint64_t>;
TYPED_TEST_SUITE(SubmdspanExtents, index_types);

template <typename Extents, typename... Slices>
void expect_sizes(Extents const& e, Slices... slices) {
    expect_extents(submdspan_extents(e, slices...), chosen_by(e, slices...));
}

TYPED_TEST(SubmdspanExtents, CountWhatTheSlicesChoose) {
    using I = TypeParam;
    dextents<I, 1> const e(11);
    expect_sizes(e, 10);
    expect_sizes(e, constant<0>());
    expect_sizes(e, full_extent);
    expect_sizes(e, std::pair(I{2}, I{7}));
    expect_sizes(e, std::pair(11, 11));
    expect_sizes(e, std::tuple(0L, 11U));
    expect_sizes(e, std::array<I, 2>{3, 3});
    expect_sizes(e, std::complex<float>(1, 4));
    expect_sizes(e, range{4, 9});
    for (int extent = 0; extent <= 10; ++extent)
        for (int stride = 1; stride <= 12; ++stride)
            expect_sizes(e, strided_slice<int, int, int>{1, extent, stride});
    expect_sizes(e, strided_slice<I, I, long>{2, 9, 1'000'000});
    expect_sizes(e, strided_slice<int, constant<9>, constant<4>>{2, {}, {}});
}

TYPED_TEST(SubmdspanExtents, KeepTheOrderOfTheDimensions) {
    using I = TypeParam;
    expect_sizes(extents<I>());
    expect_sizes(extents<I, 4, dyn, 5>(3), 1, full_extent, std::pair(1, 4));
    expect_sizes(extents<I, 4, dyn, 5>(3), full_extent, 2, full_extent);
    expect_sizes(dextents<I, 4>(2, 3, 4, 5), 1, 2, 3, 4);
    expect_sizes(extents<I, 2, 3, 1, 2, 1, 3>(),
                 full_extent,
                 strided_slice<int, int, int>{0, 3, 2},
                 0,
                 std::pair(1, 2),
                 full_extent,
                 constant<2>());
}

TYPED_TEST(SubmdspanExtents, TakeNothingFromNothing) {
    using I = TypeParam;
    expect_sizes(dextents<I, 2>(0, 5), full_extent, 3);
    expect_sizes(dextents<I, 2>(5, 0), 2, std::pair(0, 0));
    expect_sizes(extents<I, 0, 3>(), strided_slice<int, int, int>{0, 0, 1}, full_extent);
    // of a strided_slice without indices the stride does not matter
    EXPECT_EQ(submdspan_extents(dextents<I, 1>(3), strided_slice<int, int, int>{1, 0, 0}).extent(0),
              0);
}

// --- [mdspan.sub.extents] static extents ---------------------------------------------------------

template <typename Extents, typename... Slices>
using sub_type =
    decltype(submdspan_extents(std::declval<Extents const&>(), std::declval<Slices>()...));
template <typename Slice>
using of_ten = sub_type<extents<int, 10>, Slice>;
using dynamic = dextents<int, 1>;
template <int N>
using fixed = extents<int, std::size_t{N}>;

TEST(SubmdspanExtentsTypes, KeepStaticWhatTheStandardDoes) {
    static_assert(std::is_same_v<of_ten<int>, extents<int>>);
    static_assert(std::is_same_v<of_ten<constant<3>>, extents<int>>);
    static_assert(std::is_same_v<of_ten<full_extent_t>, fixed<10>>);
    static_assert(std::is_same_v<sub_type<dynamic, full_extent_t>, dynamic>);
    static_assert(std::is_same_v<of_ten<std::pair<int, int>>, dynamic>);
    static_assert(std::is_same_v<of_ten<std::pair<constant<2>, int>>, dynamic>);
    static_assert(std::is_same_v<of_ten<std::pair<constant<2>, constant<7>>>, fixed<5>>);
    static_assert(std::is_same_v<of_ten<std::tuple<constant<7>, constant<7>>>, fixed<0>>);
    static_assert(std::is_same_v<of_ten<std::array<constant<7>, 2>>, fixed<0>>);
    static_assert(std::is_same_v<of_ten<std::complex<double>>, dynamic>);
    static_assert(std::is_same_v<of_ten<strided_slice<int, int, int>>, dynamic>);
    static_assert(std::is_same_v<of_ten<strided_slice<int, constant<0>, int>>, fixed<0>>);
    static_assert(std::is_same_v<of_ten<strided_slice<int, constant<9>, int>>, dynamic>);
    static_assert(std::is_same_v<of_ten<strided_slice<int, int, constant<2>>>, dynamic>);
    static_assert(std::is_same_v<of_ten<strided_slice<int, constant<9>, constant<2>>>, fixed<5>>);
    static_assert(std::is_same_v<of_ten<strided_slice<int, constant<8>, constant<2>>>, fixed<4>>);
    static_assert(std::is_same_v<of_ten<strided_slice<int, constant<8>, constant<20>>>, fixed<1>>);
    static_assert(std::is_same_v<sub_type<extents<std::int8_t, 2, dyn, 3, 4>,
                                          int,
                                          full_extent_t,
                                          full_extent_t,
                                          std::pair<int, int>>,
                                 extents<std::int8_t, dyn, 3, dyn>>);
    SUCCEED();
}

// --- [mdspan.sub.extents] constraints and mandates -----------------------------------------------

template <typename Extents, typename... Slices>
concept has_sub_extents = requires(Extents const& e, Slices... slices) {
    submdspan_extents(e, slices...);
};
struct both {
    operator int() const { return 1; }
    operator full_extent_t() const { return full_extent; }
};
struct all {
    operator full_extent_t() const { return full_extent; }
};

TEST(SubmdspanExtentsTypes, TakeNothingElse) {
    static_assert(has_sub_extents<extents<int, 3>, int> && has_sub_extents<extents<int>>);
    static_assert(has_sub_extents<extents<int, 3>, all>);
    static_assert(!has_sub_extents<extents<int, 3>>);
    static_assert(!has_sub_extents<extents<int, 3>, int, int>);
    static_assert(!has_sub_extents<extents<int, 3>, char const*>);
    static_assert(!has_sub_extents<extents<int, 3>, std::pair<int, char const*>>);
    static_assert(!has_sub_extents<extents<int, 3>, std::tuple<int, int, int>>);
    static_assert(!has_sub_extents<extents<int, 3>, std::array<int, 3>>);
    static_assert(!has_sub_extents<extents<int, 3>, both>, "exactly one kind");
    SUCCEED();
}

TEST(SubmdspanExtentsTypes, WorkInConstantExpressions) {
    static_assert(
        submdspan_extents(shape(7, 8, 9), 1, strided_slice<int, int, int>{1, 6, 4}, std::pair(2, 9))
        == shape(2, 7));
    SUCCEED();
}

#ifndef NDEBUG
// --- [mdspan.sub.extents] preconditions ----------------------------------------------------------

template <typename Extents, typename Slice>
void take(Extents const& e, Slice s) {
    static_cast<void>(submdspan_extents(e, s));
}

TEST(SubmdspanExtentsDeathTest, RefuseSlicesThatLeaveTheirDimension) {
    auto const e = shape(10);
    EXPECT_DEATH(take(e, 10), "precondition");
    EXPECT_DEATH(take(e, -1), "precondition");
    EXPECT_DEATH(take(e, std::pair(0, 11)), "precondition");
    EXPECT_DEATH(take(e, std::pair(5, 4)), "precondition");
    EXPECT_DEATH(take(e, std::pair(-1, 4)), "precondition");
    EXPECT_DEATH(take(e, strided_slice<int, int, int>{5, 6, 1}), "precondition");
    EXPECT_DEATH(take(e, strided_slice<int, int, int>{11, 0, 1}), "precondition");
    EXPECT_DEATH(take(e, strided_slice<int, int, int>{-1, 2, 1}), "precondition");
    EXPECT_DEATH(take(dextents<std::int8_t, 1>(100), 300), "precondition");
    EXPECT_DEATH(take(dextents<std::int8_t, 1>(100), std::pair(256, 257)), "precondition");
}

TEST(SubmdspanExtentsDeathTest, RefuseStridesThatDoNotGoOn) {
    EXPECT_DEATH(take(shape(10), strided_slice<int, int, int>{0, 5, 0}), "precondition");
    EXPECT_DEATH(take(shape(10), strided_slice<int, int, int>{0, 5, -1}), "precondition");
}
#endif

} // namespace
} // namespace shmwin
