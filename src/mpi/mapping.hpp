// SPDX-License-Identifier: MIT
// mapping: pages of a segment in this process, for as long as anyone here uses them. MPI_Win_free
// and MPI_Finalize unmap the window; this second mapping of the same pages stays.
#pragma once

#include <cstddef>
#include <span>

namespace shmwin::inline v1::detail {

/// Owns an address range, aligned to segment_alignment, that shows shared pages.
class mapping {
  public:
    /// Local. Maps the pages behind [base, base + n_bytes) a second time.
    /// @pre  base is aligned to a page and lies in one shared mapping
    /// @throws runtime_failure (system_failure)
    mapping(std::byte* base, std::size_t n_bytes);

    /// Local. Maps the first `n_bytes` of a file.
    /// @throws runtime_failure (system_failure)
    mapping(int fd, std::size_t n_bytes);

    mapping(mapping const&) = delete;
    mapping(mapping&&) = delete;
    mapping& operator=(mapping const&) = delete;
    mapping& operator=(mapping&&) = delete;
    ~mapping();

    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }

    /// Local. Leaves the pages out of core dumps: one rank's dump of them is enough.
    void omit_from_dumps() const noexcept;

  private:
    void reserve(std::size_t n_bytes);

    std::byte* reserved_ = nullptr;
    std::size_t n_reserved_ = 0;
    std::span<std::byte> bytes_;
};

} // namespace shmwin::inline v1::detail
