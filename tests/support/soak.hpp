// SPDX-License-Identifier: MIT
// How much longer than usual tests with a length of their own run: tests/soak.sh sets it.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace shmwin::test {

/// SHMWIN_TEST_SOAK, a number; 1 without it.
[[nodiscard]] inline int soak_factor() {
    char const* const found = std::getenv("SHMWIN_TEST_SOAK");
    std::string_view const text = found == nullptr ? "" : found;
    int factor = 1;
    std::from_chars(text.data(), text.data() + text.size(), factor);
    return std::max(factor, 1);
}

} // namespace shmwin::test
