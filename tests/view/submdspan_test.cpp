// SPDX-License-Identifier: MIT
// submdspan, section by section of the C++26 working draft (P2630R4, P2642R6, P3355):
// [mdspan.sub.overview], [mdspan.sub.sub]. Places and layouts: submdspan_mapping_test.cpp.
#include "shmwin/view/aligned_accessor.hpp"
#include "shmwin/view/submdspan.hpp"

#include "support/slices.hpp"
#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <tuple>
#include <type_traits>
#include <utility>

// A layout of somebody else, who knows nothing of us but the names: right, from the end on.
namespace elsewhere {

struct reversed {
    template <typename Extents>
    struct mapping {
        using extents_type = Extents;
        using index_type = typename Extents::index_type;
        using size_type = typename Extents::size_type;
        using rank_type = typename Extents::rank_type;
        using layout_type = reversed;

        shmwin::layout_right::mapping<Extents> base;

        [[nodiscard]] constexpr Extents const& extents() const { return base.extents(); }
        template <typename... I>
        [[nodiscard]] constexpr index_type operator()(I... i) const {
            return static_cast<index_type>(base.required_span_size() - 1 - base(i...));
        }
        [[nodiscard]] constexpr index_type required_span_size() const {
            return base.required_span_size();
        }
        static constexpr bool is_always_unique() { return true; }
        static constexpr bool is_always_exhaustive() { return true; }
        static constexpr bool is_always_strided() { return false; }
        [[nodiscard]] static constexpr bool is_unique() { return true; }
        [[nodiscard]] static constexpr bool is_exhaustive() { return true; }
        [[nodiscard]] static constexpr bool is_strided() { return false; }
        friend constexpr bool operator==(mapping const& a, mapping const& b) = default;
    };
};

// Rows only: one index, then all.
template <typename Extents, typename Index>
requires std::is_convertible_v<Index, typename Extents::index_type>
constexpr auto
submdspan_mapping(reversed::mapping<Extents> const& src, Index i, shmwin::full_extent_t all) {
    auto const sub = submdspan_extents(src.extents(), i, all);
    using result = reversed::mapping<std::remove_const_t<decltype(sub)>>;
    auto const last = src(i, src.extents().extent(1) - 1);
    return shmwin::submdspan_mapping_result<result>{{sub}, static_cast<std::size_t>(last)};
}

// A layout whose slices are not what was asked for.
struct careless : reversed {
    template <typename Extents>
    struct mapping : reversed::mapping<Extents> {
        using layout_type = careless;
    };
};
template <typename Extents>
constexpr auto submdspan_mapping(careless::mapping<Extents> const& src, shmwin::full_extent_t) {
    using result = shmwin::layout_right::mapping<Extents>;
    return shmwin::submdspan_mapping_result<result>{result(Extents(src.extents().extent(0) - 1)),
                                                    0};
}

} // namespace elsewhere

