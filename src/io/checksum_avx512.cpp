// SPDX-License-Identifier: MIT
// Compiled with -mavx512f (src/CMakeLists.txt). Holds nothing but this function: no inline function
// of a header may get an AVX-512 version that the linker then picks for all.
#include "io/checksum.hpp"

#if defined(__x86_64__)
#define XXH_INLINE_ALL // NOLINT: xxHash's own name
#include <xxhash.h>

namespace shmwin::inline v1::detail {

checksum checksum_avx512(void const* bytes, std::size_t n_bytes) noexcept {
    auto const h = XXH3_128bits(bytes, n_bytes);
    return {h.low64, h.high64};
}

} // namespace shmwin::inline v1::detail
#endif
