// SPDX-License-Identifier: MIT
// freeze: arrays that nobody may write to. By type alone (array::freeze()), or by the memory
// management unit: each rank write-protects the array's pages in its own mapping, so that a stray
// store faults where it happens instead of being found hours later.
//
// Layer: segment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shmwin::inline v1 {

/// Asks freeze() to write-protect pages: u.freeze(shmwin::protect_pages).
struct protect_pages_t {
    explicit protect_pages_t() = default;
};
inline constexpr protect_pages_t protect_pages{};

namespace detail {

/// An object whose pages are write-protected in this process.
struct frozen_pages {
    std::uint32_t index; ///< of its record
    std::uint32_t generation;
    std::byte* first;
    std::size_t n_bytes; ///< of whole pages
};

} // namespace detail
} // namespace shmwin::inline v1
