// SPDX-License-Identifier: MIT
// The two sides of padded layouts, for tests that run the same on both: one mirrors the other.
#pragma once

#include "shmwin/view/layout_left_padded.hpp"
#include "shmwin/view/layout_right_padded.hpp"
#include "shmwin/view/layout_stride.hpp"

#include "support/view_words.hpp"

#include <cstddef>
#include <type_traits>

namespace shmwin::test {

struct left_side {
    static constexpr bool is_left = true;
    using plain = layout_left;
    using other_plain = layout_right;
    template <std::size_t P>
    using padded = layout_left_padded<P>;
    template <std::size_t P>
    using other_padded = layout_right_padded<P>;
};

struct right_side {
    static constexpr bool is_left = false;
    using plain = layout_right;
    using other_plain = layout_left;
    template <std::size_t P>
    using padded = layout_right_padded<P>;
    template <std::size_t P>
    using other_padded = layout_left_padded<P>;
};

template <typename Side, std::size_t P, typename E>
using padded = typename Side::template padded<P>::template mapping<E>;
template <typename Side, std::size_t P, typename E>
using other_padded = typename Side::template other_padded<P>::template mapping<E>;
template <typename Side, typename E>
using plain = typename Side::plain::template mapping<E>;
template <typename Side, typename E>
using other_plain = typename Side::other_plain::template mapping<E>;
template <typename E>
using strided = layout_stride::mapping<E>;

// Extents written for the left side, turned round for the right one.
template <typename Side, typename I, std::size_t A, std::size_t B>
using extents2 = std::conditional_t<Side::is_left, extents<I, A, B>, extents<I, B, A>>;
template <typename Side>
[[nodiscard]] constexpr array_extents<2> shape2(i64 inner, i64 outer) {
    return Side::is_left ? shape(inner, outer) : shape(outer, inner);
}
template <typename Side>
[[nodiscard]] constexpr array_extents<3> shape3(i64 inner, i64 outer, i64 outermost) {
    return Side::is_left ? shape(inner, outer, outermost) : shape(outermost, outer, inner);
}

} // namespace shmwin::test
