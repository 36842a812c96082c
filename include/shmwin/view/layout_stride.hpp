// SPDX-License-Identifier: MIT
// layout_stride: a stride for each dimension, known at run time. Rows of a larger array, every
// second column, memory that another library laid out.
#pragma once

#include "shmwin/view/layout.hpp"
#include "shmwin/view/layout_right.hpp"
#include "shmwin/view/padding.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

/// One dimension of a strided mapping.
struct strided_dimension {
    std::uintmax_t stride;
    std::uintmax_t extent;
};

/// The dimensions by growing stride; of equal strides, the one with the smaller extent first.
template <typename Mapping>
[[nodiscard]] constexpr auto by_stride(Mapping const& m) noexcept {
    constexpr std::size_t rank = Mapping::extents_type::rank();
    std::array<strided_dimension, rank> sorted{};
    for (std::size_t r = 0; r < rank; ++r) {
        strided_dimension const d{to_unsigned(m.stride(r)), to_unsigned(m.extents().extent(r))};
        std::size_t at = r;
        for (; at > 0; --at) {
            auto const& before = sorted[at - 1];
            if (before.stride < d.stride
                || (before.stride == d.stride && before.extent <= d.extent))
                break;
            sorted[at] = before;
        }
        sorted[at] = d;
    }
    return sorted;
}

/// False if two elements may share a place: each stride must step over all places of the dimensions
/// with smaller strides. A dimension of extent 1 never steps. ([mdspan.layout.stride.cons] asks for
/// room for the last step too, which every second column of an odd number of them does not have.)
template <typename Mapping>
[[nodiscard]] constexpr bool has_unique_places(Mapping const& m) noexcept {
    if (is_empty_space(m.extents())) return true;
    std::uintmax_t reach = 1;
    for (auto const& d : by_stride(m)) {
        if (d.stride == 0) return false;
        if (d.extent == 1) continue;
        if (d.stride < reach) return false;
        reach += d.stride * (d.extent - 1);
    }
    return true;
}

/// True if index_type can hold required_span_size().
template <typename Mapping>
[[nodiscard]] constexpr bool has_countable_span(Mapping const& m) noexcept {
    if (is_empty_space(m.extents())) return true;
    auto room =
        static_cast<std::uintmax_t>(std::numeric_limits<typename Mapping::index_type>::max() - 1);
    for (std::size_t r = 0; r < Mapping::extents_type::rank(); ++r) {
        auto const steps = to_unsigned(m.extents().extent(r)) - 1;
        auto const stride = to_unsigned(m.stride(r));
        if (steps != 0 && stride > room / steps) return false;
        room -= steps * stride;
    }
    return true;
}

/// Another mapping that layout_stride::mapping<Extents> can stand for.
template <typename Mapping, typename Extents>
concept strided_source = requires {
    requires layout_mapping_alike<Mapping>;
    requires std::is_constructible_v<Extents, typename Mapping::extents_type>;
    requires Mapping::is_always_unique();
    requires Mapping::is_always_strided();
};

/// A mapping whose places can be compared with those of layout_stride::mapping<Extents>.
template <typename Mapping, typename Extents>
concept strided_peer = requires {
    requires layout_mapping_alike<Mapping>;
    requires same_rank_as<typename Mapping::extents_type, Extents>;
    requires Mapping::is_always_strided();
};

/// A mapping from which layout_stride::mapping<Extents> may be made without saying so.
template <typename Mapping, typename Extents>
concept implicit_strided_source = requires {
    requires std::is_convertible_v<typename Mapping::extents_type, Extents>;
    requires(is_mapping_of<layout_left, Mapping>)
        || (is_mapping_of<layout_right, Mapping>) || (is_mapping_of<layout_stride, Mapping>)
        || (padded_mapping_of<Mapping, left_order>) || (padded_mapping_of<Mapping, right_order>);
};

} // namespace detail

/// Where element (i...) is, counted in elements. All functions are local.
/// ISO C++23 [mdspan.layout.stride].
template <typename Extents>
class layout_stride::mapping {
    static_assert(detail::is_extents<Extents>, "layout_stride: a mapping is over shmwin::extents");
    static_assert(
        Extents::rank_dynamic() > 0 || detail::is_countable(Extents()),
        "layout_stride: the index type cannot count the elements of these static extents");

    static constexpr typename Extents::rank_type n_dimensions = Extents::rank();

  public:
    using extents_type = Extents;
    using index_type = typename extents_type::index_type;
    using size_type = typename extents_type::size_type;
    using rank_type = typename extents_type::rank_type;
    using layout_type = layout_stride;

    /// Strides as of layout_right.
    constexpr mapping() noexcept : mapping(layout_right::mapping<extents_type>()) {}

    /// @pre strides are positive, no two elements share a place, and index_type can hold the
    ///      largest place
    template <typename OtherIndexType>
    requires detail::index_argument<OtherIndexType const&, typename Extents::index_type>
    constexpr mapping(extents_type const& e,
                      std::span<OtherIndexType, n_dimensions> strides) noexcept
        : extents_(e) {
        for (rank_type r = 0; r < n_dimensions; ++r)
            strides_.set(r, detail::to_extent<index_type>(std::as_const(strides[r])));
        SHMWIN_EXPECT(detail::has_countable_span(*this));
        SHMWIN_EXPECT(detail::has_unique_places(*this));
    }

