// SPDX-License-Identifier: MIT
// Mappings of the sample extents, where they must place the elements, and which convert.
#pragma once

#include "view/standard/words.hpp"

namespace standard::layouts {

/// The strides that the standard gives the layouts, by its formulas; for layout_stride some that
/// are in no order and leave gaps: twice those of the dimensions taken from the second on.
template <typename Layout, typename S>
constexpr std::array<int, S::rank> strides_of() {
    std::array<int, S::rank> strides{};
    for (std::size_t r = 0; r < S::rank; ++r) {
        int stride = 1;
        for (std::size_t k = 0; k < S::rank; ++k) {
            bool const before = std::is_same_v<Layout, md::layout_left> ? k < r
                                : std::is_same_v<Layout, md::layout_right>
                                    ? k > r
                                    : r == 0 || (k < r && k > 0);
            if (before && k != r) stride *= S::values[k];
        }
        strides[r] = stride;
    }
    if constexpr (std::is_same_v<Layout, md::layout_stride>)
        for (auto& s : strides)
            s = s == 0 ? 1 : 2 * s;
    return strides;
}

template <typename Layout, typename S>
constexpr auto mapping_of() {
    using M = typename Layout::template mapping<typename S::extents>;
    if constexpr (std::is_same_v<Layout, md::layout_stride>) {
        std::array<typename S::index_type, S::rank> strides{};
        for (std::size_t r = 0; r < S::rank; ++r)
            strides[r] = static_cast<typename S::index_type>(strides_of<Layout, S>()[r]);
        return M(S::make(), strides);
    } else {
        return M(S::make());
    }
}

template <std::size_t N>
constexpr int place_of(std::array<int, N> const& i, std::array<int, N> const& strides) {
    int place = 0;
    for (std::size_t r = 0; r < N; ++r)
        place += i[r] * strides[r];
    return place;
}

template <typename I>
using related_of = list<md::extents<I>,
                        md::extents<I, 3>,
                        md::extents<I, dyn>,
                        md::extents<I, 3, dyn>,
                        md::extents<I, dyn, 4>,
                        md::extents<I, 4, 3>>;

/// Whether the standard has this conversion, and without explicit.
struct conversion {
    bool exists;
    bool implicit;
};

template <typename FromLayout, typename From, typename ToLayout, typename To>
constexpr conversion conversion_between() {
    bool const exists = std::is_constructible_v<To, From>;
    bool const implicit = std::is_convertible_v<From, To>;
    if (std::is_same_v<FromLayout, ToLayout> || std::is_same_v<ToLayout, md::layout_stride>)
        return {exists, implicit};
    if (std::is_same_v<FromLayout, md::layout_stride>) return {exists, exists && To::rank() == 0};
    return {exists && To::rank() <= 1, implicit && To::rank() <= 1};
}

} // namespace standard::layouts
