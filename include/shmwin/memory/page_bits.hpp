// SPDX-License-Identifier: MIT
// page_bits: two bits for each page of objects, as bitmaps in the segment.
//
//   present  the page exists: touching it cannot be SIGBUS
//   touched  it was handed out before, so it may hold anything; else all its bytes are 0
//
// A bit is set before the page is handed out. Giving pages back to the system alone clears bits.
//
// Layer: memory.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/memory/page_runs.hpp"
#include "shmwin/memory/region.hpp"

#include <cstdint>
#include <span>

namespace shmwin::inline v1::detail {

/// Process-local handle. Safe from any thread and process.
class page_bits {
  public:
    page_bits(region const& where, page_runs const& runs) noexcept;

    /// Local. Makes the pages [first, first + n) present, which the caller owns. If they are few
    /// and were not, also some behind them, under the lock of the page runs.
    /// @throws out_of_memory (no_space)
    SHMWIN_API void make_present(std::uint64_t first, std::uint64_t n) const;

    /// Local. As make_present(), of pages that nobody owns: no other process releases them.
    SHMWIN_API void
    make_present(page_runs::held const& hold, std::uint64_t first, std::uint64_t n) const;

    /// Local. The first of the pages [first, first + n) that is not present; first + n if all are.
    /// @throws out_of_memory (no_space) if the bitmap's own pages cannot be had
    [[nodiscard]] SHMWIN_API std::uint64_t first_absent(std::uint64_t first, std::uint64_t n) const;

    /// Local. Writes 0 to those of the pages that were touched; all others are 0 already. The
    /// caller owns the pages.
    /// @throws out_of_memory (no_space) if the bitmap's own pages cannot be had
    SHMWIN_API void clear_touched(std::uint64_t first, std::uint64_t n) const;

    /// Local. Notes that the pages may be written to from now on.
    /// @throws out_of_memory (no_space) if the bitmap's own pages cannot be had
    SHMWIN_API void mark_touched(std::uint64_t first, std::uint64_t n) const;

    /// Local. Gives the memory of pages that nobody uses back to the system. Under the lock of the
    /// page runs.
    /// @returns  how many were given back
    SHMWIN_API std::uint64_t release(std::uint64_t first, std::uint64_t n) const noexcept;

    /// Local. How many of the pages are present.
    [[nodiscard]] SHMWIN_API std::uint64_t count_present(std::uint64_t first,
                                                         std::uint64_t n) const;

  private:
    using bitmap = std::span<std::uint64_t>;
    void ensure(bitmap bits, std::uint64_t first, std::uint64_t n) const;
    void fill(std::uint64_t first, std::uint64_t end, std::uint64_t last) const;
    [[nodiscard]] std::uint64_t word_at(bitmap bits, std::uint64_t at) const noexcept;
    void clear(bitmap bits, std::uint64_t first, std::uint64_t n) const noexcept;
    [[nodiscard]] bool release_range(std::uint64_t first, std::uint64_t n) const noexcept;

    region where_;
    page_runs runs_;
    bitmap present_;
    bitmap touched_;
    std::uint64_t n_pages_;
};

} // namespace shmwin::inline v1::detail
