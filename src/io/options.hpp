// SPDX-License-Identifier: MIT
// What is looked at of the options of checkpoints, before anything is done.
//
// Layer: io.
#pragma once

#include "shmwin/io/checkpoint_options.hpp"

#include <cstdint>

namespace shmwin::inline v1::detail {

/// Local.
/// @throws argument_error (invalid_argument)  one is not possible
void check_options(checkpoint_options const& options);
void check_options(restore_options const& options);

// Local. Of all that must be the same on all ranks.
[[nodiscard]] std::uint64_t hash_of(checkpoint_options const& options);
[[nodiscard]] std::uint64_t hash_of(checkpoint_label const& label);
[[nodiscard]] std::uint64_t hash_of(restore_options const& options);

} // namespace shmwin::inline v1::detail
