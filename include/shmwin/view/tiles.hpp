// SPDX-License-Identifier: MIT
// tiles: an index space cut into tiles of one size; those at the upper borders may be smaller. For
// loops that are to stay in a cache, and for work that is handed out piece by piece.
//
//   5 x 7 in tiles of 2 x 3:     0 0 0 1 1 1 2
//                                0 0 0 1 1 1 2
//                                3 3 3 4 4 4 5
//                                3 3 3 4 4 4 5
//                                6 6 6 7 7 7 8
#pragma once

#include "shmwin/view/box.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace shmwin::inline v1 {

/// The tiles of an N-dimensional index space: tiles(u.extents(), {32, 32}). All functions are local
/// and O(N).
template <std::size_t N>
class tiles {
  public:
    /// @pre no extent of a tile is less than 1
    template <typename IndexType, std::size_t... Extents>
    requires(sizeof...(Extents)
             == N) constexpr tiles(shmwin::extents<IndexType, Extents...> const& whole,
                                   index_list<N> const& tile_extents) noexcept
        : whole_(whole), tile_(tile_extents) {
        for (std::size_t d = 0; d < N; ++d)
            SHMWIN_EXPECT(tile_[d] > 0);
    }

    /// Number of tiles along dimension d.
    [[nodiscard]] constexpr std::int64_t count(std::size_t d) const noexcept {
        auto const n = whole_.extent(d);
        return n / tile_[d] + (n % tile_[d] != 0 ? 1 : 0); // n + tile - 1 could overflow
    }
    /// Number of all tiles. @pre it fits std::int64_t
    [[nodiscard]] constexpr std::int64_t count() const noexcept {
        return detail::extents_product(extents(), 0, N);
    }
    /// Tiles along each dimension.
    [[nodiscard]] constexpr array_extents<N> extents() const noexcept {
        index_list<N> counts{};
        for (std::size_t d = 0; d < N; ++d)
            counts[d] = count(d);
        return array_extents<N>(counts);
    }

    /// The indices in a tile. @pre 0 <= tile[d] < count(d)
    [[nodiscard]] constexpr box<N> operator[](index_list<N> const& tile) const noexcept {
        box<N> inside;
        for (std::size_t d = 0; d < N; ++d) {
            SHMWIN_EXPECT(0 <= tile[d] && tile[d] < count(d));
            auto const first = tile[d] * tile_[d];
            inside.ranges[d] = {first, first + std::min(tile_[d], whole_.extent(d) - first)};
        }
        return inside;
    }
    /// The indices in the tile of that number; the last dimension's tiles follow each other.
    /// @pre 0 <= number < count()
    [[nodiscard]] constexpr box<N> operator[](std::int64_t number) const noexcept {
        SHMWIN_EXPECT(0 <= number && number < count());
        index_list<N> tile{};
        for (std::size_t d = N; d-- > 0; number /= count(d))
            tile[d] = number % count(d);
        return (*this)[tile];
    }

    /// The tile that holds an element. @pre 0 <= indices[d] < extent of d
    [[nodiscard]] constexpr index_list<N> tile_of(index_list<N> const& indices) const noexcept {
        index_list<N> tile{};
        for (std::size_t d = 0; d < N; ++d) {
            SHMWIN_EXPECT(0 <= indices[d] && indices[d] < whole_.extent(d));
            tile[d] = indices[d] / tile_[d];
        }
        return tile;
    }

  private:
    array_extents<N> whole_;
    index_list<N> tile_;
};

template <typename IndexType, std::size_t... Extents>
tiles(extents<IndexType, Extents...> const&, index_list<sizeof...(Extents)> const&)
    -> tiles<sizeof...(Extents)>;

/// Local. One tile of `viewed`, as part(): tile(u, {32, 32}, i, j). O(1).
/// @pre extents of a tile are 1 or more; 0 <= where < number of tiles along that dimension
template <divisible V, typename... Indices>
requires(sizeof...(Indices)
             == detail::dimensions_of<V> && (detail::index_argument<Indices, std::int64_t> && ...))
    [[nodiscard]] constexpr auto tile(V const& viewed,
                                      index_list<detail::dimensions_of<V>> const& tile_extents,
                                      Indices... where) noexcept {
    auto const view = detail::as_view(viewed);
    index_list<detail::dimensions_of<V>> const at{static_cast<std::int64_t>(where)...};
    return part(view, tiles<detail::dimensions_of<V>>(view.extents(), tile_extents)[at]);
}

} // namespace shmwin::inline v1
