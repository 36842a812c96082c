// SPDX-License-Identifier: MIT
// taken_soon: the short spin of who finds a lock held.
//
// Layer: sync.
#pragma once

#include "shmwin/sync/wait.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {

/// True if `take()` succeeded within a few microseconds; it is called when `is_free()`. Looks from
/// time to time: a look takes the line from the holder, who is slower for it (T. E. Anderson, "The
/// performance of spin lock alternatives for shared-memory multiprocessors", 1990).
template <typename IsFree, typename Take>
[[nodiscard]] bool
taken_soon(wait_policy const& policy, IsFree const& is_free, Take const& take) noexcept {
    // Up to two microseconds: whoever has the lock goes on with its own work in the meantime, and
    // takes it again and again without a hand-over of the line.
    constexpr int pauses_between = 32;
    for (int n = 0; n < std::min(policy.spin, 100); n += pauses_between) {
        for (int i = 0; i < pauses_between; ++i) {
            cpu_pause();
        }
        if (is_free() && take()) return true;
    }
    return false;
}

} // namespace shmwin::inline v1::detail
