// SPDX-License-Identifier: MIT
// How a compressed object is cut: into chunks that are neighbours in its sequence of bytes, near
// 1 MiB each, or larger if there were more than about 2,000, so that a rank compresses a chunk from
// one range of memory.
//
//     dimensions        d0 x .. x dj x .. x dn       slowest first
//     chunk              1 x .. x  k x .. x dn       k rows of dimension j; the last of each j may
//                                                    be less, and is filled up with zeros
//
// Layer: io. Neither HDF5 nor MPI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace shmwin::inline v1::detail {

/// Smaller objects are stored as they are.
inline constexpr std::uint64_t least_compressed_bytes = std::uint64_t{64} << 10U;

/// A range of an object's bytes.
struct chunk_range {
    std::uint64_t begin;
    std::size_t n_bytes;
};

/// The chunks of an object. Sent between ranks as bytes; all 0 if it is not compressed.
struct chunk_grid {
    std::uint64_t element_bytes = 0;
    std::uint64_t row_bytes = 0;       ///< of a row of dimension j
    std::uint64_t rows_in_chunk = 0;   ///< k
    std::uint64_t rows_in_all = 0;     ///< dj
    std::uint64_t n_outer = 0;         ///< d0 x .. x dj-1
    std::uint64_t split_dimension = 0; ///< j

    /// @param extents  slowest first, none of them 0
    [[nodiscard]] static chunk_grid of(std::span<std::uint64_t const> extents,
                                       std::uint64_t element_bytes);

    /// That of chunks of these extents; nothing if their bytes are no neighbours.
    [[nodiscard]] static std::optional<chunk_grid> of_chunk(std::span<std::uint64_t const> extents,
                                                            std::vector<std::uint64_t> const& chunk,
                                                            std::uint64_t element_bytes);

    [[nodiscard]] std::uint64_t chunks_in_row() const noexcept {
        return (rows_in_all + rows_in_chunk - 1) / rows_in_chunk;
    }
    [[nodiscard]] std::uint64_t n_chunks() const noexcept {
        return rows_in_chunk == 0 ? 0 : n_outer * chunks_in_row();
    }
    /// As HDF5 has it: also the last.
    [[nodiscard]] std::size_t chunk_bytes() const noexcept { return rows_in_chunk * row_bytes; }
    [[nodiscard]] chunk_range range_of(std::uint64_t chunk) const noexcept;
    /// The chunk that holds that byte.
    [[nodiscard]] std::uint64_t chunk_at(std::uint64_t byte) const noexcept;
    /// Extents of a chunk, slowest first.
    [[nodiscard]] std::vector<std::uint64_t>
    extents_of_chunk(std::span<std::uint64_t const> extents) const;
    /// Its first element.
    [[nodiscard]] std::vector<std::uint64_t> first_of(std::uint64_t chunk,
                                                      std::span<std::uint64_t const> extents) const;
    /// The chunk whose first element that is.
    [[nodiscard]] std::uint64_t number_of(std::vector<std::uint64_t> const& first,
                                          std::span<std::uint64_t const> extents) const;
};

/// Compresses as HDF5's filters shuffle and deflate do. Of one thread; keeps its buffers.
class chunk_compressor {
  public:
    explicit chunk_compressor(int level) : level_(level) {}

    /// Where a chunk's bytes are put: `n_bytes` of them; what was there before may be there.
    [[nodiscard]] std::span<std::byte> room(std::size_t n_bytes);

    /// What is in the room. Valid until the next call.
    [[nodiscard]] std::span<std::byte const> compress(std::uint64_t element_bytes);

  private:
    int level_;
    std::vector<std::byte> raw_;
    std::vector<std::byte> shuffled_;
    std::vector<std::byte> compressed_;
};

/// Undoes that. Of one thread; keeps its buffers.
class chunk_inflater {
  public:
    /// Where a chunk's compressed bytes are put.
    [[nodiscard]] std::span<std::byte> room(std::size_t n_bytes);

    /// The chunk of so many bytes. Valid until the next call; empty if what is in the room is none.
    [[nodiscard]] std::span<std::byte const> inflate(std::size_t n_bytes,
                                                     std::uint64_t element_bytes);

  private:
    std::vector<std::byte> compressed_;
    std::vector<std::byte> shuffled_;
    std::vector<std::byte> raw_;
};

} // namespace shmwin::inline v1::detail
