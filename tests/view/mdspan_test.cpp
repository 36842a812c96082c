// SPDX-License-Identifier: MIT
// mdspan: every constructor, what is deduced, what converts, and which element is reached.
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
#include <utility>
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

struct base {
    int b;
};
struct derived : base {
    int d;
};

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

TEST(DefaultAccessor, AddsConstAndNothingElse) {
    static_assert(std::is_empty_v<default_accessor<int>>);
    static_assert(std::is_trivially_copyable_v<default_accessor<int>>);
    static_assert(std::is_convertible_v<default_accessor<int>, default_accessor<int const>>);
    static_assert(!std::is_constructible_v<default_accessor<int>, default_accessor<int const>>);
    static_assert(!std::is_constructible_v<default_accessor<base>, default_accessor<derived>>);
    std::array a{1, 2, 3};
    constexpr default_accessor<int> access;
    EXPECT_EQ(&access.access(a.data(), 2), &a[2]);
    EXPECT_EQ(access.offset(a.data(), 2), &a[2]);
}

TEST(Mdspan, NamesItsTypes) {
    using m = mdspan<int const, extents<short, 3, dyn>>;
    static_assert(std::is_same_v<m::element_type, int const>);
    static_assert(std::is_same_v<m::value_type, int>);
    static_assert(std::is_same_v<m::index_type, short>);
    static_assert(std::is_same_v<m::size_type, unsigned short>);
    static_assert(std::is_same_v<m::rank_type, std::size_t>);
    static_assert(std::is_same_v<m::reference, int const&>);
    static_assert(std::is_same_v<m::data_handle_type, int const*>);
    static_assert(std::is_same_v<m::layout_type, layout_right>);
    static_assert(std::is_same_v<m::accessor_type, default_accessor<int const>>);
    static_assert(m::rank() == 2 && m::rank_dynamic() == 1);
    static_assert(m::static_extent(0) == 3 && m::static_extent(1) == dyn);
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

TEST(Mdspan, ViewsNothingByDefault) {
    constexpr view<int, 2> m;
    EXPECT_EQ(m.data_handle(), nullptr);
    EXPECT_EQ(m.size(), 0U);
    EXPECT_TRUE(m.empty());
    static_assert(!std::is_default_constructible_v<mdspan<int, extents<int, 3>>>);
    static_assert(!std::is_default_constructible_v<
                  mdspan<double const, array_extents<1>, layout_right, scaling>>);
}

TEST(Mdspan, IsMadeFromExtentsOfAnyForm) {
    auto v = counting(12);
    using mixed = mdspan<int, extents<i64, dyn, 4>>;
    std::array<short, 1> const dynamic{3};
    std::array<short, 2> const all{3, 4};
    for (auto const& m : {mixed(v.data(), 3),
                          mixed(v.data(), 3U, 4),
                          mixed(v.data(), dynamic),
                          mixed(v.data(), all),
                          mixed(v.data(), std::span<short const, 1>(dynamic)),
                          mixed(v.data(), std::span<short const, 2>(all)),
                          mixed(v.data(), extents<i64, dyn, 4>(3)),
                          mixed(v.data(), mixed::mapping_type(extents<i64, dyn, 4>(3))),
                          mixed(v.data(), extents<i64, dyn, 4>(3), default_accessor<int>())}) {
        EXPECT_EQ(m.extents(), shape(3, 4));
        EXPECT_EQ(m(2, 1), 9);
        EXPECT_EQ(m.data_handle(), v.data());
    }
    static_assert(!std::is_constructible_v<mixed, int*>);
    static_assert(!std::is_constructible_v<mixed, int*, int, int, int>);
    static_assert(!std::is_constructible_v<mixed, int*, char const*>);
    static_assert(!std::is_constructible_v<mixed, double*, int>);
    static_assert(explicit_only<int*, mdspan<int, extents<int, 3>>>);
    // Extents do not make strides.
    static_assert(!std::is_constructible_v<view<int, 2, layout_stride>, int*, int, int>);
    static_assert(!std::is_constructible_v<view<int, 2, layout_stride>, int*, array_extents<2>>);
}

template <typename To, typename... From>
concept implicitly_made = requires(void (*take)(To), From... from) {
    take({from...});
};

TEST(Mdspan, IsMadeImplicitlyOnlyFromDynamicExtents) {
    using mixed = mdspan<int, extents<i64, dyn, 4>>;
    static_assert(implicitly_made<mixed, int*, std::array<int, 1>>);
    static_assert(!implicitly_made<mixed, int*, std::array<int, 2>>);
    static_assert(implicitly_made<mixed, int*, std::span<int, 1>>);
    static_assert(!implicitly_made<mixed, int*, std::span<int, 2>>);
    static_assert(implicitly_made<mixed, int*, extents<i64, dyn, 4>>);
    static_assert(!implicitly_made<mixed, int*, int>);
}

// NOLINTBEGIN(*-avoid-c-arrays, *-array-to-pointer-decay): C arrays are a case of their own
TEST(Mdspan, DeducesItsType) {
    std::array<int, 12> a{};
    int c[6] = {0, 1, 2, 3, 4, 5};
    int* p = a.data();
    int const* q = a.data();

    static_assert(std::is_same_v<decltype(mdspan(c)), mdspan<int, extents<std::size_t, 6>>>);
    static_assert(std::is_same_v<decltype(mdspan(p)), mdspan<int, extents<std::size_t>>>);
    static_assert(std::is_same_v<decltype(mdspan(q)), mdspan<int const, extents<std::size_t>>>);
    static_assert(std::is_same_v<decltype(mdspan(p, 3, 4U)), mdspan<int, dims<2>>>);
    static_assert(std::is_same_v<decltype(mdspan(p, std::integral_constant<int, 3>{}, 4)),
                                 mdspan<int, extents<std::size_t, 3, dyn>>>);
    static_assert(std::is_same_v<decltype(mdspan(p, std::array{3, 4})), mdspan<int, dims<2>>>);
    std::array const n{3, 4};
    static_assert(std::is_same_v<decltype(mdspan(p, std::span(n))), mdspan<int, dims<2>>>);
    static_assert(std::is_same_v<decltype(mdspan(q, extents<short, 3, dyn>(4))),
                                 mdspan<int const, extents<short, 3, dyn>>>);
    static_assert(std::is_same_v<decltype(mdspan(p, shape(3, 4))), view<int, 2>>);
    using left = layout_left::mapping<array_extents<2>>;
    static_assert(
        std::is_same_v<decltype(mdspan(p, left(shape(3, 4)))), view<int, 2, layout_left>>);
    static_assert(
        std::is_same_v<decltype(mdspan(std::declval<double const*>(), left(), scaling(2))),
                       mdspan<double const, array_extents<2>, layout_left, scaling>>);
    EXPECT_EQ(mdspan(c)(5), 5);
    EXPECT_EQ(&mdspan(p)(), p);
    EXPECT_EQ(&mdspan(q)(), p);
}
// NOLINTEND(*-avoid-c-arrays, *-array-to-pointer-decay)

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

TEST(Mdspan, ReachesElementsByArrayAndSpan) {
    auto v = counting(12);
    view<int, 2> const m(v.data(), 3, 4);
    std::array<unsigned, 2> const at{2, 1};
    EXPECT_EQ(m[at], 9);
    EXPECT_EQ(m[(std::span<unsigned const, 2>(at))], 9);
    EXPECT_EQ((mdspan<int, extents<int>>(&v[7])[std::array<int, 0>{}]), 7);
    EXPECT_EQ((view<int, 1>(v.data(), 12)[std::array{5}]), 5);
    static_assert(!subscriptable<view<int, 2>, std::array<int, 3>>);
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

TEST(Mdspan, KnowsItsSizes) {
    auto v = counting(60);
    view<int, 3> const m(v.data(), 3, 4, 5);
    EXPECT_EQ(m.size(), 60U);
    EXPECT_FALSE(m.empty());
    EXPECT_EQ(m.extent(1), 4);
    EXPECT_EQ(m.stride(0), 20);
    EXPECT_EQ(m.stride(2), 1);
    EXPECT_EQ((mdspan<int, extents<int>>(v.data()).size()), 1U);
    EXPECT_FALSE((mdspan<int, extents<int>>(v.data()).empty()));
    for (auto const& e : {shape(0, 4, 5), shape(3, 0, 5), shape(3, 4, 0)}) {
        EXPECT_EQ((view<int, 3>(v.data(), e).size()), 0U);
        EXPECT_TRUE((view<int, 3>(v.data(), e).empty()));
    }
    EXPECT_EQ((mdspan<int, extents<std::uint8_t, 15, 17>>(nullptr).size()), 255);
}

TEST(Mdspan, SaysWhatItsMappingIs) {
    auto v = counting(60);
    view<int, 2, layout_stride> const m(v.data(), {shape(3, 4), std::array{10, 2}});
    EXPECT_EQ(m(2, 3), 26);
    EXPECT_EQ(m.stride(1), 2);
    EXPECT_TRUE(m.is_unique() && m.is_strided());
    EXPECT_FALSE(m.is_exhaustive());
    using strided = view<int, 2, layout_stride>;
    static_assert(strided::is_always_unique() && strided::is_always_strided());
    static_assert(!strided::is_always_exhaustive());
    static_assert(view<int, 2>::is_always_exhaustive());
    EXPECT_TRUE((view<int, 2>(v.data(), 3, 4).is_exhaustive()));
}

TEST(Mdspan, ConvertsAsItsPartsDo) {
    using fixed = mdspan<int, extents<i64, 3, 4>>;
    static_assert(std::is_convertible_v<view<int, 2>, view<int const, 2>>);
    static_assert(!std::is_constructible_v<view<int, 2>, view<int const, 2>>);
    static_assert(!std::is_constructible_v<view<base, 1>, view<derived, 1>>);
    static_assert(std::is_convertible_v<fixed, view<int, 2>>);
    static_assert(explicit_only<view<int, 2>, fixed>);
    static_assert(explicit_only<view<int, 2>, mdspan<int, dextents<int, 2>>>);
    static_assert(std::is_convertible_v<fixed, view<int const, 2, layout_stride>>);
    static_assert(std::is_convertible_v<view<int, 2, layout_left>, view<int, 2, layout_stride>>);
    static_assert(explicit_only<view<int, 2, layout_stride>, view<int, 2>>);
    static_assert(!std::is_constructible_v<view<int, 2>, view<int, 2, layout_left>>);
    static_assert(std::is_convertible_v<view<int, 1, layout_left>, view<int, 1>>);
    static_assert(!std::is_constructible_v<view<int, 2>, view<int, 3>>);
    static_assert(!std::is_constructible_v<fixed, mdspan<int, extents<i64, 4, 3>>>);

    auto v = counting(12);
    fixed const f(v.data());
    view<int const, 2, layout_stride> const s = f;
    EXPECT_EQ(&s(2, 1), &f(2, 1));
    EXPECT_EQ((fixed(view<int, 2>(v.data(), 3, 4))(2, 1)), 9);
}

TEST(Mdspan, Swaps) {
    auto v = counting(12);
    view<int, 2> a(v.data(), 3, 4);
    view<int, 2> b(v.data() + 1, 1, 2);
    swap(a, b);
    EXPECT_EQ(a.extent(1), 2);
    EXPECT_EQ(a(0, 0), 1);
    EXPECT_EQ(b.extents(), shape(3, 4));
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
