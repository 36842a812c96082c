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
    // Between two looks: less than a microsecond, then up to two.
    constexpr int first_pauses = 8;
    constexpr int most_pauses = 32;
    int n_pauses = first_pauses;
    for (int n = 0; n < std::min(policy.spin, 100); n += n_pauses) {
        for (int i = 0; i < n_pauses; ++i) {
            cpu_pause();
        }
        if (is_free() && take()) return true;
        n_pauses = std::min(2 * n_pauses, most_pauses);
    }
    return false;
}

} // namespace shmwin::inline v1::detail
