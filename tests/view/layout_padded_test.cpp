// SPDX-License-Identifier: MIT
// layout_left_padded and layout_right_padded, section by section of the C++26 working draft
// (P2642R6): [mdspan.layout.leftpad], [mdspan.layout.rightpad], and what padded layouts changed in
// [mdspan.layout.left.cons], [mdspan.layout.right.cons] and [mdspan.layout.stride.cons].
// What is known at compile time, and preconditions: layout_padded_rules_test.cpp.
#include "shmwin/view/layout_left_padded.hpp"
#include "shmwin/view/layout_right_padded.hpp"
#include "shmwin/view/mdspan.hpp"

#include "support/index_walk.hpp"
#include "support/padded_sides.hpp"
#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <set>
#include <tuple>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

// Strides as the words of [mdspan.layout.leftpad.obs] say, without the library.
template <typename Side, typename E>
[[nodiscard]] std::vector<std::uint64_t> reference_strides(E const& e, std::uint64_t padding) {
    std::vector<std::uint64_t> strides(E::rank());
    std::uint64_t next = 1;
    for (std::size_t n = 0; n < E::rank(); ++n) {
        std::size_t const r = Side::is_left ? n : E::rank() - 1 - n;
        strides[r] = next;
        std::uint64_t extent = number(e.extent(r));
        if (n == 0 && padding > 0)
            while (extent % padding != 0)
                ++extent;
        next *= extent;
    }
    return strides;
}

// What a mapping says of itself, and what the reference says. No template, for all of them.
struct seen_mapping {
    std::vector<std::uint64_t> places;
    std::vector<std::uint64_t> expected_places;
    std::vector<std::uint64_t> strides;
    std::vector<std::uint64_t> array_of_strides;
    std::uint64_t span_size;
    bool is_exhaustive;
    bool is_always_exhaustive;
};

void expect_seen(seen_mapping const& seen, std::vector<std::uint64_t> const& strides) {
    EXPECT_EQ(seen.places, seen.expected_places);
    std::set<std::uint64_t> const distinct(seen.places.begin(), seen.places.end());
    EXPECT_EQ(distinct.size(), seen.places.size());
    EXPECT_EQ(seen.span_size, distinct.empty() ? 0 : *distinct.rbegin() + 1);
    EXPECT_EQ(seen.strides, strides);
    EXPECT_EQ(seen.array_of_strides, strides);
    EXPECT_TRUE(!seen.is_exhaustive || distinct.size() == seen.span_size);
    EXPECT_TRUE(!seen.is_always_exhaustive || seen.is_exhaustive);
}

template <typename Mapping>
void expect_strides(Mapping const& m, std::vector<std::uint64_t> const& strides) {
    using E = typename Mapping::extents_type;
    using I = typename E::index_type;
    static_assert(std::is_same_v<decltype(m.strides()), std::array<I, E::rank()>>);
    seen_mapping seen{};
    for_each_index(m.extents(), [&](auto const& i) {
        static_assert(std::is_same_v<decltype(place_of(m, i)), I>);
        seen.places.push_back(number(place_of(m, i)));
        seen.expected_places.push_back(plain_place(i, strides));
    });
    seen.strides = plain_strides(m);
    for (I const each : m.strides())
        seen.array_of_strides.push_back(number(each));
    seen.span_size = number(m.required_span_size());
    seen.is_exhaustive = m.is_exhaustive();
    seen.is_always_exhaustive = Mapping::is_always_exhaustive();
    expect_seen(seen, strides);
}

template <typename Side, std::size_t P, typename E>
void expect_padding(E const& e) {
    padded<Side, P, E> const m(e);
    expect_strides(m, reference_strides<Side>(e, P == dyn ? 1 : P));
    bool expected = true;
    if constexpr (E::rank() > 1) {
        std::size_t const inner = Side::is_left ? 0 : E::rank() - 1;
        std::size_t const outer = Side::is_left ? 1 : E::rank() - 2;
        expected = e.extent(inner) == m.stride(outer);
    }
    EXPECT_TRUE(m.extents() == e && m.is_exhaustive() == expected);
}

