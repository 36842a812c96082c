// SPDX-License-Identifier: MIT
// The table from names to records: open addressing with linear probing. A slot says which record
// and, by the upper half of the name's hash, which names it cannot be.
#pragma once

#include "shmwin/memory/directory.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace shmwin::inline v1::detail {

inline constexpr std::uint64_t empty_slot = 0;
inline constexpr std::uint64_t gone_slot = 1;

constexpr std::uint64_t tag_of(std::uint64_t hash) noexcept {
    return hash & ~0xffff'ffffULL;
}

constexpr std::uint64_t make_slot(std::uint64_t hash, std::uint64_t index) noexcept {
    return tag_of(hash) | (index + 2);
}

constexpr std::uint64_t index_of(std::uint64_t slot) noexcept {
    return (slot & 0xffff'ffffULL) - 2;
}

/// Where the search for a name begins. By the lower half of the hash, since slots hold the upper.
constexpr std::uint64_t home_of(std::uint64_t hash, std::uint64_t n_slots) noexcept {
    return ((hash & 0xffff'ffffULL) * n_slots) >> 32U;
}

constexpr bool is_live(std::uint64_t slot) noexcept {
    return slot != empty_slot && slot != gone_slot;
}

struct directory::table {
    std::uint64_t n_slots; // any number below 2^32
    std::array<std::uint64_t, 7> reserved;

    [[nodiscard]] std::atomic_ref<std::uint64_t> operator[](std::uint64_t at) noexcept {
        return std::atomic_ref(reinterpret_cast<std::uint64_t*>(this + 1)[at]);
    }
};

// Where a name stands in a table, or where it would.
struct directory::position {
    bool found;
    std::uint64_t at;
    std::uint64_t index; // of the record, if found
};

} // namespace shmwin::inline v1::detail
