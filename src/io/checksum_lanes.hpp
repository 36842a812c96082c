// SPDX-License-Identifier: MIT
// What checksum_avx2.cpp and checksum_avx512.cpp share. Included by these alone; the lane and the
// stream are template arguments, so the linker never takes one's version for the other's.
//
// Layer: io.
#pragma once

#include "io/checksum.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

namespace shmwin::inline v1::detail {

// Copies; whole lanes by `stream`, past the caches, what is before and after them plainly.
template <typename Lane, typename Stream>
void copy_by_lanes(void* to, void const* from, std::size_t n_bytes, Stream const& stream) noexcept {
    constexpr std::size_t lane = sizeof(Lane);
    auto* const target = static_cast<std::byte*>(to);
    auto const* const source = static_cast<std::byte const*>(from);
    std::size_t const head = (lane - reinterpret_cast<std::uintptr_t>(target) % lane) % lane;
    if (n_bytes < head + lane) {
        if (n_bytes > 0) std::memcpy(target, source, n_bytes);
        return;
    }
    std::memcpy(target, source, head);
    auto at = head;
    for (; at + lane <= n_bytes; at += lane) {
        stream(reinterpret_cast<Lane*>(target + at), reinterpret_cast<Lane const*>(source + at));
    }
    std::memcpy(target + at, source + at, n_bytes - at);
    _mm_sfence(); // streams are not ordered by a release
}

} // namespace shmwin::inline v1::detail
