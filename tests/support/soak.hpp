// SPDX-License-Identifier: MIT
// How much longer than usual tests with a length of their own run: tests/soak.sh sets it. How long
// a survivor may wait there, and elsewhere.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
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

/// The promise is that no survivor waits for the dead, or for who left, longer than 2 s. Only the
/// soak holds the library to it: elsewhere the machine may have so much other work that a rank does
/// not run.
[[nodiscard]] inline std::chrono::seconds longest_wait_for_the_dead() {
    return std::chrono::seconds(soak_factor() > 1 ? 2 : 10);
}

} // namespace shmwin::test
