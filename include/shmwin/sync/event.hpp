// SPDX-License-Identifier: MIT
// event: a flag that ranks wait for. Its word counts how often the flag changed; it is set while
// the word is odd. So a set() is never missed, even if clear() follows before a waiter looks.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/sync/wait.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <atomic>
#include <cstdint>

namespace shmwin::inline v1::detail {

/// In the segment. All zero is a flag that is clear.
struct event_state {
    waitable changes;
};
static_assert(sizeof(event_state) == 8);

[[nodiscard]] inline bool is_set(event_state const& event) noexcept {
    return (event.changes.word.load(std::memory_order_acquire) & 1U) != 0;
}

/// Local. Sets the flag and wakes all who wait. Does nothing if it is set.
SHMWIN_API void set_event(event_state& event) noexcept;

/// Local. Clears the flag. Does nothing if it is clear.
SHMWIN_API void clear_event(event_state& event) noexcept;

/// Waits until the flag is set, or was after the call began.
/// @returns  false if it was not until `until`
/// @throws peer_left  a rank is missing, and the flag is clear
SHMWIN_API bool wait_for_event(event_state& event,
                               wait_context const& in,
                               awaited const& what,
                               wait_deadline until = no_deadline);

} // namespace shmwin::inline v1::detail
