// SPDX-License-Identifier: MIT
// What every save does, whoever writes the bytes, and when.
//
// Layer: io.
#pragma once

#include "io/inventory.hpp"
#include "io/payload.hpp"
#include "io/previous_blocks.hpp"
#include "io/save_file.hpp"
#include "io/save_plan.hpp"
#include "io/store_state.hpp"

#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

/// For the completion of the first meeting.
/// @throws argument_error (invalid_argument)  the label is not possible
/// @throws runtime_failure (data_race)
void check_save(segment_core const& source, checkpoint_label const& label);

/// Local. What will be known of the checkpoint; uuid and time of rank 0 alone.
[[nodiscard]] checkpoint_info info_of_save(checkpoint_store::state const& store,
                                           checkpoint_label const& label);

/// Local, if .incremental. Opens the checkpoint of before; false if there is none to take from.
[[nodiscard]] bool open_previous(checkpoint_store::state& store);

/// Local, on rank 0, when the checkpoint of before is open. Whether this one can have blocks of it.
[[nodiscard]] bool can_share_blocks(checkpoint_store::state& store, save_file const& with);

/// Local. What the names say: .saved, .left_out, .n_bytes; takes them from `all`.
[[nodiscard]] save_report report_of(save_plan const& plan, inventory& all);

/// Local. What the next save may take blocks of; takes the names from the parts.
[[nodiscard]] std::vector<earlier_object> earlier_objects(std::vector<payload_part>& parts);

/// Local. Once for each: that a restart lacks them should not be found out by restarting.
void warn_of_left_out(segment_core const& source, std::vector<std::string>& warned_of);

} // namespace shmwin::inline v1::detail