    /// @pre strides are positive, no two elements share a place, and index_type can hold the
    ///      largest place
    template <typename OtherIndexType>
    requires detail::index_argument<OtherIndexType const&, typename Extents::index_type>
    constexpr mapping(extents_type const& e,
                      std::array<OtherIndexType, n_dimensions> const& strides) noexcept
        : mapping(e, std::span<OtherIndexType const, n_dimensions>(strides)) {}

    /// @pre `other` begins at place 0, and index_type can hold its extents and strides
    template <detail::strided_source<Extents> StridedLayoutMapping>
    constexpr explicit(!detail::implicit_strided_source<StridedLayoutMapping, Extents>)
        mapping(StridedLayoutMapping const& other) noexcept
        : extents_(other.extents()) {
        SHMWIN_EXPECT(detail::origin(other) == 0);
        for (rank_type r = 0; r < n_dimensions; ++r)
            strides_.set(r, static_cast<index_type>(detail::stride_of(other, r)));
        SHMWIN_EXPECT(detail::has_countable_span(*this));
    }

    /// From and to std::layout_stride.
    template <detail::their_mapping<layout_stride> Other>
    requires std::is_constructible_v<Extents, typename Other::extents_type>
    constexpr explicit(!std::is_convertible_v<typename Other::extents_type, extents_type>)
        mapping(Other const& other) noexcept
        : mapping(extents_type(other.extents()), other.strides()) {}

    template <detail::their_mapping<layout_stride> Other>
    requires std::is_constructible_v<typename Other::extents_type, Extents>
    constexpr explicit(!std::is_convertible_v<extents_type, typename Other::extents_type>)
    operator Other() const noexcept {
        auto positive =
            strides(); // as the standard's asks, also of an index space without elements
        for (auto& s : positive)
            s = s == 0 ? index_type{1} : s;
        return Other(typename Other::extents_type(extents_), positive);
    }

    [[nodiscard]] constexpr extents_type const& extents() const noexcept { return extents_; }

    [[nodiscard]] constexpr std::array<index_type, n_dimensions> strides() const noexcept {
        std::array<index_type, n_dimensions> values{};
        for (rank_type r = 0; r < n_dimensions; ++r)
            values[r] = strides_[r];
        return values;
    }

    /// One more than the largest place, in elements; 0 if there are none.
    [[nodiscard]] constexpr index_type required_span_size() const noexcept {
        if (detail::is_empty_space(extents_)) return 0;
        index_type span_size = 1;
        for (rank_type r = 0; r < n_dimensions; ++r)
            span_size = static_cast<index_type>(span_size + (extents_.extent(r) - 1) * strides_[r]);
        return span_size;
    }

    /// Place of element (i...), in elements. Bounds are checked by mdspan, not here.
    /// @pre each index is in its extent
    template <typename... Indices>
    requires detail::indices_of<Extents, Indices...>
    [[nodiscard]] constexpr index_type operator()(Indices... i) const noexcept {
        return place(std::make_index_sequence<n_dimensions>{},
                     static_cast<index_type>(std::move(i))...);
    }

    [[nodiscard]] static constexpr bool is_always_unique() noexcept { return true; }
    [[nodiscard]] static constexpr bool is_always_exhaustive() noexcept { return false; }
    [[nodiscard]] static constexpr bool is_always_strided() noexcept { return true; }
    [[nodiscard]] static constexpr bool is_unique() noexcept { return true; }
    [[nodiscard]] static constexpr bool is_strided() noexcept { return true; }

    /// True if the dimensions, ordered by stride, lie one inside the other without a gap, or there
    /// are no elements (LWG 4266).
    [[nodiscard]] constexpr bool is_exhaustive() const noexcept {
        if (detail::is_empty_space(extents_)) return true;
        std::uintmax_t next = 1;
        for (auto const& d : detail::by_stride(*this)) {
            if (d.stride != next) return false;
            next *= d.extent;
        }
        return true;
    }

    /// Elements between neighbours along dimension r. @pre r < rank
    [[nodiscard]] constexpr index_type stride(rank_type r) const noexcept {
        SHMWIN_EXPECT(r < n_dimensions);
        return strides_[r];
    }

    /// Same places for the same indices; `other` may have another strided layout.
    template <detail::strided_peer<Extents> OtherMapping>
    friend constexpr bool operator==(mapping const& a, OtherMapping const& b) noexcept {
        return a.extents() == b.extents() && detail::origin(b) == 0 && detail::equal_strides(a, b);
    }

  private:
    template <std::size_t... R, typename... Indices>
    [[nodiscard]] constexpr index_type place(std::index_sequence<R...> /*r*/,
                                             Indices... i) const noexcept {
        return static_cast<index_type>(((i * strides_[R]) + ... + 0));
    }

    [[no_unique_address]] extents_type extents_;
    [[no_unique_address]] detail::index_array<index_type, n_dimensions> strides_;
};

} // namespace shmwin::inline v1
