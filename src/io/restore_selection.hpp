// SPDX-License-Identifier: MIT
// restore_selection: which objects of a file come back into which of a segment. Everything is
// looked at before anything is changed.
//
// Layer: io.
#pragma once

#include "shmwin/segment/segment.hpp"

#include "io/checkpoint_file.hpp"
#include "io/name_filter.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

struct restore_selection {
    std::vector<stored_object> objects;    ///< of the file, in its order: those that come back
    std::vector<std::size_t> created;      ///< indices of those that the segment lacks
    std::vector<std::size_t> converted;    ///< of those whose elements are of another type there
    std::vector<std::string> only_in_file; ///< created, or not: .partial
    std::vector<std::string> only_in_segment;
};

/// Local. Goes through the objects that `asked` takes, on both sides.
/// @param saved  what of the segment the store would save: the rest need not be in the file
/// @throws argument_error (type_mismatch, shape_mismatch)  an object differs
/// @throws argument_error (not_found)  without .partial: some are on one side only, all are named
/// @throws argument_error (invalid_argument), runtime_failure (busy, not_shared)  one cannot be
///         written here
[[nodiscard]] restore_selection select_objects(segment_core const& target,
                                               std::vector<stored_object> const& stored,
                                               restore_options const& asked,
                                               name_filter const& saved);

} // namespace shmwin::inline v1::detail
