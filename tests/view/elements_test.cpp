// SPDX-License-Identifier: MIT
// elements: in which order a view's elements come, and who gets which.
#include "shmwin/view/elements.hpp"

#include "support/view_parts.hpp"
#include "support/view_words.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

// From each place, to the end: no element is left out or comes twice.
template <typename View>
void expect_order(View const& view, std::vector<int const*> const& expected) {
    auto const n = static_cast<i64>(view.size());
    ASSERT_EQ(expected.size(), view.size());
    for (i64 first = 0; first < n; ++first) {
        detail::cursor at(view, first);
        for (auto k = first; k < n; ++k, ++at)
            ASSERT_EQ(&*at, expected[static_cast<std::size_t>(k)]) << first << ' ' << k;
    }
}

template <typename Layout, typename Extents>
void expect_order_of(Extents const& e) {
    viewed_memory<Layout, Extents> const over(e);
    std::vector<int const*> expected;
    each_index(e, [&](auto const& at) { expected.push_back(&over.whole[at]); });
    if (std::is_same_v<Layout, layout_left>) {
        expected.clear();
        for (auto const& element : over.memory)
            expected.push_back(&element);
    }
    expect_order(over.whole, expected);
}

TEST(ElementsOfAView, ComeByTheLastIndexButOfLayoutLeftAsTheyLie) {
    expect_order_of<layout_right>(shape(3, 4, 5));
    expect_order_of<layout_left>(shape(3, 4, 5));
    expect_order_of<layout_stride>(shape(3, 4, 5));
    expect_order_of<layout_stride>(shape(7));
    expect_order_of<layout_stride>(dextents<std::uint8_t, 2>(3, 1));
    expect_order_of<layout_right>(shape(2, 0));
    expect_order_of<layout_stride>(shape(2, 0));
}

// Two views; each pair of elements with equal indices comes once, in one of the parts.
template <typename Layout, typename OtherLayout, typename Extents>
void expect_parts(Extents const& e) {
    viewed_memory<Layout, Extents> const a(e);
    viewed_memory<OtherLayout, Extents> const b(e);
    std::map<std::pair<int const*, int const*>, int> expected;
    each_index(e, [&](auto const& at) { ++expected[{&a.whole[at], &b.whole[at]}]; });
    for (i64 const parts : {1, 2, 3, 50}) {
        std::map<std::pair<int const*, int const*>, int> seen;
        auto const note = [&](int& x, int& y) { ++seen[{&x, &y}]; };
        for (i64 i = 0; i < parts; ++i)
            detail::for_each_element(i, parts, note, a.whole, b.whole);
        EXPECT_EQ(seen, expected) << parts;
    }
}

template <typename Extents>
void expect_parts_of_all_layouts(Extents const& e) {
    expect_parts<layout_right, layout_right>(e);
    expect_parts<layout_left, layout_left>(e);
    expect_parts<layout_right, layout_left>(e);
    expect_parts<layout_left, layout_right>(e);
    expect_parts<layout_stride, layout_right>(e);
    expect_parts<layout_left, layout_stride>(e);
}

TEST(ElementsOfTwoViews, AreSharedOutOnceWhateverTheLayouts) {
    expect_parts_of_all_layouts(shape(7));
    expect_parts_of_all_layouts(shape(5, 3));
    expect_parts_of_all_layouts(shape(2, 3, 4));
    expect_parts_of_all_layouts(shape(3, 1, 2, 2));
    expect_parts_of_all_layouts(shape(0, 3));
    expect_parts_of_all_layouts(shape(3, 0));
    expect_parts_of_all_layouts(extents<int, 3, dyn>(2));
    expect_parts<layout_right, layout_right>(shape());
    expect_parts<layout_right, layout_left>(shape());
}

TEST(FoldOfATree, PairsNeighbours) {
    auto const join = [](std::string const& a, std::string const& b) { return '(' + a + b + ')'; };
    auto const folded = [&](std::vector<std::string> all) {
        detail::fold_tree(all.data(), static_cast<i64>(all.size()), join);
        return all.front();
    };
    EXPECT_EQ(folded({"a"}), "a");
    EXPECT_EQ(folded({"a", "b", "c"}), "((ab)c)");
    EXPECT_EQ(folded({"a", "b", "c", "d", "e", "f", "g"}), "(((ab)(cd))((ef)g))");
}

TEST(Chunks, AreCounted) {
    static_assert(detail::chunk_elements == 4000); // results depend on it
    static_assert(detail::chunks_of(0) == 0 && detail::chunks_of(1) == 1);
    static_assert(detail::chunks_of(4000) == 1 && detail::chunks_of(4001) == 2);
    SUCCEED();
}

} // namespace
} // namespace shmwin
