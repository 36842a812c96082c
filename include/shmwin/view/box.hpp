// SPDX-License-Identifier: MIT
// box: a rectangular part of an index space, a range for each dimension. part() is the mdspan of a
// box of another mdspan. Blocks, tiles and ghost zones are made of these; nothing is copied.
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/view/extents.hpp"
#include "shmwin/view/layout.hpp"
#include "shmwin/view/mdspan.hpp"
#include "shmwin/view/range.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// A number for each dimension; {1, 2} where a function asks for it.
template <std::size_t N>
using index_list = std::array<std::int64_t, N>;

/// Indices (i, j, ...) with each in the range of its dimension. All functions are local and O(N).
template <std::size_t N>
struct box {
    std::array<range, N> ranges{};

    [[nodiscard]] static constexpr std::size_t rank() noexcept { return N; }
    /// The indices along dimension d. @pre d < N
    [[nodiscard]] constexpr range const& operator[](std::size_t d) const noexcept {
        SHMWIN_EXPECT(d < N);
        return ranges[d];
    }
    [[nodiscard]] constexpr array_extents<N> extents() const noexcept {
        index_list<N> sizes{};
        for (std::size_t d = 0; d < N; ++d)
            sizes[d] = ranges[d].size();
        return array_extents<N>(sizes);
    }
    /// Number of elements. @pre it fits std::int64_t
    [[nodiscard]] constexpr std::int64_t size() const noexcept {
        return detail::extents_product(extents(), 0, N);
    }
    [[nodiscard]] constexpr bool empty() const noexcept {
        return detail::is_empty_space(extents());
    }
    [[nodiscard]] constexpr bool contains(index_list<N> const& indices) const noexcept {
        for (std::size_t d = 0; d < N; ++d)
            if (!ranges[d].contains(indices[d])) return false;
        return true;
    }
    /// The part of both.
    [[nodiscard]] constexpr box clip(box const& within) const noexcept {
        box common;
        for (std::size_t d = 0; d < N; ++d)
            common.ranges[d] = ranges[d].clip(within.ranges[d].first, within.ranges[d].last);
        return common;
    }
    /// The same part in an array that begins at `origin`.
    [[nodiscard]] constexpr box relative_to(index_list<N> const& origin) const noexcept {
        box moved;
        for (std::size_t d = 0; d < N; ++d)
            moved.ranges[d] = {ranges[d].first - origin[d], ranges[d].last - origin[d]};
        return moved;
    }
    /// The first index of each dimension.
    [[nodiscard]] constexpr index_list<N> first() const noexcept {
        index_list<N> indices{};
        for (std::size_t d = 0; d < N; ++d)
            indices[d] = ranges[d].first;
        return indices;
    }

    friend constexpr bool operator==(box const&, box const&) noexcept = default;
};

/// Local. All indices of `e`.
template <typename IndexType, std::size_t... Extents>
[[nodiscard]] constexpr box<sizeof...(Extents)>
box_of(extents<IndexType, Extents...> const& e) noexcept {
    box<sizeof...(Extents)> all;
    for (std::size_t d = 0; d < sizeof...(Extents); ++d)
        all.ranges[d] = {0, static_cast<std::int64_t>(e.extent(d))};
    return all;
}

namespace detail {

template <typename T>
inline constexpr bool is_mdspan = false;
template <typename ElementType, typename Extents, typename Layout, typename Accessor>
inline constexpr bool is_mdspan<mdspan<ElementType, Extents, Layout, Accessor>> = true;

template <typename T>
concept has_view = requires(T const& handle) {
    requires is_mdspan<std::remove_cvref_t<decltype(handle.view())>>;
};

/// The mdspan itself, or that of a handle.
template <typename T>
requires is_mdspan<T> || has_view<T>
[[nodiscard]] constexpr auto as_view(T const& viewed) noexcept {
    if constexpr (is_mdspan<T>)
        return viewed;
    else
        return viewed.view();
}

template <typename T>
using view_of_type = decltype(as_view(std::declval<T const&>()));

} // namespace detail

