// SPDX-License-Identifier: MIT
#include "io/chunks.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <zlib.h>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint64_t wanted_bytes = std::uint64_t{1} << 20U;

} // namespace

chunk_grid chunk_grid::of(std::span<std::uint64_t const> extents, std::uint64_t element_bytes) {
    chunk_grid grid;
    grid.element_bytes = grid.row_bytes = element_bytes;
    auto j = extents.size() - 1;
    while (j > 0 && grid.row_bytes * extents[j] <= wanted_bytes) {
        grid.row_bytes *= extents[j--];
    }
    grid.split_dimension = j;
    grid.rows_in_all = extents[j];
    grid.rows_in_chunk =
        std::clamp<std::uint64_t>(wanted_bytes / grid.row_bytes, 1, grid.rows_in_all);
    grid.n_outer = 1;
    for (auto const each : extents.first(j)) {
        grid.n_outer *= each;
    }
    return grid;
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

} // namespace shmwin::inline v1::detail
