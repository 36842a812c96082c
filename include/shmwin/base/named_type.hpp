// SPDX-License-Identifier: MIT
// named_type: the name by which a type without a description is known in segments.
#pragma once

#include <string_view>

namespace shmwin::inline v1 {

/// The name given with SHMWIN_NAME; empty for other types.
template <typename T>
struct named_type {
    static constexpr std::string_view name{};
};

template <typename T>
concept named = !named_type<T>::name.empty();

} // namespace shmwin::inline v1
