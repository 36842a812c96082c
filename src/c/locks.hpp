// SPDX-License-Identifier: MIT
// The handles of locks: also condition variables look into them.
//
// Layer: c.
#pragma once

#include "shmwin/segment/any_synchronized.hpp"
#include "shmwin/segment/mutex.hpp"
#include "shmwin/segment/shared_mutex.hpp"
#include "shmwin/sync/wait.hpp"

// The names are those of the C interface.
// NOLINTBEGIN(readability-identifier-naming)
struct shmwin_mutex {
    shmwin::mutex is;
};
struct shmwin_recursive_mutex {
    shmwin::recursive_mutex is;
};
struct shmwin_shared_mutex {
    shmwin::shared_mutex is;
};
struct shmwin_synchronized {
    shmwin::any_synchronized is;
};
// NOLINTEND(readability-identifier-naming)

namespace shmwin::inline v1::detail {

/// Without a deadline by lock(): so errors name the call that it is.
template <typename Lock>
[[nodiscard]] bool lock_by(Lock const& lock, wait_deadline until) {
    if (until != no_deadline) return lock.try_lock_until(until);
    lock.lock();
    return true;
}

} // namespace shmwin::inline v1::detail
