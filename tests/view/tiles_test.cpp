// SPDX-License-Identifier: MIT
// tiles: every element in exactly one tile, and found there.
#include "shmwin/view/tiles.hpp"

#include "support/view_parts.hpp"
#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

template <typename View, std::size_t N, std::size_t... D>
auto tile_at(View const& view,
             index_list<N> const& of,
             index_list<N> const& at,
             std::index_sequence<D...> /*d*/) {
    return tile(view, of, at[D]...);
}

template <typename Layout, typename Extents, std::size_t N>
void expect_tiles(Extents const& e, index_list<N> const& of) {
    viewed_memory<Layout, Extents> const over(e);
    tiles const all(e, of);
    visits seen;
    std::int64_t number = 0;
    each_index(all.extents(), [&](auto const& at) {
        auto const inside = all[at];
        EXPECT_EQ(all[number++], inside);
        auto const piece = tile_at(over.whole, of, at, std::make_index_sequence<N>{});
        EXPECT_EQ(piece.extents(), inside.extents());
        for (std::size_t d = 0; d < N; ++d) {
            bool const is_last = at[d] + 1 == all.count(d);
            EXPECT_LE(inside[d].size(), of[d]);
            EXPECT_TRUE(is_last || inside[d].size() == of[d]) << "only the last may be smaller";
            EXPECT_GT(inside[d].size(), 0);
        }
        each_index(piece.extents(), [&](auto where) {
            auto const* const element = &piece[where];
            for (std::size_t d = 0; d < N; ++d)
                where[d] += inside[d].first;
            EXPECT_EQ(element, &over.whole[where]);
            EXPECT_EQ(all.tile_of(where), at);
            EXPECT_TRUE(inside.contains(where));
        });
        visit(piece, seen);
    });
    EXPECT_EQ(number, all.count());
    EXPECT_TRUE(saw_each_once(over.whole, seen));
}

template <typename Layout>
struct Tiles : testing::Test {};
using Layouts = testing::Types<layout_right, layout_left, layout_stride>;
TYPED_TEST_SUITE(Tiles, Layouts);

TYPED_TEST(Tiles, HoldEveryElementOnce) {
    for (int const n : {0, 1, 2, 7, 12}) {
        for (std::int64_t const of : {1, 2, 3, 7, 100}) {
            expect_tiles<TypeParam>(shape(n), index_list<1>{of});
            expect_tiles<TypeParam>(shape(n, 5), index_list<2>{of, 2});
            expect_tiles<TypeParam>(shape(4, n), index_list<2>{3, of});
        }
    }
    expect_tiles<TypeParam>(shape(5, 7, 4), index_list<3>{2, 3, 4});
    expect_tiles<TypeParam>(shape(3, 4, 5, 2), index_list<4>{2, 2, 2, 3});
}

TYPED_TEST(Tiles, OfAnyIndexType) {
    expect_tiles<TypeParam>(dims<2>(7, 5), index_list<2>{3, 2});
    expect_tiles<TypeParam>(dextents<std::int8_t, 2>(7, 5), index_list<2>{300, 2});
    expect_tiles<TypeParam>(dextents<std::uint8_t, 2>(7, 5), index_list<2>{2, 3});
    expect_tiles<TypeParam>(extents<int, 6, dyn>(5), index_list<2>{4, 4});
}

TEST(TilesOfASpace, AreCounted) {
    constexpr tiles of(shape(100, 64), {32, 32});
    static_assert(of.count(0) == 4 && of.count(1) == 2 && of.count() == 8);
    static_assert(of.extents() == shape(4, 2));
    static_assert(of[{3, 1}] == box<2>{{range{96, 100}, range{32, 64}}});
    static_assert(of[7] == of[{3, 1}]);
    static_assert(of.tile_of({99, 31}) == index_list<2>{3, 0});
    constexpr tiles none(shape(0, 5), {2, 2});
    static_assert(none.count() == 0);
    SUCCEED();
}

TEST(TilesOfASpace, MayBeAsLargeAsIndicesGo) {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr tiles of(shape(most), {most - 1});
    static_assert(of.count() == 2);
    static_assert(of[1] == box<1>{{range{most - 1, most}}});
    constexpr tiles ones(shape(most), {1});
    static_assert(ones.count() == most && ones[most - 1][0] == range{most - 1, most});
    SUCCEED();
}

TEST(Tile, OfMoreElementsThanFitIn32Bits) {
    alignas(64) static char origin = 0;
    mdspan const plane(&origin, shape(i64{1} << 20U, (i64{1} << 20U) + 1));
    auto const last = tile(plane, {1024, 1024}, 1023, 1024);
    EXPECT_EQ(last.extents(), shape(1024, 1));
    auto const begin = reinterpret_cast<std::uintptr_t>(plane.data_handle());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(last.data_handle()) - begin,
              1023U * 1024U * ((1ULL << 20U) + 1) + 1024U * 1024U);
}

TEST(Tile, OfALineKeepsItsLayout) {
    std::vector<int> v(10);
    mdspan const line(v.data(), shape(10));
    auto const second = tile(line, {4}, 2);
    static_assert(std::is_same_v<decltype(second.mapping()), decltype(line.mapping())>);
    EXPECT_EQ(second.data_handle(), v.data() + 8);
    EXPECT_EQ(second.extent(0), 2);
}

#ifndef NDEBUG
TEST(TilesDeathTest, RefuseWhatIsNotThere) {
    std::vector<int> v(12);
    mdspan const m(v.data(), shape(3, 4));
    EXPECT_DEATH((void)tile(m, {2, 2}, 2, 0), "precondition");
    EXPECT_DEATH((void)tile(m, {2, 2}, 0, -1), "precondition");
    EXPECT_DEATH((void)tile(m, {0, 2}, 0, 0), "precondition");
    tiles const all(m.extents(), {2, 2});
    EXPECT_DEATH((void)all[4], "precondition");
    EXPECT_DEATH((void)all.tile_of({3, 0}), "precondition");
}
#endif

} // namespace
} // namespace shmwin
