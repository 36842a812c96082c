// SPDX-License-Identifier: MIT
#include "cli/words.hpp"

#include "shmwin/base/text.hpp"

#include <array>
#include <cstddef>
#include <fmt/format.h>

namespace shmwin::cli {

std::string short_bytes(std::uint64_t n_bytes) {
    constexpr std::array<char const*, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    auto size = static_cast<double>(n_bytes);
    std::size_t unit = 0;
    for (; size >= 1024 && unit + 1 < units.size(); ++unit) {
        size /= 1024;
    }
    return unit == 0 ? fmt::format("{} B", n_bytes) : fmt::format("{:.1f} {}", size, units[unit]);
}

std::string short_uuid(std::string_view uuid) {
    return uuid.empty() ? "-" : std::string(uuid.substr(0, 8));
}

std::string shape_of(detail::stored_object const& object) {
    return detail::shape_text(object.shape);
}

std::string_view order_of(detail::stored_object const& object) {
    switch (object.order) {
    case memory_order_kind::right:
        return "C";
    case memory_order_kind::left:
        return "Fortran";
    default:
        return "";
    }
}

} // namespace shmwin::cli
