// SPDX-License-Identifier: MIT
// submdspan_mapping: the mapping of a slice, for each of our layouts. A slice of a layout keeps as
// much of it as the types of the slices tell:
//
//   of layout_right     the last dimensions, from a range on          layout_right
//                       some of a row, and full dimensions above      layout_right_padded
//                       anything else                                 layout_stride
//
// Mirrored for layout_left. Another layout takes part by a submdspan_mapping in its own namespace.
// ISO C++26 [mdspan.sub.map].
#pragma once

#include "shmwin/view/layout.hpp"
#include "shmwin/view/layout_left.hpp"
#include "shmwin/view/layout_left_padded.hpp"
#include "shmwin/view/layout_right.hpp"
#include "shmwin/view/layout_right_padded.hpp"
#include "shmwin/view/layout_stride.hpp"
#include "shmwin/view/padding.hpp"
#include "shmwin/view/slice.hpp"
#include "shmwin/view/submdspan_extents.hpp"

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// What submdspan_mapping returns: a mapping, and the place in the source where it begins.
template <typename LayoutMapping>
struct submdspan_mapping_result {
    [[no_unique_address]] LayoutMapping mapping = LayoutMapping();
    std::size_t offset{};
};

namespace detail {

template <typename Mapping, typename Order>
concept ordered_mapping_of = mapping_of<Mapping, typename Order::plain> //
    || padded_mapping_of<Mapping, Order>;

template <typename Mapping>
concept sliceable_mapping = ordered_mapping_of<Mapping, left_order> //
    || ordered_mapping_of<Mapping, right_order>                     //
    || mapping_of<Mapping, layout_stride>;

enum class sub_layout { plain, padded, strided };

/// What the types of the slices say of each dimension, in the order of growing strides.
template <std::size_t N>
struct slice_flags {
    std::array<bool, N> is_full{};
    std::array<bool, N> is_unit{};

