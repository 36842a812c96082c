// SPDX-License-Identifier: MIT
// extents: which conversions there are, and what they keep.
#include "shmwin/view/extents.hpp"

#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

namespace shmwin {
namespace {

using namespace test;

template <typename T>
inline constexpr bool is_plain =
    std::is_trivially_copyable_v<T>&& std::is_nothrow_default_constructible_v<T>&&
        std::is_nothrow_copy_constructible_v<T>&& std::is_nothrow_copy_assignable_v<T>;

struct convertible_index {
    int value;
    constexpr operator int() const noexcept { return value; } // NOLINT: the test's point
};
struct throwing_index {
    operator int() const { return 1; } // NOLINT: the test's point
};

TEST(Extents, AreDextentsWithTheUsualTypes) {
    static_assert(std::is_same_v<dextents<int, 3>, extents<int, dyn, dyn, dyn>>);
    static_assert(std::is_same_v<dextents<int, 0>, extents<int>>);
    static_assert(std::is_same_v<array_extents<2>, extents<i64, dyn, dyn>>);
    static_assert(std::is_same_v<dims<1, int>, extents<int, dyn>>);
    static_assert(std::is_same_v<dims<2>, extents<std::size_t, dyn, dyn>>);
    static_assert(std::is_same_v<extents<i64, 3>::index_type, i64>);
    static_assert(std::is_same_v<extents<i64, 3>::size_type, std::uint64_t>);
    static_assert(std::is_same_v<extents<i64, 3>::rank_type, std::size_t>);
}

TEST(Extents, AreTriviallyCopyable) {
    static_assert(is_plain<extents<i64>>);
    static_assert(is_plain<extents<i64, 3, 4>>);
    static_assert(is_plain<extents<i64, 3, dyn>>);
    static_assert(is_plain<array_extents<5>>);
}

TEST(Extents, KeepOnlyDynamicOnesInMemory) {
    static_assert(std::is_empty_v<extents<i64>>);
    static_assert(std::is_empty_v<extents<i64, 3, 4>>);
    static_assert(sizeof(extents<i64, 3, dyn, 4>) == sizeof(i64));
    static_assert(sizeof(dextents<std::int32_t, 3>) == 3 * sizeof(std::int32_t));
    static_assert(sizeof(array_extents<5>) == 5 * sizeof(i64));
}

TEST(Extents, MixStaticAndDynamic) {
    using mixed = extents<i64, 3, dyn, 4, dyn>;
    constexpr mixed e(7, 0);
    static_assert(mixed::rank() == 4 && mixed::rank_dynamic() == 2);
    static_assert(mixed::static_extent(0) == 3 && mixed::static_extent(1) == dyn);
    static_assert(mixed::static_extent(2) == 4 && mixed::static_extent(3) == dyn);
    static_assert(e.extent(0) == 3 && e.extent(1) == 7 && e.extent(2) == 4 && e.extent(3) == 0);
    constexpr mixed all(3, 7, 4, 0);
    static_assert(e == all);
    EXPECT_EQ(e, all);
}

TEST(Extents, AreZeroByDefaultWhereDynamic) {
    constexpr extents<int, dyn, 5, dyn> e;
    EXPECT_EQ(e.extent(0), 0);
    EXPECT_EQ(e.extent(1), 5);
    EXPECT_EQ(e.extent(2), 0);
}

TEST(Extents, WithoutDimensions) {
    constexpr extents<int> none;
    static_assert(extents<int>::rank() == 0 && extents<int>::rank_dynamic() == 0);
    EXPECT_EQ(none, shape());
}

TEST(Extents, TakeArraysAndSpans) {
    std::array<short, 3> const all{3, 7, 4};
    std::array<unsigned, 1> const dynamic{7};
    using mixed = extents<i64, 3, dyn, 4>;
    EXPECT_EQ(mixed(all), mixed(7));
    EXPECT_EQ(mixed(dynamic), mixed(7));
    EXPECT_EQ(mixed(std::span<short const, 3>(all)), mixed(7));
    EXPECT_EQ(mixed(std::span<unsigned const, 1>(dynamic)), mixed(7));

    static_assert(std::is_convertible_v<std::array<unsigned, 1>, mixed>);
    static_assert(explicit_only<std::array<short, 3>, mixed>);
    static_assert(std::is_convertible_v<std::span<int, 1>, mixed>);
    static_assert(explicit_only<std::span<int, 3>, mixed>);
    static_assert(!std::is_constructible_v<mixed, std::array<int, 2>>);
    static_assert(!std::is_constructible_v<mixed, std::span<int>>);
    static_assert(!std::is_constructible_v<mixed, std::array<throwing_index, 1>>);
}

TEST(Extents, TakeAnythingThatBecomesAnIndex) {
    EXPECT_EQ((extents<int, dyn>(convertible_index{5})).extent(0), 5);
    EXPECT_EQ((extents<int, dyn>(std::uint64_t{5})).extent(0), 5);
    EXPECT_EQ((extents<int, dyn>(std::integral_constant<int, 5>{})).extent(0), 5);
    static_assert(explicit_only<int, extents<int, dyn>>);
    static_assert(!std::is_constructible_v<extents<int, dyn>, throwing_index>);
    static_assert(!std::is_constructible_v<extents<int, dyn>, char const*>);
    static_assert(!std::is_constructible_v<array_extents<3>, int, int>);
    static_assert(std::is_constructible_v<extents<int, 2, dyn, 4>, int>);
    static_assert(!std::is_constructible_v<extents<int, 2, dyn, 4>, int, int>);
    static_assert(std::is_constructible_v<extents<int, 2, dyn, 4>, int, int, int>);
}

TEST(Extents, ConvertImplicitlyOnlyWhereNothingCanGoWrong) {
    static_assert(std::is_convertible_v<extents<int, 3>, extents<int, dyn>>);
    static_assert(std::is_convertible_v<extents<int, 3>, extents<i64, 3>>);
    static_assert(std::is_convertible_v<extents<int, 3, dyn>, array_extents<2>>);
    static_assert(explicit_only<extents<int, dyn>, extents<int, 3>>);
    static_assert(explicit_only<extents<i64, 3>, extents<int, 3>>);
    static_assert(explicit_only<extents<std::uint64_t, 3>, extents<i64, 3>>);
    static_assert(std::is_convertible_v<extents<i64, 3>, extents<std::uint64_t, 3>>);
    static_assert(!std::is_constructible_v<extents<int, 3>, extents<int, 4>>);
    static_assert(!std::is_constructible_v<array_extents<2>, array_extents<3>>);
    static_assert(!std::is_constructible_v<array_extents<2>, array_extents<1>>);

    extents<std::int32_t, 3, dyn> const from(5);
    array_extents<2> const to = from;
    EXPECT_EQ(to.extent(0), 3);
    EXPECT_EQ(to.extent(1), 5);
    EXPECT_EQ((extents<short, dyn, 5>(to)), from);
}

TEST(Extents, CompareByValueWhateverTheTypes) {
    EXPECT_TRUE((extents<int, 3, 4>() == array_extents<2>(3, 4)));
    EXPECT_TRUE((extents<unsigned, 3, dyn>(4) == extents<i64, dyn, 4>(3)));
    EXPECT_FALSE((array_extents<2>(3, 4) == array_extents<2>(4, 3)));
    EXPECT_TRUE((array_extents<2>(3, 4) != array_extents<2>(3, 5)));
    EXPECT_FALSE((array_extents<2>(3, 1) == array_extents<1>(3)));
    EXPECT_FALSE((extents<int>() == array_extents<1>(1)));
}

TEST(Extents, AreDeducedAsTheStandardsAre) {
    extents const e(3, std::uint64_t{4});
    static_assert(std::is_same_v<decltype(e), dims<2> const>);
    EXPECT_EQ(e.extent(1), 4U);
    extents const s(std::integral_constant<int, 3>{}, 4);
    static_assert(std::is_same_v<decltype(s), extents<std::size_t, 3, dyn> const>);
    EXPECT_EQ(s.extent(0), 3U);
    EXPECT_EQ(s.extent(1), 4U);
}

TEST(Extents, HoldTheLargestValues) {
    constexpr auto most = std::numeric_limits<i64>::max();
    EXPECT_EQ(array_extents<1>(most).extent(0), most);
    EXPECT_EQ((extents<std::uint8_t, 255>().extent(0)), 255);
    EXPECT_EQ((extents<std::uint64_t, dyn>(~std::uint64_t{0}).extent(0)), ~std::uint64_t{0});
}

TEST(Extents, TellWhetherTheirElementsCanBeCounted) {
    using detail::is_countable;
    EXPECT_TRUE(is_countable(extents<i64>()));
    EXPECT_TRUE(is_countable(shape(i64{1} << 31, i64{1} << 31)));
    EXPECT_FALSE(is_countable(shape(i64{1} << 32, i64{1} << 31)));
    EXPECT_TRUE(is_countable(shape(i64{1} << 32, i64{1} << 32, 0)));
    EXPECT_TRUE(is_countable(shape(std::numeric_limits<i64>::max(), 1)));
    EXPECT_FALSE(is_countable(shape(std::numeric_limits<i64>::max(), 2)));
    EXPECT_TRUE(is_countable(extents<std::uint8_t, 15, 17>()));
    EXPECT_FALSE(is_countable(extents<std::uint8_t, 16, 16>()));
}

TEST(Shape, TakesIntegersOfAnyKind) {
    constexpr auto e = shape(3, 4U, std::int8_t{5}, std::uint64_t{6}, 0);
    static_assert(std::is_same_v<decltype(e), array_extents<5> const>);
    static_assert(e == extents<int, 3, 4, 5, 6, 0>());
    static_assert(std::is_same_v<decltype(shape()), array_extents<0>>);
    EXPECT_EQ(e.extent(3), 6);
}

template <typename... T>
concept has_shape = requires(T... n) {
    shape(n...);
};

TEST(Shape, TakesNothingElse) {
    static_assert(has_shape<int, long, unsigned>);
    static_assert(!has_shape<double>);
    static_assert(!has_shape<int, bool>);
    static_assert(!has_shape<char const*>);
}

#ifndef NDEBUG
TEST(ExtentsDeathTest, RefuseWhatIsNoExtent) {
    EXPECT_DEATH((void)shape(3, -1), "precondition");
    EXPECT_DEATH((void)shape(~std::uint64_t{0}), "precondition");
    EXPECT_DEATH((void)(extents<std::int8_t, dyn>(128)), "precondition");
    EXPECT_DEATH((void)(extents<int, 3, dyn>(4, 4)), "precondition");
    EXPECT_DEATH((void)(extents<int, 3>(array_extents<1>(4))), "precondition");
    EXPECT_DEATH((void)(extents<int, dyn>(convertible_index{-1})), "precondition");
    EXPECT_DEATH((void)shape(3).extent(1), "precondition");
}
#endif

} // namespace
} // namespace shmwin
