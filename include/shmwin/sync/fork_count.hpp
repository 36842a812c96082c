// SPDX-License-Identifier: MIT
// fork_count: how a process finds out that it is the child of the one that opened something. The
// memory is in the child too; MPI, and the rank's part in collective calls, are not.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"

#include <atomic>
#include <cstdint>

namespace shmwin::inline v1::detail {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): of the process, as its pid
SHMWIN_API extern std::atomic<std::uint32_t> n_forks;

/// Local. How many forks lie between this process and the one that loaded the library. A load.
[[nodiscard]] inline std::uint32_t fork_count() noexcept {
    return n_forks.load(std::memory_order_relaxed);
}

/// Remembers the process that made it. Its copy in a forked child tells that it is there.
class maker_process {
  public:
    /// Local. True in a child that was forked, at any distance, since this was made.
    [[nodiscard]] bool is_forked_child() const noexcept { return forks_ != fork_count(); }

  private:
    std::uint32_t forks_ = fork_count();
};

} // namespace shmwin::inline v1::detail