    /// True if dimensions [first, first + count) are one block: full but for the last one.
    [[nodiscard]] consteval bool is_block(std::size_t first, std::size_t count) const {
        if (first + count > N) return false;
        for (std::size_t n = first; n + 1 < first + count; ++n)
            if (!is_full[n]) return false;
        return count == 0 || is_unit[first + count - 1];
    }
    /// The first dimension after number 0 that a unit-stride slice keeps; N if there is none.
    [[nodiscard]] consteval std::size_t outer() const {
        std::size_t n = 1;
        while (n < N && !is_unit[n])
            ++n;
        return n;
    }
};

template <typename Order, typename IndexType, typename... Slices>
[[nodiscard]] consteval auto flags_of_slices() {
    constexpr std::size_t rank = sizeof...(Slices);
    std::array<bool, rank> const is_full{full_slice<Slices>...};
    std::array<bool, rank> const is_unit{is_unit_stride<Slices, IndexType>()...};
    slice_flags<rank> flags;
    for (std::size_t n = 0; n < rank; ++n) {
        flags.is_full[n] = is_full[Order::dimension(n, rank)];
        flags.is_unit[n] = is_unit[Order::dimension(n, rank)];
    }
    return flags;
}

/// The layout that [mdspan.sub.map.left] to [.rightpad] prescribe. (Of a padded line they prescribe
/// the plain layout, also for a slice with a stride, which it cannot have: that is strided here.)
template <typename Mapping, std::size_t N>
[[nodiscard]] consteval sub_layout choose_layout(slice_flags<N> const& flags,
                                                 std::size_t sub_rank) {
    bool const is_padded = requires {
        Mapping::padding_value;
    };
    if (sub_rank == 0) return sub_layout::plain;
    if (flags.is_block(0, sub_rank) && (!is_padded || sub_rank == 1)) return sub_layout::plain;
    if (flags.is_unit[0] && sub_rank > 1 && flags.is_block(flags.outer(), sub_rank - 1))
        return sub_layout::padded;
    return sub_layout::strided;
}

/// The stride of dimension number n by growing stride, if the compiler knows, or dynamic_extent.
template <typename Order, typename Mapping>
[[nodiscard]] consteval std::size_t static_stride(std::size_t n) {
    using extents_type = typename Mapping::extents_type;
    std::size_t product = extents_type::static_extent(Order::dimension(0, extents_type::rank()));
    if constexpr (requires { Mapping::padding_value; })
        product = static_padding_stride<Order, extents_type>(Mapping::padding_value);
    for (std::size_t m = 1; m < n; ++m) {
        auto const extent = extents_type::static_extent(Order::dimension(m, extents_type::rank()));
        if (product == dynamic_extent || extent == dynamic_extent) return dynamic_extent;
        product *= extent;
    }
    return product;
}

/// Where the first element of the slice is; behind the last place if a dimension has no first one.
/// (An index is always in its dimension.)
template <typename Subspace, typename Mapping, typename IndexType, std::size_t N>
[[nodiscard]] constexpr std::size_t
sub_offset(Mapping const& src, std::array<chosen_indices<IndexType>, N> const& chosen) noexcept {
    for (std::size_t const k : Subspace::kept)
        if (chosen[k].first == src.extents().extent(k))
            return static_cast<std::size_t>(src.required_span_size());
    return [&]<std::size_t... K>(std::index_sequence<K...>) {
        return static_cast<std::size_t>(src(chosen[K].first...));
    }
    (std::make_index_sequence<N>{});
}

template <typename Subspace, typename Mapping, typename IndexType, std::size_t N>
[[nodiscard]] constexpr auto
strided_sub_mapping(Mapping const& src,
                    std::array<chosen_indices<IndexType>, N> const& chosen) noexcept {
    std::array<IndexType, Subspace::rank> strides{};
    for (std::size_t d = 0; d < Subspace::rank; ++d) {
        std::size_t const k = Subspace::kept[d];
        strides[d] = static_cast<IndexType>(src.stride(k) * chosen[k].stride);
    }
    return layout_stride::mapping<typename Subspace::extents_type>(sub_extents<Subspace>(chosen),
                                                                   strides);
}

/// The mapping of the slice of a left or right, plain or padded layout.
template <typename Order, typename Mapping, typename IndexType, typename... Slices>
[[nodiscard]] constexpr auto ordered_sub_mapping(
    Mapping const& src,
    std::array<chosen_indices<IndexType>, sizeof...(Slices)> const& chosen) noexcept {
    using source_extents = typename Mapping::extents_type;
    using subspace = detail::subspace<source_extents, Slices...>;
    constexpr auto flags = flags_of_slices<Order, IndexType, Slices...>();
    constexpr sub_layout layout = choose_layout<Mapping>(flags, subspace::rank);

    if constexpr (layout == sub_layout::plain) {
        using plain = typename Order::plain::template mapping<typename subspace::extents_type>;
        return plain(sub_extents<subspace>(chosen));
    } else if constexpr (layout == sub_layout::padded) {
        constexpr std::size_t outer = flags.outer();
        using padded = typename Order::template padded<static_stride<Order, Mapping>(outer)>;
        using mapping = typename padded::template mapping<typename subspace::extents_type>;
        auto const e = sub_extents<subspace>(chosen);
        // A source without elements may have strides of 0, to which nothing can be padded.
        return is_empty_space(src.extents())
                   ? mapping(e)
                   : mapping(e, src.stride(Order::dimension(outer, source_extents::rank())));
    } else {
        return strided_sub_mapping<subspace>(src, chosen);
    }
}

template <typename... Slices, typename Mapping, typename IndexType, std::size_t N>
[[nodiscard]] constexpr auto
sub_mapping(Mapping const& src, std::array<chosen_indices<IndexType>, N> const& chosen) noexcept {
    if constexpr (ordered_mapping_of<Mapping, left_order>)
        return ordered_sub_mapping<left_order, Mapping, IndexType, Slices...>(src, chosen);
    else if constexpr (ordered_mapping_of<Mapping, right_order>)
        return ordered_sub_mapping<right_order, Mapping, IndexType, Slices...>(src, chosen);
    else
        return strided_sub_mapping<subspace<typename Mapping::extents_type, Slices...>>(src,
                                                                                        chosen);
}

} // namespace detail

/// Local. The mapping of submdspan(src, slices...), and the place in `src` where it begins; what
/// is not there begins behind the last place.
/// @pre each slice stays in its dimension, and its stride is positive if it chooses anything
/// @complexity O(rank). @see submdspan
template <detail::sliceable_mapping Mapping, typename... SliceSpecifiers>
requires detail::slices_of<typename Mapping::extents_type, SliceSpecifiers...>
[[nodiscard]] constexpr auto submdspan_mapping(Mapping const& src,
                                               SliceSpecifiers... slices) noexcept {
    if constexpr (sizeof...(SliceSpecifiers) == 0) {
        return submdspan_mapping_result<Mapping>{src, 0};
    } else {
        auto const chosen = detail::choose_all(src.extents(), slices...);
        auto const mapping = detail::sub_mapping<SliceSpecifiers...>(src, chosen);
        using subspace = detail::subspace<typename Mapping::extents_type, SliceSpecifiers...>;
        return submdspan_mapping_result<std::remove_const_t<decltype(mapping)>>{
            mapping, detail::sub_offset<subspace>(src, chosen)};
    }
}

} // namespace shmwin::inline v1
