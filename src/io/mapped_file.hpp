// SPDX-License-Identifier: MIT
// mapped_file: a file's bytes in place, in the page cache. Copying them from there, past the cache
// of the processor, is faster than read(2), which copies into it.
//
// A page that cannot be read raises a signal where read(2) returns an error. So a window is filled
// before it is shown (MADV_POPULATE_READ, which returns the error), only local file systems are
// mapped, and only committed checkpoints, which nobody changes any more: a new one is a new file.
//
// Layer: io.
#pragma once

#include "io/file.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace shmwin::inline v1::detail {

class mapped_file {
  public:
    /// Local. Refers to `source`, which stays. SHMWIN_MAP_FILES=0 switches mapping off.
    explicit mapped_file(file const& source);
    mapped_file(mapped_file const&) = delete;
    mapped_file(mapped_file&&) = delete;
    mapped_file& operator=(mapped_file const&) = delete;
    mapped_file& operator=(mapped_file&&) = delete;
    ~mapped_file();

    /// Local. The bytes at `offset`, valid until the next call; empty if they cannot be had in this
    /// way, and must be read. What follows them is read ahead.
    [[nodiscard]] std::span<std::byte const> at(std::uint64_t offset, std::size_t n_bytes);

  private:
    bool map(std::uint64_t offset, std::size_t n_bytes);
    void unmap() noexcept;

    file const& source_;
    std::uint64_t file_bytes_ = 0; ///< 0: not to be mapped
    std::uint64_t first_ = 0;      ///< of the window, in the file
    std::span<std::byte> window_;
};

} // namespace shmwin::inline v1::detail
