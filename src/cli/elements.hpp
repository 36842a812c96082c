// SPDX-License-Identifier: MIT
// elements: what the bytes of an element mean to the tool. Any element type is a list of leaves:
// scalars and texts at offsets, in rows.
//
//     struct particle { point where; std::int32_t ids[2]; };
//     leaves   where.x float64 @0   where.y float64 @8   ids int32 @16, 2
//
// Layer: cli.
#pragma once

#include "shmwin/base/dtype.hpp"

#include <complex>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace shmwin::cli {

/// `count` scalars of one type, side by side.
struct leaf {
    std::string name; ///< "where.x"; empty if the element is no structure
    std::size_t offset;
    std::size_t count;
    dtype type; ///< a scalar or a string; of an enumeration its integer
};

/// Local. All leaves of a type, in the order of their offsets. Of arrays of structures, those of
/// each structure, under the same names.
[[nodiscard]] std::vector<leaf> leaves_of(dtype const& type);

template <typename T>
[[nodiscard]] T load(std::byte const* from) noexcept {
    T value{};
    std::memcpy(static_cast<void*>(&value), from, sizeof value);
    return value;
}

/// Calls f.template operator()<T>() for the numbers of the table, bool as an integer of a byte.
/// @returns  false for what is no number: bytes, characters, text
template <typename F>
bool visit_number(dtype const& type, F&& f) {
    if (type.kind() == dtype_kind::boolean) {
        f.template operator()<unsigned char>();
        return true;
    }
    if (type.kind() < dtype_kind::signed_integer || !type.is_scalar()) return false;
    return visit(type, [&]<typename T>() {
        if constexpr (!std::same_as<T, bool> && !std::same_as<T, std::byte>)
            f.template operator()<T>();
    });
}

/// Local. An element as text: "1.5", "1+2j", "\"word\"", "[1, 2]", "{x: 1, y: 2}"; numbers with
/// as many digits as tell them apart.
[[nodiscard]] std::string element_text(dtype const& type, std::byte const* at);

} // namespace shmwin::cli
