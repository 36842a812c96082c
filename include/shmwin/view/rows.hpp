// SPDX-License-Identifier: MIT
// rows: some rows (dimension 0) of an mdspan, with the indices that they have in the whole array.
// What a rank works on: its block, in everybody's coordinates.
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

namespace detail {

template <typename Extents>
struct row_block_extents;
template <typename IndexType, std::size_t Rows, std::size_t... Rest>
struct row_block_extents<extents<IndexType, Rows, Rest...>> {
    using type = extents<IndexType, dynamic_extent, Rest...>;
};

template <typename View>
concept has_rows = (View::rank() >= 1) && View::is_always_strided();

template <typename Other, typename View>
concept other_view_of = !std::is_same_v<Other, View> && std::is_convertible_v<Other, View>;

} // namespace detail

/// Rows `range()` of the mdspan `View`. A view itself: owns nothing, cheap to copy. All functions
/// are local and O(1).
template <detail::has_rows View>
class row_block {
  public:
    using element_type = typename View::element_type;
    using value_type = typename View::value_type;
    using index_type = typename View::index_type;
    using size_type = typename View::size_type;
    using reference = typename View::reference;
    using accessor_type = typename View::accessor_type::offset_policy;
    using data_handle_type = typename accessor_type::data_handle_type;
    using extents_type = typename detail::row_block_extents<typename View::extents_type>::type;
    /// Rows of a row-major array are one again; of any other only the strides are known.
    using layout_type = std::conditional_t<std::is_same_v<typename View::layout_type, layout_right>,
                                           layout_right,
                                           layout_stride>;
    using local_type = mdspan<element_type, extents_type, layout_type, accessor_type>;

    /// @pre 0 <= rows.first <= rows.last <= whole.extent(0)
    constexpr row_block(View whole, shmwin::range rows) noexcept : whole_(whole), range_(rows) {
        SHMWIN_EXPECT(0 <= rows.first && rows.first <= rows.last);
        SHMWIN_EXPECT(std::cmp_less_equal(rows.last, whole.extent(0)));
    }

    /// Adds const.
    template <detail::other_view_of<View> Other>
    constexpr row_block(row_block<Other> const& other) noexcept
        : whole_(other.whole()), range_(other.range()) {}

    [[nodiscard]] static constexpr std::size_t rank() noexcept { return View::rank(); }

    /// Element (i, j...) of the whole array.
    /// @pre range().contains(i); the other indices are in their extents
    template <typename Index, typename... OtherIndexTypes>
    requires detail::indices_of<typename View::extents_type, Index, OtherIndexTypes...>
    [[nodiscard]] constexpr reference operator()(Index i, OtherIndexTypes... indices) const {
        SHMWIN_EXPECT(range_.contains(static_cast<std::int64_t>(i)));
        return whole_(i, std::move(indices)...);
    }

    /// The rows, as indices of the whole array.
    [[nodiscard]] constexpr shmwin::range range() const noexcept { return range_; }
    /// The whole array.
    [[nodiscard]] constexpr View const& whole() const noexcept { return whole_; }

    /// The rows alone: local()(0, j...) is the first of them.
    [[nodiscard]] constexpr local_type local() const noexcept {
        return local_type(data(), local_mapping(), accessor_type(whole_.accessor()));
    }

    /// The first element. Not to be dereferenced if there is none.
    [[nodiscard]] constexpr data_handle_type data() const noexcept {
        // With no rows the offset may lie behind the memory of a strided view.
        auto const first = static_cast<std::size_t>(range_.empty() ? 0 : range_.first);
        return whole_.accessor().offset(whole_.data_handle(),
                                        first * static_cast<std::size_t>(whole_.stride(0)));
    }

    /// Number of elements.
    [[nodiscard]] constexpr size_type size() const noexcept {
        return static_cast<size_type>(detail::extents_product(local_extents(), 0, rank()));
    }
    [[nodiscard]] constexpr bool empty() const noexcept {
        return detail::is_empty_space(local_extents());
    }

  private:
    [[nodiscard]] constexpr extents_type local_extents() const noexcept {
        std::array<index_type, View::rank()> values{static_cast<index_type>(range_.size())};
        for (std::size_t r = 1; r < rank(); ++r)
            values[r] = whole_.extent(r);
        return extents_type(values);
    }

    [[nodiscard]] constexpr typename local_type::mapping_type local_mapping() const noexcept {
        if constexpr (std::is_same_v<layout_type, layout_right>) {
            return local_extents();
        } else {
            std::array<index_type, View::rank()> strides{};
            for (std::size_t r = 0; r < rank(); ++r)
                strides[r] = whole_.stride(r);
            return {local_extents(), strides};
        }
    }

    View whole_;
    shmwin::range range_;
};

/// Local. The given rows of `view`, with global indices: rows(u, mine)(i, j) is u(i, j).
/// @pre 0 <= which.first <= which.last <= view.extent(0)
template <typename ElementType, typename Extents, typename Layout, typename Accessor>
requires detail::has_rows<mdspan<ElementType, Extents, Layout, Accessor>>
[[nodiscard]] constexpr row_block<mdspan<ElementType, Extents, Layout, Accessor>>
rows(mdspan<ElementType, Extents, Layout, Accessor> const& view, range which) noexcept {
    return {view, which};
}

} // namespace shmwin::inline v1
