// SPDX-License-Identifier: MIT
// The three mappings: places against formulas written out by hand, and which convert to which.
#include "shmwin/view/layout_left.hpp"
#include "shmwin/view/layout_right.hpp"
#include "shmwin/view/layout_stride.hpp"

#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <type_traits>

namespace shmwin {
namespace {

using namespace test;

template <typename E>
using right = layout_right::mapping<E>;
template <typename E>
using left = layout_left::mapping<E>;
template <typename E>
using strided = layout_stride::mapping<E>;

template <typename M>
concept has_stride = requires(M const& m) {
    m.stride(0);
};
template <typename A, typename B>
concept comparable = requires(A const& a, B const& b) {
    a == b;
};

// A layout of somebody else: right, with all places moved by a constant.
struct shifted {
    template <typename Extents>
    struct mapping {
        using extents_type = Extents;
        using index_type = typename Extents::index_type;
        right<Extents> base;
        index_type shift = 0;

        [[nodiscard]] constexpr Extents const& extents() const { return base.extents(); }
        template <typename... I>
        [[nodiscard]] constexpr index_type operator()(I... i) const {
            return base(i...) + shift;
        }
        [[nodiscard]] constexpr index_type required_span_size() const {
            return base.required_span_size() + shift;
        }
        [[nodiscard]] constexpr index_type stride(std::size_t r) const { return base.stride(r); }
        static constexpr bool is_always_unique() { return true; }
        static constexpr bool is_always_exhaustive() { return false; }
        static constexpr bool is_always_strided() { return true; }
    };
};

TEST(LayoutRight, PlacesOneToFiveDimensions) {
    EXPECT_EQ(right<extents<i64>>()(), 0);
    EXPECT_EQ(right<array_extents<1>>(shape(9))(7), 7);
    EXPECT_EQ(right<array_extents<2>>(shape(3, 4))(2, 3), 2 * 4 + 3);
    right<extents<int, 2, dyn, 5>> const three(extents<int, 2, dyn, 5>(7));
    right<array_extents<5>> const five(shape(2, 3, 4, 5, 6));
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 3; ++j)
            for (int k = 0; k < 4; ++k) {
                EXPECT_EQ(three(i, j, k), (i * 35) + (j * 5) + k);
                EXPECT_EQ(five(i, j, k, 4, 1), (i * 360) + (j * 120) + (k * 30) + 4 * 6 + 1);
            }
}

TEST(LayoutLeft, PlacesOneToFiveDimensions) {
    EXPECT_EQ(left<extents<i64>>()(), 0);
    EXPECT_EQ(left<array_extents<1>>(shape(9))(7), 7);
    EXPECT_EQ(left<array_extents<2>>(shape(3, 4))(2, 3), 2 + 3 * 3);
    left<extents<int, 2, dyn, 5>> const three(extents<int, 2, dyn, 5>(7));
    left<array_extents<5>> const five(shape(2, 3, 4, 5, 6));
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 3; ++j)
            for (int k = 0; k < 4; ++k) {
                EXPECT_EQ(three(i, j, k), i + (j * 2) + (k * 14));
                EXPECT_EQ(five(i, j, k, 4, 1), i + (j * 2) + (k * 6) + 4 * 24 + 1 * 120);
            }
}

TEST(LayoutStride, PlacesZeroToThreeDimensions) {
    EXPECT_EQ(strided<extents<i64>>()(), 0);
    strided<array_extents<1>> const one(shape(4), std::array{3});
    EXPECT_EQ(one(3), 9);
    strided<extents<int, 2, dyn, 3>> const three(extents<int, 2, dyn, 3>(4),
                                                 std::array<long, 3>{2, 100, 30});
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 4; ++j)
            for (int k = 0; k < 3; ++k)
                EXPECT_EQ(three(i, j, k), (i * 2) + (j * 100) + (k * 30));
    EXPECT_EQ(three.required_span_size(), 1 + 2 + 300 + 60);
}

