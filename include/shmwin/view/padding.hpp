// SPDX-License-Identifier: MIT
// What padded layouts share with those that convert to and from them: in which order strides grow,
// and the arithmetic of padding. ISO C++26 [mdspan.layout.general], [mdspan.layout.leftpad.expo].
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/view/extents.hpp"
#include "shmwin/view/layout.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

namespace shmwin::inline v1::detail {

// Left and right are mirror images. What holds for both is written once, in terms of the dimension
// that is number n by growing stride: number 0 has stride 1, number 1 has the padding stride.

struct left_order {
    using mirror = right_order;
    using plain = layout_left;
    template <std::size_t PaddingValue>
    using padded = layout_left_padded<PaddingValue>;

    [[nodiscard]] static constexpr std::size_t dimension(std::size_t n,
                                                         std::size_t /*rank*/) noexcept {
        return n;
    }
};

struct right_order {
    using mirror = left_order;
    using plain = layout_right;
    template <std::size_t PaddingValue>
    using padded = layout_right_padded<PaddingValue>;

    [[nodiscard]] static constexpr std::size_t dimension(std::size_t n, std::size_t rank) noexcept {
        return rank - 1 - n;
    }
};

/// A mapping of layout_left_padded or layout_right_padded, whatever its padding.
template <typename Mapping, typename Order>
concept padded_mapping_of = requires {
    typename Mapping::extents_type;
    Mapping::padding_value;
    requires is_mapping_of<typename Order::template padded<Mapping::padding_value>, Mapping>;
};

/// The least multiple of `padding` that is not less than `extent`; `extent` if `padding` is 0.
[[nodiscard]] constexpr std::uintmax_t padded_extent(std::uintmax_t padding,
                                                     std::uintmax_t extent) noexcept {
    if (padding == 0) return extent;
    return (extent / padding + (extent % padding == 0 ? 0 : 1)) * padding;
}

/// True if index_type can hold the padded extent, and the number of places with the padding.
template <typename Order, typename Extents>
[[nodiscard]] constexpr bool is_countable_padded(Extents const& e,
                                                 std::uintmax_t padding) noexcept {
    constexpr std::size_t rank = Extents::rank();
    if constexpr (rank < 2) {
        return is_countable(e);
    } else {
        auto room =
            static_cast<std::uintmax_t>(std::numeric_limits<typename Extents::index_type>::max());
        std::uintmax_t const inner = to_unsigned(e.extent(Order::dimension(0, rank)));
        std::uintmax_t const padded = padded_extent(padding, inner);
        if (padded < inner || padded > room) return false; // less: the product has wrapped
        if (is_empty_space(e)) return true;
        room /= padded;
        for (std::size_t n = 1; n < rank; ++n)
            room /= to_unsigned(e.extent(Order::dimension(n, rank)));
        return room > 0;
    }
}

/// The padding stride, if it is known at compile time, or dynamic_extent; 0 if there is none.
template <typename Order, typename Extents>
[[nodiscard]] consteval std::size_t static_padding_stride(std::size_t padding) {
    if constexpr (Extents::rank() < 2) {
        return 0;
    } else {
        std::size_t const inner = Extents::static_extent(Order::dimension(0, Extents::rank()));
        if (padding == dynamic_extent || inner == dynamic_extent) return dynamic_extent;
        return static_cast<std::size_t>(padded_extent(padding, inner));
    }
}

/// The padding stride; takes no memory if it is known at compile time.
template <typename IndexType, std::size_t Stride>
class padding_stride {
  public:
    constexpr padding_stride() noexcept = default;
    template <std::integral T>
    constexpr explicit padding_stride([[maybe_unused]] T value) noexcept {
        SHMWIN_EXPECT(std::cmp_equal(value, Stride));
    }
    [[nodiscard]] constexpr IndexType value() const noexcept {
        return static_cast<IndexType>(Stride);
    }
};

template <typename IndexType>
class padding_stride<IndexType, dynamic_extent> {
  public:
    constexpr padding_stride() noexcept = default;
    template <std::integral T>
    constexpr explicit padding_stride(T value) noexcept : value_(to_extent<IndexType>(value)) {}
    [[nodiscard]] constexpr IndexType value() const noexcept { return value_; }

  private:
    IndexType value_ = 0;
};

/// False if `a` and `b` are both known at compile time, and differ.
[[nodiscard]] constexpr bool may_be_equal(std::size_t a, std::size_t b) noexcept {
    return a == dynamic_extent || b == dynamic_extent || a == b;
}

/// False if it is known at compile time that PaddedMapping has padding where a plain mapping over
/// Extents has none.
template <typename Order, typename Extents, typename PaddedMapping>
[[nodiscard]] consteval bool may_lack_padding() {
    if constexpr (Extents::rank() < 2) {
        return true;
    } else {
        using other_extents = typename PaddedMapping::extents_type;
        return may_be_equal(
            Extents::static_extent(Order::dimension(0, Extents::rank())),
            static_padding_stride<Order, other_extents>(PaddedMapping::padding_value));
    }
}

} // namespace shmwin::inline v1::detail