namespace shmwin {
namespace {

using namespace test;

class Submdspan : public testing::Test {
  protected:
    Submdspan() { std::iota(memory.begin(), memory.end(), 0); }
    alignas(64) std::array<int, 1000> memory{};
};

// --- [mdspan.sub.sub] effects --------------------------------------------------------------------

TEST_F(Submdspan, SeesTheElementsOfTheSource) {
    mdspan const a(memory.data(), shape(6, 7, 8));
    auto const b = submdspan(a, std::pair(1, 5), 3, strided_slice<int, int, int>{1, 6, 2});
    EXPECT_EQ(b.extents(), shape(4, 3));
    for (i64 i = 0; i < 4; ++i)
        for (i64 j = 0; j < 3; ++j)
            EXPECT_EQ(&b(i, j), &a(1 + i, 3, 1 + 2 * j));
    b(2, 2) = -1;
    EXPECT_EQ(a(3, 3, 5), -1);
}

TEST_F(Submdspan, IsAnMdspanOfTheLayoutOfItsMapping) {
    mdspan<int const, extents<int, 6, 7, 8>> const a(memory.data());
    auto const rows = submdspan(a, 2, full_extent, full_extent);
    static_assert(std::is_same_v<decltype(rows), mdspan<int const, extents<int, 7, 8>> const>);
    EXPECT_EQ(rows.data_handle(), &a(2, 0, 0));
    auto const block = submdspan(a, 2, full_extent, std::pair(constant<2>(), constant<5>()));
    static_assert(
        std::is_same_v<decltype(block),
                       mdspan<int const, extents<int, 7, 3>, layout_right_padded<8>> const>);
    EXPECT_EQ(block(6, 2), a(2, 6, 4));
    auto const column = submdspan(a, full_extent, 1, 1);
    static_assert(
        std::is_same_v<decltype(column), mdspan<int const, extents<int, 6>, layout_stride> const>);
    EXPECT_EQ(column.stride(0), 56);
    auto const element = submdspan(a, 5, 6, 7);
    static_assert(std::is_same_v<decltype(element), mdspan<int const, extents<int>> const>);
    EXPECT_EQ(element(), 6 * 7 * 8 - 1);
}

TEST_F(Submdspan, OfASliceIsASliceOfTheSource) {
    mdspan const a(memory.data(), shape(9, 10, 11));
    auto const b = submdspan(a, std::pair(2, 8), full_extent, std::pair(3, 9));
    auto const c = submdspan(b, strided_slice<int, int, int>{1, 5, 2}, 4, full_extent);
    auto const d = submdspan(c, 2, std::pair(1, 3));
    EXPECT_EQ(&c(2, 5), &a(7, 4, 8));
    EXPECT_EQ(&d(1), &a(7, 4, 5));
    static_assert(std::is_same_v<decltype(b)::layout_type, layout_right_padded<>>);
    static_assert(std::is_same_v<decltype(c)::layout_type, layout_stride>);
    // padded of padded
    auto const e = submdspan(a, 1, full_extent, std::pair(3, 9));
    auto const f = submdspan(e, std::pair(2, 7), std::pair(1, 3));
    static_assert(std::is_same_v<decltype(f)::layout_type, layout_right_padded<>>);
    EXPECT_EQ(&f(4, 1), &a(1, 6, 5));
}

TEST_F(Submdspan, TakesOurRanges) {
    mdspan const a(memory.data(), shape(6, 7));
    auto const mine = submdspan(a, range{2, 4}, full_extent);
    static_assert(std::is_same_v<decltype(mine), mdspan<int, array_extents<2>> const>);
    EXPECT_EQ(mine.extents(), shape(2, 7));
    EXPECT_EQ(&mine(0, 0), &a(2, 0));
}

TEST_F(Submdspan, OfNothingPointsToNothing) {
    mdspan<int, array_extents<2>> const nothing;
    auto const a = submdspan(nothing, full_extent, full_extent);
    EXPECT_EQ(a.data_handle(), nullptr);
    EXPECT_TRUE(a.empty());
    mdspan const some(memory.data(), shape(3, 4));
    auto const end = submdspan(some, std::pair(3, 3), 1);
    EXPECT_EQ(end.data_handle(), memory.data() + 12);
    EXPECT_TRUE(end.empty());
}

TEST_F(Submdspan, HasTheOffsetPolicyOfTheAccessor) {
    using accessor = aligned_accessor<int, 64>;
    mdspan<int, array_extents<2>, layout_right, accessor> const a(memory.data(), shape(8, 8));
    auto const b = submdspan(a, full_extent, std::pair(1, 4));
    static_assert(std::is_same_v<decltype(b)::accessor_type, default_accessor<int>>);
    EXPECT_EQ(&b(1, 0), memory.data() + 9);
}

// The example of the section.
template <typename T, typename E, typename L, typename A>
void zero_2d(mdspan<T, E, L, A> a) {
    static_assert(a.rank() == 2);
    for (int i = 0; i < a.extent(0); ++i)
        for (int j = 0; j < a.extent(1); ++j)
            a(i, j) = 0;
}

template <typename T, typename E, typename L, typename A>
void zero_surface(mdspan<T, E, L, A> grid3d) {
    static_assert(grid3d.rank() == 3);
    zero_2d(submdspan(grid3d, 0, full_extent, full_extent));
    zero_2d(submdspan(grid3d, full_extent, 0, full_extent));
    zero_2d(submdspan(grid3d, full_extent, full_extent, 0));
    zero_2d(submdspan(grid3d, grid3d.extent(0) - 1, full_extent, full_extent));
    zero_2d(submdspan(grid3d, full_extent, grid3d.extent(1) - 1, full_extent));
    zero_2d(submdspan(grid3d, full_extent, full_extent, grid3d.extent(2) - 1));
}

template <typename View>
void expect_zero_surface(View const& a) {
    zero_surface(a);
    for_each_index(a.extents(), [&a](auto const& i) {
        bool is_inner = true;
        for (std::size_t r = 0; r < 3; ++r)
            is_inner = is_inner && i[r] != 0 && i[r] != a.extent(r) - 1;
        EXPECT_EQ(a[i] != 0, is_inner);
    });
}

TEST_F(Submdspan, ZeroesASurface) {
    std::iota(memory.begin(), memory.end(), 1);
    expect_zero_surface(mdspan(memory.data(), shape(4, 5, 6)));
    std::iota(memory.begin(), memory.end(), 1);
    expect_zero_surface(mdspan<int, extents<int, 5, 4, 3>, layout_left>(memory.data()));
    std::iota(memory.begin(), memory.end(), 1);
    expect_zero_surface(
        mdspan<int, array_extents<3>, layout_right_padded<8>>(memory.data(), shape(4, 5, 6)));
}

// --- [mdspan.sub.overview]: layouts of others ----------------------------------------------------

TEST_F(Submdspan, AsksTheLayoutByArgumentDependentLookup) {
    using extents_type = array_extents<2>;
    elsewhere::reversed::mapping<extents_type> const m{shape(3, 4)};
    mdspan<int, extents_type, elsewhere::reversed> const a(memory.data(), m);
    ASSERT_EQ(a(0, 0), 11);
    auto const row = submdspan(a, 1, full_extent);
    static_assert(
        std::is_same_v<decltype(row), mdspan<int, array_extents<1>, elsewhere::reversed> const>);
    for (i64 j = 0; j < 4; ++j)
        EXPECT_EQ(&row(j), &a(1, j));
}

// --- [mdspan.sub.sub] constraints ----------------------------------------------------------------

template <typename View, typename... Slices>
concept sliceable = requires(View const& v, Slices... slices) {
    submdspan(v, slices...);
};
using matrix = mdspan<int, array_extents<2>>;
using reversed_matrix = mdspan<int, array_extents<2>, elsewhere::reversed>;

static_assert(sliceable<matrix, int, full_extent_t>);
static_assert(!sliceable<matrix, int>, "a slice for each dimension");
static_assert(!sliceable<matrix, int, int, int>, "a slice for each dimension");
static_assert(!sliceable<matrix, int, char const*>);
static_assert(!sliceable<matrix, int, std::tuple<int, int, int>>);
static_assert(!sliceable<int*, int, int>, "no mdspan");
static_assert(sliceable<reversed_matrix, int, full_extent_t>);
static_assert(!sliceable<reversed_matrix, full_extent_t, int>, "what the layout does not offer");

// --- constant expressions ------------------------------------------------------------------------

[[nodiscard]] constexpr int sum_of_every_second_column() {
    std::array<int, 12> numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    mdspan const a(numbers.data(), extents<int, 3, 4>());
    auto const b = submdspan(
        a, std::complex<double>(1, 3), strided_slice<constant<0>, constant<4>, constant<2>>{});
    static_assert(b.static_extent(1) == 2);
    return b(0, 0) + b(0, 1) + b(1, 0) + b(1, 1);
}
static_assert(sum_of_every_second_column() == 5 + 7 + 9 + 11);

#ifndef NDEBUG
// --- [mdspan.sub.sub] preconditions --------------------------------------------------------------

class SubmdspanDeathTest : public Submdspan {};

TEST_F(SubmdspanDeathTest, RefusesSlicesThatLeaveTheSource) {
    mdspan const a(memory.data(), shape(6, 7));
    EXPECT_DEATH((void)submdspan(a, 6, full_extent), "precondition");
    EXPECT_DEATH((void)submdspan(a, full_extent, std::pair(0, 8)), "precondition");
    EXPECT_DEATH((void)submdspan(a, std::pair(4, 3), 0), "precondition");
    EXPECT_DEATH((void)submdspan(a, 0, strided_slice<int, int, int>{0, 7, 0}), "precondition");
    EXPECT_DEATH((void)submdspan(a, range{-1, 3}, 0), "precondition");
}

TEST_F(SubmdspanDeathTest, RefusesALayoutThatGivesOtherExtents) {
    using extents_type = array_extents<1>;
    elsewhere::careless::mapping<extents_type> const m{{shape(5)}};
    mdspan<int, extents_type, elsewhere::careless> const a(memory.data(), m);
    EXPECT_DEATH((void)submdspan(a, full_extent), "precondition.*submdspan_extents");
}
#endif

} // namespace
} // namespace shmwin
