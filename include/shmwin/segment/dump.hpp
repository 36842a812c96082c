// SPDX-License-Identifier: MIT
// dump: what all ranks of this process's segments do, hold and wait for, and what there is. For a
// program that stands still: from a debugger, from a signal handler, or after SHMWIN_WAIT_WARN
// seconds of one wait.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/segment/dump.h"
#include "shmwin/sync/activity.hpp"

#include <chrono>
#include <string>

namespace shmwin::inline v1::detail {

class segment_core;
struct listed_segment;

/// The entry of a segment in the list that shmwin_dump() walks, for as long as the object lives.
class SHMWIN_API listing {
  public:
    explicit listing(segment_core const& of);
    listing(listing const&) = delete;
    listing(listing&&) = delete;
    listing& operator=(listing const&) = delete;
    listing& operator=(listing&&) = delete;
    ~listing();

  private:
    listed_segment* entry_;
};

/// Local. What shmwin_dump() tells of one segment.
[[nodiscard]] SHMWIN_API std::string report_of(segment_core const& segment);

/// Local. The same, to stderr. Safe in a signal handler.
SHMWIN_API void dump(segment_core const& segment) noexcept;

/// Logs a warning of each wait that takes too long; with the first one in a segment, all that
/// shmwin_dump() tells.
class SHMWIN_API long_waits final : public wait_watcher {
  public:
    explicit long_waits(segment_core const& of) noexcept : of_(of) {}
    void waits_too_long(awaited const& what,
                        std::chrono::nanoseconds how_long,
                        bool at_length) noexcept override;

  private:
    segment_core const& of_;
};

} // namespace shmwin::inline v1::detail
