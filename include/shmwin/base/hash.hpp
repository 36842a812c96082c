// SPDX-License-Identifier: MIT
// The hash that is part of the segment's layout: names and type signatures. Never change it
// without a new layout version.
#pragma once

#include <cstdint>
#include <string_view>

namespace shmwin::inline v1::detail {

/// Spreads all bits of `x` over all bits of the result (the finalizer of MurmurHash3; A. Appleby,
/// public domain).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x ^= x >> 33U;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33U;
    x *= 0xc4ceb9fe1a85ec53ULL;
    x ^= x >> 33U;
    return x;
}

/// FNV-1a over the bytes, then mix(). Equal on every platform and in every process.
[[nodiscard]] constexpr std::uint64_t hash(std::string_view bytes,
                                           std::uint64_t seed = 0xcbf29ce484222325ULL) noexcept {
    std::uint64_t h = seed;
    for (char const c : bytes) {
        h ^= static_cast<unsigned char>(c);
        h *= 0x100000001b3ULL;
    }
    return mix(h);
}

/// Folds `value` into `h`; the order matters.
[[nodiscard]] constexpr std::uint64_t hash_with(std::uint64_t h, std::uint64_t value) noexcept {
    return mix(h * 31 + value + 0x9e3779b97f4a7c15ULL);
}

} // namespace shmwin::inline v1::detail
