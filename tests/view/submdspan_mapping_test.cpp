// SPDX-License-Identifier: MIT
// submdspan_mapping of our five layouts, section by section of the C++26 working draft (P2630R4,
// P2642R6, P3355): [mdspan.sub.map.result] and [mdspan.sub.map]. First the places, against lists of
// indices made by loops; then which layout the standard prescribes.
#include "shmwin/view/submdspan_mapping.hpp"

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

template <typename E>
using right = layout_right::mapping<E>;
template <typename E>
using left = layout_left::mapping<E>;
template <typename E>
using strided = layout_stride::mapping<E>;
template <std::size_t P, typename E>
using right_padded = typename layout_right_padded<P>::template mapping<E>;
template <std::size_t P, typename E>
using left_padded = typename layout_left_padded<P>::template mapping<E>;

using steps = strided_slice<int, int, int>;
using unit_steps = strided_slice<int, int, constant<1>>;
using pair = std::pair<int, int>;
using full = full_extent_t;

// --- [mdspan.sub.map.result] ---------------------------------------------------------------------

TEST(SubmdspanMappingResult, HoldsAMappingAndAnOffset) {
    using result = submdspan_mapping_result<right<array_extents<2>>>;
    static_assert(
        std::is_aggregate_v<result> && std::is_same_v<decltype(result::offset), std::size_t>);
    static_assert(sizeof(submdspan_mapping_result<right<extents<int, 3>>>) == sizeof(std::size_t));
    result const r{.mapping = shape(3, 4), .offset = 7};
    EXPECT_EQ(r.mapping.extents(), shape(3, 4));
    EXPECT_EQ(r.offset, 7U);
    EXPECT_EQ(result().offset, 0U);
}

// --- [mdspan.sub.map.common]: places, all layouts ------------------------------------------------

// expect(mapping) for a mapping of each layout over `e`.
template <typename E, typename Function>
void with_all_layouts(E const& e, Function expect) {
    expect(right<E>(e));
    expect(left<E>(e));
    expect(strided<E>(right<E>(e)));
    expect(right_padded<4, E>(e));
    expect(left_padded<4, E>(e));
    expect(right_padded<dyn, E>(e, 5));
    expect(left_padded<dyn, E>(e, 3));
    if constexpr (E::rank() == 2)
        expect(strided<E>(e, std::array{2, 2 * static_cast<int>(e.extent(0)) + 1}));
}

// expect(slice) for a slice of each kind, of a dimension with extent 5.
template <typename Function>
void with_all_slices(Function expect) {
    expect(3);
    expect(constant<4>());
    expect(full_extent);
    expect(pair(1, 4));
    expect(std::tuple(constant<2>(), constant<5>()));
    expect(steps{1, 4, 2});
    expect(strided_slice<int, constant<5>, constant<3>>{0, {}, {}});
}

// The same in short, for combinations of many.
template <typename Function>
void with_four_slices(Function expect) {
    expect(2);
    expect(full_extent);
    expect(pair(1, 3));
    expect(steps{0, 3, 2});
}

TEST(SubmdspanMapping, FindsThePlacesOfEachSliceOfALine) {
    auto const check = [](auto const& m) {
        with_all_slices([&m](auto slice) { expect_places(m, slice); });
        expect_places(m, pair(0, 0));
        expect_places(m, pair(5, 5));
        expect_places(m, std::array{1L, 3L});
        expect_places(m, std::complex<double>(2, 5));
        expect_places(m, range{1, 5});
        expect_places(m, unit_steps{1, 3, {}});
        expect_places(m, steps{1, 3, 100});
        expect_places(m, steps{5, 0, 1});
    };
    with_all_layouts(extents<int, 5>(), check);
    with_all_layouts(dextents<int, 1>(5), check);
}

TEST(SubmdspanMapping, FindsThePlacesOfEachPairOfSlices) {
    with_all_layouts(extents<int, 5, dyn>(5), [](auto const& m) {
        with_all_slices(
            [&m](auto a) { with_all_slices([&m, a](auto b) { expect_places(m, a, b); }); });
    });
}

