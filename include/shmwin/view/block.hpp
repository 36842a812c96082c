// SPDX-License-Identifier: MIT
// block: an array divided into blocks that follow each other, along one dimension or, as a grid of
// processes divides it, along all. Sizes are those of block_range().
#pragma once

#include "shmwin/view/box.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

/// Extents with dimension Dim dynamic.
template <typename Extents, std::size_t Dim, typename Sequence>
struct with_dynamic;
template <typename Extents, std::size_t Dim, std::size_t... R>
struct with_dynamic<Extents, Dim, std::index_sequence<R...>> {
    using type = extents<typename Extents::index_type,
                         (R == Dim ? dynamic_extent : Extents::static_extent(R))...>;
};

/// Blocks along the slowest dimension lie in one piece.
template <typename Layout, std::size_t Dim, std::size_t Rank>
using block_layout =
    std::conditional_t<(std::is_same_v<Layout, layout_right> && Dim == 0)
                           || (std::is_same_v<Layout, layout_left> && Dim + 1 == Rank),
                       Layout,
                       layout_stride>;

template <typename View, std::size_t Dim>
using block_extents = typename with_dynamic<typename View::extents_type,
                                            Dim,
                                            std::make_index_sequence<View::rank()>>::type;

template <typename View, std::size_t Dim>
using block_type = part_type<View,
                             block_extents<View, Dim>,
                             block_layout<typename View::layout_type, Dim, View::rank()>>;

/// All of `view`, but along `dim` only `which`.
template <typename View>
[[nodiscard]] constexpr box<View::rank()>
slab_of(View const& view, std::size_t dim, range which) noexcept {
    SHMWIN_EXPECT(dim < View::rank());
    auto all = box_of(view.extents());
    all.ranges[dim] = which;
    return all;
}

} // namespace detail

/// Local. The i-th of n blocks along dimension Dim, an mdspan of its own. No copy; layout_right
/// stays where Dim is 0, layout_left where it is the last, else the result is layout_stride;
/// extents of other dimensions stay static. O(1).
///
/// Its indices in the whole array are block_range(viewed.extent(Dim), n, i): sizes differ by at
/// most one, the larger blocks come first; with more blocks than indices the last are empty.
///
/// @param viewed  an mdspan, or a handle with a view() (array, scratch_array)
/// @pre 0 <= i < n
template <std::size_t Dim = 0, divisible V>
requires(Dim < detail::dimensions_of<V>)
    [[nodiscard]] constexpr auto block(V const& viewed, std::int64_t i, std::int64_t n) noexcept {
    using view_type = detail::view_of_type<V>;
    auto const view = detail::as_view(viewed);
    auto const which = block_range(static_cast<std::int64_t>(view.extent(Dim)), n, i);
    return detail::part_as<detail::block_type<view_type, Dim>>(view,
                                                               detail::slab_of(view, Dim, which));
}

/// Local. block() along a dimension that is chosen at run time; so layout_stride, but for lines.
/// @pre dim < number of dimensions, 0 <= i < n
template <divisible V>
[[nodiscard]] constexpr auto
block(V const& viewed, std::size_t dim, std::int64_t i, std::int64_t n) noexcept {
    auto const view = detail::as_view(viewed);
    SHMWIN_EXPECT(dim < detail::dimensions_of<V>);
    auto const which = block_range(static_cast<std::int64_t>(view.extent(dim)), n, i);
    return part(view, detail::slab_of(view, dim, which));
}

/// Local. The indices that process `where` of a grid of `n_processes` has: in each dimension
/// block_range() of the extent. O(N).
/// @pre 0 <= where[d] < n_processes[d]
template <typename IndexType, std::size_t... Extents>
[[nodiscard]] constexpr box<sizeof...(Extents)>
grid_box(extents<IndexType, Extents...> const& e,
         index_list<sizeof...(Extents)> const& n_processes,
         index_list<sizeof...(Extents)> const& where) noexcept {
    box<sizeof...(Extents)> mine;
    for (std::size_t d = 0; d < sizeof...(Extents); ++d)
        mine.ranges[d] =
            block_range(static_cast<std::int64_t>(e.extent(d)), n_processes[d], where[d]);
    return mine;
}

/// Local. The elements of grid_box(), as part(): grid_block(u, {py, px}, {iy, ix}).
/// @pre 0 <= where[d] < n_processes[d]
template <divisible V>
[[nodiscard]] constexpr auto
grid_block(V const& viewed,
           index_list<detail::dimensions_of<V>> const& n_processes,
           index_list<detail::dimensions_of<V>> const& where) noexcept {
    auto const view = detail::as_view(viewed);
    return part(view, grid_box(view.extents(), n_processes, where));
}

} // namespace shmwin::inline v1
