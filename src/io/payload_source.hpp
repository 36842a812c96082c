// SPDX-License-Identifier: MIT
// payload_source: where the bytes of an object are in this process, as one sequence in the order of
// the file. They may be one piece of memory, several, or an array with strides:
//
//     sequence   |0 . . . . . . . . . . . . . . . n|
//     runs       |--------|-----|--------|---------|   each contiguous in memory
//
// A range of the sequence that lies in one run is used where it is; any other is gathered into a
// buffer, or scattered from one. Source of a save, and target of a restore.
//
// Layer: io.
#pragma once

#include "shmwin/base/function_ref.hpp"
#include "shmwin/memory/object_record.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shmwin::inline v1::detail {

/// An array as it lies in memory.
struct strided_array {
    std::byte* first = nullptr;
    std::size_t element_bytes = 0;
    std::span<std::int64_t const> extents{};
    std::span<std::int64_t const> strides{}; ///< in elements
};

class payload_source {
  public:
    /// Nowhere.
    payload_source() = default;

    /// One piece.
    /// @param begin  where it is in the sequence, if the bytes before it are nowhere
    explicit payload_source(std::span<std::byte> bytes, std::uint64_t begin = 0);

    /// Several, in their order.
    explicit payload_source(std::span<std::span<std::byte> const> pieces);

    /// The elements in the order of layout_right or layout_left.
    payload_source(strided_array const& array, memory_order_kind order);

    [[nodiscard]] bool is_nowhere() const noexcept { return first_ == nullptr && pieces_.empty(); }

    /// Bytes [begin, begin + n_bytes) where they are, if they follow each other there; else null.
    [[nodiscard]] std::byte* contiguous(std::uint64_t begin, std::size_t n_bytes) const;

    /// Calls `f` for the parts of [begin, begin + n_bytes) that are contiguous, in their order.
    void for_each_run(std::uint64_t begin,
                      std::size_t n_bytes,
                      function_ref<void(std::span<std::byte>)> f) const;

    void gather(std::uint64_t begin, std::span<std::byte> to) const;
    void scatter(std::uint64_t begin, std::span<std::byte const> from) const;

  private:
    struct piece {
        std::uint64_t end; ///< in the sequence
        std::span<std::byte> bytes;
    };
    struct dimension {
        std::uint64_t extent;
        std::int64_t stride_bytes;
    };
    class position;

    std::vector<piece> pieces_; ///< or, if there are none:
    std::byte* first_ = nullptr;
    std::uint64_t begin_ = 0;           ///< of the first run, in the sequence
    std::uint64_t run_bytes_ = 0;       ///< of each run
    std::vector<dimension> dimensions_; ///< of the runs; the last is the fastest
};

} // namespace shmwin::inline v1::detail
