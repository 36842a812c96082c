// SPDX-License-Identifier: MIT
// The one sink of everything that shmwin says without being asked. Default: stderr, warnings
// and errors only; SHMWIN_LOG = silent | error | warning | info | debug.
#pragma once

#include "shmwin/base/export.hpp"

#include <string_view>

namespace shmwin::inline v1 {

enum class log_level : int { silent = 0, error = 1, warning = 2, info = 3, debug = 4 };

/// Takes one line without its end. Called by one thread at a time.
using log_sink = void (*)(log_level level, std::string_view line);

/// Local. Replaces the sink (nullptr: stderr again) and returns the one before.
SHMWIN_API log_sink set_log_sink(log_sink sink) noexcept;

/// Local. Lines above `level` are dropped. Overrides SHMWIN_LOG.
SHMWIN_API void set_log_level(log_level level) noexcept;

/// Local. Hands the line to the sink, if `level` is not above the current one. Never throws.
SHMWIN_API void log(log_level level, std::string_view line) noexcept;

} // namespace shmwin::inline v1
