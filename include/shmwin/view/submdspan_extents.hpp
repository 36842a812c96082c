// SPDX-License-Identifier: MIT
// submdspan_extents: the extents of a slice of an index space. ISO C++26 [mdspan.sub.extents].
#pragma once

#include "shmwin/view/extents.hpp"
#include "shmwin/view/slice.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

template <std::size_t N>
[[nodiscard]] consteval std::size_t count_true(std::array<bool, N> const& flags) {
    std::size_t count = 0;
    for (bool const flag : flags)
        count += flag ? 1 : 0;
    return count;
}

/// Where the flags are set: the dimensions of the source that are dimensions of the slice too.
template <std::size_t Count, std::size_t N>
[[nodiscard]] consteval std::array<std::size_t, Count>
where_true(std::array<bool, N> const& flags) {
    std::array<std::size_t, Count> where{};
    std::size_t next = 0;
    for (std::size_t k = 0; k < N; ++k)
        if (flags[k]) where[next++] = k;
    return where;
}

/// What the types of the slices say of a slice of Extents.
template <typename Extents, typename... Slices>
struct subspace;

template <typename IndexType, std::size_t... Extents, typename... Slices>
struct subspace<extents<IndexType, Extents...>, Slices...> {
    static constexpr std::array<bool, sizeof...(Slices)> is_kept{
        !index_slice<Slices, IndexType>...};
    static constexpr std::size_t rank = count_true(is_kept);
    static constexpr std::array<std::size_t, rank> kept = where_true<rank>(is_kept);
    static constexpr std::array<std::size_t, sizeof...(Slices)> static_extents{
        static_extent_of_slice<Slices, IndexType, Extents>()...};

    template <typename Sequence>
    struct extents_over;
    template <std::size_t... N>
    struct extents_over<std::index_sequence<N...>> {
        using type = extents<IndexType, static_extents[kept[N]]...>;
    };
    using extents_type = typename extents_over<std::make_index_sequence<rank>>::type;
};

/// The values of the slices, of each dimension of the source.
template <typename IndexType, std::size_t... Extents, typename... Slices>
[[nodiscard]] constexpr auto choose_all(extents<IndexType, Extents...> const& src,
                                        Slices const&... slices) noexcept {
    return [&]<std::size_t... K>(std::index_sequence<K...>) {
        return std::array<chosen_indices<IndexType>, sizeof...(Slices)>{
            choose<IndexType>(slices, src.extent(K))...};
    }
    (std::index_sequence_for<Slices...>{});
}

/// The extents of the dimensions that are left.
template <typename Subspace, typename IndexType, std::size_t N>
[[nodiscard]] constexpr typename Subspace::extents_type
sub_extents(std::array<chosen_indices<IndexType>, N> const& chosen) noexcept {
    std::array<IndexType, Subspace::rank> values{};
    for (std::size_t d = 0; d < Subspace::rank; ++d)
        values[d] = chosen[Subspace::kept[d]].extent;
    return typename Subspace::extents_type(values);
}

} // namespace detail

/// Local. Extents of the slice that submdspan(src, slices...) is of an mdspan with extents `src`:
/// a dimension for each slice but an index; static where the slice is.
/// @pre each slice stays in its dimension, and its stride is positive if it chooses anything
/// @complexity O(rank). @see submdspan
template <typename IndexType, std::size_t... Extents, typename... SliceSpecifiers>
requires detail::slices_of<extents<IndexType, Extents...>, SliceSpecifiers...>
[[nodiscard]] constexpr auto submdspan_extents(extents<IndexType, Extents...> const& src,
                                               SliceSpecifiers... slices) noexcept {
    using subspace = detail::subspace<extents<IndexType, Extents...>, SliceSpecifiers...>;
    return detail::sub_extents<subspace>(detail::choose_all(src, slices...));
}

} // namespace shmwin::inline v1