TEST(Layouts, GiveEachElementItsOwnPlace) {
    auto const e = shape(3, 4, 5);
    std::set<i64> of_right;
    std::set<i64> of_left;
    for (i64 i = 0; i < 3; ++i)
        for (i64 j = 0; j < 4; ++j)
            for (i64 k = 0; k < 5; ++k) {
                of_right.insert(right<array_extents<3>>(e)(i, j, k));
                of_left.insert(left<array_extents<3>>(e)(i, j, k));
            }
    EXPECT_EQ(of_right.size(), 60U);
    EXPECT_EQ(*of_right.rbegin(), 59);
    EXPECT_EQ(of_left, of_right);
}

TEST(Layouts, HaveStrides) {
    right<array_extents<3>> const r(shape(3, 4, 5));
    EXPECT_EQ(r.stride(0), 20);
    EXPECT_EQ(r.stride(1), 5);
    EXPECT_EQ(r.stride(2), 1);
    left<array_extents<3>> const l(shape(3, 4, 5));
    EXPECT_EQ(l.stride(0), 1);
    EXPECT_EQ(l.stride(1), 3);
    EXPECT_EQ(l.stride(2), 12);
    EXPECT_EQ(strided<array_extents<3>>(r).strides(), (std::array<i64, 3>{20, 5, 1}));
    EXPECT_EQ(strided<array_extents<3>>(l).stride(2), 12);
    static_assert(!has_stride<right<extents<int>>>);
    static_assert(!has_stride<left<extents<int>>>);
    static_assert(has_stride<right<array_extents<1>>> && has_stride<left<extents<int, 1>>>);
}

TEST(Layouts, NeedAsMuchRoomAsTheirLastElement) {
    EXPECT_EQ(right<extents<i64>>().required_span_size(), 1);
    EXPECT_EQ(left<extents<i64>>().required_span_size(), 1);
    EXPECT_EQ(strided<extents<i64>>().required_span_size(), 1);
    EXPECT_EQ(right<array_extents<3>>(shape(3, 4, 5)).required_span_size(), 60);
    EXPECT_EQ(left<array_extents<3>>(shape(3, 4, 5)).required_span_size(), 60);
    EXPECT_EQ(strided<array_extents<2>>(shape(3, 4), std::array{10, 2}).required_span_size(), 27);
}

TEST(Layouts, NeedNoRoomForNoElements) {
    for (auto const& e : {shape(0, 4, 5), shape(3, 0, 5), shape(3, 4, 0), shape(0, 0, 0)}) {
        EXPECT_EQ(right<array_extents<3>>(e).required_span_size(), 0);
        EXPECT_EQ(left<array_extents<3>>(e).required_span_size(), 0);
        EXPECT_EQ(strided<array_extents<3>>(right<array_extents<3>>(e)).required_span_size(), 0);
        EXPECT_TRUE(strided<array_extents<3>>(left<array_extents<3>>(e)).is_exhaustive());
    }
    right<array_extents<3>> const wide(shape(i64{1} << 40, i64{1} << 40, 0));
    EXPECT_EQ(wide.required_span_size(), 0);
    right<array_extents<3>> const overflowing(shape(0, i64{1} << 40, i64{1} << 40));
    EXPECT_EQ(overflowing.required_span_size(), 0);
    EXPECT_EQ(overflowing.stride(2), 1);
}

TEST(Layouts, ReachTheLargestPlace) {
    constexpr i64 half = i64{1} << 31;
    right<array_extents<2>> const r(shape(half, half));
    EXPECT_EQ(r.required_span_size(), half * half);
    EXPECT_EQ(r(half - 1, half - 1), (half * half) - 1);
    EXPECT_EQ(left<array_extents<2>>(shape(half, half))(half - 1, half - 1), (half * half) - 1);
    right<extents<std::uint8_t, 15, 17>> const tiny;
    EXPECT_EQ(tiny.required_span_size(), 255);
    EXPECT_EQ(tiny(14, 16), 254);
}

