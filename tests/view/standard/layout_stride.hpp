// SPDX-License-Identifier: MIT
// [mdspan.layout.stride]: what it shares with the other layouts, and its own.
#pragma once

#include "view/standard/every_layout.hpp"

namespace standard::layouts {

template <typename E>
using strided = md::layout_stride::mapping<E>;

constexpr failure strided_by_default() {
    return of_each_sample([]<typename S>(S) -> failure {
        using E = typename S::extents;
        strided<E> const m;
        [[maybe_unused]] md::layout_right::mapping<E> const right{};
        MUST(m.extents() == E());
        if constexpr (S::rank > 0)
            for (std::size_t r = 0; r < S::rank; ++r)
                MUST(m.stride(r) == right.stride(r));
        return {};
    });
}

constexpr failure from_strides() {
    using E = md::extents<int, 3, dyn>;
    std::array<std::int8_t, 2> const strides{10, 2};
    std::array<index_like<int>, 2> const likes{index_like<int>{10}, index_like<int>{2}};
    strided<E> const m(E(4), strides);
    MUST(m.strides() == std::array{10, 2} && m.stride(0) == 10 && m.stride(1) == 2);
    MUST(m.required_span_size() == 27 && m(2, 3) == 26);
    MUST(strided<E>(E(4), std::span<std::int8_t const, 2>(strides)) == m);
    MUST(strided<E>(E(4), likes) == m);
    MUST(std::is_nothrow_constructible_v<strided<E>, E, std::array<int, 2>>);
    MUST(std::is_constructible_v<strided<E>, E, std::span<unsigned, 2>>);
    MUST(!std::is_constructible_v<strided<E>, E, std::array<int, 1>>);
    MUST(!std::is_constructible_v<strided<E>, E, std::array<int, 3>>);
    MUST(!std::is_constructible_v<strided<E>, E, std::array<throwing_index, 2>>);
    MUST(!std::is_constructible_v<strided<E>, E, std::array<char const*, 2>>);
    MUST(noexcept(m.strides()));
    MUST(std::is_same_v<decltype(m.strides()), std::array<int, 2>>);
    return {};
}

// Of all orders of three dimensions, with and without a gap.
constexpr failure exhaustive_in_any_order() {
    using E = md::dextents<long, 3>;
    E const e(2, 3, 4);
    MUST(strided<E>(e, std::array{12, 4, 1}).is_exhaustive());
    MUST(strided<E>(e, std::array{12, 1, 3}).is_exhaustive());
    MUST(strided<E>(e, std::array{4, 8, 1}).is_exhaustive());
    MUST(strided<E>(e, std::array{1, 8, 2}).is_exhaustive());
    MUST(strided<E>(e, std::array{3, 1, 6}).is_exhaustive());
    MUST(strided<E>(e, std::array{1, 2, 6}).is_exhaustive());
    MUST(!strided<E>(e, std::array{13, 4, 1}).is_exhaustive());
    MUST(!strided<E>(e, std::array{16, 1, 4}).is_exhaustive());
    MUST(!strided<E>(e, std::array{2, 4, 12}).is_exhaustive());
    MUST(strided<md::extents<int>>().is_exhaustive());
    MUST(strided<md::extents<int>>().required_span_size() == 1);
    return {};
}

// Strided, and not unique: not for layout_stride.
struct not_unique {
    template <typename E>
    struct mapping {
        using extents_type = E;
        using index_type = typename E::index_type;
        static constexpr bool is_always_unique() { return false; }
        static constexpr bool is_always_exhaustive() { return false; }
        static constexpr bool is_always_strided() { return true; }
    };
};

// The places of layout_right, but for a constant.
template <int Shift>
struct shifted {
    template <typename E>
    struct mapping {
        using extents_type = E;
        using index_type = typename E::index_type;
        using rank_type = typename E::rank_type;
        using layout_type = shifted;
        md::layout_right::mapping<E> base;

