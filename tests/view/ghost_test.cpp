// SPDX-License-Identifier: MIT
// ghost_block: which indices are a block's own, which are its neighbours', and where they are.
#include "shmwin/view/ghost.hpp"
#include "shmwin/view/tiles.hpp"

#include "support/view_parts.hpp"
#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

template <typename T, std::size_t N, typename Layout = layout_right>
using view = mdspan<T, array_extents<N>, Layout>;

// How far an index is from a range.
i64 distance(range const& from, i64 i) {
    return std::max({from.first - i, i - (from.last - 1), i64{0}});
}

// By brute force: the ghosts are all elements of the array not farther than the width.
template <typename Ghosts, typename Whole, std::size_t N>
void expect_ghosts(Ghosts const& mine,
                   Whole const& whole,
                   box<N> const& owned,
                   index_list<N> const& width) {
    EXPECT_EQ(mine.owned(), owned);
    each_index(whole.extents(), [&](auto const& at) {
        bool near = true;
        for (std::size_t d = 0; d < N; ++d)
            near = near && distance(owned[d], at[d]) <= width[d];
        EXPECT_EQ(mine.with_ghosts().contains(at), near);
    });
    auto const local = mine.view();
    EXPECT_EQ(local.extents(), mine.with_ghosts().extents());
    each_index(local.extents(), [&](auto at) {
        auto const* const element = &local[at];
        bool const is_owned = mine.owned_in_view().contains(at);
        for (std::size_t d = 0; d < N; ++d)
            at[d] += mine.with_ghosts()[d].first;
        EXPECT_EQ(element, &whole[at]);
        EXPECT_EQ(is_owned, mine.owned().contains(at));
    });
    EXPECT_EQ(mine.owned_view().extents(), owned.extents());
    each_index(mine.owned_view().extents(), [&](auto at) {
        auto const* const element = &mine.owned_view()[at];
        for (std::size_t d = 0; d < N; ++d)
            at[d] += owned[d].first;
        EXPECT_EQ(element, &whole[at]);
    });
}

template <typename Layout>
struct GhostBlock : testing::Test {};
using Layouts = testing::Types<layout_right, layout_left, layout_stride>;
TYPED_TEST_SUITE(GhostBlock, Layouts);

TYPED_TEST(GhostBlock, IsTheBlockAndWhatIsAround) {
    viewed_memory<TypeParam, array_extents<2>> const over(shape(7, 9));
    tiles const all(over.whole.extents(), {3, 4});
    for (i64 const wy : {0, 1, 2, 20}) {
        for (i64 const wx : {0, 1, 5}) {
            for (i64 t = 0; t < all.count(); ++t) {
                auto const mine = with_ghosts(over.whole, all[t], {wy, wx});
                expect_ghosts(mine, over.whole, all[t], index_list<2>{wy, wx});
            }
        }
    }
}

TYPED_TEST(GhostBlock, OfThreeDimensionsAndOneWidth) {
    viewed_memory<TypeParam, array_extents<3>> const over(shape(4, 5, 3));
    for (i64 z = 0; z < 2; ++z) {
        auto const owned = grid_box(over.whole.extents(), {2, 2, 1}, {z, 1 - z, 0});
        expect_ghosts(with_ghosts(over.whole, owned, 1), over.whole, owned, index_list<3>{1, 1, 1});
    }
}

TYPED_TEST(GhostBlock, OfRowsHasGhostsAboveAndBelow) {
    viewed_memory<TypeParam, array_extents<2>> const over(shape(11, 3));
    for (i64 r = 0; r < 4; ++r) {
        auto const rows = block_range(11, 4, r);
        auto const mine = with_ghosts(over.whole, rows, 2);
        expect_ghosts(mine, over.whole, box<2>{{rows, range{0, 3}}}, index_list<2>{2, 0});
    }
}

TYPED_TEST(GhostBlock, OfALineAndOfNothing) {
    viewed_memory<TypeParam, array_extents<1>> const over(shape(5));
    expect_ghosts(with_ghosts(over.whole, range{2, 3}, 1),
                  over.whole,
                  box<1>{{range{2, 3}}},
                  index_list<1>{1});
    // A rank without rows still sees its neighbours'.
    auto const none = with_ghosts(over.whole, range{5, 5}, 2);
    EXPECT_TRUE(none.owned().empty());
    EXPECT_EQ(none.with_ghosts()[0], (range{3, 5}));
    viewed_memory<TypeParam, array_extents<1>> const empty(shape(0));
    EXPECT_TRUE(with_ghosts(empty.whole, range{0, 0}, 3).view().empty());
}

