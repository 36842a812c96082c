// SPDX-License-Identifier: MIT
#include "io/checksum.hpp"

#define XXH_INLINE_ALL // NOLINT: xxHash's own name
#include <xxhash.h>

namespace shmwin::inline v1::detail {
namespace {

auto fastest_checksum() noexcept {
#if defined(__x86_64__)
    if (static_cast<bool>(__builtin_cpu_supports("avx512f"))) return &checksum_avx512;
    if (static_cast<bool>(__builtin_cpu_supports("avx2"))) return &checksum_avx2;
#endif
    return &checksum_portable;
}

} // namespace

checksum checksum_portable(void const* bytes, std::size_t n_bytes) noexcept {
    auto const h = XXH3_128bits(bytes, n_bytes);
    return {h.low64, h.high64};
}

checksum checksum_of(std::span<std::byte const> bytes) noexcept {
    static auto const fastest = fastest_checksum();
    return fastest(bytes.data(), bytes.size());
}

struct running_checksum::state {
    XXH3_state_t xxh; // NOLINT(*-member-init): reset before use
};

running_checksum::running_checksum() : state_(std::make_unique<state>()) {
    restart();
}
running_checksum::running_checksum(running_checksum&&) noexcept = default;
running_checksum& running_checksum::operator=(running_checksum&&) noexcept = default;
running_checksum::~running_checksum() = default;

void running_checksum::add(std::span<std::byte const> bytes) noexcept {
    XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size());
}

checksum running_checksum::value() const noexcept {
    auto const h = XXH3_128bits_digest(&state_->xxh);
    return {h.low64, h.high64};
}

void running_checksum::restart() noexcept {
    XXH3_128bits_reset(&state_->xxh);
}

} // namespace shmwin::inline v1::detail
