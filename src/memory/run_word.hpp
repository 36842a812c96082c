// SPDX-License-Identifier: MIT
// Words of the page map, bins of free runs, and links in a bin.
//
// Layer: memory.
#pragma once

#include "shmwin/memory/page_runs.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace shmwin::inline v1::detail {

/// What a page is in its run. Stable: in the page map.
enum class word_kind : std::uint8_t {
    inside = 0,
    free_head = 1,
    free_tail = 2,
    used_head = 3, ///< of a block
    used_tail = 4,
    slab_head = 5,
    slab_inside = 6,
};

inline constexpr unsigned kind_shift = 60;
inline constexpr std::uint64_t length_mask = 0xffff'ffffULL;
// Of a slab: its descriptor's offset in lines of 64 bytes, and above that its number of pages.
inline constexpr unsigned slab_pages_shift = 48;
inline constexpr std::uint64_t slab_offset_mask = (1ULL << slab_pages_shift) - 1;
// Of a block: the line of 64 bytes of its first page at which it begins.
inline constexpr unsigned start_shift = 32;
inline constexpr std::uint64_t start_mask = 0x3f;
inline constexpr std::size_t words_per_page = page_bytes / sizeof(std::uint64_t);

[[nodiscard]] constexpr word_kind kind_of_word(std::uint64_t word) noexcept {
    return static_cast<word_kind>(word >> kind_shift);
}

/// Pages of the run, from its head (or the tail of one that has a tail).
[[nodiscard]] constexpr std::uint64_t length_of(std::uint64_t word) noexcept {
    bool const is_slab = kind_of_word(word) == word_kind::slab_head;
    return is_slab ? word >> slab_pages_shift & 0xfffU : word & length_mask;
}

[[nodiscard]] constexpr bool is_used_head(word_kind kind) noexcept {
    return kind == word_kind::used_head || kind == word_kind::slab_head;
}

[[nodiscard]] constexpr std::uint64_t make_word(word_kind kind, std::uint64_t n_pages) noexcept {
    return (static_cast<std::uint64_t>(kind) << kind_shift) | n_pages;
}

/// Head of a block that begins `start_bytes` behind the start of its first page.
[[nodiscard]] constexpr std::uint64_t make_block_word(std::uint64_t n_pages,
                                                      std::uint64_t start_bytes) noexcept {
    return make_word(word_kind::used_head, n_pages) | (start_bytes / 64) << start_shift;
}

/// Of a block's head, in bytes.
[[nodiscard]] constexpr std::uint64_t start_of(std::uint64_t head) noexcept {
    return (head >> start_shift & start_mask) * 64;
}

/// True if a block in use has this head and begins at this place of its first page.
[[nodiscard]] constexpr bool is_block_at(std::uint64_t head, std::uint64_t start_bytes) noexcept {
    return kind_of_word(head) == word_kind::used_head && start_of(head) == start_bytes;
}

/// Head of a slab, or (of 0 pages) a page inside it.
[[nodiscard]] constexpr std::uint64_t make_slab_word(std::uint64_t descriptor_offset,
                                                     std::uint64_t n_pages) noexcept {
    return make_word(n_pages == 0 ? word_kind::slab_inside : word_kind::slab_head,
                     n_pages << slab_pages_shift | descriptor_offset / 64);
}

[[nodiscard]] constexpr bool is_slab_word(std::uint64_t word) noexcept {
    auto const kind = kind_of_word(word);
    return kind == word_kind::slab_head || kind == word_kind::slab_inside;
}

[[nodiscard]] constexpr std::uint64_t descriptor_offset_of(std::uint64_t slab_word) noexcept {
    return slab_word << (64 - slab_pages_shift) >> (64 - slab_pages_shift - 6);
}

// Bin of a free run: below 8 pages one bin a size; then 8 bins for each doubling.
struct bin_position {
    unsigned level;
    unsigned step;
    [[nodiscard]] constexpr std::size_t index() const { return std::size_t{8} * level + step; }
};

[[nodiscard]] constexpr bin_position bin_of(std::uint64_t n_pages) noexcept {
    if (n_pages < 8) return {0, static_cast<unsigned>(n_pages)};
    auto const log2 = static_cast<unsigned>(std::bit_width(n_pages)) - 1;
    return {log2 - 2, static_cast<unsigned>(n_pages >> (log2 - 3)) & 7U};
}

// The first bin all of whose runs hold n_pages.
[[nodiscard]] constexpr bin_position bin_that_surely_fits(std::uint64_t n_pages) noexcept {
    if (n_pages < 8) return bin_of(n_pages);
    auto const log2 = static_cast<unsigned>(std::bit_width(n_pages)) - 1;
    return bin_of(n_pages + (1ULL << (log2 - 3)) - 1);
}

static_assert(bin_of(8).index() == 8 && bin_of(15).index() == 15 && bin_of(16).index() == 16);
static_assert(bin_of((1ULL << 32U) - 1).index() < n_bins);

// Neighbours of a free run in its bin: index + 1 of each, 0 for none.
struct bin_links {
    page_index previous;
    page_index next;
};

[[nodiscard]] constexpr std::uint64_t pack(bin_links links) noexcept {
    return (std::uint64_t{links.previous} << 32U) | links.next;
}

[[nodiscard]] constexpr bin_links unpack(std::uint64_t word) noexcept {
    return {static_cast<page_index>(word >> 32U), static_cast<page_index>(word)};
}

} // namespace shmwin::inline v1::detail
