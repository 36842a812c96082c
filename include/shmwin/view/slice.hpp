// SPDX-License-Identifier: MIT
// Which indices of a dimension a slice specifier of submdspan chooses, and what of that is known at
// compile time. ISO C++26 [mdspan.sub.helpers], [mdspan.sub.extents].
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/view/extents.hpp"
#include "shmwin/view/range.hpp"
#include "shmwin/view/strided_slice.hpp"

#include <array>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1::detail {

// --- pairs of indices [first, last) --------------------------------------------------------------

// The standard's tuple-like types of two elements; complex is one of them in C++26. And our range.
template <typename T>
inline constexpr bool is_pair_like = false;
template <typename First, typename Second>
inline constexpr bool is_pair_like<std::pair<First, Second>> = true;
template <typename First, typename Second>
inline constexpr bool is_pair_like<std::tuple<First, Second>> = true;
template <typename T>
inline constexpr bool is_pair_like<std::array<T, 2>> = true;
template <typename T>
inline constexpr bool is_pair_like<std::complex<T>> = true;
template <typename First, typename Last, std::ranges::subrange_kind Kind>
inline constexpr bool is_pair_like<std::ranges::subrange<First, Last, Kind>> = true;
template <>
inline constexpr bool is_pair_like<range> = true;

template <std::size_t K, typename Pair>
[[nodiscard]] constexpr auto pair_get(Pair const& pair) {
    return std::get<K>(pair);
}
template <std::size_t K, typename T>
[[nodiscard]] constexpr T pair_get(std::complex<T> const& pair) {
    return K == 0 ? pair.real() : pair.imag();
}
template <std::size_t K>
[[nodiscard]] constexpr std::int64_t pair_get(range const& pair) {
    return K == 0 ? pair.first : pair.last;
}

template <std::size_t K, typename Pair>
using pair_element = decltype(pair_get<K>(std::declval<Pair const&>()));

// --- kinds of slices -----------------------------------------------------------------------------

template <typename T>
inline constexpr bool is_strided_slice = false;
template <typename OffsetType, typename ExtentType, typename StrideType>
inline constexpr bool is_strided_slice<strided_slice<OffsetType, ExtentType, StrideType>> = true;

/// One index: the dimension is gone.
template <typename T, typename IndexType>
concept index_slice = std::convertible_to<T, IndexType>;

template <typename T, typename IndexType>
concept index_pair_like =
    is_pair_like<T> && std::convertible_to<pair_element<0, T>, IndexType> && std::
        convertible_to<pair_element<1, T>, IndexType>;

template <typename T>
concept full_slice = std::is_convertible_v<T, full_extent_t>;

/// Exactly one of the four kinds.
template <typename T, typename IndexType>
concept slice_specifier = (static_cast<int>(index_slice<T, IndexType>)
                           + static_cast<int>(index_pair_like<T, IndexType>)
                           + static_cast<int>(full_slice<T>)
                           + static_cast<int>(is_strided_slice<T>))
                          == 1;

/// One slice specifier for each dimension.
template <typename Extents, typename... Slices>
concept slices_of = sizeof...(Slices) == Extents::rank()
                    && (slice_specifier<Slices, typename Extents::index_type> && ...);

/// A slice of neighbours, which is known at compile time. [mdspan.sub.map.common]
template <typename T, typename IndexType>
[[nodiscard]] consteval bool is_unit_stride() {
    if constexpr (is_strided_slice<T>) {
        if constexpr (integral_constant_like<typename T::stride_type>)
            return T::stride_type::value == 1;
        else
            return false;
    } else {
        return full_slice<T> || index_pair_like<T, IndexType>;
    }
}

// --- values of slices ----------------------------------------------------------------------------

/// The number that an integral constant stands for (a char is a number too); others stay as they
/// are.
template <typename T>
[[nodiscard]] constexpr auto number_of(T value) noexcept {
    if constexpr (integral_constant_like<T>)
        return +T::value;
    else
        return value;
}

/// Indices first, first + stride, ...: `extent` of them.
template <typename IndexType>
struct chosen_indices {
    IndexType first;
    IndexType extent;
    IndexType stride;
};

/// @pre `slice` stays in the dimension, whose extent is `extent`; its stride is positive
template <typename IndexType, typename Offset, typename Extent, typename Stride>
[[nodiscard]] constexpr chosen_indices<IndexType>
choose(strided_slice<Offset, Extent, Stride> const& slice, IndexType extent) noexcept {
    auto const first = to_extent<IndexType>(number_of(slice.offset));
    auto const n_indices = to_extent<IndexType>(number_of(slice.extent));
    auto const stride = number_of(slice.stride);
    SHMWIN_EXPECT(first <= extent && n_indices <= extent - first);
    SHMWIN_EXPECT(n_indices == 0 || stride > 0);
    // A stride beyond the end is never taken. Then IndexType need not hold it.
    if (!std::cmp_less(stride, n_indices) || n_indices == 0)
        return {first, static_cast<IndexType>(n_indices == 0 ? 0 : 1), 1};
    auto const step = static_cast<IndexType>(stride);
    return {first, static_cast<IndexType>(1 + (n_indices - 1) / step), step};
}

/// @pre `slice` stays in the dimension, whose extent is `extent`
template <typename IndexType, typename Slice>
[[nodiscard]] constexpr chosen_indices<IndexType> choose(Slice const& slice,
                                                         IndexType extent) noexcept {
    if constexpr (index_slice<Slice, IndexType>) {
        auto const first = to_extent<IndexType>(number_of(slice));
        SHMWIN_EXPECT(first < extent);
        return {first, 1, 1};
    } else if constexpr (full_slice<Slice>) {
        return {0, extent, 1};
    } else {
        auto const first = to_extent<IndexType>(number_of(pair_get<0>(slice)));
        auto const last = to_extent<IndexType>(number_of(pair_get<1>(slice)));
        SHMWIN_EXPECT(first <= last && last <= extent);
        return {first, static_cast<IndexType>(last - first), 1};
    }
}

/// How many indices `Slice` chooses of a dimension, if the compiler knows, or dynamic_extent.
template <typename Slice, typename IndexType, std::size_t Extent>
[[nodiscard]] consteval std::size_t static_extent_of_slice() {
    if constexpr (full_slice<Slice>) {
        return Extent;
    } else if constexpr (is_strided_slice<Slice>) {
        using extent_type = typename Slice::extent_type;
        using stride_type = typename Slice::stride_type;
        if constexpr (integral_constant_like<extent_type>) {
            if constexpr (extent_type::value == 0)
                return 0;
            else if constexpr (integral_constant_like<stride_type>)
                return static_cast<std::size_t>(1 + (extent_type::value - 1) / stride_type::value);
        }
    } else if constexpr (index_pair_like<Slice, IndexType>) {
        using first = pair_element<0, Slice>;
        using last = pair_element<1, Slice>;
        if constexpr (integral_constant_like<first> && integral_constant_like<last>) {
            static_assert(first::value <= last::value, "a slice ends before it begins");
            return static_cast<std::size_t>(last::value - first::value);
        }
    }
    return dynamic_extent;
}

} // namespace shmwin::inline v1::detail
