// SPDX-License-Identifier: MIT
// How a synchronized object lies in its block:
//
//     one T:     | mutex_state (8) | pad to T's alignment | T |
//     an array:  | mutex_state (8) | pad to 64, or to T's alignment if that is more | elements |
//
// The record's type and extents are those of the data; its n_bytes, of the whole block.
//
// Layer: segment.
#pragma once

#include "shmwin/memory/object_record.hpp"

#include <algorithm>
#include <cstddef>

namespace shmwin::inline v1::detail {

inline constexpr std::size_t synchronized_lock_bytes = 8;
inline constexpr std::size_t synchronized_array_alignment = 64;

/// From the block's begin to the data, in bytes; also the least alignment of the block.
[[nodiscard]] constexpr std::size_t
synchronized_data_offset(memory_order_kind order, std::size_t element_alignment) noexcept {
    bool const is_array = order != memory_order_kind::none;
    return std::max(is_array ? synchronized_array_alignment : synchronized_lock_bytes,
                    element_alignment);
}
/// @pre  record.kind is object_kind::synchronized
[[nodiscard]] constexpr std::size_t synchronized_data_offset(object_record const& record) noexcept {
    return synchronized_data_offset(record.order, record.element_alignment);
}

} // namespace shmwin::inline v1::detail
