// SPDX-License-Identifier: MIT
// What verify() of a part of the segment finds, as a test compares it: a list of texts.
#pragma once

#include <string>
#include <vector>

namespace shmwin::test {

template <typename Verified>
[[nodiscard]] std::vector<std::string> violations_of(Verified const& part) {
    std::vector<std::string> all;
    part.verify(all, 20);
    return all;
}

} // namespace shmwin::test
