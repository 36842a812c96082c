// SPDX-License-Identifier: MIT
// words: how the tool writes sizes, shapes and identifiers.
//
// Layer: cli.
#pragma once

#include "io/checkpoint_file.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace shmwin::cli {

/// "1.5 GiB", "24 B".
[[nodiscard]] std::string short_bytes(std::uint64_t n_bytes);

/// The begin of a uuid, enough to tell checkpoints apart; "-" for none.
[[nodiscard]] std::string short_uuid(std::string_view uuid);

/// "344 x 403", as the array has it; "scalar".
[[nodiscard]] std::string shape_of(detail::stored_object const& object);

/// "C" for layout_right, "Fortran" for layout_left; "" for what has no order.
[[nodiscard]] std::string_view order_of(detail::stored_object const& object);

} // namespace shmwin::cli
