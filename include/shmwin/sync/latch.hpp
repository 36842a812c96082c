// SPDX-License-Identifier: MIT
// latch: a count that goes down to zero once, and those who wait for that.
//
//     | count (8 bytes) | open: 0 or 1 (4) | sleepers (4) |
//
// Whoever brings the count to zero opens it; if it is killed in between, those who wait do so.
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
struct latch_state {
    std::atomic<std::int64_t> count;
    waitable open;
};
static_assert(sizeof(latch_state) == 16);

/// @throws argument_error (invalid_argument)  it is negative
SHMWIN_API void check_latch_count(std::int64_t count);

/// Local. Takes n off the count, and lets all go at zero.
/// @throws argument_error (invalid_argument)  n is negative, or more than is left; nothing changed
SHMWIN_API void count_down(latch_state& latch, std::int64_t n);

[[nodiscard]] inline bool is_open(latch_state const& latch) noexcept {
    return latch.count.load(std::memory_order_acquire) == 0;
}

/// Waits until the count is zero.
/// @returns  false if it was not at `until`
/// @throws barrier_broken  a rank is missing, and the count is not zero
SHMWIN_API bool wait_for_latch(latch_state& latch,
                               wait_context const& in,
                               awaited const& what,
                               wait_deadline until = no_deadline);

} // namespace shmwin::inline v1::detail
