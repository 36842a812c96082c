// SPDX-License-Identifier: MIT
// What is said of a lock that nobody holds, but whose last holder died or gave up.
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

} // namespace shmwin::inline v1::detail
