// SPDX-License-Identifier: MIT
// Objects found by name alone: what they are stands in their record.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/segment/any_array.hpp"
#include "shmwin/segment/core.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace shmwin::inline v1::detail {

/// Local. In bytes, of elements without gaps in `what.order`.
[[nodiscard]] SHMWIN_API std::vector<std::int64_t> strides_of_packed(described_object const& what);

struct found_object {
    described_object what;
    object_kind kind = object_kind::object;
};

/// Local. What has that name, whatever its type and kind.
/// @throws argument_error (not_found)
/// @throws argument_error (type_mismatch)  its type has no description, or it has no view
[[nodiscard]] found_object find_described(segment_core const& in, std::string_view name);

/// Local. The same; also type_mismatch if it is of another kind.
[[nodiscard]] SHMWIN_API described_object find_described(segment_core const& in,
                                                         std::string_view name,
                                                         object_kind kind);

} // namespace shmwin::inline v1::detail
