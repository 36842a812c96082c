// SPDX-License-Identifier: MIT
// Instructions as valgrind counts them: a figure that no other load on the machine changes. A
// program calls itself under callgrind, without MPI; counting is on inside one function alone.
#pragma once

#include "harness.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

namespace bench {

/// Output of a command, both streams; empty if it cannot be run.
inline std::string output_of(std::string const& command) {
    // NOLINTNEXTLINE(cert-env33-c): our own words and the path of this program
    auto* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return {};
    std::string all;
    std::array<char, 256> line{};
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
        all += line.data();
    }
    return ::pclose(pipe) == 0 ? all : std::string();
}

/// False, and a line that says so, where there is no valgrind.
inline bool has_valgrind(std::string const& row) {
    if (output_of("valgrind --version").starts_with("valgrind")) return true;
    std::fprintf(stderr, "%s: skipped, for there is no valgrind\n", row.c_str());
    return false;
}

/// Instructions inside the functions whose names contain `function`, while `program` runs with
/// `arguments`.
inline double count_instructions(std::string const& program,
                                 std::string const& function,
                                 std::string const& arguments) {
    auto const said = output_of("valgrind --tool=callgrind --callgrind-out-file=/dev/null "
                                "'--toggle-collect=*"
                                + function + "*' '" + program + "' " + arguments);
    constexpr std::string_view label = "Collected :";
    auto const at = said.find(label);
    if (at == std::string::npos) throw std::runtime_error("callgrind failed: " + said);
    return std::strtod(said.c_str() + at + label.size(), nullptr);
}

inline std::string path_of_this_program() {
    std::array<char, 4096> path{};
    auto const n = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
    return {path.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
}

} // namespace bench
