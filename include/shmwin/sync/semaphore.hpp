// SPDX-License-Identifier: MIT
// semaphore: a number of units that ranks take and give back. It does not know who has them: what a
// rank had that is killed is lost.
//
//     | units (4 bytes) | sleepers (4) | maximum (4) |
//
// Newcomers may take a unit before one who sleeps for it: hand-over in order collapses when ranks
// outnumber cores.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/wait.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <atomic>
#include <cstdint>

namespace shmwin::inline v1::detail {

/// In the segment.
struct semaphore_state {
    waitable units;
    std::uint32_t maximum;
};
static_assert(sizeof(semaphore_state) == 12);

/// The most units that any semaphore has.
inline constexpr std::int64_t most_units = 0x7fff'ffff;

/// @throws argument_error (invalid_argument)  not 0 <= initial <= maximum <= most_units
SHMWIN_API void check_semaphore(std::int64_t initial, std::int64_t maximum);

/// Local. Takes a unit if there is one.
[[nodiscard]] SHMWIN_API bool try_acquire(semaphore_state& semaphore) noexcept;

/// Waits for a unit and takes it.
/// @returns  false if there was none until `until`
/// @throws peer_left  a rank is missing, and there is no unit
SHMWIN_API bool acquire(semaphore_state& semaphore,
                        wait_context const& in,
                        awaited const& what,
                        wait_deadline until = no_deadline);

/// Local. Gives n units back and wakes as many who wait.
/// @throws argument_error (invalid_argument)  n is negative, or there would be more than the
///         maximum; nothing changed
SHMWIN_API void release(semaphore_state& semaphore, std::int64_t n);

} // namespace shmwin::inline v1::detail
