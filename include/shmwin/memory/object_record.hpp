// SPDX-License-Identifier: MIT
// object_record: what the segment knows of a named object. 512 bytes, in the directory.
//
// Layer: memory.
#pragma once

#include "shmwin/base/dtype.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace shmwin::inline v1 {

/// What an object is. Stable: stored in segments and files.
enum class object_kind : std::uint8_t {
    array = 1,        ///< N-d array of elements
    levels = 2,       ///< time levels: several arrays of one shape, one of them now
    value = 3,        ///< one lock-free atomic
    object = 4,       ///< one object of a class type, or of an element type
    per_rank = 5,     ///< a container of elements for each rank
    sync = 6,         ///< a lock, a barrier, ...: made anew after a restore, never saved
    synchronized = 7, ///< a lock and what it guards
    queue = 8,        ///< tasks that ranks push and lease
};

/// Order of an array's elements. Stable.
enum class memory_order_kind : std::uint8_t {
    none = 0,
    right = 1,   ///< the last index is next to itself (C)
    left = 2,    ///< the first index is (Fortran)
    strided = 3, ///< only the process knows: adopted memory; never in a file
};

namespace detail {

inline constexpr std::size_t max_dimensions = 8;
inline constexpr std::size_t max_name_bytes = 255;
inline constexpr std::uint64_t foreign_offset = 0; ///< no block begins there

/// What a look-up of a name needs of its record: all but the name and the extents.
struct object_head {
    std::uint64_t name_hash;
    std::uint64_t type_hash;
    std::uint64_t offset;     ///< of the payload
    std::uint32_t generation; ///< of this record; a handle with another one is stale
    object_kind kind;
    memory_order_kind order;
    std::uint8_t n_extents;
    std::uint8_t n_levels; ///< of kind levels; else 0

    /// Memory that is not the segment's; nothing may be read or freed at `offset`.
    [[nodiscard]] bool is_foreign() const noexcept { return offset == foreign_offset; }
};
static_assert(sizeof(object_head) == 32);

/// In the segment; also a plain copy of one. Words are read and written as atomics by the
/// directory, so that a look-up needs no lock. It begins as object_head, then the name: a look-up
/// needs one line of the cache if the name is short.
struct object_record {
    std::uint64_t name_hash;
    std::uint64_t type_hash;
    std::uint64_t offset;
    std::uint32_t generation;
    object_kind kind;
    memory_order_kind order;
    std::uint8_t n_extents;
    std::uint8_t n_levels;
    std::array<char, 256> name; ///< ends with 0
    std::array<std::int64_t, max_dimensions> extents;
    std::uint64_t n_bytes;   ///< of the payload, as asked for
    std::int64_t created_ns; ///< after 1970, UTC
    std::int32_t creator;    ///< rank; -1: all together
    std::uint32_t line;      ///< of the call, in `file`
    std::uint32_t element_bytes;
    std::uint32_t element_alignment;
    bool saved;     ///< a checkpoint holds it
    bool has_dtype; ///< element_kind, _digits, _bytes and _alignment are of one
    dtype_kind element_kind;
    std::uint8_t element_digits;
    bool whole_pages; ///< nothing else shares its pages
    bool type_is_cut; ///< `type` is only the beginning of the signature
    std::array<std::uint8_t, 2> reserved;
    std::array<char, 64> type; ///< signature, ends with 0
    std::array<char, 48> file; ///< end of the path of the source file, ends with 0

    [[nodiscard]] object_head head() const noexcept {
        return {name_hash, type_hash, offset, generation, kind, order, n_extents, n_levels};
    }
    /// Of an object that is whole: a claim has no offset yet.
    [[nodiscard]] bool is_foreign() const noexcept { return offset == foreign_offset; }
    [[nodiscard]] std::string_view name_text() const noexcept { return name.data(); }
    [[nodiscard]] std::string_view type_text() const noexcept { return type.data(); }
    [[nodiscard]] std::span<std::int64_t const> shape() const noexcept {
        return std::span(extents).first(n_extents);
    }
    /// Of an element type that is a scalar: the others need the whole signature.
    [[nodiscard]] dtype element() const noexcept {
        return {element_kind, element_bytes, element_alignment, element_digits};
    }
};
static_assert(sizeof(object_record) == 504);

} // namespace detail
} // namespace shmwin::inline v1
