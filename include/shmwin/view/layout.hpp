// SPDX-License-Identifier: MIT
// The layout policies by name, and what their mappings share. Each mapping has a file of its own:
// layout_right.hpp (C), layout_left.hpp (Fortran), layout_stride.hpp (any strides),
// layout_right_padded.hpp and layout_left_padded.hpp (C and Fortran with room between the rows).
// ISO C++23 [mdspan.layout], C++26 for the padded ones.
#pragma once

#include "shmwin/view/extents.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// Row-major: the last index varies fastest. C, NumPy's and HDF5's default.
struct layout_right {
    template <typename Extents>
    class mapping;
};

/// Column-major: the first index varies fastest. Fortran.
struct layout_left {
    template <typename Extents>
    class mapping;
};

/// A stride for each dimension.
struct layout_stride {
    template <typename Extents>
    class mapping;
};

namespace detail {
struct left_order;
struct right_order;
template <typename Order, std::size_t PaddingValue, typename Extents>
class padded_mapping;
} // namespace detail

/// layout_left whose columns (dimension 0) begin at multiples of PaddingValue elements; of any
/// number, given at run time, if that is dynamic_extent.
template <std::size_t PaddingValue = dynamic_extent>
struct layout_left_padded {
    template <typename Extents>
    using mapping = detail::padded_mapping<detail::left_order, PaddingValue, Extents>;
};

/// layout_right whose rows (the last dimension) begin at multiples of PaddingValue elements; of any
/// number, given at run time, if that is dynamic_extent.
template <std::size_t PaddingValue = dynamic_extent>
struct layout_right_padded {
    template <typename Extents>
    using mapping = detail::padded_mapping<detail::right_order, PaddingValue, Extents>;
};

namespace detail {

/// [mdspan.layout.stride.expo]: enough of a mapping to ask for its strides.
template <typename M>
concept layout_mapping_alike = is_extents<typename M::extents_type> && requires {
    { M::is_always_strided() } -> std::same_as<bool>;
    { M::is_always_exhaustive() } -> std::same_as<bool>;
    { M::is_always_unique() } -> std::same_as<bool>;
    std::bool_constant<M::is_always_strided()>::value;
    std::bool_constant<M::is_always_exhaustive()>::value;
    std::bool_constant<M::is_always_unique()>::value;
};

template <typename Layout, typename Mapping>
inline constexpr bool is_mapping_of =
    std::is_same_v<typename Layout::template mapping<typename Mapping::extents_type>, Mapping>;

/// is_mapping_of, and false for what is no mapping at all.
template <typename Mapping, typename Layout>
concept mapping_of = requires {
    typename Mapping::extents_type;
    requires is_mapping_of<Layout, Mapping>;
};

template <typename Extents, std::size_t N>
concept one_index_for_each_dimension = (N == Extents::rank());

/// The indices that an operator() of a mapping over Extents takes.
template <typename Extents, typename... Indices>
concept indices_of = one_index_for_each_dimension<Extents, sizeof...(Indices)> &&(
    index_argument<Indices, typename Extents::index_type>&&...);

/// With one dimension or none, layout_left and layout_right are the same.
template <typename OtherExtents, typename Extents>
concept line_of = (Extents::rank() <= 1) && std::is_constructible_v<Extents, OtherExtents>;

template <typename OtherExtents, typename Extents>
concept same_rank_as = (OtherExtents::rank() == Extents::rank());

/// The place of the element whose indices are all 0; 0 if there is none.
template <typename Mapping>
[[nodiscard]] constexpr typename Mapping::index_type origin(Mapping const& m) noexcept {
    if (is_empty_space(m.extents())) return 0;
    return [&m]<std::size_t... R>(std::index_sequence<R...>) {
        return m((static_cast<void>(R), typename Mapping::index_type{0})...);
    }
    (std::make_index_sequence<Mapping::extents_type::rank()>{});
}

/// m.stride(r), also where there is no dimension and so no such function.
template <typename Mapping>
[[nodiscard]] constexpr typename Mapping::index_type
stride_of([[maybe_unused]] Mapping const& m, [[maybe_unused]] std::size_t r) noexcept {
    if constexpr (Mapping::extents_type::rank() == 0)
        return 0;
    else
        return m.stride(r);
}

/// True if the strides of `a` and `b`, of the same number of dimensions, are equal.
template <typename A, typename B>
[[nodiscard]] constexpr bool equal_strides(A const& a, B const& b) noexcept {
    for (std::size_t r = 0; r < A::extents_type::rank(); ++r)
        if (!std::cmp_equal(stride_of(a, r), stride_of(b, r))) return false;
    return true;
}

} // namespace detail
} // namespace shmwin::inline v1
