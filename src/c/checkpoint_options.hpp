// SPDX-License-Identifier: MIT
// What C asks of checkpoints, as C++ asks it. Where the defaults are not 0, 0 is the default.
//
// Layer: c.
#pragma once

#include "shmwin/c/checkpoint.h"
#include "shmwin/io/checkpoint_options.hpp"

namespace shmwin::inline v1::detail {

/// @throws argument_error (invalid_argument)  a number that is none of its enumeration; NULL for a
///         list that is not empty
[[nodiscard]] checkpoint_options asked_of(shmwin_checkpoint_options const* given);
[[nodiscard]] restore_options asked_of(shmwin_restore_options const* given);
[[nodiscard]] checkpoint_label asked_of(shmwin_checkpoint_label const* given);

} // namespace shmwin::inline v1::detail