TEST(Layouts, SayWhatTheyAre) {
    static_assert(right<array_extents<2>>::is_always_unique()
                  && left<array_extents<2>>::is_always_unique());
    static_assert(right<array_extents<2>>::is_always_exhaustive()
                  && left<array_extents<2>>::is_always_exhaustive());
    static_assert(right<array_extents<2>>::is_always_strided()
                  && left<array_extents<2>>::is_always_strided());
    static_assert(strided<array_extents<2>>::is_always_unique()
                  && strided<array_extents<2>>::is_always_strided());
    static_assert(!strided<array_extents<2>>::is_always_exhaustive());
    static_assert(right<array_extents<2>>::is_unique() && left<array_extents<2>>::is_exhaustive());
    static_assert(strided<array_extents<2>>::is_unique()
                  && strided<array_extents<2>>::is_strided());
    EXPECT_TRUE(strided<extents<int>>().is_exhaustive());
    EXPECT_TRUE(strided<array_extents<2>>(right<array_extents<2>>(shape(3, 4))).is_exhaustive());
    EXPECT_TRUE((strided<array_extents<3>>(shape(3, 4, 5), std::array{4, 1, 12}).is_exhaustive()));
    EXPECT_TRUE((strided<array_extents<3>>(shape(4, 1, 5), std::array{1, 4, 4}).is_exhaustive()));
    EXPECT_TRUE((strided<array_extents<3>>(shape(5, 1, 4), std::array{4, 4, 1}).is_exhaustive()));
    EXPECT_FALSE((strided<array_extents<2>>(shape(3, 4), std::array{5, 1}).is_exhaustive()));
    EXPECT_FALSE((strided<array_extents<1>>(shape(4), std::array{2}).is_exhaustive()));
}

TEST(Layouts, AreNoLargerThanWhatTheyKnow) {
    static_assert(std::is_empty_v<right<extents<i64, 3, 4>>>);
    static_assert(std::is_empty_v<left<extents<i64, 3, 4>>>);
    static_assert(std::is_empty_v<strided<extents<i64>>>);
    static_assert(sizeof(right<array_extents<2>>) == 16 && sizeof(left<array_extents<2>>) == 16);
    static_assert(sizeof(strided<array_extents<2>>) == 32);
    static_assert(sizeof(strided<extents<i64, 3, 4>>) == 16);
    static_assert(std::is_trivially_copyable_v<right<array_extents<2>>>);
    static_assert(std::is_trivially_copyable_v<left<extents<int, 3, dyn>>>);
    static_assert(std::is_trivially_copyable_v<strided<array_extents<2>>>);
    static_assert(std::is_nothrow_default_constructible_v<strided<array_extents<2>>>);
}

TEST(LayoutStride, IsRightByDefault) {
    strided<extents<int, 3, 4>> const m;
    EXPECT_EQ(m.strides(), (std::array{4, 1}));
    EXPECT_EQ((strided<array_extents<2>>().required_span_size()), 0);
}

TEST(LayoutStride, TakesArraysAndSpansOfStrides) {
    std::array<short, 2> const strides{10, 2};
    strided<array_extents<2>> const a(shape(3, 4), strides);
    strided<array_extents<2>> const b(shape(3, 4), std::span<short const, 2>(strides));
    EXPECT_EQ(a, b);
    using m2 = strided<array_extents<2>>;
    static_assert(!std::is_constructible_v<m2, array_extents<2>, std::array<int, 3>>);
    static_assert(!std::is_constructible_v<m2, array_extents<2>, std::array<char const*, 2>>);
    static_assert(!std::is_constructible_v<m2, array_extents<2>>);
}

TEST(LayoutStride, TakesAnyStrideWhereThereIsOneIndex) {
    strided<array_extents<2>> const m(shape(4, 1), std::array{2, 3});
    EXPECT_EQ(m(3, 0), 6);
    EXPECT_EQ(m.required_span_size(), 7);
}

