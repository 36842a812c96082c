// SPDX-License-Identifier: MIT
// source_line: where a call stands. std::source_location is not there for clang 14 with the
// standard library of g++ 12.
#pragma once

#include "shmwin/base/export.hpp"

#include <string_view>

namespace shmwin::inline v1 {

/// As a default argument, source_line::current() is the line of the call.
struct source_line {
    /// Stays as it is until the process ends, as a literal does: a line is known by this address,
    /// which costs a fence less than to compare the names.
    char const* file = "";
    unsigned line = 0;

    [[nodiscard]] static constexpr source_line current(char const* file = __builtin_FILE(),
                                                       unsigned line = __builtin_LINE()) noexcept {
        return {file, line};
    }

    /// Local. For callers whose names of files come and go, as those of interpreters do: keeps one
    /// copy of each name for ever. Any thread. Nothing of it if there is no memory for that.
    [[nodiscard]] SHMWIN_API static source_line kept(std::string_view file, unsigned line) noexcept;
};

} // namespace shmwin::inline v1
