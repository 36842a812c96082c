// SPDX-License-Identifier: MIT
// What submdspan takes besides indices and pairs of them: all of a dimension, every n-th index.
// ISO C++26 [mdspan.syn], [mdspan.sub.strided.slice].
#pragma once

#include "shmwin/view/extents.hpp"

namespace shmwin::inline v1 {

/// The whole of a dimension.
struct full_extent_t {
    explicit full_extent_t() = default;
};
inline constexpr full_extent_t full_extent{};

namespace detail {
template <typename T>
concept slice_number = index_integer<T> || integral_constant_like<T>;
} // namespace detail

/// Indices offset, offset + stride, ... that are less than offset + extent:
/// strided_slice{.offset = 1, .extent = 10, .stride = 3} is 1, 4, 7, 10.
/// What is an integral_constant (or alike) is known at compile time, and so is what follows from
/// it.
template <typename OffsetType, typename ExtentType, typename StrideType>
struct strided_slice {
    static_assert(
        detail::slice_number<
            OffsetType> && detail::slice_number<ExtentType> && detail::slice_number<StrideType>,
        "a slice is made of integers or integral constants");

    using offset_type = OffsetType;
    using extent_type = ExtentType;
    using stride_type = StrideType;

    [[no_unique_address]] offset_type offset{};
    [[no_unique_address]] extent_type extent{};
    [[no_unique_address]] stride_type stride{};
};

// C++20 deduces this from the members; clang does so from version 17 on.
template <typename OffsetType, typename ExtentType, typename StrideType>
strided_slice(OffsetType, ExtentType, StrideType)
    -> strided_slice<OffsetType, ExtentType, StrideType>;

} // namespace shmwin::inline v1
