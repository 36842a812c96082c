// SPDX-License-Identifier: MIT
// Which rank touches which part of a fresh block first.
#pragma once

#include "shmwin/segment/core.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shmwin::inline v1::detail {

struct touched_part {
    std::uint64_t offset; ///< in the segment
    std::size_t n_bytes;
};

/// Local. The parts of rank `rank`. Together, those of all ranks cover every page that an element
/// stands on. Two ranks may get the same page only where two levels meet in it, or at the end.
[[nodiscard]] std::vector<touched_part> parts_to_touch(object_request const& request,
                                                       std::uint64_t offset,
                                                       std::size_t n_bytes,
                                                       int rank,
                                                       int n_ranks);

} // namespace shmwin::inline v1::detail
