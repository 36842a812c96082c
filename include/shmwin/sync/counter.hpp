// SPDX-License-Identifier: MIT
// counter: the state of a loop that ranks share. Lines of 64 bytes:
//
//     | taken by all, number of indices, chunk, ... | taken by rank 0 | taken by rank 1 | ...
//
// What was taken is counted in chunks (guided: in indices), and never beyond the last one by more
// than one a thread: so no count overflows, whatever the number of indices.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/schedule.hpp"
#include "shmwin/view/range.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace shmwin::inline v1::detail {

/// In the segment. The first of 1 + n_ranks lines; of the others only `n_taken` is used.
struct alignas(64) counter_state {
    std::atomic<std::uint64_t> n_taken;
    std::int64_t n_indices;
    std::int64_t n_chunks; ///< of static_chunks and dynamic
    std::int64_t chunk;
    schedule::kind how;
};
static_assert(sizeof(counter_state) == 64);

/// All the lines of a counter.
using counter_lines = std::span<counter_state>;

/// Local. Makes the lines.
/// @pre  n_indices >= 0; lines.size() is the number of ranks + 1
SHMWIN_API void
make_counter(void* at, int n_ranks, std::int64_t n_indices, schedule const& how) noexcept;

/// Local. Begins anew, with so many indices.
/// @pre  nobody else is in a call on it
SHMWIN_API void restart_counter(counter_lines lines, std::int64_t n_indices) noexcept;

/// Local. The next chunk for that rank; nothing if there is none, now and for ever.
[[nodiscard]] SHMWIN_API std::optional<range> next_chunk(counter_lines lines, int rank) noexcept;

/// Local. Indices that nobody has taken. A snapshot. O(ranks) if static, else O(1).
[[nodiscard]] SHMWIN_API std::int64_t n_remaining(counter_lines lines) noexcept;

} // namespace shmwin::inline v1::detail
