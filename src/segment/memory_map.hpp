// SPDX-License-Identifier: MIT
#pragma once

#include "shmwin/segment/memory_map.hpp"

namespace shmwin::inline v1::detail {

class segment_core;

/// Local. O(n log n) in the number of names, and O(pages / 64).
[[nodiscard]] memory_map map_of(segment_core const& core);

} // namespace shmwin::inline v1::detail
