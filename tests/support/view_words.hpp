// SPDX-License-Identifier: MIT
// Short words for tests of views.
#pragma once

#include "shmwin/view/extents.hpp"

#include <cstdint>
#include <type_traits>

namespace shmwin::test {

using i64 = std::int64_t;
inline constexpr auto dyn = dynamic_extent;

template <typename From, typename To>
inline constexpr bool explicit_only =
    std::is_constructible_v<To, From> && !std::is_convertible_v<From, To>;

} // namespace shmwin::test
