// SPDX-License-Identifier: MIT
// submdspan: a part of an mdspan, as an mdspan. Copies no element.
// ISO C++26 [mdspan.sub] (P2630R4, P2642R6, P3355).
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/view/mdspan.hpp"
#include "shmwin/view/strided_slice.hpp"
#include "shmwin/view/submdspan_extents.hpp"
#include "shmwin/view/submdspan_mapping.hpp"

#include <type_traits>

namespace shmwin::inline v1 {

namespace detail {

template <typename T>
inline constexpr bool is_submdspan_mapping_result = false;
template <typename LayoutMapping>
inline constexpr bool is_submdspan_mapping_result<submdspan_mapping_result<LayoutMapping>> = true;

/// submdspan_mapping is there, ours or (by argument-dependent lookup) that of the layout.
template <typename Mapping, typename... Slices>
concept sliceable_by = requires(Mapping const& m, Slices... slices) {
    submdspan_mapping(m, slices...);
};

} // namespace detail

/// Local. The part of `src` that `slices` choose, one for each dimension:
///
///   an index i                                     the dimension is gone
///   {first, last} as pair, tuple, array, range...  indices first ... last - 1
///   strided_slice{offset, extent, stride}          offset, offset + stride, ... < offset + extent
///   full_extent                                    all
///
///   submdspan(a, 3, full_extent)                   row 3 of a matrix
///   submdspan(a, std::pair(1, n - 1), full_extent) all rows but the first and the last
///
/// Integral constants are taken as static: the result has static extents where they are known, and
/// the layout with the most known strides: of layout_right it is layout_right, layout_right_padded
/// or layout_stride.
/// @pre each slice stays in its dimension, and its stride is positive if it chooses anything
/// @returns a view of the same elements; valid as long as `src` is
/// @complexity O(rank)
template <typename ElementType,
          typename Extents,
          typename LayoutPolicy,
          typename AccessorPolicy,
          typename... SliceSpecifiers>
requires(sizeof...(SliceSpecifiers) == Extents::rank())
    && detail::sliceable_by<
        typename LayoutPolicy::template mapping<Extents>,
        SliceSpecifiers...> [[nodiscard]] constexpr auto submdspan(mdspan<ElementType,
                                                                          Extents,
                                                                          LayoutPolicy,
                                                                          AccessorPolicy> const&
                                                                       src,
                                                                   SliceSpecifiers... slices) {
    static_assert((detail::slice_specifier<SliceSpecifiers, typename Extents::index_type> && ...),
                  "a slice is an index, a pair of indices, a strided_slice or full_extent");
    auto const sub = submdspan_mapping(src.mapping(), slices...);
    static_assert(detail::is_submdspan_mapping_result<std::remove_const_t<decltype(sub)>>,
                  "submdspan_mapping returns a submdspan_mapping_result");
    using mapping = std::remove_cvref_t<decltype(sub.mapping)>;
    static_assert(std::is_same_v<typename mapping::extents_type,
                                 decltype(submdspan_extents(src.extents(), slices...))>,
                  "the extents of a slice are those of submdspan_extents");
    SHMWIN_EXPECT(sub.mapping.extents() == submdspan_extents(src.extents(), slices...));

    using accessor = typename AccessorPolicy::offset_policy;
    return mdspan<ElementType,
                  typename mapping::extents_type,
                  typename mapping::layout_type,
                  accessor>(src.accessor().offset(src.data_handle(), sub.offset),
                            sub.mapping,
                            accessor(src.accessor()));
}

} // namespace shmwin::inline v1
