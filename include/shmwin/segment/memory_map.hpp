// SPDX-License-Identifier: MIT
// memory_map: where a segment's memory went, for people and for scripts.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/memory/heap.hpp"
#include "shmwin/segment/object_info.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace shmwin::inline v1 {

/// A copy of what was known at one moment.
struct SHMWIN_API memory_map {
    heap_stats heap;                  ///< bytes in all: in use, free, high-water mark, ...
    std::vector<object_info> objects; ///< with a name; the largest first
    std::size_t unnamed_bytes = 0;    ///< in use for blocks without a name, in bytes

    /// Local. A line of totals, and a table with a line for each object, at most `n_objects`.
    [[nodiscard]] std::string text(std::size_t n_objects = 50) const;

    /// Local. All of it as one JSON object (RFC 8259): "capacity", "used", "free", "largest_free",
    /// "most_used", "in_pages", "metadata", "present", "blocks", "unnamed_bytes" (bytes, numbers)
    /// and "objects": "name", "kind", "type", "shape", "order", "bytes", "offset", "rank" (null:
    /// all together), "where", "created" (UTC), "saved", "foreign".
    [[nodiscard]] std::string json() const;
};

} // namespace shmwin::inline v1
