// SPDX-License-Identifier: MIT
// mdspan beyond what tests/view/standard says of the standard's too: operator(), layouts that
// throw, indices that are not copied, checks, and what ours promises not to cost.
#include "shmwin/base/error.hpp"
#include "shmwin/view/mdspan.hpp"

#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

template <typename T, std::size_t N, typename Layout = layout_right>
using view = mdspan<T, array_extents<N>, Layout>;

template <typename M, typename... I>
concept callable = requires(M const& m, I... i) {
    m(i...);
};
template <typename M, typename I>
concept subscriptable = requires(M const& m, I i) {
    m[i];
};

constexpr std::array<int, 2> two_ints{7, 8};

// Reads elements times a factor: a reference that is no reference, and an accessor with a state.
struct scaling {
    using offset_policy = scaling;
    using element_type = double const;
    using reference = double;
    using data_handle_type = double const*;

    explicit scaling(double f) : factor(f) {}
    [[nodiscard]] double access(data_handle_type p, std::size_t i) const { return factor * p[i]; }
    [[nodiscard]] static data_handle_type offset(data_handle_type p, std::size_t i) {
        return p + i;
    }
    double factor;
};

// An index that can be read where it is, and nowhere else.
class settled_index {
  public:
    constexpr explicit settled_index(int value) : value_(value) {}
    settled_index(settled_index const&) = delete;
    settled_index(settled_index&&) = delete;
    settled_index& operator=(settled_index const&) = delete;
    settled_index& operator=(settled_index&&) = delete;
    ~settled_index() = default;
    constexpr operator int() const& noexcept { return value_; } // NOLINT: the test's point
    operator int() && = delete;                                 // NOLINT: the test's point

  private:
    int value_;
};

// A layout that cannot take an extent of 13.
struct superstitious {
    template <typename Extents>
    struct mapping : layout_right::mapping<Extents> {
        using layout_type = superstitious;
        using layout_right::mapping<Extents>::mapping;
        mapping() = default;
        mapping(Extents const& e) : layout_right::mapping<Extents>(e) { // NOLINT: as the standard's
            if (e.extent(0) == 13) throw std::domain_error("13");
        }
        template <typename Other>
        explicit mapping(mapping<Other> const& other) : mapping(Extents(other.extents())) {}
    };
};

// An accessor that must not be swapped by moves.
struct swapped_by_hand : default_accessor<int> {
    using offset_policy = swapped_by_hand;
    int n_swaps = 0;
    friend constexpr void swap(swapped_by_hand& a, swapped_by_hand& b) noexcept {
        ++a.n_swaps;
        ++b.n_swaps;
    }
};

std::vector<int> counting(std::size_t n) {
    std::vector<int> v(n);
    std::iota(v.begin(), v.end(), 0);
    return v;
}

TEST(Mdspan, IsAsSmallAsWhatItKnows) {
    static_assert(sizeof(mdspan<double, extents<i64, 3, 4>>) == sizeof(double*));
    static_assert(sizeof(mdspan<double, extents<i64>, layout_stride>) == sizeof(double*));
    static_assert(sizeof(mdspan<double, extents<i64, 3, dyn>>) == 16);
    static_assert(sizeof(view<double, 2>) == 24);
    static_assert(sizeof(view<double, 2, layout_left>) == 24);
    static_assert(sizeof(view<double, 2, layout_stride>) == 40);
}

TEST(Mdspan, IsTriviallyCopyableAndNeverThrows) {
    static_assert(std::is_trivially_copyable_v<view<double, 2>>);
    static_assert(std::is_trivially_copyable_v<mdspan<int, extents<int, 3>, layout_stride>>);
    static_assert(std::is_nothrow_default_constructible_v<view<double, 2>>);
    static_assert(std::is_nothrow_constructible_v<view<double, 2>, double*, int, int>);
    static_assert(std::is_nothrow_constructible_v<view<double, 2>, double*, array_extents<2>>);
    static_assert(std::is_nothrow_constructible_v<view<double const, 2>, view<double, 2>>);
    static_assert(std::is_nothrow_move_assignable_v<view<double, 2>>);
    static_assert(std::is_nothrow_swappable_v<view<double, 2>>);
}

