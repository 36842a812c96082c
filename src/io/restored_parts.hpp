// SPDX-License-Identifier: MIT
// restored_parts: which bytes of a file go where in the segment, and which rank moves them.
//
// Layer: io.
#pragma once

#include "io/converted_payload.hpp"
#include "io/inventory.hpp"
#include "io/per_rank_parts.hpp"
#include "io/queue_part.hpp"
#include "io/restore_selection.hpp"
#include "io/store_state.hpp"

#include <vector>

namespace shmwin::inline v1::detail {

/// What grows or shrinks to what the file holds.
struct restore_targets {
    per_rank_targets containers;
    queue_targets queues;

    /// Local. Where an object goes, when there is room.
    [[nodiscard]] object_memory memory_of(segment_core const& target, stored_object const& stored);
};

/// The objects that come back, as parts of the payload; those that are converted in a list of their
/// own.
struct restored_parts {
    std::vector<stored_object> objects; ///< of `plain`
    std::vector<payload_part> plain;
    std::vector<converted_part> converted;
};

/// Local. When there is room for all. Of memory that each rank may have for itself, each reads all.
[[nodiscard]] restored_parts parts_of(store_communicator const& ranks,
                                      segment_core const& target,
                                      restore_targets& into,
                                      restore_selection const& chosen);

/// Local. What is to be converted, to be looked at before: each block once, wherever it goes.
[[nodiscard]] std::vector<converted_part> parts_to_try(store_communicator const& ranks,
                                                       segment_core const& target,
                                                       restore_selection const& chosen);

} // namespace shmwin::inline v1::detail
