// SPDX-License-Identifier: MIT
// wall_clock: how long the job has still to live, from the options, SHMWIN_WALL_CLOCK or Slurm.
//
// Layer: io. No MPI, no HDF5.
#pragma once

#include "shmwin/io/checkpoint_options.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace shmwin::inline v1::detail {

/// Local. Seconds ("5400", "90.5"), or as Slurm writes times: "HH:MM:SS", "D-HH:MM:SS". Nothing if
/// it is none of them. ("MM:SS", which Slurm knows too, is none: it looks like hours.)
[[nodiscard]] std::optional<std::chrono::duration<double>> parse_wall_clock(std::string_view text);

/// Local. From now on; may be negative; nothing if the job is not ended. The option counts from
/// now; the variable from the begin of this process; Slurm's is a point in time.
/// @throws argument_error (invalid_argument)  a variable is no time
[[nodiscard]] std::optional<std::chrono::duration<double>>
time_left(checkpoint_options const& options);

} // namespace shmwin::inline v1::detail
