// SPDX-License-Identifier: MIT
// A segment in words, for shmwin_dump(): nothing here allocates, locks or waits.
//
// Layer: segment.
#pragma once

#include "base/plain_text.hpp"

#include <cstdint>
#include <string_view>

namespace shmwin::inline v1::detail {

class segment_core;

/// Ranks, then objects; some lines each.
void tell_segment(plain_text& out, segment_core const& of) noexcept;

/// What this rank waits for: 'mutex::lock of "m" (held by rank 0 (thread 4711))', 'fence (rank 2
/// has not come)'.
void tell_wait(plain_text& out,
               segment_core const& of,
               int rank,
               std::string_view call,
               std::uint64_t object) noexcept;

} // namespace shmwin::inline v1::detail
