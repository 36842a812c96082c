// SPDX-License-Identifier: MIT
// text_field: text in the segment, in an array of so many bytes: what does not fit is cut off, and
// there is always a 0 behind it.
//
// Layer: sync.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace shmwin::inline v1::detail {

/// The last byte of the field never changes: whoever reads meanwhile finds an end.
template <std::size_t N>
void copy_cut(std::array<char, N>& field, std::string_view value) noexcept {
    auto const n = std::min(value.size(), N - 1);
    std::copy_n(value.data(), n, field.data());
    if (n + 1 < N) field.at(n) = '\0';
}

} // namespace shmwin::inline v1::detail
