// SPDX-License-Identifier: MIT
// value_wait: sleeping until a value of any size changes. The waiter looks at the value itself for
// a while, and only then at a line of the parking lot: who changes a value that nobody sleeps on
// pays one addition of 0 to that line.
//
//     waiter:  count itself on the line;  note the sequence;  look at the value;  sleep
//     waker:   change the value;  read the count;  if it is not 0: change the sequence, wake
//
// One of the two sees the other (Dekker): both count and value are changed before the other's look.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/sync/long_wait.hpp"
#include "shmwin/sync/parking_lot.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <cstdint>

namespace shmwin::inline v1::detail {

/// Local. Returns when `ready()` is true, or at `until`. Whoever makes it true calls
/// notify_line() afterwards; a change without it is seen at the next slice of the wait.
/// @param line   to sleep on; others may sleep on it for other reasons
/// @param ready  looks at the value, with an order of acquire or more
/// @param check  as of wait_while()
/// @returns  what ready() said last
SHMWIN_API bool wait_on_line(waitable& line,
                             wait_context const& waits,
                             awaited const& what,
                             function_ref<bool()> ready,
                             function_ref<void(bool)> check,
                             wait_deadline until = no_deadline);

/// Local. The same, as a part of a wait that has others.
SHMWIN_API bool wait_on_line(waitable& line,
                             long_wait& whole,
                             function_ref<bool()> ready,
                             function_ref<void(bool)> check,
                             wait_deadline until = no_deadline);

/// Local. Makes all who sleep on the line look again.
SHMWIN_API void notify_line(waitable& line) noexcept;

/// Local. wait_on_line() of the parking lot's line for this key.
/// @throws peer_left  any participant is missing
/// @throws runtime_failure (closed)  this one has closed the segment
SHMWIN_API bool wait_for_value(wait_context const& waits,
                               awaited const& what,
                               function_ref<bool()> ready,
                               wait_deadline until = no_deadline);

/// Local. Makes all who wait for a value of this key look again.
inline void notify_value(parking_lot const& lot, std::uint64_t key) noexcept {
    notify_line(lot.line(key).sequence);
}

} // namespace shmwin::inline v1::detail
