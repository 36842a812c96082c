// SPDX-License-Identifier: MIT
// dtypes that are put together at run time: what is wrong with the parts, and where they are kept.
//
// Layer: base.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/export.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::inline v1::detail {

/// A dtype, or why there can be none.
struct made_dtype {
    std::optional<dtype> type;
    std::string why; ///< with values
};

[[nodiscard]] SHMWIN_API made_dtype make_string(std::size_t n_bytes);
[[nodiscard]] SHMWIN_API made_dtype make_array(dtype const& element,
                                               std::span<std::int64_t const> extents);
[[nodiscard]] SHMWIN_API made_dtype make_enumeration(dtype const& underlying,
                                                     std::span<dtype_enumerator const> enumerators);
[[nodiscard]] SHMWIN_API made_dtype make_structure(std::span<dtype_member const> members,
                                                   std::size_t n_bytes,
                                                   std::size_t alignment);

} // namespace shmwin::inline v1::detail
