// SPDX-License-Identifier: MIT
#include "io/chunks.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <zlib.h>

namespace shmwin::inline v1::detail {
namespace {

// HDF5 1.10 looks for the n-th chunk from the first on: there should not be very many.
std::uint64_t wanted_bytes(std::uint64_t n_bytes) {
    constexpr std::uint64_t least = std::uint64_t{1} << 20U;
    constexpr std::uint64_t most = std::uint64_t{1} << 30U;
    return std::clamp(n_bytes / 2048, least, most);
}

} // namespace

chunk_grid chunk_grid::of(std::span<std::uint64_t const> extents, std::uint64_t element_bytes) {
    chunk_grid grid;
    grid.element_bytes = grid.row_bytes = element_bytes;
    auto j = extents.size() - 1;
    auto const wanted = wanted_bytes(
        std::accumulate(extents.begin(), extents.end(), element_bytes, std::multiplies<>()));
    while (j > 0 && grid.row_bytes * extents[j] <= wanted) {
        grid.row_bytes *= extents[j--];
    }
    grid.split_dimension = j;
    grid.rows_in_all = extents[j];
    grid.rows_in_chunk = std::clamp<std::uint64_t>(wanted / grid.row_bytes, 1, grid.rows_in_all);
    grid.n_outer = 1;
    for (auto const each : extents.first(j)) {
        grid.n_outer *= each;
    }
    return grid;
}

std::optional<chunk_grid> chunk_grid::of_chunk(std::span<std::uint64_t const> extents,
                                               std::vector<std::uint64_t> const& chunk,
                                               std::uint64_t element_bytes) {
    chunk_grid grid;
    grid.element_bytes = grid.row_bytes = element_bytes;
    auto j = extents.size() - 1;
    while (j > 0 && chunk[j] == extents[j]) {
        grid.row_bytes *= extents[j--];
    }
    grid.split_dimension = j;
    grid.rows_in_all = extents[j];
    grid.rows_in_chunk = chunk[j];
    grid.n_outer = 1;
    bool are_neighbours = chunk[j] >= 1 && chunk[j] <= extents[j];
    for (std::size_t i = 0; i < j; ++i) {
        grid.n_outer *= extents[i];
        are_neighbours = are_neighbours && chunk[i] == 1;
    }
    return are_neighbours ? std::optional(grid) : std::nullopt;
}

std::uint64_t chunk_grid::chunk_at(std::uint64_t byte) const noexcept {
    auto const row = byte / row_bytes;
    return row / rows_in_all * chunks_in_row() + row % rows_in_all / rows_in_chunk;
}

std::uint64_t chunk_grid::number_of(std::vector<std::uint64_t> const& first,
                                    std::span<std::uint64_t const> extents) const {
    std::uint64_t outer = 0;
    for (std::size_t i = 0; i < split_dimension; ++i) {
        outer = outer * extents[i] + first[i];
    }
    return outer * chunks_in_row() + first[split_dimension] / rows_in_chunk;
}

chunk_range chunk_grid::range_of(std::uint64_t chunk) const noexcept {
    auto const outer = chunk / chunks_in_row();
    auto const row = chunk % chunks_in_row() * rows_in_chunk;
    return {(outer * rows_in_all + row) * row_bytes,
            std::min(rows_in_chunk, rows_in_all - row) * row_bytes};
}

std::vector<std::uint64_t>
chunk_grid::extents_of_chunk(std::span<std::uint64_t const> extents) const {
    std::vector<std::uint64_t> chunk(extents.begin(), extents.end());
    std::fill_n(chunk.begin(), split_dimension, 1);
    chunk[split_dimension] = rows_in_chunk;
    return chunk;
}

std::vector<std::uint64_t> chunk_grid::first_of(std::uint64_t chunk,
                                                std::span<std::uint64_t const> extents) const {
    std::vector<std::uint64_t> first(extents.size(), 0);
    first[split_dimension] = chunk % chunks_in_row() * rows_in_chunk;
    auto outer = chunk / chunks_in_row();
    for (auto i = split_dimension; i-- > 0;) {
        first[i] = outer % extents[i];
        outer /= extents[i];
    }
    return first;
}

std::span<std::byte> chunk_compressor::room(std::size_t n_bytes) {
    raw_.resize(n_bytes);
    return raw_;
}

// https://docs.hdfgroup.org/hdf5/v1_10, H5Pset_shuffle: all first bytes, then all second bytes, ...
// A zlib stream (RFC 1950) is what H5Pset_deflate's filter inflates.
std::span<std::byte const> chunk_compressor::compress(std::uint64_t element_bytes) {
    shuffled_.resize(raw_.size());
    auto const n = raw_.size() / element_bytes;
    for (std::size_t b = 0; b < element_bytes; ++b) {
        auto const* from = raw_.data() + b;
        auto* const to = shuffled_.data() + b * n;
        for (std::size_t i = 0; i < n; ++i, from += element_bytes) {
            to[i] = *from;
        }
    }
    auto n_bytes = ::compressBound(shuffled_.size());
    compressed_.resize(n_bytes);
    auto const done = ::compress2(reinterpret_cast<Bytef*>(compressed_.data()),
                                  &n_bytes,
                                  reinterpret_cast<Bytef const*>(shuffled_.data()),
                                  shuffled_.size(),
                                  level_);
    if (done != Z_OK) {
        raise(errc::out_of_memory, text("compressing failed (zlib's compress2: ", done, ")"));
    }
    return std::span(compressed_).first(n_bytes);
}

std::span<std::byte> chunk_inflater::room(std::size_t n_bytes) {
    compressed_.resize(n_bytes);
    return compressed_;
}

std::span<std::byte const> chunk_inflater::inflate(std::size_t n_bytes,
                                                   std::uint64_t element_bytes) {
    shuffled_.resize(n_bytes);
    ::uLongf n_inflated = n_bytes;
    auto const done = ::uncompress(reinterpret_cast<Bytef*>(shuffled_.data()),
                                   &n_inflated,
                                   reinterpret_cast<Bytef const*>(compressed_.data()),
                                   compressed_.size());
    if (done == Z_MEM_ERROR) raise(errc::out_of_memory, "inflating failed (zlib has no memory)");
    if (done != Z_OK || n_inflated != n_bytes) return {};
    raw_.resize(n_bytes);
    auto const n = n_bytes / element_bytes;
    for (std::size_t b = 0; b < element_bytes; ++b) {
        auto const* const from = shuffled_.data() + b * n;
        auto* to = raw_.data() + b;
        for (std::size_t i = 0; i < n; ++i, to += element_bytes) {
            *to = from[i];
        }
    }
    return raw_;
}

} // namespace shmwin::inline v1::detail
