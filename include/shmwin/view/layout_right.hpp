// SPDX-License-Identifier: MIT
// layout_right: the last index varies fastest. Of a (2, 3) array:
//
//   place      0      1      2      3      4      5
//   element  (0,0)  (0,1)  (0,2)  (1,0)  (1,1)  (1,2)        strides (3, 1)
#pragma once

#include "shmwin/view/layout.hpp"
#include "shmwin/view/padding.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// Where element (i...) is, counted in elements. All functions are local.
/// ISO C++23 [mdspan.layout.right].
template <typename Extents>
class layout_right::mapping {
    static_assert(detail::is_extents<Extents>, "layout_right: a mapping is over shmwin::extents");
    static_assert(Extents::rank_dynamic() > 0 || detail::is_countable(Extents()),
                  "layout_right: the index type cannot count the elements of these static extents");

  public:
    using extents_type = Extents;
    using index_type = typename extents_type::index_type;
    using size_type = typename extents_type::size_type;
    using rank_type = typename extents_type::rank_type;
    using layout_type = layout_right;

    constexpr mapping() noexcept = default;

    /// @pre index_type can count the elements
    constexpr mapping(extents_type const& e) noexcept : extents_(e) {
        SHMWIN_EXPECT(detail::is_countable(e));
    }

    template <typename OtherExtents>
    requires std::is_constructible_v<Extents, OtherExtents>
    constexpr explicit(!std::is_convertible_v<OtherExtents, extents_type>)
        mapping(mapping<OtherExtents> const& other) noexcept
        : mapping(extents_type(other.extents())) {}

    /// With one dimension or none, left and right are the same.
    template <detail::line_of<Extents> OtherExtents>
    constexpr explicit(!std::is_convertible_v<OtherExtents, extents_type>)
        mapping(layout_left::mapping<OtherExtents> const& other) noexcept
        : mapping(extents_type(other.extents())) {}

    /// @pre there is no padding in `other`. ISO C++26.
    template <detail::padded_mapping_of<detail::right_order> PaddedMapping>
    requires std::is_constructible_v<Extents, typename PaddedMapping::extents_type>
    constexpr explicit(!std::is_convertible_v<typename PaddedMapping::extents_type, extents_type>)
        mapping(PaddedMapping const& other) noexcept
        : mapping(extents_type(other.extents())) {
        static_assert(detail::may_lack_padding<detail::right_order, Extents, PaddedMapping>(),
                      "the static extents of the two layouts leave room for padding");
        SHMWIN_EXPECT(detail::equal_strides(*this, other));
    }

    /// @pre the strides of `other` are those of this layout
    template <typename OtherExtents>
    requires std::is_constructible_v<Extents, OtherExtents>
    constexpr explicit(Extents::rank() > 0)
        mapping(layout_stride::mapping<OtherExtents> const& other) noexcept
        : mapping(extents_type(other.extents())) {
        SHMWIN_EXPECT(detail::equal_strides(*this, other));
    }

    /// From and to std::layout_right.
    template <detail::their_mapping<layout_right> Other>
    requires std::is_constructible_v<Extents, typename Other::extents_type>
    constexpr explicit(!std::is_convertible_v<typename Other::extents_type, extents_type>)
        mapping(Other const& other) noexcept
        : mapping(extents_type(other.extents())) {}

    template <detail::their_mapping<layout_right> Other>
    requires std::is_constructible_v<typename Other::extents_type, Extents>
    constexpr explicit(!std::is_convertible_v<extents_type, typename Other::extents_type>)
    operator Other() const noexcept {
        return Other(typename Other::extents_type(extents_));
    }

    [[nodiscard]] constexpr extents_type const& extents() const noexcept { return extents_; }

    /// One more than the largest place, in elements; 0 if there are none.
    [[nodiscard]] constexpr index_type required_span_size() const noexcept {
        return detail::extents_product(extents_, 0, extents_type::rank());
    }

    /// Place of element (i...), in elements. Bounds are checked by mdspan, not here.
    /// @pre each index is in its extent
    template <typename... Indices>
    requires detail::indices_of<Extents, Indices...>
    [[nodiscard]] constexpr index_type operator()(Indices... i) const noexcept {
        return place(std::make_index_sequence<extents_type::rank()>{},
                     static_cast<index_type>(std::move(i))...);
    }

    [[nodiscard]] static constexpr bool is_always_unique() noexcept { return true; }
    [[nodiscard]] static constexpr bool is_always_exhaustive() noexcept { return true; }
    [[nodiscard]] static constexpr bool is_always_strided() noexcept { return true; }
    [[nodiscard]] static constexpr bool is_unique() noexcept { return true; }
    [[nodiscard]] static constexpr bool is_exhaustive() noexcept { return true; }
    [[nodiscard]] static constexpr bool is_strided() noexcept { return true; }

    /// Elements between neighbours along dimension r. @pre r < rank
    [[nodiscard]] constexpr index_type stride(rank_type r) const noexcept
        requires(Extents::rank() > 0) {
        SHMWIN_EXPECT(r < extents_type::rank());
        return detail::extents_product(extents_, r + 1, extents_type::rank());
    }

    template <detail::same_rank_as<Extents> OtherExtents>
    friend constexpr bool operator==(mapping const& a, mapping<OtherExtents> const& b) noexcept {
        return a.extents() == b.extents();
    }

  private:
    // Horner's scheme, unrolled: a loop over the last index has stride 1 for the optimiser to see.
    template <std::size_t... R, typename... Indices>
    [[nodiscard]] constexpr index_type place(std::index_sequence<R...> /*r*/,
                                             Indices... i) const noexcept {
        index_type offset = 0;
        ((offset = static_cast<index_type>(offset * extents_.extent(R) + i)), ...);
        return offset;
    }

    [[no_unique_address]] extents_type extents_;
};

} // namespace shmwin::inline v1
