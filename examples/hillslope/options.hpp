// SPDX-License-Identifier: MIT
// What the user asks for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

namespace hillslope {

/// Metres between neighbours.
struct spacing {
    double y = 0; ///< between rows
    double x = 0; ///< between columns
};

struct options {
    std::filesystem::path input;
    std::string dataset = "elevation";
    std::optional<spacing> given_spacing; ///< else from the data set's attributes
    double diffusivity = 0.01;            ///< m2/yr
    double years = 1e6;
    std::int64_t refine = 1;
    std::filesystem::path checkpoint; ///< a directory; empty: none
    std::int64_t every = 100;         ///< steps
    int keep = 2;
    std::filesystem::path output;  ///< empty: none
    std::filesystem::path picture; ///< empty: none
    bool help = false;
};

/// The command line is not possible.
class usage_error : public std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

/// Local.
/// @throws usage_error
options parse(int argc, char** argv);

extern char const* const help_text;

} // namespace hillslope
