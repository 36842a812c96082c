// SPDX-License-Identifier: MIT
// What of a segment a checkpoint holds, and how it comes back.
//
// Layer: io.
#pragma once

#include "shmwin/io/left_out.hpp"
#include "shmwin/segment/segment.hpp"

#include "io/checkpoint_file.hpp"
#include "io/name_filter.hpp"
#include "io/payload.hpp"
#include "io/payload_source.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

/// An object's bytes in this process.
struct object_memory {
    directory_place place{};
    payload_source bytes;            ///< of levels, the now's
    bool shared = true;              ///< false: each rank may have its own
    heap const* holder = nullptr;    ///< null: it is not the segment's
    std::vector<std::int64_t> own{}; ///< bytes that are nowhere in the segment
};

struct inventory_item {
    stored_object object;
    object_memory memory;
};

struct inventory {
    std::vector<stored_object> objects; ///< file_offset still unknown
    std::vector<object_memory> memory;  ///< of each
    std::vector<left_out_object> left_out;
};

/// Local. Why no checkpoint holds an object, whatever its name; nothing if one may.
[[nodiscard]] std::optional<left_out_reason> reason_to_leave_out(object_record const& record);

/// Local. True if it is none that users know, or a lock: nothing is said of it.
[[nodiscard]] bool is_passed_over(object_record const& record);

/// Local. Those objects of the segment that `chosen` takes.
/// @throws argument_error (invalid_argument)  an object's name is also a group of another's
[[nodiscard]] inventory take_inventory(segment_core const& of, name_filter const& chosen);

/// Local. An object as the file describes it, for the calls of the segment. Valid as long as both.
[[nodiscard]] object_request request_of(stored_object const& stored, type_id const& type);

/// Node, collective. Creates an object as the file describes it.
placed_object create_from_file(segment_core& target, stored_object const& stored);

/// Local. Where an object's bytes are.
/// @param order  of the elements in the file
[[nodiscard]] object_memory
memory_of(segment_core const& of, directory_entry const& entry, memory_order_kind order);

} // namespace shmwin::inline v1::detail
