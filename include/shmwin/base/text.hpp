// SPDX-License-Identifier: MIT
// Text of errors and reports. Not for hot paths.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/source_line.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

namespace shmwin::inline v1::detail {

/// The parts, one after the other, as operator<< writes them.
template <typename... Parts>
[[nodiscard]] std::string text(Parts const&... parts) {
    std::ostringstream out;
    (out << ... << parts);
    return std::move(out).str();
}

/// A size for people and for scripts: "1.5 GiB (1610612736 bytes)", "24 bytes".
[[nodiscard]] SHMWIN_API std::string bytes_text(std::size_t n_bytes);

/// Extents as "344 x 403"; "scalar" for none.
[[nodiscard]] SHMWIN_API std::string shape_text(std::span<std::int64_t const> extents);

/// A point in time, in ns after 1970, as "2008-04-26T16:05:00Z".
[[nodiscard]] SHMWIN_API std::string time_text(std::int64_t ns);

/// What errno value `number` means: "No space left on device".
[[nodiscard]] SHMWIN_API std::string errno_text(int number);

/// A path without its folders.
[[nodiscard]] SHMWIN_API std::string_view file_name(std::string_view path) noexcept;

/// A line of the program, to stand behind a call: " at solver.cpp:120"; empty for none.
[[nodiscard]] SHMWIN_API std::string place_text(source_line const& where);

} // namespace shmwin::inline v1::detail