TEST(GhostBlockOfRows, KeepsTheLayoutAndTheStaticExtents) {
    using whole = mdspan<int const, extents<int, dyn, 8>>;
    static_assert(std::is_same_v<decltype(with_ghosts(whole(), range{}, 1).view()), whole>);
    SUCCEED();
}

TEST(GhostBlockOfRows, TakesGlobalIndices) {
    std::vector<int> v(30);
    mdspan const m(v.data(), shape(6, 5));
    auto const mine = with_ghosts(m, range{2, 4}, 1);
    EXPECT_EQ(&mine(1, 0), &v[5]);
    EXPECT_EQ(&mine(4, 4), &v[24]);
    auto const whole = block(mine, 0, 2); // it is a view like others
    EXPECT_EQ(whole.data_handle(), &v[5]);
    EXPECT_EQ(whole.extents(), shape(2, 5));
}

template <typename Layout>
struct Inner : testing::Test {};
TYPED_TEST_SUITE(Inner, Layouts);

TYPED_TEST(Inner, IsWithoutTheBorder) {
    viewed_memory<TypeParam, array_extents<2>> const over(shape(6, 5));
    for (i64 const wy : {0, 1, 2, 3, 4, 9}) {
        for (i64 const wx : {0, 2, 3}) {
            auto const inside = inner(over.whole, {wy, wx});
            visits expected;
            visits seen;
            each_index(over.whole.extents(), [&](auto const& at) {
                if (at[0] >= wy && at[0] < 6 - wy && at[1] >= wx && at[1] < 5 - wx)
                    ++expected[&over.whole[at]];
            });
            visit(inside, seen);
            EXPECT_EQ(seen, expected) << wy << ' ' << wx;
        }
    }
    EXPECT_EQ(inner(over.whole, 1).extents(), shape(4, 3));
    EXPECT_EQ(&inner(over.whole, 1)(0, 0), &over.whole(1, 1));
    EXPECT_EQ(inner_box(over.whole.extents(), {1, 2}), (box<2>{{range{1, 5}, range{2, 3}}}));
}

TYPED_TEST(Inner, OfNothingIsNothing) {
    viewed_memory<TypeParam, array_extents<2>> const over(shape(0, 5));
    EXPECT_TRUE(inner(over.whole, 1).empty());
    EXPECT_TRUE(inner(over.whole, 0).empty());
}

constexpr int sum_of_neighbours() {
    std::array<int, 9> a{0, 1, 0, 2, 5, 3, 0, 4, 0};
    mdspan const m(a.data(), 3, 3);
    auto const mine = with_ghosts(m, box<2>{{range{1, 2}, range{1, 2}}}, 1);
    return mine(0, 1) + mine(1, 0) + mine(1, 2) + mine(2, 1) + 100 * inner(m, 1)(0, 0);
}

TEST(GhostBlockValue, MayBeConstexprAndIsPlain) {
    static_assert(sum_of_neighbours() == 510);
    static_assert(
        std::is_trivially_copyable_v<decltype(with_ghosts(view<int, 2>(), range{0, 0}, 1))>);
    SUCCEED();
}

#ifndef NDEBUG
TEST(GhostBlockDeathTest, RefusesWhatIsNotThere) {
    std::vector<int> v(30);
    mdspan const m(v.data(), shape(6, 5));
    auto const mine = with_ghosts(m, range{2, 4}, 1);
    EXPECT_DEATH((void)mine(0, 0), "precondition"); // farther than the ghosts
    EXPECT_DEATH((void)mine(5, 0), "precondition");
    EXPECT_DEATH((void)with_ghosts(m, range{2, 7}, 1), "precondition");
    EXPECT_DEATH((void)with_ghosts(m, range{2, 4}, -1), "precondition");
    EXPECT_DEATH((void)inner(m, -1), "precondition");
}
#endif

} // namespace
} // namespace shmwin
