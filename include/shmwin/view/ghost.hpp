// SPDX-License-Identifier: MIT
// ghost_block: a block together with the elements around it that others own (ghosts, halo), read in
// place. Of a 6 x 8 array, rows 2-3 and columns 0-3 with ghosts of width 1; the array ends left of
// column 0, so there are none:
//
//                 g g g g g . . .       o  owned
//                 o o o o g . . .       g  ghosts
//                 o o o o g . . .
//                 g g g g g . . .
#pragma once

#include "shmwin/view/block.hpp"
#include "shmwin/view/box.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace shmwin::inline v1 {

/// The elements of the box owned(), and around it those of with_ghosts(), of the mdspan `View`.
/// operator() takes indices of the whole array; view() is an mdspan of its own, a `Local`. Owns
/// nothing. All functions are local and O(N).
template <typename View, typename Local>
class ghost_block {
  public:
    using element_type = typename View::element_type;
    using value_type = typename View::value_type;
    using reference = typename View::reference;
    using box_type = box<View::rank()>;

    /// @pre owned is inside with_ghosts, and that inside of whole
    constexpr ghost_block(View whole, box_type const& owned, box_type const& with_ghosts) noexcept
        : whole_(whole), owned_(owned), with_ghosts_(with_ghosts) {
        for (std::size_t d = 0; d < View::rank(); ++d) {
            SHMWIN_EXPECT(with_ghosts[d].first <= owned[d].first);
            SHMWIN_EXPECT(owned[d].last <= with_ghosts[d].last);
        }
    }

    [[nodiscard]] static constexpr std::size_t rank() noexcept { return View::rank(); }

    /// Element (i, j, ...) of the whole array.
    /// @pre with_ghosts() contains the indices
    template <typename... Indices>
    requires detail::indices_of<typename View::extents_type, Indices...>
    [[nodiscard]] constexpr reference operator()(Indices... indices) const {
        SHMWIN_EXPECT(with_ghosts_.contains({static_cast<std::int64_t>(indices)...}));
        return whole_(std::move(indices)...);
    }

    /// The indices of the block itself, in the whole array.
    [[nodiscard]] constexpr box_type const& owned() const noexcept { return owned_; }
    /// The indices of block and ghosts, in the whole array.
    [[nodiscard]] constexpr box_type const& with_ghosts() const noexcept { return with_ghosts_; }
    /// The indices of the block itself, in view().
    [[nodiscard]] constexpr box_type owned_in_view() const noexcept {
        return owned_.relative_to(with_ghosts_.first());
    }
    [[nodiscard]] constexpr View const& whole() const noexcept { return whole_; }

    /// Block and ghosts: view()(0, ...) is the first of with_ghosts().
    [[nodiscard]] constexpr Local view() const noexcept {
        return detail::part_as<Local>(whole_, with_ghosts_);
    }
    /// The block alone.
    [[nodiscard]] constexpr Local owned_view() const noexcept {
        return detail::part_as<Local>(whole_, owned_);
    }

  private:
    View whole_;
    box_type owned_;
    box_type with_ghosts_;
};

namespace detail {

/// `which`, larger by `width` on both sides, but inside of 0 ... extent - 1.
[[nodiscard]] constexpr range
widened(range which, std::int64_t width, std::int64_t extent) noexcept {
    SHMWIN_EXPECT(width >= 0);
    SHMWIN_EXPECT(0 <= which.first && which.first <= which.last && which.last <= extent);
    auto const below = std::min(width, which.first);
    auto const above = std::min(width, extent - which.last);
    return {which.first - below, which.last + above};
}

template <std::size_t N>
[[nodiscard]] constexpr index_list<N> same_in_all(std::int64_t value) noexcept {
    index_list<N> all{};
    all.fill(value);
    return all;
}

} // namespace detail

/// Local. `block` of `viewed` with `width[d]` ghosts on both sides of dimension d, fewer where the
/// array ends. Its block and view are part()s. O(N).
///
/// @param block  grid_box(), a box of tiles, or any other
/// @pre 0 <= width[d]; block is inside of viewed
template <divisible V>
[[nodiscard]] constexpr auto
with_ghosts(V const& viewed,
            box<detail::dimensions_of<V>> const& block,
            index_list<detail::dimensions_of<V>> const& width) noexcept {
    using view_type = detail::view_of_type<V>;
    auto const view = detail::as_view(viewed);
    box<detail::dimensions_of<V>> all;
    for (std::size_t d = 0; d < detail::dimensions_of<V>; ++d)
        all.ranges[d] =
            detail::widened(block[d], width[d], static_cast<std::int64_t>(view.extent(d)));
    return ghost_block<view_type, detail::box_type<view_type>>(view, block, all);
}

/// Local. with_ghosts() of one width in all dimensions.
template <divisible V>
[[nodiscard]] constexpr auto with_ghosts(V const& viewed,
                                         box<detail::dimensions_of<V>> const& block,
                                         std::int64_t width) noexcept {
    return with_ghosts(viewed, block, detail::same_in_all<detail::dimensions_of<V>>(width));
}

/// Local. Rows `rows` with `width` rows of ghosts on both sides, fewer where the array ends. Rows
/// of a layout_right array are layout_right again. O(1).
/// @pre 0 <= width, 0 <= rows.first <= rows.last <= viewed.extent(0)
template <divisible V>
[[nodiscard]] constexpr auto with_ghosts(V const& viewed, range rows, std::int64_t width) noexcept {
    using view_type = detail::view_of_type<V>;
    auto const view = detail::as_view(viewed);
    auto const all = detail::widened(rows, width, static_cast<std::int64_t>(view.extent(0)));
    return ghost_block<view_type, detail::block_type<view_type, 0>>(
        view, detail::slab_of(view, 0, rows), detail::slab_of(view, 0, all));
}

/// Local. The indices that are at least `width[d]` from both ends of dimension d; none where the
/// extent is less than twice that. @pre 0 <= width[d]
template <typename IndexType, std::size_t... Extents>
[[nodiscard]] constexpr box<sizeof...(Extents)>
inner_box(extents<IndexType, Extents...> const& e,
          index_list<sizeof...(Extents)> const& width) noexcept {
    auto inside = box_of(e);
    for (std::size_t d = 0; d < sizeof...(Extents); ++d) {
        SHMWIN_EXPECT(width[d] >= 0);
        auto const n = inside.ranges[d].last;
        inside.ranges[d] = inside.ranges[d].clip(std::min(width[d], n), n - std::min(width[d], n));
    }
    return inside;
}

/// Local. `viewed` without a border of `width[d]` on both sides of dimension d, as part(): what a
/// stencil may write. O(1). @pre 0 <= width[d]
template <divisible V>
[[nodiscard]] constexpr auto inner(V const& viewed,
                                   index_list<detail::dimensions_of<V>> const& width) noexcept {
    auto const view = detail::as_view(viewed);
    return part(view, inner_box(view.extents(), width));
}

/// Local. inner() with one width in all dimensions.
template <divisible V>
[[nodiscard]] constexpr auto inner(V const& viewed, std::int64_t width) noexcept {
    return inner(viewed, detail::same_in_all<detail::dimensions_of<V>>(width));
}

} // namespace shmwin::inline v1
