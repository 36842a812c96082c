// SPDX-License-Identifier: MIT
// What locks with one holder have in common: whether it is gone, and what is said of a lock that
// nobody holds, but whose last holder died or gave up.
//
// Layer: sync.
#pragma once

#include "shmwin/sync/mutex.hpp"

namespace shmwin::inline v1::detail {

/// @param who  of which rank the lock's word tells
/// @throws owner_died, runtime_failure (not_recoverable)
void raise_unless_sound(awaited const& what,
                        int who,
                        bool is_not_recoverable,
                        bool is_inconsistent,
                        lock_words const& words);

/// Local. True if whoever holds it will never unlock: the process is gone, or the thread has ended,
/// of the rank or of a child that the rank forked. Some 20 us.
[[nodiscard]] bool is_holder_gone(participants const& who, lock_holder const& holder);

} // namespace shmwin::inline v1::detail
