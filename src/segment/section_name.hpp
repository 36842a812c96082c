// SPDX-License-Identifier: MIT
// What the hidden object of an array's sections is called: by the array's place in the directory.
//
// Layer: segment.
#pragma once

#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shmwin::inline v1::detail {

inline constexpr std::string_view section_prefix = ".shmwin/sections/";

// An array of another generation at the same index is another array.
[[nodiscard]] inline std::string section_name(std::uint32_t index, std::uint32_t generation) {
    return text(section_prefix, index, '.', generation);
}

/// Local. The array that an object of this name belongs to; nothing if it is no section.
[[nodiscard]] inline std::optional<directory_place>
array_of_section(std::string_view name) noexcept {
    if (!name.starts_with(section_prefix)) return std::nullopt;
    auto const* const end = name.data() + name.size();
    directory_place place;
    auto const index = std::from_chars(name.data() + section_prefix.size(), end, place.index);
    if (index.ec != std::errc() || index.ptr == end || *index.ptr != '.') return std::nullopt;
    auto const generation = std::from_chars(index.ptr + 1, end, place.generation);
    if (generation.ec != std::errc() || generation.ptr != end) return std::nullopt;
    return place;
}

} // namespace shmwin::inline v1::detail
