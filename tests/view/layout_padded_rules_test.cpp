// SPDX-License-Identifier: MIT
// Padded layouts: what is known at compile time, and preconditions, section by section of the C++26
// working draft (P2642R6). Values: layout_padded_test.cpp.
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
#include <type_traits>

namespace shmwin {
namespace {

using namespace test;

// --- what is known at compile time, for each side ------------------------------------------------

template <typename A, typename B>
concept comparable = requires(A const& a, B const& b) {
    a == b;
};

template <typename Side>
[[nodiscard]] constexpr bool has_the_constructors_of_the_standard() {
    using e2 = array_extents<2>;
    using four = padded<Side, 4, e2>;
    using open = padded<Side, dyn, e2>;
    // (extents), (extents, padding)
    static_assert(std::is_convertible_v<e2, four> && std::is_convertible_v<e2, open>);
    static_assert(std::is_constructible_v<four, e2, short>);
    static_assert(std::is_constructible_v<four, e2, std::integral_constant<int, 4>>);
    static_assert(!std::is_constructible_v<four, e2, char const*>);
    static_assert(!std::is_constructible_v<four, array_extents<3>>);
    return true;
}

template <typename Side>
[[nodiscard]] constexpr bool converts_as_the_standard_does() {
    using e2 = array_extents<2>;
    using s2 = extents2<Side, i64, 3, 5>;
    using four = padded<Side, 4, e2>;
    using open = padded<Side, dyn, e2>;
    // plain: explicit where the extents are
    static_assert(std::is_convertible_v<plain<Side, e2>, four>);
    static_assert(explicit_only<plain<Side, e2>, padded<Side, dyn, s2>>);
    static_assert(!std::is_constructible_v<four, plain<Side, array_extents<3>>>);
    static_assert(!std::is_constructible_v<four, other_plain<Side, e2>>);
    // layout_stride: explicit unless there is no dimension
    static_assert(explicit_only<strided<e2>, four>);
    static_assert(explicit_only<strided<array_extents<1>>, padded<Side, 4, array_extents<1>>>);
    static_assert(std::is_convertible_v<strided<array_extents<0>>, padded<Side, 4, extents<i64>>>);
    // padded: explicit if this padding is fixed or the other's is open
    static_assert(std::is_convertible_v<four, open>);
    static_assert(explicit_only<open, four>);
    static_assert(explicit_only<padded<Side, 4, s2>, four>);
    static_assert(explicit_only<padded<Side, dyn, s2>, open>);
    static_assert(std::is_convertible_v<padded<Side, 8, array_extents<1>>,
                                        padded<Side, 4, array_extents<1>>>);
    static_assert(!std::is_constructible_v<four, padded<Side, 4, array_extents<3>>>);
    // the other side
    static_assert(std::is_convertible_v<other_padded<Side, 8, array_extents<1>>,
                                        padded<Side, 4, array_extents<1>>>);
    static_assert(
        explicit_only<other_plain<Side, array_extents<1>>, padded<Side, 4, extents<i64, 3>>>);
    static_assert(!std::is_constructible_v<four, other_padded<Side, 4, e2>>);
    return true;
}

template <typename Side>
[[nodiscard]] constexpr bool converts_back_as_the_standard_does() {
    using e2 = array_extents<2>;
    using s2 = extents2<Side, i64, 3, 5>;
    using four = padded<Side, 4, e2>;
    using open = padded<Side, dyn, e2>;
    // [mdspan.layout.left.cons]: back to plain, explicit where the extents are
    static_assert(std::is_convertible_v<four, plain<Side, e2>>);
    static_assert(explicit_only<open, plain<Side, s2>>);
    static_assert(!std::is_constructible_v<plain<Side, e2>, other_padded<Side, 4, e2>>);
    static_assert(!std::is_constructible_v<plain<Side, e2>, padded<Side, 4, array_extents<3>>>);
    // [mdspan.layout.stride.cons]: padded mappings are as implicit as plain ones
    static_assert(
        std::is_convertible_v<four, strided<e2>> && std::is_convertible_v<open, strided<e2>>);
    static_assert(explicit_only<four, strided<s2>>);
    return true;
}
static_assert(has_the_constructors_of_the_standard<left_side>());
static_assert(has_the_constructors_of_the_standard<right_side>());
static_assert(converts_as_the_standard_does<left_side>());
static_assert(converts_as_the_standard_does<right_side>());
static_assert(converts_back_as_the_standard_does<left_side>());
static_assert(converts_back_as_the_standard_does<right_side>());

template <typename Side>
[[nodiscard]] constexpr bool has_the_members_of_the_standard() {
    using e2 = array_extents<2>;
    using m = padded<Side, 4, e2>;
    static_assert(std::is_same_v<typename m::layout_type, typename Side::template padded<4>>);
    static_assert(std::is_same_v<typename m::extents_type, e2>);
    static_assert(std::is_same_v<typename m::index_type, i64>);
    static_assert(std::is_same_v<typename m::size_type, std::uint64_t>);
    static_assert(std::is_same_v<typename m::rank_type, std::size_t>);
    static_assert(std::is_same_v<decltype(m::padding_value), std::size_t const>);
    static_assert(m::padding_value == 4 && padded<Side, dyn, e2>::padding_value == dyn);
    static_assert(std::regular<m> && std::is_trivially_copyable_v<m>);
    static_assert(
        std::is_nothrow_default_constructible_v<
            m> && std::is_nothrow_move_constructible_v<m> && std::is_nothrow_swappable_v<m>);
    static_assert(m::is_always_unique() && m::is_always_strided());
    static_assert(m::is_unique() && m::is_strided());
    // comparison: same side, same number of dimensions
    static_assert(comparable<m, padded<Side, dyn, dextents<int, 2>>>);
    static_assert(!comparable<m, padded<Side, 4, array_extents<3>>>);
    static_assert(!comparable<m, other_padded<Side, 4, e2>>);
    static_assert(comparable<m, strided<e2>>);
    return true;
}
static_assert(has_the_members_of_the_standard<left_side>());
static_assert(has_the_members_of_the_standard<right_side>());

template <typename Side>
[[nodiscard]] constexpr bool knows_what_is_static() {
    using e2 = array_extents<2>;
    using m = padded<Side, 4, e2>;
    // is_always_exhaustive: without a second dimension, or if both extents are static and equal
    static_assert(!m::is_always_exhaustive() && !padded<Side, dyn, e2>::is_always_exhaustive());
    static_assert(padded<Side, 4, extents<int>>::is_always_exhaustive());
    static_assert(padded<Side, 4, array_extents<1>>::is_always_exhaustive());
    static_assert(padded<Side, 4, extents2<Side, int, 8, dyn>>::is_always_exhaustive());
    static_assert(!padded<Side, 4, extents2<Side, int, 7, dyn>>::is_always_exhaustive());
    static_assert(!padded<Side, 4, extents2<Side, int, dyn, 8>>::is_always_exhaustive());
    static_assert(!padded<Side, dyn, extents2<Side, int, 8, 8>>::is_always_exhaustive());
    // [.expo] recommended: a padding stride that is known takes no memory
    static_assert(sizeof(padded<Side, 4, extents2<Side, i64, 3, 5>>) == 1);
    static_assert(sizeof(padded<Side, 4, extents2<Side, i64, 3, dyn>>) == 8);
    static_assert(sizeof(padded<Side, 4, array_extents<1>>) == 8);
    static_assert(sizeof(m) == 24);
    return true;
}
static_assert(knows_what_is_static<left_side>());
static_assert(knows_what_is_static<right_side>());

template <typename Side>
[[nodiscard]] constexpr bool works_in_constant_expressions() {
    padded<Side, 4, array_extents<3>> const m(shape3<Side>(3, 2, 2));
    auto const last = Side::is_left ? m(2, 1, 1) : m(1, 1, 2);
    padded<Side, dyn, array_extents<3>> const open(strided<array_extents<3>>{m});
    return last == 2 + 4 + 8 && m.required_span_size() == 15 && open == m && !m.is_exhaustive()
           && plain<Side, array_extents<2>>(padded<Side, 4, array_extents<2>>(shape2<Side>(8, 2)))
                      .required_span_size()
                  == 16;
}
static_assert(works_in_constant_expressions<left_side>());
static_assert(works_in_constant_expressions<right_side>());

// Deduction through the alias that mapping is: C++20, but no clang before 19.
#if __cpp_deduction_guides >= 201907L
TEST(LayoutPaddedTypes, DeducesItsExtents) {
    layout_left_padded<4>::mapping const l(shape(3, 5));
    layout_right_padded<>::mapping const r(extents<int, 3, 5>(), 8);
    static_assert(
        std::is_same_v<decltype(l), layout_left_padded<4>::mapping<array_extents<2>> const>);
    static_assert(
        std::is_same_v<decltype(r), layout_right_padded<>::mapping<extents<int, 3, 5>> const>);
    EXPECT_EQ(l.stride(1), 4);
    EXPECT_EQ(r.stride(0), 8);
}
#endif

TEST(LayoutPaddedTypes, AreEqualWhereTheirPlacesAre) {
    using right4 = layout_right_padded<4>::mapping<array_extents<2>>;
    using right = layout_right_padded<>::mapping<array_extents<2>>;
    EXPECT_TRUE(right4(shape(3, 5)) == right(shape(3, 5), 8));
    EXPECT_TRUE(right4(shape(3, 5)) != right(shape(3, 5), 9));
    EXPECT_TRUE(right4(shape(3, 5)) != right4(shape(4, 5)));
    EXPECT_TRUE(right4(shape(3, 5)) != right4(shape(3, 6)));
    using line4 = layout_right_padded<4>::mapping<array_extents<1>>;
    using line8 = layout_right_padded<8>::mapping<extents<int, 5>>;
    EXPECT_TRUE(line4(shape(5)) == line8());
    EXPECT_TRUE(line4(shape(6)) != line8());
}

TEST(LayoutPaddedTypes, ReachesTheLargestPlace) {
    using tiny = layout_right_padded<16>::mapping<extents<std::uint8_t, 15, 13>>;
    EXPECT_EQ(tiny()(14, 12), 236);
    EXPECT_EQ(tiny().required_span_size(), 237);
    i64 const half = i64{1} << 31;
    layout_left_padded<>::mapping<array_extents<2>> const large(shape(half - 1, half), half);
    EXPECT_EQ(large(half - 2, half - 1), (half - 1) * half + half - 2);
}

TEST(LayoutPaddedTypes, CarryAnMdspan) {
    std::array<int, 24> memory{};
    using mapping = layout_right_padded<8>::mapping<array_extents<2>>;
    mdspan const m(memory.data(), mapping(shape(3, 5)));
    for (i64 i = 0; i < 3; ++i)
        for (i64 j = 0; j < 5; ++j)
            m(i, j) = static_cast<int>(10 * i + j);
    EXPECT_EQ(memory[2 * 8 + 4], 24);
    EXPECT_EQ(memory[5], 0);
    mdspan<int const, array_extents<2>, layout_stride> const strided_view = m;
    EXPECT_EQ(strided_view(1, 3), 13);
}

#ifndef NDEBUG
// --- preconditions -------------------------------------------------------------------------------

template <typename Side>
void expect_refusals() {
    using e2 = array_extents<2>;
    using four = padded<Side, 4, e2>;
    using open = padded<Side, dyn, e2>;
    auto const e = shape2<Side>(3, 5);
    EXPECT_DEATH((void)open(e, 0), "precondition");
    EXPECT_DEATH((void)open(e, -1), "precondition");
    EXPECT_DEATH((void)four(e, 8), "precondition");
    EXPECT_DEATH((void)four(plain<Side, e2>(e)), "precondition");
    EXPECT_DEATH((void)four(open(e, 8)), "precondition");
    EXPECT_DEATH((void)(plain<Side, e2>(four(e))), "precondition");
    // layout_stride: another stride 1, another order, a gap further out
    auto const strides = [](i64 a, i64 b) {
        return Side::is_left ? std::array{a, b} : std::array{b, a};
    };
    EXPECT_DEATH((void)open(strided<e2>(e, strides(2, 8))), "precondition");
    EXPECT_DEATH((void)open(strided<e2>(e, strides(5, 1))), "precondition");
    EXPECT_DEATH((void)four(strided<e2>(e, strides(1, 8))), "precondition");
    using e3 = array_extents<3>;
    std::array<i64, 3> const gap =
        Side::is_left ? std::array<i64, 3>{1, 4, 24} : std::array<i64, 3>{24, 4, 1};
    EXPECT_DEATH((void)(padded<Side, dyn, e3>(strided<e3>(shape3<Side>(3, 5, 2), gap))),
                 "precondition");
    // more places than the index type can count
    using tiny = padded<Side, dyn, dextents<std::int8_t, 2>>;
    auto const e8 = dextents<std::int8_t, 2>(shape2<Side>(10, 12));
    EXPECT_EQ(tiny(e8).required_span_size(), 120);
    EXPECT_DEATH((void)tiny(e8, 11), "precondition");
    EXPECT_DEATH((void)tiny(dextents<std::int8_t, 2>(shape2<Side>(100, 1)), 64), "precondition");
    EXPECT_DEATH((void)(padded<Side, 4, dextents<std::int8_t, 2>>(four(shape2<Side>(30, 5)))),
                 "precondition");
}

TEST(LayoutPaddedDeathTest, LeftRefusesWhatTheStandardForbids) {
    expect_refusals<left_side>();
}
TEST(LayoutPaddedDeathTest, RightRefusesWhatTheStandardForbids) {
    expect_refusals<right_side>();
}
#endif

} // namespace
} // namespace shmwin
