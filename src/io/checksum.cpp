// SPDX-License-Identifier: MIT
#include "io/checksum.hpp"

#include <cstring>

#define XXH_INLINE_ALL // NOLINT: xxHash's own name
#include <xxhash.h>

namespace shmwin::inline v1::detail {
namespace {

struct method {
    checksum (*sum)(void const*, std::size_t) noexcept;
    void (*copy)(void*, void const*, std::size_t) noexcept;
};

method fastest() noexcept {
#if defined(__x86_64__)
    if (static_cast<bool>(__builtin_cpu_supports("avx512f"))) {
        return {&checksum_avx512, &copy_avx512};
    }
    if (static_cast<bool>(__builtin_cpu_supports("avx2"))) return {&checksum_avx2, &copy_avx2};
#endif
    return {&checksum_portable, &copy_portable};
}

method const& of_this_processor() noexcept {
    static method const chosen = fastest();
    return chosen;
}

} // namespace

checksum checksum_portable(void const* bytes, std::size_t n_bytes) noexcept {
    auto const h = XXH3_128bits(bytes, n_bytes);
    return {h.low64, h.high64};
}

void copy_portable(void* to, void const* from, std::size_t n_bytes) noexcept {
    if (n_bytes > 0) std::memcpy(to, from, n_bytes);
}

checksum checksum_of(std::span<std::byte const> bytes) noexcept {
    return of_this_processor().sum(bytes.data(), bytes.size());
}

checksum copy_with_checksum(std::byte* to, std::span<std::byte const> from) noexcept {
    auto const& chosen = of_this_processor();
    auto const sum = chosen.sum(from.data(), from.size()); // and now the bytes are in the cache
    chosen.copy(to, from.data(), from.size());
    return sum;
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
