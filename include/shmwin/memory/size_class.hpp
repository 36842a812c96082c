// SPDX-License-Identifier: MIT
// Size classes of small blocks: multiples of 8 bytes up to 64, then 4 for each doubling up to
// 32 KiB. A block is at most 20 % larger than asked for (160 bytes for 129).
//
// Layer: memory. Part of the segment's layout: a class's number stands in its slabs' descriptors.
#pragma once

#include "shmwin/memory/header.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace shmwin::inline v1::detail {

inline constexpr std::size_t n_size_classes = 44;
inline constexpr std::size_t largest_small_bytes = std::size_t{32} << 10U;
/// Blocks of a slab: as many as its bitmaps have bits.
inline constexpr std::size_t max_blocks = 512;
inline constexpr std::size_t max_slab_pages = 64;

/// The class of blocks of `n_bytes`, 1 to 32 KiB.
[[nodiscard]] constexpr unsigned class_of(std::size_t n_bytes) noexcept {
    if (n_bytes <= 64) return static_cast<unsigned>((n_bytes + 7) / 8) - 1;
    auto const last = n_bytes - 1;
    auto const doubling = static_cast<unsigned>(std::bit_width(last)) - 1; // 6 for 65 to 128
    return 8 + 4 * (doubling - 6) + static_cast<unsigned>((last >> (doubling - 2)) & 3U);
}

/// Bytes of a block of the class.
[[nodiscard]] constexpr std::size_t class_bytes(unsigned size_class) noexcept {
    if (size_class < 8) return std::size_t{8} * (size_class + 1);
    auto const doubling = 6 + (size_class - 8) / 4;
    return (std::size_t{5} + (size_class - 8) % 4) << (doubling - 2);
}

static_assert(class_of(1) == 0 && class_of(8) == 0 && class_of(9) == 1 && class_of(64) == 7);
static_assert(class_bytes(7) == 64 && class_bytes(8) == 80 && class_of(65) == 8);
static_assert(class_of(largest_small_bytes) == n_size_classes - 1);
static_assert(class_bytes(n_size_classes - 1) == largest_small_bytes);

/// class_of for the sizes that occur most, by (n_bytes + 7) / 8.
inline constexpr auto class_table = [] {
    std::array<std::uint8_t, 129> table{};
    for (std::size_t eights = 1; eights < table.size(); ++eights) {
        table[eights] = static_cast<std::uint8_t>(class_of(8 * eights));
    }
    return table;
}();

/// The class whose blocks hold `n_bytes` and begin at multiples of `alignment`, a power of two up
/// to a page: slabs begin with a page. n_size_classes if there is none.
[[nodiscard]] constexpr unsigned class_of(std::size_t n_bytes, std::size_t alignment) noexcept {
    auto const padded = (n_bytes + alignment - 1) & ~(alignment - 1);
    if (padded > largest_small_bytes) return n_size_classes;
    auto const eights = (padded + 7) / 8;
    auto found = eights < class_table.size() ? class_table[eights] : class_of(padded);
    while (found < n_size_classes && (class_bytes(found) & (alignment - 1)) != 0) {
        ++found;
    }
    return found;
}

/// class_of for what is asked for most: up to 1 KiB, aligned to 16 bytes or less.
inline constexpr std::size_t usual_bytes = 1024;
inline constexpr std::size_t usual_alignment = 16;
inline constexpr auto usual_classes = [] {
    std::array<std::array<std::uint8_t, usual_bytes / 8 + 1>, 2> tables{}; // aligned to 8, to 16
    for (std::size_t eights = 0; eights <= usual_bytes / 8; ++eights) {
        tables[0][eights] = static_cast<std::uint8_t>(class_of(8 * eights, 8));
        tables[1][eights] = static_cast<std::uint8_t>(class_of(8 * eights, 16));
    }
    return tables;
}();

/// True if usual_classes tells the class.
[[nodiscard]] constexpr bool is_usual(std::size_t n_bytes, std::size_t alignment) noexcept {
    constexpr unsigned possible = 1U << 1U | 1U << 2U | 1U << 4U | 1U << 8U | 1U << 16U;
    return n_bytes <= usual_bytes && alignment <= usual_alignment
           && (possible >> alignment & 1U) != 0;
}

/// @pre  is_usual(n_bytes, alignment)
[[nodiscard]] constexpr unsigned usual_class(std::size_t n_bytes, std::size_t alignment) noexcept {
    return usual_classes[alignment > 8 ? 1 : 0][(n_bytes + 7) / 8];
}

/// Pages of a full-grown slab: 512 blocks, or 64 KiB, or more where large blocks would leave more
/// than a sixteenth of it unused.
[[nodiscard]] constexpr std::size_t slab_pages(unsigned size_class) noexcept {
    auto const n_bytes = class_bytes(size_class);
    auto const whole = max_blocks * n_bytes / page_bytes;
    if (whole <= 16) return whole;
    for (std::size_t n_pages = 16; n_pages < max_slab_pages; ++n_pages) {
        auto const slab = n_pages * page_bytes;
        if (slab % n_bytes <= slab / 16) return n_pages;
    }
    return max_slab_pages;
}

/// Multiplying a distance within a slab by it and dropping 40 bits divides by the block's bytes:
/// exact, since the error is below distance * block < 2^18 * 2^15 < 2^40 (D. Lemire, O. Kaser,
/// N. Kurz, "Faster remainder by direct computation", 2019).
[[nodiscard]] constexpr std::uint64_t reciprocal_of(std::size_t n_bytes) noexcept {
    return ((std::uint64_t{1} << 40U) + n_bytes - 1) / n_bytes;
}

[[nodiscard]] constexpr std::uint64_t divide_by(std::uint64_t reciprocal,
                                                std::uint64_t distance) noexcept {
    return distance * reciprocal >> 40U;
}

} // namespace shmwin::inline v1::detail