TEST(Layouts, ConvertWithinOneLayoutAsTheirExtentsDo) {
    static_assert(std::is_convertible_v<array_extents<2>, right<array_extents<2>>>);
    static_assert(std::is_convertible_v<right<extents<i64, 3, 4>>, right<array_extents<2>>>);
    static_assert(explicit_only<right<array_extents<2>>, right<extents<i64, 3, 4>>>);
    static_assert(std::is_convertible_v<left<extents<i64, 3, 4>>, left<array_extents<2>>>);
    static_assert(explicit_only<left<array_extents<2>>, left<extents<i64, 3, 4>>>);
    static_assert(explicit_only<left<array_extents<2>>, left<dextents<int, 2>>>);
    static_assert(!std::is_constructible_v<right<array_extents<2>>, right<array_extents<3>>>);
    static_assert(!std::is_constructible_v<right<extents<int, 3>>, right<extents<int, 4>>>);
    EXPECT_EQ((right<array_extents<2>>(right<extents<int, 3, 4>>()).extents()), shape(3, 4));
}

TEST(Layouts, ConvertBetweenLeftAndRightUpToOneDimension) {
    static_assert(std::is_convertible_v<left<array_extents<1>>, right<array_extents<1>>>);
    static_assert(std::is_convertible_v<right<array_extents<1>>, left<array_extents<1>>>);
    static_assert(std::is_convertible_v<right<array_extents<0>>, left<array_extents<0>>>);
    static_assert(explicit_only<left<array_extents<1>>, right<extents<i64, 3>>>);
    static_assert(!std::is_constructible_v<right<array_extents<2>>, left<array_extents<2>>>);
    static_assert(!std::is_constructible_v<left<array_extents<2>>, right<array_extents<2>>>);
    right<array_extents<1>> const r = left<array_extents<1>>(shape(5));
    EXPECT_EQ(r.extents().extent(0), 5);
}

TEST(Layouts, ConvertFromAndToStrides) {
    static_assert(std::is_convertible_v<right<array_extents<2>>, strided<array_extents<2>>>);
    static_assert(std::is_convertible_v<left<extents<int, 3, 4>>, strided<array_extents<2>>>);
    static_assert(std::is_convertible_v<strided<extents<int, 3, 4>>, strided<array_extents<2>>>);
    static_assert(explicit_only<strided<array_extents<2>>, strided<extents<int, 3, 4>>>);
    static_assert(explicit_only<strided<array_extents<2>>, right<array_extents<2>>>);
    static_assert(explicit_only<strided<array_extents<1>>, left<array_extents<1>>>);
    static_assert(std::is_convertible_v<strided<array_extents<0>>, right<array_extents<0>>>);
    static_assert(explicit_only<shifted::mapping<array_extents<2>>, strided<array_extents<2>>>);

    strided<array_extents<2>> const of_right = right<array_extents<2>>(shape(3, 4));
    EXPECT_EQ(right<array_extents<2>>(of_right).extents(), shape(3, 4));
    EXPECT_EQ(of_right(2, 1), 9);
    strided<array_extents<2>> const of_left = left<array_extents<2>>(shape(3, 4));
    EXPECT_EQ(left<array_extents<2>>(of_left).extents(), shape(3, 4));
    EXPECT_EQ(of_left(2, 1), 5);
    EXPECT_EQ(strided<array_extents<2>>(shifted::mapping<array_extents<2>>{shape(3, 4)}), of_right);
}

