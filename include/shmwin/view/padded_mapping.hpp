// SPDX-License-Identifier: MIT
// padded_mapping: the mapping of layout_left_padded and of layout_right_padded, which differ in the
// order of the dimensions only.
// ISO C++26 [mdspan.layout.leftpad], [mdspan.layout.rightpad].
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/view/extents.hpp"
#include "shmwin/view/layout.hpp"
#include "shmwin/view/padding.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1::detail {

/// A mapping whose extents can be those of a mapping over Extents.
template <typename Mapping, typename Extents>
concept with_extents_for = std::is_constructible_v<Extents, typename Mapping::extents_type>;

/// With one dimension or none there is no padding, and left and right are the same.
template <typename Mapping, typename Order>
concept mirrored_line = (Mapping::extents_type::rank() <= 1)
                        && (mapping_of<Mapping, typename Order::mirror::plain> //
                            || padded_mapping_of<Mapping, typename Order::mirror>);

/// Where element (i...) is, counted in elements. All functions are local.
template <typename Order, std::size_t PaddingValue, typename Extents>
class padded_mapping {
    static_assert(is_extents<Extents>, "a mapping is over shmwin::extents");

    static constexpr std::size_t n_dimensions = Extents::rank();
    static constexpr std::size_t inner = n_dimensions > 0 ? Order::dimension(0, n_dimensions) : 0;
    static constexpr std::size_t outer = n_dimensions > 1 ? Order::dimension(1, n_dimensions) : 0;
    static constexpr bool is_open = PaddingValue == dynamic_extent;
    static constexpr std::size_t default_padding = is_open ? 1 : PaddingValue;

    static_assert(is_extent<typename Extents::index_type>(default_padding),
                  "the index type cannot hold the padding");
    static_assert(Extents::rank_dynamic() > 0
                      || is_countable_padded<Order>(Extents(), default_padding),
                  "the index type cannot count the places");

    static constexpr std::size_t static_stride =
        static_padding_stride<Order, Extents>(PaddingValue);
    static_assert(static_stride == dynamic_extent
                      || is_extent<typename Extents::index_type>(static_stride),
                  "the index type cannot hold the padded extent");

    using stride_type = padding_stride<typename Extents::index_type, static_stride>;
    struct padding_of {
        std::uintmax_t value;
    };

  public:
    static constexpr std::size_t padding_value = PaddingValue;

    using extents_type = Extents;
    using index_type = typename extents_type::index_type;
    using size_type = typename extents_type::size_type;
    using rank_type = typename extents_type::rank_type;
    using layout_type = typename Order::template padded<PaddingValue>;

    constexpr padded_mapping() noexcept : padded_mapping(extents_type{}) {}

    /// Pads to PaddingValue; not at all if that is dynamic_extent.
    /// @pre index_type can count the places
    constexpr padded_mapping(extents_type const& e) noexcept
        : padded_mapping(e, padding_of{default_padding}) {}

    /// Pads to a multiple of `padding`.
    /// @pre `padding` is positive, and PaddingValue unless that is dynamic_extent; index_type can
    ///      count the places
    template <typename OtherIndexType>
    requires index_argument<OtherIndexType, typename Extents::index_type>
    constexpr padded_mapping(extents_type const& e, OtherIndexType padding) noexcept
        : padded_mapping(e, checked(to_extent<index_type>(std::move(padding)))) {}

    /// @pre `other` is padded as this mapping is, by chance; index_type can hold its places
    template <mapping_of<typename Order::plain> Mapping>
    requires with_extents_for<Mapping, Extents>
    constexpr explicit(!std::is_convertible_v<typename Mapping::extents_type, extents_type>)
        padded_mapping(Mapping const& other) noexcept
        : padded_mapping(extents_type(other.extents())) {
        if constexpr (n_dimensions > 1)
            static_assert(may_be_equal(static_stride, Mapping::extents_type::static_extent(inner)),
                          "the other mapping has no padding, and this one needs some");
        SHMWIN_EXPECT(has_this_padding(other));
    }

    /// @pre the strides of `other` can be those of this layout; index_type can hold its places
    template <mapping_of<layout_stride> Mapping>
    requires with_extents_for<Mapping, Extents>
    constexpr explicit(Extents::rank() > 0) padded_mapping(Mapping const& other) noexcept
        : extents_(other.extents()), stride_(stride_from(other)) {
        SHMWIN_EXPECT(is_extent<index_type>(other.required_span_size()));
        SHMWIN_EXPECT(has_this_padding(other));
        SHMWIN_EXPECT(equal_strides(*this, other));
    }

    /// @pre `other` is padded to PaddingValue, unless that is dynamic_extent; index_type can hold
    ///      its places
    template <padded_mapping_of<Order> Mapping>
    requires with_extents_for<Mapping, Extents>
    constexpr explicit(Extents::rank() > 1
                       && (PaddingValue != dynamic_extent
                           || Mapping::padding_value == dynamic_extent))
        padded_mapping(Mapping const& other) noexcept
        : extents_(other.extents()), stride_(stride_from(other)) {
        static_assert(n_dimensions < 2 || may_be_equal(PaddingValue, Mapping::padding_value),
                      "the two layouts are padded to different values");
        SHMWIN_EXPECT(is_extent<index_type>(other.required_span_size()));
        SHMWIN_EXPECT(has_this_padding(other));
    }

    /// With one dimension or none, left and right are the same. @pre index_type can hold its places
    template <mirrored_line<Order> Mapping>
    requires with_extents_for<Mapping, Extents>
    constexpr explicit(!std::is_convertible_v<typename Mapping::extents_type, extents_type>)
        padded_mapping(Mapping const& other) noexcept
        : extents_(other.extents()) {
        SHMWIN_EXPECT(is_extent<index_type>(other.required_span_size()));
    }

