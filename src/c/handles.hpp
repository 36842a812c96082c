// SPDX-License-Identifier: MIT
// The opaque structs of the C interface: each holds the C++ handle of its name, and lives from the
// function that gives it to its ..._free_handle(). The types of one header each have theirs beside
// the functions, if no other file needs to look into them.
//
// Layer: c.
#pragma once

#include "shmwin/mpi/node.hpp"
#include "shmwin/segment/group.hpp"
#include "shmwin/segment/segment.hpp"

#include "c/status.hpp"

#include <memory>
#include <string>

// The names are those of the C interface.
// NOLINTBEGIN(readability-identifier-naming)

struct shmwin_node {
    shmwin::node is;
};

/// A segment, or one of its groups, which share it: the rank's part ends with the last of them.
struct shmwin_segment {
    std::shared_ptr<shmwin::segment> whole;
    shmwin::object_group names; ///< where objects are created and found
};

// NOLINTEND(readability-identifier-naming)

namespace shmwin::inline v1::detail {

/// Where objects are created and found: of shmwin_segment const*.
/// @throws argument_error (invalid_argument)  it is NULL
[[nodiscard]] inline object_group const& names_of(shmwin_segment const* segment) {
    return need(segment, "segment").names;
}

/// @throws argument_error (invalid_argument)  it is NULL
[[nodiscard]] inline segment& whole_of(shmwin_segment* segment) {
    return *need(segment, "segment").whole;
}
[[nodiscard]] inline segment const& whole_of(shmwin_segment const* segment) {
    return *need(segment, "segment").whole;
}

} // namespace shmwin::inline v1::detail
