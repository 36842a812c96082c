// SPDX-License-Identifier: MIT
// call_text: what a collective call is called in errors: create_array("u", float64, 4 x 5).
//
// Layer: sync.
#pragma once

#include "shmwin/sync/arrivals.hpp"
#include "shmwin/sync/operation.hpp"

#include <string>

namespace shmwin::inline v1::detail {

[[nodiscard]] std::string call_text(collective_call const& call);
/// Of the rank whose slot it is.
[[nodiscard]] std::string call_text(meeting_slot const& slot);

} // namespace shmwin::inline v1::detail
