// SPDX-License-Identifier: MIT
// cyclic: indices dealt out like cards, singly or in blocks, so that work that grows along an array
// (a triangular matrix) is shared evenly. Of 10 rows to 3:
//
//   cyclic               0 1 2 0 1 2 0 1 2 0
//   block_cyclic, of 2   0 0 1 1 2 2 0 0 1 1
//
// J. Choi et al., "ScaLAPACK: a portable linear algebra library for distributed memory computers",
// 1996.
#pragma once

#include "shmwin/view/block.hpp"
#include "shmwin/view/box.hpp"
#include "shmwin/view/rows.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace shmwin::inline v1 {

/// Local. How many of 0 ... extent - 1 are i, i + n, i + 2 n, ...: what the i-th of n gets. O(1).
/// @pre 0 <= extent, 0 <= i < n
[[nodiscard]] constexpr std::int64_t
cyclic_count(std::int64_t extent, std::int64_t i, std::int64_t n) noexcept {
    SHMWIN_EXPECT(extent >= 0);
    SHMWIN_EXPECT(0 <= i && i < n);
    return i < extent ? (extent - 1 - i) / n + 1 : 0;
}

/// Local. Indices i, i + n, i + 2 n, ... of dimension Dim, an mdspan of its own: index k of it is
/// i + k * n of the whole. No copy; layout_stride. O(1).
/// @param viewed  an mdspan, or a handle with a view() (array, scratch_array)
/// @pre 0 <= i < n
template <std::size_t Dim = 0, divisible V>
requires(Dim < detail::dimensions_of<V>)
    [[nodiscard]] constexpr auto cyclic(V const& viewed, std::int64_t i, std::int64_t n) noexcept {
    using view_type = detail::view_of_type<V>;
    auto const view = detail::as_view(viewed);
    std::array<detail::stepped_range, detail::dimensions_of<V>> which{};
    for (std::size_t d = 0; d < detail::dimensions_of<V>; ++d)
        which[d] = {0, static_cast<std::int64_t>(view.extent(d)), 1};
    which[Dim] = {i, cyclic_count(which[Dim].count, i, n), n};
    using local_type =
        detail::part_type<view_type, detail::block_extents<view_type, Dim>, layout_stride>;
    return detail::part_as<local_type>(view, which);
}

/// The blocks of rows that one of several gets when blocks are dealt out in turn: a range of
/// row_block. All functions are local and O(1).
template <detail::has_rows View>
class cyclic_blocks {
  public:
    class iterator;

    /// @pre 0 < rows_per_block, 0 <= i < n
    constexpr cyclic_blocks(View whole,
                            std::int64_t rows_per_block,
                            std::int64_t i,
                            std::int64_t n) noexcept
        : whole_(whole), rows_per_block_(rows_per_block), i_(i), n_(n) {
        SHMWIN_EXPECT(rows_per_block > 0);
        SHMWIN_EXPECT(0 <= i && i < n);
    }

    /// Number of blocks.
    [[nodiscard]] constexpr std::int64_t size() const noexcept {
        auto const n_all = n_rows() / rows_per_block_ + (n_rows() % rows_per_block_ != 0 ? 1 : 0);
        return cyclic_count(n_all, i_, n_);
    }
    [[nodiscard]] constexpr bool empty() const noexcept { return size() == 0; }

    /// The rows of block k, in the whole array. @pre 0 <= k < size()
    [[nodiscard]] constexpr range rows(std::int64_t k) const noexcept {
        SHMWIN_EXPECT(0 <= k && k < size());
        auto const first = (i_ + k * n_) * rows_per_block_;
        return {first, first + std::min(rows_per_block_, n_rows() - first)};
    }
    /// Block k. @pre 0 <= k < size()
    [[nodiscard]] constexpr row_block<View> operator[](std::int64_t k) const noexcept {
        return {whole_, rows(k)};
    }

    [[nodiscard]] constexpr iterator begin() const noexcept { return {*this, 0}; }
    [[nodiscard]] constexpr iterator end() const noexcept { return {*this, size()}; }

  private:
    [[nodiscard]] constexpr std::int64_t n_rows() const noexcept {
        return static_cast<std::int64_t>(whole_.extent(0));
    }

    View whole_;
    std::int64_t rows_per_block_;
    std::int64_t i_;
    std::int64_t n_;
};

/// Goes from block to block; outlives the cyclic_blocks that it came from.
template <detail::has_rows View>
class cyclic_blocks<View>::iterator {
  public:
    constexpr iterator(cyclic_blocks const& blocks, std::int64_t k) noexcept
        : blocks_(blocks), k_(k) {}

    [[nodiscard]] constexpr row_block<View> operator*() const noexcept { return blocks_[k_]; }
    constexpr iterator& operator++() noexcept {
        ++k_;
        return *this;
    }
    [[nodiscard]] friend constexpr bool operator==(iterator const& a, iterator const& b) noexcept {
        return a.k_ == b.k_;
    }

  private:
    cyclic_blocks blocks_;
    std::int64_t k_;
};

/// Local. The blocks i, i + n, i + 2 n, ... of `rows_per_block` rows each (the last of all may have
/// fewer): for (auto const block : block_cyclic(u, 64, rank, n_ranks)) ... O(1).
/// @pre 0 < rows_per_block, 0 <= i < n
template <divisible V>
[[nodiscard]] constexpr auto block_cyclic(V const& viewed,
                                          std::int64_t rows_per_block,
                                          std::int64_t i,
                                          std::int64_t n) noexcept {
    return cyclic_blocks<detail::view_of_type<V>>(detail::as_view(viewed), rows_per_block, i, n);
}

} // namespace shmwin::inline v1