TEST(SubmdspanMapping, FindsThePlacesOfEachThreeSlices) {
    with_all_layouts(extents<int, 4, dyn, 3>(5), [](auto const& m) {
        with_four_slices([&m](auto a) {
            with_four_slices([&m, a](auto b) {
                with_four_slices([&m, a, b](auto c) { expect_places(m, a, b, c); });
            });
        });
    });
}

TEST(SubmdspanMapping, FindsThePlacesOfUpToSixDimensions) {
    with_all_layouts(extents<int>(), [](auto const& m) { expect_places(m); });
    with_all_layouts(extents<int, 3, dyn, 4, 3>(5), [](auto const& m) {
        expect_places(m, 1, full_extent, pair(1, 3), 2);
        expect_places(m, full_extent, full_extent, 3, pair(0, 2));
        expect_places(m, pair(1, 3), 4, 0, pair(1, 3));
        expect_places(m, steps{0, 3, 2}, full_extent, 0, full_extent);
        expect_places(m, 0, 1, 2, 0);
    });
    with_all_layouts(dextents<int, 6>(2, 3, 2, 3, 2, 3), [](auto const& m) {
        expect_places(m, 1, 2, full_extent, full_extent, full_extent, pair(1, 3));
        expect_places(m, pair(0, 1), full_extent, full_extent, full_extent, 0, pair(1, 3));
        expect_places(m, full_extent, steps{0, 3, 2}, 1, pair(2, 3), unit_steps{0, 2, {}}, 1);
        expect_places(m, 1, 1, 1, 1, 1, 1);
    });
}

TEST(SubmdspanMapping, FindsNothingInNothing) {
    with_all_layouts(dextents<int, 2>(0, 5), [](auto const& m) {
        expect_places(m, full_extent, 3);
        expect_places(m, full_extent, pair(1, 3));
        expect_places(m, pair(0, 0), full_extent);
        expect_places(m, full_extent, steps{0, 5, 2});
    });
    with_all_layouts(extents<int, 3, 0, 4>(), [](auto const& m) {
        expect_places(m, pair(1, 3), full_extent, pair(1, 4));
        expect_places(m, full_extent, full_extent, 1);
        expect_places(m, steps{0, 3, 2}, pair(0, 0), full_extent);
    });
}

TEST(SubmdspanMapping, BeginsBehindTheLastPlaceIfASliceDoes) {
    right<array_extents<2>> const m(shape(3, 5));
    EXPECT_EQ(submdspan_mapping(m, 1, pair(2, 4)).offset, 7U);
    EXPECT_EQ(submdspan_mapping(m, 1, pair(5, 5)).offset, 15U);
    EXPECT_EQ(submdspan_mapping(m, pair(3, 3), 2).offset, 15U);
    EXPECT_EQ(submdspan_mapping(m, pair(2, 2), 2).offset, 12U);
    EXPECT_EQ(submdspan_mapping(m, 2, steps{5, 0, 1}).offset, 15U);
    EXPECT_EQ(submdspan_mapping(right<array_extents<2>>(shape(0, 5)), full_extent, 3).offset, 0U);
    EXPECT_EQ(
        submdspan_mapping(right_padded<8, array_extents<2>>(shape(3, 5)), 0, pair(5, 5)).offset,
        21U);
}

TEST(SubmdspanMapping, TakesTheStrideOnlyIfItIsTaken) {
    strided<array_extents<1>> const m(shape(10), std::array{3});
    EXPECT_EQ(submdspan_mapping(m, steps{0, 10, 4}).mapping.stride(0), 12);
    EXPECT_EQ(submdspan_mapping(m, steps{0, 4, 4}).mapping.stride(0), 3);
    EXPECT_EQ(submdspan_mapping(m, steps{0, 0, 0}).mapping.stride(0), 3);
}

template <typename I>
class SubmdspanMappingOf : public testing::Test {};
using index_types = testing::Types<std::int8_t,
                                   std::uint8_t,
                                   std::int16_t,
                                   std::uint16_t,
                                   std::int32_t,
                                   std::uint32_t,
                                   std::int64_t,
                                   std::uint64_t>;
TYPED_TEST_SUITE(SubmdspanMappingOf, index_types);