template <typename Side, typename E>
void expect_all_paddings(E const& e) {
    expect_padding<Side, 0>(e);
    expect_padding<Side, 1>(e);
    expect_padding<Side, 3>(e);
    expect_padding<Side, 4>(e);
    expect_padding<Side, dyn>(e);
    for (int const padding : {1, 2, 3, 5}) {
        padded<Side, dyn, E> const m(e, padding);
        expect_strides(m, reference_strides<Side>(e, static_cast<std::uint64_t>(padding)));
    }
    expect_strides(padded<Side, 3, E>(e, 3), reference_strides<Side>(e, 3));
}

template <typename T>
class LayoutPadded : public testing::Test {};

// The sides differ in their order alone: each index type for one of them. Each costs the compiler
// three seconds.
using cases = testing::Types<std::tuple<left_side, std::int8_t>,
                             std::tuple<left_side, std::uint16_t>,
                             std::tuple<left_side, std::int64_t>,
                             std::tuple<left_side, std::uint64_t>,
                             std::tuple<right_side, std::uint8_t>,
                             std::tuple<right_side, std::int32_t>,
                             std::tuple<right_side, std::uint32_t>,
                             std::tuple<right_side, std::int16_t>>;
TYPED_TEST_SUITE(LayoutPadded, cases);

// --- [mdspan.layout.leftpad.cons] 1-4, [.obs]: extents, and extents with a padding ---------------

TYPED_TEST(LayoutPadded, PadsTheInnermostExtent) {
    using side = std::tuple_element_t<0, TypeParam>;
    using I = std::tuple_element_t<1, TypeParam>;
    expect_all_paddings<side>(extents<I>());
    expect_all_paddings<side>(extents<I, 5>());
    expect_all_paddings<side>(extents<I, dyn>(7));
    expect_all_paddings<side>(extents<I, dyn>(0));
    expect_all_paddings<side>(extents<I, 3, 4>());
    expect_all_paddings<side>(extents<I, dyn, 5>(6));
    expect_all_paddings<side>(extents<I, 5, dyn>(2));
    expect_all_paddings<side>(dextents<I, 2>(1, 9));
    expect_all_paddings<side>(extents<I, 3, dyn, 2>(5));
    expect_all_paddings<side>(dextents<I, 3>(4, 3, 2));
    expect_all_paddings<side>(extents<I, dyn, 2, 3, dyn>(1, 2));
    expect_all_paddings<side>(dextents<I, 5>(2, 1, 3, 2, 1));
    expect_all_paddings<side>(extents<I, 2, dyn, 1, 2, dyn, 1>(2, 2));
    expect_all_paddings<side>(dextents<I, 6>(1, 2, 1, 2, 2, 2));
}

TYPED_TEST(LayoutPadded, PadsNothingToNothing) {
    using side = std::tuple_element_t<0, TypeParam>;
    using I = std::tuple_element_t<1, TypeParam>;
    expect_all_paddings<side>(dextents<I, 2>(0, 7));
    expect_all_paddings<side>(dextents<I, 2>(7, 0));
    expect_all_paddings<side>(extents<I, 0, dyn>(7));
    expect_all_paddings<side>(extents<I, dyn, 0>(7));
    expect_all_paddings<side>(dextents<I, 3>(4, 0, 5));
    expect_all_paddings<side>(dextents<I, 6>(2, 3, 0, 2, 1, 2));
}

TYPED_TEST(LayoutPadded, IsMadeOfNoExtents) {
    using side = std::tuple_element_t<0, TypeParam>;
    using I = std::tuple_element_t<1, TypeParam>;
    padded<side, 4, extents<I, 2, 3>> const m;
    expect_strides(m, reference_strides<side>(extents<I, 2, 3>(), 4));
    EXPECT_EQ((padded<side, 4, dextents<I, 2>>().required_span_size()), 0);
    EXPECT_EQ((padded<side, dyn, extents<I>>().required_span_size()), 1);
}

