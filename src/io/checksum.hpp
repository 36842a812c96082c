// SPDX-License-Identifier: MIT
// XXH3, 128 bits: the checksum of blocks and of a file's structure (https://xxhash.com, header
// only). With AVX2 or AVX-512 where the processor has it: twice as fast, and the same value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace shmwin::inline v1::detail {

struct checksum {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(checksum const&, checksum const&) = default;
};

[[nodiscard]] checksum checksum_of(std::span<std::byte const> bytes) noexcept;

/// Copies the bytes to `to` and returns their checksum. Stores past the caches where the processor
/// can: what is restored is more than they hold, and the lines need not be read first. The bytes
/// are there for all when it returns.
[[nodiscard]] checksum copy_with_checksum(std::byte* to, std::span<std::byte const> from) noexcept;

/// The checksum of bytes that come in pieces.
class running_checksum {
  public:
    running_checksum();
    running_checksum(running_checksum&& other) noexcept;
    running_checksum& operator=(running_checksum&& other) noexcept;
    running_checksum(running_checksum const&) = delete;
    running_checksum& operator=(running_checksum const&) = delete;
    ~running_checksum();

    void add(std::span<std::byte const> bytes) noexcept;
    [[nodiscard]] checksum value() const noexcept;
    void restart() noexcept;

  private:
    struct state;
    std::unique_ptr<state> state_;
};

// The same functions, compiled for the baseline, for AVX2 and for AVX-512.
[[nodiscard]] checksum checksum_portable(void const* bytes, std::size_t n_bytes) noexcept;
[[nodiscard]] checksum checksum_avx2(void const* bytes, std::size_t n_bytes) noexcept;
[[nodiscard]] checksum checksum_avx512(void const* bytes, std::size_t n_bytes) noexcept;
void copy_portable(void* to, void const* from, std::size_t n_bytes) noexcept;
void copy_avx2(void* to, void const* from, std::size_t n_bytes) noexcept;
void copy_avx512(void* to, void const* from, std::size_t n_bytes) noexcept;

} // namespace shmwin::inline v1::detail
