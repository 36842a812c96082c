// SPDX-License-Identifier: MIT
// Checks of a request, and the record that it becomes.
#pragma once

#include "shmwin/segment/core.hpp"

#include <cstddef>
#include <cstdint>

namespace shmwin::inline v1::detail {

/// Bytes of the elements of one level.
/// @throws argument_error (invalid_argument)  an extent is negative, or the product overflows
[[nodiscard]] std::size_t element_bytes(object_request const& request);

/// Where the levels of a request begin.
struct levels_layout {
    std::size_t first_bytes;
    std::size_t stride_bytes;
    std::size_t n_bytes; ///< of the whole block
};
[[nodiscard]] levels_layout plan_levels(object_request const& request);

/// Bytes of the whole block.
[[nodiscard]] std::size_t block_bytes(object_request const& request);

/// Checks name, shape and options on this rank.
/// @throws argument_error (invalid_argument)
void check_request(object_request const& request);

/// The record, with everything but the block's position.
[[nodiscard]] object_record make_record(object_request const& request, int creator);

/// Checks that a found object is what was asked for.
/// @param asker  how the error names the other side: "asked for", "in the checkpoint"
/// @throws argument_error (type_mismatch, shape_mismatch) with both values
SHMWIN_API void check_match(segment_core const& in,
                            object_record const& found,
                            object_request const& asked,
                            bool same_extents,
                            char const* asker = "asked for");

/// True if check_match() does not raise, for any extents.
[[nodiscard]] bool is_match(object_head const& found, object_request const& asked) noexcept;

/// The call, as the ranks compare it.
[[nodiscard]] collective_call call_of(object_request const& request);

} // namespace shmwin::inline v1::detail