TYPED_TEST(SubmdspanMappingOf, FindsThePlacesWithEachIndexType) {
    using I = TypeParam;
    with_all_layouts(extents<I, 4, dyn, 2>(3), [](auto const& m) {
        expect_places(m, I{1}, full_extent, constant<1>());
        expect_places(m, std::pair(I{1}, I{4}), 2UL, full_extent);
        expect_places(m, full_extent, std::array<I, 2>{1, 3}, std::pair(constant<0>(), I{1}));
        expect_places(m, strided_slice<I, I, I>{1, 3, 2}, range{0, 2}, 0);
        expect_places(m, full_extent, full_extent, std::complex<float>(0, 2));
    });
}

TYPED_TEST(SubmdspanMappingOf, StaysInTheRangeOfTheIndexType) {
    using I = TypeParam;
    right<dextents<I, 2>> const m(dextents<I, 2>(9, 14)); // 126 places
    expect_places(m, 8, full_extent);
    expect_places(m, full_extent, 13);
    expect_places(m, std::pair(8, 9), std::pair(13, 14));
    expect_places(m, full_extent, strided_slice<int, int, long>{0, 14, 1'000'000'007L});
}

// --- which layout --------------------------------------------------------------------------------

template <typename Mapping, typename... Slices>
using sub_of =
    decltype(submdspan_mapping(std::declval<Mapping const&>(), std::declval<Slices>()...).mapping);
template <typename Mapping, typename... Slices>
using layout_of = typename sub_of<Mapping, Slices...>::layout_type;
template <typename Expected, typename Mapping, typename... Slices>
inline constexpr bool gives = std::is_same_v<layout_of<Mapping, Slices...>, Expected>;

using e3 = extents<int, 4, 5, 6>;
using e4 = extents<int, 4, dyn, 6, 7>;

TEST(SubmdspanMappingTypes, AreThatOfTheSourceWithoutDimensions) {
    static_assert(std::is_same_v<sub_of<right<extents<int>>>, right<extents<int>>>);
    static_assert(std::is_same_v<sub_of<left<extents<int>>>, left<extents<int>>>);
    static_assert(std::is_same_v<sub_of<strided<extents<int>>>, strided<extents<int>>>);
    static_assert(
        std::is_same_v<sub_of<left_padded<4, extents<int>>>, left_padded<4, extents<int>>>);
    static_assert(
        std::is_same_v<sub_of<right_padded<4, extents<int>>>, right_padded<4, extents<int>>>);
    SUCCEED();
}

// [mdspan.sub.map.left]
TEST(SubmdspanMappingTypes, OfLayoutLeft) {
    using m3 = left<e3>;
    using m4 = left<e4>;
    // without dimensions
    static_assert(std::is_same_v<sub_of<m3, int, int, int>, left<extents<int>>>);
    // full, ..., full, unit stride, index, ...
    static_assert(std::is_same_v<sub_of<m3, full, full, full>, m3>);
    static_assert(std::is_same_v<sub_of<m3, full, full, pair>, left<extents<int, 4, 5, dyn>>>);
    static_assert(std::is_same_v<sub_of<m3, full, pair, int>, left<extents<int, 4, dyn>>>);
    static_assert(gives<layout_left, m3, unit_steps, int, int>);
    static_assert(gives<layout_left, m3, pair, int, constant<1>>);
    static_assert(gives<layout_left, m3, full, unit_steps, int>);
    // unit stride, index (u of them), full, ..., full, unit stride, index, ...
    static_assert(gives<layout_left_padded<4>, m3, pair, full, full>);
    static_assert(gives<layout_left_padded<4>, m3, pair, pair, int>);
    static_assert(gives<layout_left_padded<4>, m3, unit_steps, full, unit_steps>);
    static_assert(gives<layout_left_padded<20>, m3, full, int, full>);
    static_assert(gives<layout_left_padded<20>, m3, pair, int, pair>);
    static_assert(gives<layout_left_padded<dyn>, m4, full, int, full, pair>);
    static_assert(gives<layout_left_padded<4>, m4, pair, full, pair, int>);
    static_assert(gives<layout_left_padded<dyn>, left<dextents<int, 2>>, pair, full>);
    static_assert(gives<layout_left_padded<dyn>, m4, full, int, int, full>);
    // anything else
    static_assert(gives<layout_stride, m3, steps, int, int>);
    static_assert(gives<layout_stride, m3, int, full, full>);
    static_assert(gives<layout_stride, m3, full, pair, full>);
    static_assert(gives<layout_stride, m3, steps, full, full>);
    static_assert(gives<layout_stride, m3, full, steps, full>);
    static_assert(gives<layout_stride, m3, full, full, steps>);
    static_assert(gives<layout_stride, m3, int, int, full>);
    static_assert(gives<layout_stride, m4, full, full, int, full>);
    static_assert(gives<layout_stride, m3, strided_slice<int, int, constant<2>>, int, int>);
    SUCCEED();
}

// [mdspan.sub.map.right], the mirror image
TEST(SubmdspanMappingTypes, OfLayoutRight) {
    using m3 = right<e3>;
    using m4 = right<extents<int, 4, 5, dyn, 7>>;
    static_assert(std::is_same_v<sub_of<m3, int, int, int>, right<extents<int>>>);
    static_assert(std::is_same_v<sub_of<m3, full, full, full>, m3>);
    static_assert(std::is_same_v<sub_of<m3, pair, full, full>, right<extents<int, dyn, 5, 6>>>);
    static_assert(std::is_same_v<sub_of<m3, int, pair, full>, right<extents<int, dyn, 6>>>);
    static_assert(gives<layout_right, m3, int, int, unit_steps>);
    static_assert(gives<layout_right, m3, int, unit_steps, full>);

    static_assert(gives<layout_right_padded<6>, m3, full, full, pair>);
    static_assert(gives<layout_right_padded<6>, m3, int, pair, pair>);
    static_assert(gives<layout_right_padded<30>, m3, full, int, full>);
    static_assert(gives<layout_right_padded<30>, m3, unit_steps, constant<1>, pair>);
    static_assert(gives<layout_right_padded<dyn>, m4, pair, full, int, full>);
    static_assert(gives<layout_right_padded<7>, m4, int, pair, full, pair>);
    static_assert(gives<layout_right_padded<dyn>, right<dextents<int, 2>>, full, pair>);

    static_assert(gives<layout_stride, m3, int, int, steps>);
    static_assert(gives<layout_stride, m3, full, full, int>);
    static_assert(gives<layout_stride, m3, full, pair, full>);
    static_assert(gives<layout_stride, m3, full, full, steps>);
    static_assert(gives<layout_stride, m3, full, steps, full>);
    static_assert(gives<layout_stride, m3, steps, full, full>);
    static_assert(gives<layout_stride, m4, full, int, full, full>);
    SUCCEED();
}

// [mdspan.sub.map.stride]
TEST(SubmdspanMappingTypes, OfLayoutStride) {
    using m3 = strided<e3>;
    static_assert(std::is_same_v<sub_of<m3, int, int, int>, strided<extents<int>>>);
    static_assert(std::is_same_v<sub_of<m3, full, full, full>, m3>);
    static_assert(std::is_same_v<sub_of<m3, int, pair, full>, strided<extents<int, dyn, 6>>>);
    SUCCEED();
}

// [mdspan.sub.map.leftpad]
TEST(SubmdspanMappingTypes, OfLayoutLeftPadded) {
    using m1 = left_padded<8, extents<int, 4>>;
    using m3 = left_padded<8, e3>;
    using open = left_padded<dyn, e3>;
    static_assert(std::is_same_v<sub_of<m3, int, int, int>, left<extents<int>>>);
    static_assert(std::is_same_v<sub_of<m1, full>, left<extents<int, 4>>>);
    static_assert(std::is_same_v<sub_of<m1, pair>, left<extents<int, dyn>>>);
    static_assert(gives<layout_stride, m1, steps>, "a line with a stride is no layout_left");
    static_assert(std::is_same_v<sub_of<m3, full, int, int>, left<extents<int, 4>>>);
    static_assert(gives<layout_left, m3, unit_steps, int, int>);
    // S_static is the padding stride times the extents that are stepped over
    static_assert(std::is_same_v<sub_of<m3, full, full, full>, m3>);
    static_assert(gives<layout_left_padded<8>, m3, pair, full, pair>);
    static_assert(gives<layout_left_padded<8>, m3, full, pair, int>);
    static_assert(gives<layout_left_padded<40>, m3, full, int, pair>);
    static_assert(gives<layout_left_padded<dyn>, open, full, full, full>);
    static_assert(gives<layout_left_padded<dyn>, left_padded<8, e4>, full, int, full, int>);
    static_assert(gives<layout_left_padded<8>, left_padded<8, e4>, full, full, full, int>);
    static_assert(gives<layout_left_padded<dyn>, left_padded<8, extents<int, dyn, 5>>, full, full>);

    static_assert(gives<layout_stride, m3, steps, int, int>);
    static_assert(gives<layout_stride, m3, int, full, int>);
    static_assert(gives<layout_stride, m3, full, pair, full>);
    static_assert(gives<layout_stride, m3, full, full, steps>);
    SUCCEED();
}

// [mdspan.sub.map.rightpad], the mirror image
TEST(SubmdspanMappingTypes, OfLayoutRightPadded) {
    using m1 = right_padded<8, extents<int, 4>>;
    using m3 = right_padded<8, e3>;
    static_assert(std::is_same_v<sub_of<m3, int, int, int>, right<extents<int>>>);
    static_assert(std::is_same_v<sub_of<m1, pair>, right<extents<int, dyn>>>);
    static_assert(gives<layout_stride, m1, steps>);
    static_assert(std::is_same_v<sub_of<m3, int, int, full>, right<extents<int, 6>>>);
    static_assert(std::is_same_v<sub_of<m3, full, full, full>, m3>);
    static_assert(gives<layout_right_padded<8>, m3, pair, full, pair>);
    static_assert(gives<layout_right_padded<8>, m3, int, pair, full>);
    static_assert(gives<layout_right_padded<40>, m3, pair, int, full>);
    static_assert(gives<layout_right_padded<dyn>, right_padded<dyn, e3>, full, full, full>);

    static_assert(gives<layout_stride, m3, int, int, steps>);
    static_assert(gives<layout_stride, m3, int, full, int>);
    static_assert(gives<layout_stride, m3, full, pair, full>);
    static_assert(gives<layout_stride, m3, steps, full, full>);
    SUCCEED();
}

// A padded slice steps as its source does, whatever is left of its rows.
TEST(SubmdspanMappingTypes, KeepThePaddingOfTheSource) {
    auto const sub =
        submdspan_mapping(right<array_extents<3>>(shape(4, 5, 6)), full_extent, 2, pair(1, 3));
    static_assert(std::is_same_v<decltype(sub.mapping), right_padded<dyn, extents<i64, dyn, dyn>>>);
    EXPECT_EQ(sub.mapping.stride(0), 30);
    auto const of_static = submdspan_mapping(left<e3>(), pair(1, 2), pair(0, 0), 3);
    EXPECT_EQ(of_static.mapping.stride(1), 4);
}

// --- [mdspan.sub.map.common] constraints and mandates --------------------------------------------

template <typename Mapping, typename... Slices>
concept sliceable = requires(Mapping const& m, Slices... slices) {
    submdspan_mapping(m, slices...);
};

TEST(SubmdspanMappingTypes, TakeNothingElse) {
    static_assert(sliceable<right<e3>, int, pair, full>);
    static_assert(!sliceable<right<e3>, int, pair>);
    static_assert(!sliceable<right<e3>, int, pair, full, full>);
    static_assert(!sliceable<right<e3>, int, pair, char const*>);
    static_assert(!sliceable<strided<e3>, int, int, std::tuple<int>>);
    static_assert(!sliceable<left_padded<4, e3>, int, int, std::nullptr_t>);
    SUCCEED();
}

TEST(SubmdspanMappingTypes, WorkInConstantExpressions) {
    constexpr auto sub = submdspan_mapping(left<e3>(), pair(1, 3), 2, pair(2, 5));
    static_assert(sub.offset == 1 + 2 * 4 + 2 * 20 && sub.mapping(1, 2) == 41);
    SUCCEED();
}

} // namespace
} // namespace shmwin
