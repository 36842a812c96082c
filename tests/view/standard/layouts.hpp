// SPDX-License-Identifier: MIT
// [mdspan.layout.left], [mdspan.layout.right]
#pragma once

#include "view/standard/every_layout.hpp"

namespace standard::layouts {

constexpr failure policies() {
    return of_each(list<md::layout_left, md::layout_right, md::layout_stride>{},
                   []<typename Layout>(Layout) -> failure {
                       MUST(std::is_trivially_copyable_v<Layout>);
                       MUST(std::is_trivially_default_constructible_v<Layout>);
                       MUST(std::is_empty_v<Layout>);
                       return {};
                   });
}

} // namespace standard::layouts

namespace standard {

using namespace layouts;

inline constexpr std::array tests{
    STANDARD_TEST("mdspan.layout.policy.overview", policies),
    STANDARD_TEST("mdspan.layout.left.overview", members<md::layout_left>),
    STANDARD_TEST("mdspan.layout.left.overview", sizes<md::layout_left>),
    STANDARD_TEST("mdspan.layout.left.overview", properties<md::layout_left>),
    STANDARD_TEST("mdspan.layout.left.cons", from_extents<md::layout_left>),
    STANDARD_TEST("mdspan.layout.left.cons",
                  which_mappings_convert<md::layout_left, md::layout_left>),
    STANDARD_TEST("mdspan.layout.left.cons",
                  which_mappings_convert<md::layout_right, md::layout_left>),
    STANDARD_TEST("mdspan.layout.left.cons",
                  which_mappings_convert<md::layout_stride, md::layout_left>),
    STANDARD_TEST("mdspan.layout.left.cons", conversions_keep_places<md::layout_left>),
    STANDARD_TEST("mdspan.layout.left.obs", places<md::layout_left, std::int8_t>),
    STANDARD_TEST("mdspan.layout.left.obs", places<md::layout_left, std::uint16_t>),
    STANDARD_TEST("mdspan.layout.left.obs", places<md::layout_left, std::int32_t>),
    STANDARD_TEST("mdspan.layout.left.obs", places<md::layout_left, std::uint64_t>),
    STANDARD_TEST("mdspan.layout.left.obs", strides<md::layout_left>),
    STANDARD_TEST("mdspan.layout.left.obs", which_indices_are_taken<md::layout_left>),
    STANDARD_TEST("mdspan.layout.left.obs", equality<md::layout_left>),
    STANDARD_TEST("mdspan.layout.right.overview", members<md::layout_right>),
    STANDARD_TEST("mdspan.layout.right.overview", sizes<md::layout_right>),
    STANDARD_TEST("mdspan.layout.right.overview", properties<md::layout_right>),
    STANDARD_TEST("mdspan.layout.right.cons", from_extents<md::layout_right>),
    STANDARD_TEST("mdspan.layout.right.cons",
                  which_mappings_convert<md::layout_left, md::layout_right>),
    STANDARD_TEST("mdspan.layout.right.cons",
                  which_mappings_convert<md::layout_right, md::layout_right>),
    STANDARD_TEST("mdspan.layout.right.cons",
                  which_mappings_convert<md::layout_stride, md::layout_right>),
    STANDARD_TEST("mdspan.layout.right.cons", conversions_keep_places<md::layout_right>),
    STANDARD_TEST("mdspan.layout.right.obs", places<md::layout_right, std::uint8_t>),
    STANDARD_TEST("mdspan.layout.right.obs", places<md::layout_right, std::int16_t>),
    STANDARD_TEST("mdspan.layout.right.obs", places<md::layout_right, std::uint32_t>),
    STANDARD_TEST("mdspan.layout.right.obs", places<md::layout_right, std::int64_t>),
    STANDARD_TEST("mdspan.layout.right.obs", strides<md::layout_right>),
    STANDARD_TEST("mdspan.layout.right.obs", which_indices_are_taken<md::layout_right>),
    STANDARD_TEST("mdspan.layout.right.obs", equality<md::layout_right>),
};

} // namespace standard
