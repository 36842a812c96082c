// SPDX-License-Identifier: MIT
// patience: with a holder that left or closed the segment, while its process lives on. It may
// unlock as its exception unwinds, or end: it has half a second.
#pragma once

#include "shmwin/sync/activity.hpp"
#include "shmwin/sync/participants.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace shmwin::inline v1::detail {

/// Of one wait.
class patience {
  public:
    void reset() noexcept { since_.reset(); }
    /// True if all looks of the last half second found that this rank holds the lock and has left.
    [[nodiscard]] bool ends_with(participants const& who, int holder);

  private:
    int holder_ = -1;
    std::optional<std::chrono::steady_clock::time_point> since_;
};

/// Throws peer_left. `holds`: "rank 2 holds the lock".
[[noreturn]] void raise_holder_left(awaited const& what,
                                    participants const& who,
                                    int holder,
                                    std::string const& holds);

} // namespace shmwin::inline v1::detail
