// SPDX-License-Identifier: MIT
// call_sites: the lines of the program that a rank called from, so that every other rank can name
// them. A line is a pointer and a number in one process; in the segment it is text. Each rank has
// a small table there, and a private cache of what it holds: most calls only find their place.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/source_line.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace shmwin::inline v1::detail {

/// In the segment: one line. All zero is none.
struct call_site {
    std::uint32_t line;
    std::array<char, 60> file; ///< without folders; ends with 0
};
static_assert(sizeof(call_site) == 64);

/// Process-local. One thread of a rank at a time enters; a place keeps its line until the rank
/// enters another one there, so it is good for the rank's last call.
class SHMWIN_API call_sites {
  public:
    static constexpr std::size_t sites_of_rank = 64;

    /// @param all  sites_of_rank for each rank
    call_sites(std::span<call_site> all, int self) noexcept;

    /// Local. The caller's line has that number from now on; 0 if there is none.
    std::uint16_t enter(source_line const& where) noexcept {
        if (where.line == 0) return 0;
        auto const i = (reinterpret_cast<std::uintptr_t>(where.file) + where.line) % sites_of_rank;
        auto const& known = known_[i]; // NOLINT(*-constant-array-index): it is in range
        if (known.file != where.file || known.line != where.line) write(i, where);
        return static_cast<std::uint16_t>(i + 1);
    }

    /// Local. " at solver.cpp:120"; empty for number 0.
    [[nodiscard]] std::string text(int rank, std::uint16_t number) const;

  private:
    void write(std::size_t i, source_line const& where) noexcept;

    std::span<call_site> all_;
    std::size_t first_; ///< of this rank's
    std::array<source_line, sites_of_rank> known_{};
};

} // namespace shmwin::inline v1::detail
