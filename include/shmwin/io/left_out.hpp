// SPDX-License-Identifier: MIT
// left_out: what a checkpoint does not hold, and why.
//
// Layer: io.
#pragma once

#include "shmwin/base/export.hpp"

#include <cstdint>
#include <string>

namespace shmwin::inline v1 {

enum class left_out_reason : std::uint8_t {
    transient_object, ///< it was constructed so
    unsaved,          ///< .saved = false
    no_element_type,  ///< files cannot hold what it is made of: SHMWIN_DESCRIBE it
    by_pattern,       ///< .only or .except of the store
};

/// Local. "transient", "unsaved", "no element type", "by pattern".
[[nodiscard]] SHMWIN_API char const* name(left_out_reason reason) noexcept;

/// An object that a save leaves out.
struct left_out_object {
    std::string name;
    left_out_reason reason = left_out_reason::unsaved;
    friend bool operator==(left_out_object const&, left_out_object const&) = default;
};

} // namespace shmwin::inline v1