    [[nodiscard]] constexpr extents_type const& extents() const noexcept { return extents_; }

    [[nodiscard]] constexpr std::array<index_type, n_dimensions> strides() const noexcept {
        std::array<index_type, n_dimensions> values{};
        for (rank_type r = 0; r < n_dimensions; ++r)
            values[r] = stride(r);
        return values;
    }

    /// One more than the largest place, in elements; 0 if there are none.
    [[nodiscard]] constexpr index_type required_span_size() const noexcept {
        if (is_empty_space(extents_)) return 0;
        return [this]<std::size_t... R>(std::index_sequence<R...>) {
            return static_cast<index_type>((*this)((extents_.extent(R) - 1)...) + 1);
        }
        (std::make_index_sequence<n_dimensions>{});
    }

    /// Place of element (i...), in elements. Bounds are checked by mdspan, not here.
    /// @pre each index is in its extent
    template <typename... Indices>
    requires indices_of<Extents, Indices...>
    [[nodiscard]] constexpr index_type operator()(Indices... i) const noexcept {
        return place(std::make_index_sequence<n_dimensions>{},
                     {static_cast<index_type>(std::move(i))...});
    }

    [[nodiscard]] static constexpr bool is_always_unique() noexcept { return true; }
    [[nodiscard]] static constexpr bool is_always_exhaustive() noexcept {
        if constexpr (n_dimensions < 2)
            return true;
        else
            return static_stride != dynamic_extent
                   && static_stride == Extents::static_extent(inner);
    }
    [[nodiscard]] static constexpr bool is_always_strided() noexcept { return true; }
    [[nodiscard]] static constexpr bool is_unique() noexcept { return true; }
    /// True if there is no padding.
    [[nodiscard]] constexpr bool is_exhaustive() const noexcept {
        if constexpr (n_dimensions < 2)
            return true;
        else
            return extents_.extent(inner) == stride_.value();
    }
    [[nodiscard]] static constexpr bool is_strided() noexcept { return true; }

    /// Elements between neighbours along dimension r. @pre r < rank
    [[nodiscard]] constexpr index_type stride(rank_type r) const noexcept {
        SHMWIN_EXPECT(r < n_dimensions);
        if (r == inner) return 1;
        std::uintmax_t product = to_unsigned(stride_.value());
        for (rank_type n = 1; Order::dimension(n, n_dimensions) != r; ++n)
            product *= to_unsigned(extents_.extent(Order::dimension(n, n_dimensions)));
        return static_cast<index_type>(product);
    }

    /// Same places for the same indices; `other` may be padded to another value.
    template <padded_mapping_of<Order> Other>
    requires same_rank_as<typename Other::extents_type, Extents>
    friend constexpr bool operator==(padded_mapping const& a, Other const& b) noexcept {
        return a.extents() == b.extents() && equal_strides(a, b);
    }

  private:
    constexpr padded_mapping(extents_type const& e, padding_of padding) noexcept
        : extents_(e), stride_(stride_from(e, padding)) {
        SHMWIN_EXPECT(is_countable_padded<Order>(e, padding.value));
    }

    [[nodiscard]] static constexpr padding_of checked(index_type padding) noexcept {
        SHMWIN_EXPECT(padding > 0);
        SHMWIN_EXPECT(is_open || std::cmp_equal(padding, PaddingValue));
        return {to_unsigned(padding)};
    }

    [[nodiscard]] static constexpr stride_type
    stride_from([[maybe_unused]] extents_type const& e,
                [[maybe_unused]] padding_of padding) noexcept {
        if constexpr (n_dimensions < 2)
            return stride_type();
        else
            return stride_type(padded_extent(padding.value, to_unsigned(e.extent(inner))));
    }

    template <typename Mapping>
    [[nodiscard]] static constexpr stride_type
    stride_from([[maybe_unused]] Mapping const& other) noexcept {
        if constexpr (n_dimensions < 2)
            return stride_type();
        else
            return stride_type(other.stride(outer));
    }

    template <typename Mapping>
    [[nodiscard]] static constexpr bool
    has_this_padding([[maybe_unused]] Mapping const& other) noexcept {
        if constexpr (n_dimensions < 2 || is_open)
            return true;
        else
            return std::cmp_equal(
                other.stride(outer),
                padded_extent(PaddingValue, to_unsigned(other.extents().extent(inner))));
    }

    /// Places per step of the dimension that is number n by growing stride, in those of number n-1.
    template <std::size_t N>
    [[nodiscard]] constexpr index_type steps() const noexcept {
        if constexpr (N == 1)
            return stride_.value();
        else
            return extents_.extent(Order::dimension(N - 1, n_dimensions));
    }

    // Horner's scheme from the largest stride down, unrolled: the last index is added as it is, so
    // that the optimiser sees stride 1.
    template <std::size_t... N>
    [[nodiscard]] constexpr index_type
    place(std::index_sequence<N...> /*n*/,
          std::array<index_type, n_dimensions> const& i) const noexcept {
        index_type offset = 0;
        (add<n_dimensions - 1 - N>(offset, i), ...);
        return offset;
    }

    template <std::size_t N>
    constexpr void add(index_type& offset,
                       std::array<index_type, n_dimensions> const& i) const noexcept {
        index_type const index = i[Order::dimension(N, n_dimensions)];
        if constexpr (N + 1 < n_dimensions)
            offset = static_cast<index_type>(offset * steps<N + 1>() + index);
        else
            offset = index;
    }

    [[no_unique_address]] extents_type extents_;
    [[no_unique_address]] stride_type stride_;
};

} // namespace shmwin::inline v1::detail
