// SPDX-License-Identifier: MIT
// Compiled with -mavx512f (src/CMakeLists.txt). Holds nothing but these functions: no inline
// function of a header may get an AVX-512 version that the linker then picks for all.
#include "io/checksum.hpp"

#if defined(__x86_64__)
#define XXH_INLINE_ALL // NOLINT: xxHash's own name
#include "io/checksum_lanes.hpp"

#include <xxhash.h>

namespace shmwin::inline v1::detail {

checksum checksum_avx512(void const* bytes, std::size_t n_bytes) noexcept {
    auto const h = XXH3_128bits(bytes, n_bytes);
    return {h.low64, h.high64};
}

void copy_avx512(void* to, void const* from, std::size_t n_bytes) noexcept {
    copy_by_lanes<__m512i>(to, from, n_bytes, [](__m512i* lane, __m512i const* source) {
        _mm512_stream_si512(lane, _mm512_loadu_si512(source));
    });
}

} // namespace shmwin::inline v1::detail
#endif