/// An mdspan with strides and one dimension or more, or a handle that has one, as array has.
template <typename T>
concept divisible = requires {
    requires detail::view_of_type<T>::rank()
    >= 1;
    requires detail::view_of_type<T>::is_always_strided();
};

namespace detail {

template <typename V>
inline constexpr std::size_t dimensions_of = view_of_type<V>::rank();

/// Every step-th index of a dimension.
struct stepped_range {
    std::int64_t first = 0;
    std::int64_t count = 0;
    std::int64_t step = 1;
};

template <typename View, typename Extents, typename Layout>
using part_type = mdspan<typename View::accessor_type::offset_policy::element_type,
                         Extents,
                         Layout,
                         typename View::accessor_type::offset_policy>;

/// A box of a line is a line; of any other array only the strides are known.
template <typename View>
using box_layout = std::conditional_t<View::rank() == 1, typename View::layout_type, layout_stride>;

template <typename View>
using box_type =
    part_type<View, dextents<typename View::index_type, View::rank()>, box_layout<View>>;

/// The elements of `view` with those indices, as a `Local`.
template <typename Local, typename View>
[[nodiscard]] constexpr Local
part_as(View const& view, std::array<stepped_range, View::rank()> const& which) noexcept {
    using index_type = typename View::index_type;
    std::array<index_type, View::rank()> counts{};
    std::array<index_type, View::rank()> strides{};
    std::size_t offset = 0;
    for (std::size_t r = 0; r < View::rank(); ++r) {
        auto const& [first, count, step] = which[r];
        SHMWIN_EXPECT(0 <= first && 0 <= count);
        SHMWIN_EXPECT(count == 0 || std::cmp_less(first + (count - 1) * step, view.extent(r)));
        auto const stride = std::size_t{static_cast<typename View::size_type>(view.stride(r))};
        counts[r] = static_cast<index_type>(count);
        // Where nothing is stepped over, the step may be more than index_type can hold.
        strides[r] =
            static_cast<index_type>(count > 1 ? stride * static_cast<std::size_t>(step) : stride);
        offset += static_cast<std::size_t>(first) * stride;
    }
    typename Local::extents_type const extents(counts);
    // With no elements the offset may lie behind the memory.
    auto const begin = view.accessor().offset(view.data_handle(),
                                              is_empty_space(extents) ? std::size_t{0} : offset);
    typename Local::accessor_type const accessor(view.accessor());
    if constexpr (std::is_same_v<typename Local::layout_type, layout_stride>)
        return Local(begin, typename Local::mapping_type(extents, strides), accessor);
    else
        return Local(begin, typename Local::mapping_type(extents), accessor);
}

template <typename Local, typename View>
[[nodiscard]] constexpr Local part_as(View const& view, box<View::rank()> const& which) noexcept {
    std::array<stepped_range, View::rank()> all{};
    for (std::size_t r = 0; r < View::rank(); ++r) {
        SHMWIN_EXPECT(0 <= which[r].first && which[r].first <= which[r].last);
        SHMWIN_EXPECT(std::cmp_less_equal(which[r].last, view.extent(r)));
        all[r] = {which[r].first, which[r].size()};
    }
    return part_as<Local>(view, all);
}

} // namespace detail

/// Local. The elements in `which`, an mdspan of its own: part(u, b)(0, 0) is u(b[0].first,
/// b[1].first). No copy; layout_stride, but for lines. O(1).
/// @param viewed  an mdspan, or a handle with a view() (array, scratch_array)
/// @pre 0 <= which[d].first <= which[d].last <= viewed.extent(d)
template <divisible V>
[[nodiscard]] constexpr auto part(V const& viewed,
                                  box<detail::dimensions_of<V>> const& which) noexcept {
    using view = detail::view_of_type<V>;
    return detail::part_as<detail::box_type<view>>(detail::as_view(viewed), which);
}

} // namespace shmwin::inline v1