TEST(Mdspan, ReachesElementsInZeroToFiveDimensions) {
    auto v = counting(720);
    EXPECT_EQ((mdspan<int, extents<int>>(&v[7])()), 7);
    EXPECT_EQ((view<int, 1>(v.data(), 9)(8)), 8);
    EXPECT_EQ((view<int, 3>(v.data(), 2, 3, 4)(1, 2, 3)), 23);
    EXPECT_EQ((view<int, 3, layout_left>(v.data(), 2, 3, 4)(1, 0, 2)), 1 + 2 * 6);
    EXPECT_EQ((view<int, 4>(v.data(), 2, 3, 4, 5)(1, 1, 1, 1)), 60 + 20 + 5 + 1);
    view<int, 5> const five(v.data(), 2, 3, 4, 5, 6);
    int expected = 0;
    for (int i = 0; i < 2; ++i)
        for (unsigned j = 0; j < 3; ++j)
            for (std::int8_t k = 0; k < 4; ++k)
                for (std::size_t l = 0; l < 5; ++l)
                    for (i64 m = 0; m < 6; ++m)
                        ASSERT_EQ(five(i, j, k, l, m), expected++);
}

TEST(Mdspan, CopiesNoIndexOfAnArray) {
    auto v = counting(12);
    view<int, 2> const m(v.data(), 3, 4);
    std::array<settled_index, 2> const at{settled_index(2), settled_index(1)};
    EXPECT_EQ(m[at], 9);
    EXPECT_EQ(m[(std::span<settled_index const, 2>(at))], 9);
    EXPECT_EQ(m.at(at), 9);
    EXPECT_EQ((array_extents<2>(at)), shape(2, 1));
    layout_stride::mapping<array_extents<2>> const map(shape(1, 2), at);
    EXPECT_EQ(map.stride(0), 2);
}

TEST(Mdspan, ChecksIndicesAtRequest) {
    auto v = counting(12);
    view<int, 2> const m(v.data(), 3, 4);
    EXPECT_EQ(&m.at(2, 3), &m(2, 3));
    EXPECT_EQ(&m.at(std::array{2, 3}), &m(2, 3));
    std::array<short, 2> const beyond{0, 4};
    EXPECT_THROW((void)m.at(3, 0), std::out_of_range);
    EXPECT_THROW((void)m.at(-1, 0), std::out_of_range);
    EXPECT_THROW((void)m.at(0, ~std::uint64_t{0}), out_of_range);
    EXPECT_THROW((void)m.at(beyond), out_of_range);
    EXPECT_THROW((void)m.at(std::span<short const, 2>(beyond)), out_of_range);
    EXPECT_THROW((void)(mdspan<int, extents<std::int8_t, 12>>(v.data()).at(256)), out_of_range);
    EXPECT_EQ((mdspan<int, extents<int>>(&v[7]).at()), 7);
    static_assert(mdspan<int const, extents<int, 2>>(two_ints.data()).at(1) == 8);
    try {
        (void)m.at(0, -4);
        FAIL() << "no such element";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::out_of_range);
        EXPECT_STREQ(e.what(), "no such element (index -4 of dimension 1, whose extent is 4)");
    }
}

TEST(Mdspan, LetsItsLayoutThrow) {
    using m1 = mdspan<int, array_extents<1>, superstitious>;
    using m2 = mdspan<int, extents<i64, 13>, superstitious>;
    auto v = counting(13);
    EXPECT_EQ(m1(v.data(), 12).extent(0), 12);
    EXPECT_THROW(m1(v.data(), 13), std::domain_error);
    EXPECT_THROW(m1(v.data(), std::array{13}), std::domain_error);
    EXPECT_THROW(m1(v.data(), shape(13)), std::domain_error);
    static_assert(!std::is_nothrow_constructible_v<m1, int*, int>);
    static_assert(!std::is_nothrow_constructible_v<m1, m2>);
    static_assert(std::is_nothrow_constructible_v<m1, int*, m1::mapping_type const&>);
}

