// SPDX-License-Identifier: MIT
// subset_fence: fences of some of the ranks. Each set of ranks meets at a hidden barrier, which the
// first of them makes and this process then remembers.
//
// Layer: segment.
#pragma once

#include "shmwin/sync/barrier.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace shmwin::inline v1::detail {

class segment_core;

/// Process-local: where the barriers of the sets are that were asked for. Any thread may use it.
class subset_fences {
  public:
    /// Waits until all `ranks`, in any order, are in it. Stores before it are visible after it.
    /// @returns  false, at once: they are all ranks of the segment, who meet at fence()
    /// @throws barrier_broken, argument_error (invalid_argument), out_of_memory
    [[nodiscard]] bool meet(segment_core const& in, std::span<int const> ranks);

  private:
    struct by_value {
        using is_transparent = void;
        template <typename A, typename B>
        bool operator()(A const& a, B const& b) const noexcept {
            return std::ranges::lexicographical_compare(a, b);
        }
    };

    // Null for all ranks.
    [[nodiscard]] barrier_state* barrier_of(segment_core const& in, std::span<int const> ranks);

    std::mutex mutex_;
    std::map<std::vector<int>, barrier_state*, by_value> known_;
    std::optional<wait_context> waits_; ///< of collective calls
};

} // namespace shmwin::inline v1::detail