        constexpr E const& extents() const { return base.extents(); }
        constexpr auto operator()(auto... i) const {
            return static_cast<index_type>(base(i...) + Shift);
        }
        constexpr auto required_span_size() const {
            return static_cast<index_type>(base.required_span_size() + Shift);
        }
        constexpr index_type stride(rank_type r) const { return base.stride(r); }
        static constexpr bool is_always_unique() { return true; }
        static constexpr bool is_always_exhaustive() { return Shift == 0; }
        static constexpr bool is_always_strided() { return true; }
        static constexpr bool is_unique() { return true; }
        static constexpr bool is_exhaustive() { return Shift == 0; }
        static constexpr bool is_strided() { return true; }
        friend constexpr bool operator==(mapping const& a, mapping const& b) {
            return a.extents() == b.extents();
        }
    };
};

constexpr failure from_mappings_of_others() {
    using E = md::dextents<int, 2>;
    using other = shifted<0>::mapping<E>;
    other const o{E(3, 4)};
    MUST(is_explicit_only<other, strided<E>>);
    MUST(!std::is_constructible_v<strided<E>, not_unique::mapping<E>>);
    MUST(!std::is_constructible_v<strided<E>, int>);
    MUST(!std::is_constructible_v<strided<md::dextents<int, 3>>, other>);
    strided<E> const m(o);
    MUST(m.strides() == std::array{4, 1});
    MUST(m == o);
    MUST(m != shifted<1>::mapping<E>{E(3, 4)});
    MUST(m == md::layout_right::mapping<E>(E(3, 4)));
    MUST(m != md::layout_left::mapping<E>(E(3, 4)));
    MUST(m != strided<E>(E(3, 4), std::array{5, 1}));
    MUST(m != strided<E>(E(2, 4), std::array{4, 1}));
    return {};
}

} // namespace standard::layouts

namespace standard {

using namespace layouts;

inline constexpr std::array tests{
    STANDARD_TEST("mdspan.layout.stride.overview", members<md::layout_stride>),
    STANDARD_TEST("mdspan.layout.stride.overview", sizes<md::layout_stride>),
    STANDARD_TEST("mdspan.layout.stride.overview", properties<md::layout_stride>),
    STANDARD_TEST("mdspan.layout.stride.cons", strided_by_default),
    STANDARD_TEST("mdspan.layout.stride.cons", from_extents<md::layout_stride>),
    STANDARD_TEST("mdspan.layout.stride.cons", from_strides),
    STANDARD_TEST("mdspan.layout.stride.cons",
                  which_mappings_convert<md::layout_left, md::layout_stride>),
    STANDARD_TEST("mdspan.layout.stride.cons",
                  which_mappings_convert<md::layout_right, md::layout_stride>),
    STANDARD_TEST("mdspan.layout.stride.cons",
                  which_mappings_convert<md::layout_stride, md::layout_stride>),
    STANDARD_TEST("mdspan.layout.stride.cons", conversions_keep_places<md::layout_stride>),
    STANDARD_TEST("mdspan.layout.stride.cons", from_mappings_of_others),
    STANDARD_TEST("mdspan.layout.stride.obs", places<md::layout_stride, std::int8_t>),
    STANDARD_TEST("mdspan.layout.stride.obs", places<md::layout_stride, std::uint16_t>),
    STANDARD_TEST("mdspan.layout.stride.obs", places<md::layout_stride, std::int32_t>),
    STANDARD_TEST("mdspan.layout.stride.obs", places<md::layout_stride, std::uint64_t>),
    STANDARD_TEST("mdspan.layout.stride.obs", strides<md::layout_stride>),
    STANDARD_TEST("mdspan.layout.stride.obs", which_indices_are_taken<md::layout_stride>),
    STANDARD_TEST("mdspan.layout.stride.obs", exhaustive_in_any_order),
    STANDARD_TEST("mdspan.layout.stride.obs", equality<md::layout_stride>),
};

} // namespace standard
