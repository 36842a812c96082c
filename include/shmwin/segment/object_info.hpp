// SPDX-License-Identifier: MIT
// object_info: what list() tells of a named object.
//
// Layer: segment.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/memory/object_record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shmwin::inline v1 {

struct object_info {
    std::string name;
    object_kind kind = object_kind::object;
    std::string type;                ///< signature of its type: "float64"
    std::optional<dtype> element{};  ///< the same, as a value; nothing if files cannot hold it
    std::vector<std::int64_t> shape; ///< in elements; empty for values and objects
    memory_order_kind order = memory_order_kind::none;
    std::size_t n_bytes = 0;     ///< of its elements; of all levels
    std::uint64_t offset = 0;    ///< in the segment; 0 of adopted memory
    int creator = -1;            ///< rank of the node; -1: all together
    std::string where;           ///< "file.cpp:12" of the call
    std::int64_t created_ns = 0; ///< after 1970, UTC
    bool saved = false;          ///< checkpoints hold it
    bool foreign = false;        ///< adopted: its memory is not the segment's
};

/// Local. "array", "levels", "value", "object", "per_rank".
[[nodiscard]] SHMWIN_API char const* name(object_kind kind) noexcept;

namespace detail {
class segment_core;
[[nodiscard]] SHMWIN_API object_info describe(segment_core const& in, object_record const& record);
} // namespace detail

} // namespace shmwin::inline v1