// --- [mdspan.layout.leftpad.cons] 5-: from and to other mappings ---------------------------------

TYPED_TEST(LayoutPadded, ConvertsFromAndToPlainMappings) {
    using side = std::tuple_element_t<0, TypeParam>;
    using I = std::tuple_element_t<1, TypeParam>;
    using e3 = dextents<I, 3>;
    e3 const e(4, 3, 4);
    plain<side, e3> const source(e);
    EXPECT_EQ((padded<side, 4, e3>(source)), (padded<side, 4, e3>(e)));
    EXPECT_EQ((padded<side, dyn, e3>(source)), (padded<side, dyn, e3>(e)));
    EXPECT_EQ((plain<side, e3>(padded<side, 4, e3>(e))), source);
    EXPECT_EQ((plain<side, e3>(padded<side, dyn, e3>(e))), source);
    EXPECT_EQ((plain<side, dextents<int, 3>>(padded<side, 2, e3>(e))), source);
}

TYPED_TEST(LayoutPadded, ConvertsFromAndToStrides) {
    using side = std::tuple_element_t<0, TypeParam>;
    using I = std::tuple_element_t<1, TypeParam>;
    for (auto const& e : {dextents<I, 3>(2, 3, 2), dextents<I, 3>(3, 1, 5)}) {
        padded<side, 4, dextents<I, 3>> const m(e);
        strided<dextents<I, 3>> const s = m;
        EXPECT_EQ(plain_strides(s), plain_strides(m));
        EXPECT_TRUE(s == m);
        EXPECT_EQ((padded<side, 4, dextents<I, 3>>(s)), m);
        EXPECT_EQ((padded<side, dyn, dextents<i64, 3>>(s)), m);
    }
    strided<extents<I>> const point;
    EXPECT_EQ((padded<side, 4, extents<I>>(point).required_span_size()), 1);
    strided<dextents<I, 1>> const line(dextents<I, 1>(6), std::array{1});
    EXPECT_EQ((padded<side, 4, dextents<I, 1>>(line).required_span_size()), 6);
}

TYPED_TEST(LayoutPadded, ConvertsBetweenPaddings) {
    using side = std::tuple_element_t<0, TypeParam>;
    using I = std::tuple_element_t<1, TypeParam>;
    using e2 = dextents<I, 2>;
    padded<side, 4, e2> const fixed(e2(3, 5));
    padded<side, dyn, e2> const open = fixed;
    EXPECT_EQ(open, fixed);
    EXPECT_EQ(plain_strides(open), plain_strides(fixed));
    EXPECT_EQ((padded<side, 4, e2>(open)), fixed);
    EXPECT_EQ((padded<side, 4, dextents<i64, 2>>(fixed)), fixed);
    EXPECT_EQ((padded<side, dyn, extents<i64, 3, 5>>(open)), open);
}

TYPED_TEST(LayoutPadded, ConvertsFromTheOtherSideUpToOneDimension) {
    using side = std::tuple_element_t<0, TypeParam>;
    using I = std::tuple_element_t<1, TypeParam>;
    using e1 = dextents<I, 1>;
    EXPECT_EQ((padded<side, 4, e1>(other_padded<side, 8, e1>(e1(6))).extents()), e1(6));
    EXPECT_EQ((padded<side, 4, e1>(other_plain<side, e1>(e1(6))).extents()), e1(6));
    EXPECT_EQ((padded<side, 4, extents<I>>(other_padded<side, 8, extents<I>>())()), 0);
    EXPECT_EQ((padded<side, 4, extents<I>>(other_plain<side, extents<I>>())()), 0);
}

} // namespace
} // namespace shmwin
