// SPDX-License-Identifier: MIT
// Compiled with -mavx2 (src/CMakeLists.txt). Holds nothing but these functions: no inline function
// of a header may get an AVX2 version that the linker then picks for all.
#include "io/checksum.hpp"

#if defined(__x86_64__)
#define XXH_INLINE_ALL // NOLINT: xxHash's own name
#include <cstring>
#include <immintrin.h>
#include <xxhash.h>

namespace shmwin::inline v1::detail {

checksum checksum_avx2(void const* bytes, std::size_t n_bytes) noexcept {
    auto const h = XXH3_128bits(bytes, n_bytes);
    return {h.low64, h.high64};
}

void copy_avx2(void* to, void const* from, std::size_t n_bytes) noexcept {
    constexpr std::size_t lane = sizeof(__m256i);
    auto* const target = static_cast<std::byte*>(to);
    auto const* const source = static_cast<std::byte const*>(from);
    auto const address = reinterpret_cast<std::uintptr_t>(target);
    std::size_t const head = (lane - address % lane) % lane; // streams go to whole lanes only
    if (n_bytes < head + lane) {
        if (n_bytes > 0) std::memcpy(target, source, n_bytes);
        return;
    }
    std::memcpy(target, source, head);
    auto at = head;
    for (; at + lane <= n_bytes; at += lane) {
        _mm256_stream_si256(reinterpret_cast<__m256i*>(target + at),
                            _mm256_loadu_si256(reinterpret_cast<__m256i const*>(source + at)));
    }
    std::memcpy(target + at, source + at, n_bytes - at);
    _mm_sfence(); // streams are not ordered by a release
}

} // namespace shmwin::inline v1::detail
#endif
