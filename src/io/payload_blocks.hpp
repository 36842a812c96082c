// SPDX-License-Identifier: MIT
// The blocks that a rank moves, and where their bytes are in its memory.
//
// Layer: io.
#pragma once

#include "shmwin/base/function_ref.hpp"

#include "io/payload.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shmwin::inline v1::detail {

/// A block of an object, and of the file: checksum_block_bytes, the last of an object less.
struct block {
    payload_part const& part;
    std::uint64_t part_number;
    std::uint64_t index;  ///< within the part
    std::uint64_t number; ///< among all
    std::uint64_t begin;  ///< in the object
    std::size_t n_bytes;

    [[nodiscard]] std::uint64_t in_file() const noexcept { return part.file_offset + begin; }
};

/// True if this rank moves no block.
[[nodiscard]] inline bool has_nothing(std::span<payload_part const> parts) {
    return std::ranges::all_of(parts, [](auto const& each) { return each.mine.empty(); });
}

/// Local. Calls `f` for this rank's blocks, in their order in the file.
inline void for_each_block(std::span<payload_part const> parts,
                           function_ref<void(block const&)> f) {
    for (std::uint64_t p = 0; p < parts.size(); ++p) {
        auto const& part = parts[p];
        for (auto const i : part.mine) {
            auto const number = static_cast<std::uint64_t>(i);
            auto const index = number - part.first_block;
            auto const begin = index * checksum_block_bytes;
            auto const n_bytes = std::min<std::size_t>(checksum_block_bytes, part.n_bytes - begin);
            f({part, p, index, number, begin, n_bytes});
        }
    }
}

/// A block's bytes where they are, or else in a buffer.
class block_in_memory {
  public:
    [[nodiscard]] std::span<std::byte> of(block const& each) {
        auto* const there = each.part.memory.contiguous(each.begin, each.n_bytes);
        if (there != nullptr) return {there, each.n_bytes};
        buffer_.resize(checksum_block_bytes);
        return std::span(buffer_).first(each.n_bytes);
    }
    [[nodiscard]] bool is_buffer(std::span<std::byte const> bytes) const noexcept {
        return bytes.data() == buffer_.data();
    }
    [[nodiscard]] std::span<std::byte> gathered(block const& each) {
        auto const bytes = of(each);
        if (is_buffer(bytes)) each.part.memory.gather(each.begin, bytes);
        return bytes;
    }

  private:
    std::vector<std::byte> buffer_;
};

} // namespace shmwin::inline v1::detail
