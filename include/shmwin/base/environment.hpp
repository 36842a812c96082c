// SPDX-License-Identifier: MIT
// SHMWIN_* variables: an option that is set in code wins, then the environment, then the default.
#pragma once

#include "shmwin/base/export.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shmwin::inline v1 {

/// Local. Reads a size: "8GiB", "8 GiB", "512M", "4096". K, M, G, T are powers of 1024, with or
/// without "iB" or "B"; upper and lower case are alike. Nothing if it is not a size or too large.
[[nodiscard]] SHMWIN_API std::optional<std::size_t> parse_bytes(std::string_view text) noexcept;

namespace detail {

/// Value of the variable, if it is set and not empty.
[[nodiscard]] SHMWIN_API std::optional<std::string> environment(char const* variable);

/// Value of the variable as a size in bytes.
/// @throws argument_error (invalid_argument) naming the variable, if it is not a size
[[nodiscard]] SHMWIN_API std::optional<std::size_t> environment_bytes(char const* variable);

/// Value of the variable as a whole number, not negative.
/// @throws argument_error (invalid_argument) naming the variable, if it is not one
[[nodiscard]] SHMWIN_API std::optional<std::int64_t> environment_count(char const* variable);

/// Logs a warning for each SHMWIN_* variable that no version of this library reads: a typing
/// error in a job script would otherwise be silent.
SHMWIN_API void warn_of_unknown_variables();

} // namespace detail
} // namespace shmwin::inline v1
