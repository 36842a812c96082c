// SPDX-License-Identifier: MIT
// fork_count: how a process finds out that it is the child of the one that opened something. The
// memory is in the child too; MPI, and the rank's part in collective calls, are not.
//
// Layer: sync.
#pragma once

#include "shmwin/base/export.hpp"

#include <cstdint>

namespace shmwin::inline v1::detail {

/// Local. How many forks lie between this process and the one that first asked, or loaded the
/// library. A load.
[[nodiscard]] SHMWIN_API std::uint32_t fork_count() noexcept;

/// Remembers the process that made it. Its copy in a forked child tells that it is there.
class maker_process {
  public:
    /// Local. True in a child that was forked, at any distance, since this was made.
    [[nodiscard]] bool is_forked_child() const noexcept { return forks_ != fork_count(); }

  private:
    std::uint32_t forks_ = fork_count();
};

} // namespace shmwin::inline v1::detail
