// SPDX-License-Identifier: MIT
// What of a segment a checkpoint holds, and how it comes back.
//
// Layer: io.
#pragma once

#include "shmwin/segment/segment.hpp"

#include "io/checkpoint_file.hpp"
#include "io/payload.hpp"

#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

struct inventory {
    std::vector<stored_object> objects;        ///< file_offset still unknown
    std::vector<std::uint64_t> memory_offsets; ///< of each object's bytes; of levels, the now's
    std::vector<std::string> left_out;
};

/// Local. All objects of the segment.
/// @throws argument_error (invalid_argument)  an object's name is also a group of another's
[[nodiscard]] inventory take_inventory(segment_core const& of);

/// Local. Checks that the file's objects fit those of the segment.
/// @returns  indices of those that the segment lacks
/// @throws argument_error (type_mismatch, shape_mismatch, not_found)
[[nodiscard]] std::vector<std::size_t> check_fit(segment_core const& target,
                                                 std::vector<stored_object> const& stored);

/// Node, collective. Creates an object as the file describes it.
placed_object create_from_file(segment_core& target, stored_object const& stored);

/// Local. Offset of an object's bytes in the segment: of levels, the now's.
[[nodiscard]] std::uint64_t memory_offset_of(segment_core const& of, object_record const& record);

} // namespace shmwin::inline v1::detail