TEST(Mdspan, SwapsItsPartsAsTheyWantIt) {
    using m = mdspan<int, array_extents<1>, layout_right, swapped_by_hand>;
    m a(nullptr, 0);
    m b(nullptr, 0);
    swap(a, b);
    EXPECT_EQ(a.accessor().n_swaps, 1);
    EXPECT_EQ(b.accessor().n_swaps, 1);
}

TEST(Mdspan, ReachesElementsOfOneDimensionByBrackets) {
    auto v = counting(12);
    view<int, 1> const m(v.data(), 12);
    EXPECT_EQ(&m[3], &v[3]);
    static_assert(!subscriptable<view<int, 2>, int>);
#ifdef __cpp_multidimensional_subscript
    view<int, 2> const two(v.data(), 3, 4);
    EXPECT_EQ((two[2, 1]), 9);
    EXPECT_EQ((mdspan<int, extents<int>>(&v[7])[]), 7);
#endif
}

TEST(Mdspan, TakesAsManyIndicesAsDimensions) {
    static_assert(callable<view<int, 2>, int, unsigned>);
    static_assert(callable<view<int, 2>, std::integral_constant<int, 1>, short>);
    static_assert(!callable<view<int, 2>, int>);
    static_assert(!callable<view<int, 2>, int, int, int>);
    static_assert(!callable<view<int, 2>, int, char const*>);
    static_assert(callable<view<int, 0>>);
}

TEST(Mdspan, WritesThroughAConstView) {
    std::vector<double> v(6);
    view<double, 2> const m(v.data(), 2, 3);
    m(1, 2) = 5;
    EXPECT_EQ(v[5], 5.0);
    view<double const, 2> const read = m;
    EXPECT_EQ(&read(1, 2), &v[5]);
    static_assert(!std::is_assignable_v<decltype(read(0, 0)), double>);
}

TEST(Mdspan, UsesItsAccessor) {
    std::vector<double> const v{1, 2, 3, 4, 5, 6};
    layout_right::mapping<array_extents<2>> const map(shape(2, 3));
    mdspan const m(v.data(), map, scaling(10));
    EXPECT_EQ(m(1, 2), 60.0);
    EXPECT_EQ(m.accessor().factor, 10.0);
    static_assert(!std::is_constructible_v<decltype(m), double const*, int, int>);
}

constexpr int sum_of_constants() {
    std::array<int, 6> a{1, 2, 3, 4, 5, 6};
    mdspan<int, extents<int, 2, 3>> const m(a.data());
    mdspan<int const, array_extents<2>, layout_stride> const s = m;
    m(1, 2) = 60;
    return m(0, 0) + s(1, 2) + static_cast<int>(s.size());
}

TEST(Mdspan, WorksInConstantExpressions) {
    static_assert(sum_of_constants() == 67);
    SUCCEED();
}

#ifndef NDEBUG
TEST(MdspanDeathTest, RefusesIndicesOutOfBounds) {
    auto v = counting(12);
    view<int, 2> const m(v.data(), 3, 4);
    EXPECT_DEATH((void)m(3, 0), "precondition");
    EXPECT_DEATH((void)m(0, 4), "precondition");
    EXPECT_DEATH((void)m(-1, 0), "precondition");
    EXPECT_DEATH((void)m(std::size_t{0} - 1, 0), "precondition");
    EXPECT_DEATH((void)m[(std::array{0, -1})], "precondition");
    mdspan<int, extents<std::int8_t, 12>> const narrow(v.data());
    EXPECT_DEATH((void)narrow(256), "precondition"); // 0, were it converted first
    mdspan<int, extents<int, 0>> const none(v.data());
    EXPECT_DEATH((void)none(0), "precondition");
}
#endif

} // namespace
} // namespace shmwin
