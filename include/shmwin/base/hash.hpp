// SPDX-License-Identifier: MIT
// The hash that is part of the segment's layout: names and type signatures. Never change it
// without a new layout version.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

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

/// The n bytes at `at`, at most 8, as a little-endian number.
[[nodiscard]] constexpr std::uint64_t bytes_as_number(char const* at, std::size_t n) noexcept {
    if (std::is_constant_evaluated() || std::endian::native != std::endian::little) {
        std::uint64_t number = 0;
        for (std::size_t i = 0; i < n; ++i) {
            number |= std::uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
        }
        return number;
    }
    auto const byte = [at](std::size_t i) {
        return std::uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
    };
    if (n < 4) return n == 0 ? 0 : byte(0) | byte(n / 2) | byte(n - 1);
    // Two halves that may overlap: a copy of n bytes would be a call.
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::memcpy(&low, at, sizeof low);
    std::memcpy(&high, at + n - sizeof high, sizeof high);
    return low | std::uint64_t{high} << (8 * (n - sizeof high));
}

/// Of the bytes, 8 at a time: each step is one to one in what it takes in, and mix() ends it. Equal
/// on every platform and in every process.
[[nodiscard]] constexpr std::uint64_t hash(std::string_view bytes,
                                           std::uint64_t seed = 0xcbf29ce484222325ULL) noexcept {
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15ULL; // 2^64 / golden ratio
    auto const* at = bytes.data();
    auto n = bytes.size();
    std::uint64_t h = seed + n * odd;
    for (; n > 8; n -= 8, at += 8) {
        h = (h ^ bytes_as_number(at, 8)) * odd;
        h ^= h >> 32U;
    }
    return mix(h ^ bytes_as_number(at, n));
}

/// Folds `value` into `h`; the order matters.
[[nodiscard]] constexpr std::uint64_t hash_with(std::uint64_t h, std::uint64_t value) noexcept {
    return mix(h * 31 + value + 0x9e3779b97f4a7c15ULL);
}

} // namespace shmwin::inline v1::detail