TEST(Layouts, AreEqualWhereTheirPlacesAre) {
    EXPECT_TRUE((right<extents<int, 3, 4>>() == right<array_extents<2>>(shape(3, 4))));
    EXPECT_TRUE(right<array_extents<2>>(shape(3, 4)) != right<array_extents<2>>(shape(4, 3)));
    EXPECT_TRUE(left<array_extents<2>>(shape(3, 4)) == left<array_extents<2>>(shape(3, 4)));
    strided<array_extents<2>> const s(shape(3, 4), std::array{4, 1});
    EXPECT_TRUE(s == right<array_extents<2>>(shape(3, 4)));
    EXPECT_TRUE(right<array_extents<2>>(shape(3, 4)) == s);
    EXPECT_FALSE(s == left<array_extents<2>>(shape(3, 4)));
    EXPECT_TRUE((s == strided<extents<int, 3, 4>>()));
    EXPECT_FALSE((s == strided<array_extents<2>>(shape(3, 4), std::array{5, 1})));
    EXPECT_FALSE((s == strided<array_extents<2>>(shape(2, 4), std::array{4, 1})));
    EXPECT_TRUE((s == shifted::mapping<array_extents<2>>{shape(3, 4), 0}));
    EXPECT_FALSE((s == shifted::mapping<array_extents<2>>{shape(3, 4), 1}));
    static_assert(!comparable<right<array_extents<2>>, left<array_extents<2>>>);
    static_assert(!comparable<right<array_extents<2>>, right<array_extents<3>>>);
    static_assert(!comparable<strided<array_extents<2>>, strided<array_extents<3>>>);
}

// Every second column of a 3 x 7 array, and of a 2 x 3 x 7 one.
TEST(Layouts, OfStridesMayInterlockAsLongAsNoPlaceIsShared) {
    static_assert(strided<array_extents<2>>(shape(3, 4), std::array{7, 2})(2, 3) == 20);
    static_assert(strided<array_extents<3>>(shape(2, 3, 4), std::array{21, 7, 2})(1, 2, 3) == 41);
    SUCCEED();
}

TEST(Layouts, WorkInConstantExpressions) {
    static_assert(right<extents<int, 3, 4>>()(2, 3) == 11);
    static_assert(left<array_extents<2>>(shape(3, 4))(2, 3) == 11);
    static_assert(strided<array_extents<2>>(shape(3, 4), std::array{10, 2})(2, 3) == 26);
    static_assert(strided<array_extents<2>>(right<array_extents<2>>(shape(3, 4))).is_exhaustive());
    SUCCEED();
}

#ifndef NDEBUG
TEST(LayoutsDeathTest, RefuseMoreElementsThanCanBeCounted) {
    EXPECT_DEATH((void)right<array_extents<2>>(shape(i64{1} << 32, i64{1} << 31)), "precondition");
    EXPECT_DEATH((void)left<array_extents<2>>(shape(i64{1} << 32, i64{1} << 31)), "precondition");
    EXPECT_DEATH((void)strided<array_extents<1>>(shape(3), std::array{(i64{1} << 62)}),
                 "precondition");
}

TEST(LayoutsDeathTest, RefuseStridesThatOverlap) {
    EXPECT_DEATH((void)strided<array_extents<2>>(shape(3, 4), std::array{3, 1}), "precondition");
    EXPECT_DEATH((void)strided<array_extents<2>>(shape(3, 4), std::array{0, 1}), "precondition");
    EXPECT_DEATH((void)strided<array_extents<2>>(shape(3, 4), std::array{-4, 1}), "precondition");
    EXPECT_DEATH((void)strided<array_extents<2>>(shape(3, 3), std::array{2, 2}), "precondition");
    EXPECT_DEATH((void)strided<array_extents<2>>(shape(3, 4), std::array{6, 2}), "precondition");
}

TEST(LayoutsDeathTest, RefuseStridesOfAnotherLayout) {
    strided<array_extents<2>> const of_right = right<array_extents<2>>(shape(3, 4));
    EXPECT_DEATH((void)left<array_extents<2>>(of_right), "precondition");
    strided<array_extents<2>> const of_left = left<array_extents<2>>(shape(3, 4));
    EXPECT_DEATH((void)right<array_extents<2>>(of_left), "precondition");
    shifted::mapping<array_extents<2>> const moved{shape(3, 4), 1};
    EXPECT_DEATH((void)strided<array_extents<2>>(moved), "precondition");
}
#endif

} // namespace
} // namespace shmwin
