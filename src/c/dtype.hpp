// SPDX-License-Identifier: MIT
// Element types at the border: one handle for each, for ever.
//
// Layer: c.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/c/dtype.h"

namespace shmwin::inline v1::detail {

/// The handle of a type.
[[nodiscard]] shmwin_dtype const* handle_of(dtype const& type);

/// The same; null, and a last error, if there is no memory for it.
[[nodiscard]] shmwin_dtype const* known_handle_of(dtype const& type) noexcept;

/// The type of a handle.
/// @throws argument_error (invalid_argument)  it is NULL
[[nodiscard]] dtype const& need_dtype(shmwin_dtype const* handle);

} // namespace shmwin::inline v1::detail
