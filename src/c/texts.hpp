// SPDX-License-Identifier: MIT
// Lists of texts at the border: pointers to those that C++ keeps, copies of those that C gave.
//
// Layer: c.
#pragma once

#include "c/status.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

/// Good as long as the texts stay where they are.
[[nodiscard]] inline std::vector<char const*> pointers_to(std::vector<std::string> const& texts) {
    std::vector<char const*> all;
    all.reserve(texts.size());
    for (auto const& each : texts) {
        all.push_back(each.c_str());
    }
    return all;
}

/// @throws argument_error (invalid_argument)  the list or one of its texts is NULL
[[nodiscard]] inline std::vector<std::string>
copies_of(char const* const* texts, std::size_t n, char const* what) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < n; ++i) {
        all.emplace_back(need_text((&need(texts, what))[i], what));
    }
    return all;
}

} // namespace shmwin::inline v1::detail
