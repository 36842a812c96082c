// SPDX-License-Identifier: MIT
#include "shmwin/base/text.hpp"

#include <array>
#include <ctime>
#include <iomanip>
#include <system_error>

namespace shmwin::inline v1::detail {

std::string bytes_text(std::size_t n_bytes) {
    constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (n_bytes < 1024) return text(n_bytes, " bytes");
    auto scaled = static_cast<double>(n_bytes) / 1024;
    std::size_t unit = 0;
    while (scaled >= 1024 && unit + 1 < units.size()) {
        scaled /= 1024;
        ++unit;
    }
    return text(
        std::fixed, std::setprecision(1), scaled, ' ', units.at(unit), " (", n_bytes, " bytes)");
}

std::string shape_text(std::span<std::int64_t const> extents) {
    if (extents.empty()) return "scalar";
    std::string all;
    for (auto const extent : extents) {
        all += (all.empty() ? "" : " x ") + std::to_string(extent);
    }
    return all;
}

std::string time_text(std::int64_t ns) {
    std::array<char, 32> out{};
    auto const seconds = static_cast<std::time_t>(ns / 1'000'000'000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return {out.data(), std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string errno_text(int number) {
    return std::generic_category().message(number);
}

std::string_view file_name(std::string_view path) noexcept {
    path.remove_prefix(path.find_last_of('/') + 1); // npos + 1 is 0
    return path;
}

std::string place_text(source_line const& where) {
    return where.line == 0 ? std::string() : text(" at ", file_name(where.file), ':', where.line);
}

} // namespace shmwin::inline v1::detail
