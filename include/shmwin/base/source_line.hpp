// SPDX-License-Identifier: MIT
// source_line: where a call stands. std::source_location is not there for clang 14 with the
// standard library of g++ 12.
#pragma once

namespace shmwin::inline v1 {

/// As a default argument, source_line::current() is the line of the call.
struct source_line {
    char const* file = "";
    unsigned line = 0;

    [[nodiscard]] static constexpr source_line current(char const* file = __builtin_FILE(),
                                                       unsigned line = __builtin_LINE()) noexcept {
        return {file, line};
    }
};

} // namespace shmwin::inline v1
