// SPDX-License-Identifier: MIT
// What [mdspan.layout] asks of layout_left, layout_right and layout_stride alike.
#pragma once

#include "view/standard/mappings.hpp"

#include <concepts>

namespace standard::layouts {

template <typename Layout>
constexpr failure members() {
    return of_each_sample([]<typename S>(S) -> failure {
        using E = typename S::extents;
        using M = typename Layout::template mapping<E>;
        MUST(std::is_same_v<typename M::extents_type, E>);
        MUST(std::is_same_v<typename M::index_type, typename E::index_type>);
        MUST(std::is_same_v<typename M::size_type, typename E::size_type>);
        MUST(std::is_same_v<typename M::rank_type, typename E::rank_type>);
        MUST(std::is_same_v<typename M::layout_type, Layout>);
        MUST(std::regular<M>);
        MUST(std::is_trivially_copyable_v<M>);
        MUST(std::is_nothrow_default_constructible_v<M>);
        MUST(std::is_nothrow_move_constructible_v<M> && std::is_nothrow_move_assignable_v<M>);
        MUST(std::is_nothrow_swappable_v<M>);
        MUST(std::is_same_v<decltype(std::declval<M const&>().extents()), E const&>);
        return {};
    });
}

// No larger than the members that the standard shows.
template <typename Layout>
constexpr failure sizes() {
    return of_each_sample([]<typename S>(S) -> failure {
        using M = typename Layout::template mapping<typename S::extents>;
        constexpr std::size_t n_strides = std::is_same_v<Layout, md::layout_stride> ? S::rank : 0;
        constexpr std::size_t n = S::extents::rank_dynamic() + n_strides;
        MUST(n == 0 ? std::is_empty_v<M> : sizeof(M) == n * sizeof(typename S::index_type));
        return {};
    });
}

template <typename Layout>
constexpr failure properties() {
    return of_each_sample([]<typename S>(S) -> failure {
        using M = typename Layout::template mapping<typename S::extents>;
        auto const m = mapping_of<Layout, S>();
        constexpr bool gaps = std::is_same_v<Layout, md::layout_stride>;
        MUST(M::is_always_unique() && M::is_always_strided() && M::is_always_exhaustive() == !gaps);
        MUST(m.is_unique() && m.is_strided());
        MUST(gaps || m.is_exhaustive());
        MUST(noexcept(M::is_always_unique())&& noexcept(M::is_always_strided()));
        MUST(noexcept(M::is_always_exhaustive())&& noexcept(m.is_exhaustive()));
        MUST(noexcept(m.is_unique())&& noexcept(m.is_strided()));
        MUST(m.extents() == S::make());
        return {};
    });
}

template <typename Layout, typename S>
constexpr failure places_of_sample() {
    auto const m = mapping_of<Layout, S>();
    constexpr auto strides = strides_of<Layout, S>();
    std::array<bool, 2 * product(S::values) + 1> seen{};
    int largest = -1;
    MUST_ALL(of_each_index(S::values, [&](std::array<int, S::rank> const& i) -> failure {
        auto const place = call_with<typename S::index_type>(m, i);
        MUST(std::is_same_v<decltype(place), typename S::index_type const>);
        MUST(std::cmp_equal(place, place_of(i, strides)));
        auto& taken = seen[static_cast<std::size_t>(place_of(i, strides))];
        MUST(!taken);
        taken = true;
        largest = std::cmp_greater(place, largest) ? static_cast<int>(place) : largest;
        return {};
    }));
    MUST(std::cmp_equal(m.required_span_size(), largest + 1));
    MUST(noexcept(m.required_span_size()));
    MUST(!m.is_always_exhaustive() || largest + 1 == product(S::values));
    return {};
}

template <typename Layout, typename I>
constexpr failure places() {
    return of_each(samples_of<I>{},
                   []<typename S>(S) -> failure { return places_of_sample<Layout, S>(); });
}

template <typename M>
concept has_stride = requires(M const& m) {
    m.stride(0);
};

template <typename Layout>
constexpr failure strides() {
    return of_each_sample([]<typename S>(S) -> failure {
        auto const m = mapping_of<Layout, S>();
        if constexpr (S::rank > 0) {
            constexpr auto expected = strides_of<Layout, S>();
            for (std::size_t r = 0; r < S::rank; ++r)
                MUST(std::cmp_equal(m.stride(r), expected[r]));
            MUST(noexcept(m.stride(0)));
            MUST(std::is_same_v<decltype(m.stride(0)), typename S::index_type>);
        } else if constexpr (!std::is_same_v<Layout, md::layout_stride>) {
            MUST(!has_stride<decltype(m)>);
        }
        return {};
    });
}

template <typename M, typename... I>
concept callable = requires(M const& m, I... i) {
    m(i...);
};

template <typename Layout>
constexpr failure which_indices_are_taken() {
    using M0 = typename Layout::template mapping<md::extents<int>>;
    using M2 = typename Layout::template mapping<md::extents<int, 3, dyn>>;
    MUST(callable<M0> && !callable<M0, int>);
    MUST(callable<M2, int, unsigned long> && callable<M2, index_like<int>, signed char>);
    MUST(!callable<M2> && !callable<M2, int> && !callable<M2, int, int, int>);
    MUST(!callable<M2, int, char const*> && !callable<M2, int, throwing_index>);
    MUST(noexcept(std::declval<M2 const&>()(1, 2)));
    M2 const m;
    MUST(m(index_like<int>{0}, 0) == 0);
    return {};
}

template <typename Layout>
constexpr failure from_extents() {
    return of_each_sample([]<typename S>(S) -> failure {
        using E = typename S::extents;
        using M = typename Layout::template mapping<E>;
        constexpr bool has_strides = std::is_same_v<Layout, md::layout_stride>;
        MUST(std::is_convertible_v<E, M> == !has_strides);
        MUST(std::is_constructible_v<M, E> == !has_strides);
        MUST(M().extents() == E());
        if constexpr (S::extents::rank_dynamic() == 0 && !has_strides)
            MUST(M() == mapping_of<Layout, S>());
        return {};
    });
}

template <typename FromLayout, typename ToLayout, typename From, typename I>
constexpr failure conversions_to() {
    return of_each(related_of<I>{}, []<typename To>(To) -> failure {
        using F = typename FromLayout::template mapping<From>;
        using T = typename ToLayout::template mapping<To>;
        constexpr auto expected = conversion_between<FromLayout, From, ToLayout, To>();
        MUST(std::is_constructible_v<T, F> == expected.exists);
        MUST(std::is_convertible_v<F, T> == expected.implicit);
        return {};
    });
}

template <typename FromLayout, typename ToLayout>
constexpr failure which_mappings_convert() {
    return of_each(related_of<std::int32_t>{}, []<typename From>(From) -> failure {
        MUST_ALL(conversions_to<FromLayout, ToLayout, From, std::uint8_t>());
        MUST_ALL(conversions_to<FromLayout, ToLayout, From, std::uint64_t>());
        return {};
    });
}

// From one layout through layout_stride of another index type, and back. (Strides of 0, which an
// index space without elements may have, are not to be given to layout_stride.)
template <typename Layout>
constexpr failure conversions_keep_places() {
    return of_each_sample([]<typename S>(S) -> failure {
        using E = typename S::extents;
        using open = typename all_dynamic<std::int64_t, E>::type;
        auto const m = mapping_of<Layout, S>();
        if (product(S::values) == 0) return {};
        typename md::layout_stride::template mapping<open> const strided(m);
        MUST(strided.extents() == m.extents() && strided == m && m == strided);
        typename Layout::template mapping<E> const back(strided);
        MUST(back == m);
        typename Layout::template mapping<open> const same(m);
        MUST(same == m);
        return {};
    });
}

template <typename A, typename B>
concept comparable = requires(A const& a, B const& b) {
    { a == b } -> std::same_as<bool>;
};

template <typename Layout>
constexpr failure equality() {
    using fixed = typename Layout::template mapping<md::extents<int, 3, 4>>;
    using open = typename Layout::template mapping<md::dextents<long, 2>>;
    using three = typename Layout::template mapping<md::dextents<long, 3>>;
    MUST(comparable<fixed, open> && !comparable<open, three>);
    MUST(fixed() == open(fixed()));
    MUST(fixed() != open());
    MUST(noexcept(fixed() == open()));
    using left = md::layout_left::mapping<md::dextents<long, 2>>;
    using right = md::layout_right::mapping<md::dextents<long, 2>>;
    MUST(!comparable<left, right>);
    return {};
}

} // namespace standard::layouts
