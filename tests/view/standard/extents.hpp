// SPDX-License-Identifier: MIT
// [mdspan.extents]
#pragma once

#include "view/standard/words.hpp"

#include <concepts>
#include <limits>

namespace standard::extents {

constexpr failure members() {
    return of_each_sample([]<typename S>(S) -> failure {
        using E = typename S::extents;
        MUST(std::is_same_v<typename E::size_type, std::make_unsigned_t<typename S::index_type>>);
        MUST(std::is_same_v<typename E::rank_type, std::size_t>);
        MUST(std::regular<E>);
        MUST(std::is_trivially_copyable_v<E>);
        MUST(std::is_nothrow_default_constructible_v<E>);
        MUST(std::is_nothrow_copy_constructible_v<E> && std::is_nothrow_move_assignable_v<E>);
        MUST(std::is_nothrow_swappable_v<E>);
        return {};
    });
}

// The standard shows an array of rank_dynamic() indices as the only member.
constexpr failure sizes() {
    return of_each_sample([]<typename S>(S) -> failure {
        using E = typename S::extents;
        if constexpr (E::rank_dynamic() == 0)
            MUST(std::is_empty_v<E>);
        else
            MUST(sizeof(E) == E::rank_dynamic() * sizeof(typename S::index_type));
        return {};
    });
}

constexpr failure observers() {
    return of_each_sample([]<typename S>(S) -> failure {
        using E = typename S::extents;
        auto const e = S::make();
        std::size_t n_dynamic = 0;
        MUST(E::rank() == S::rank);
        for (std::size_t r = 0; r < S::rank; ++r) {
            MUST(std::cmp_equal(e.extent(r), S::values[r]));
            MUST(E::static_extent(r) == dyn || std::cmp_equal(E::static_extent(r), S::values[r]));
            if (E::static_extent(r) == dyn) ++n_dynamic;
        }
        MUST(E::rank_dynamic() == n_dynamic);
        MUST(noexcept(E::rank())&& noexcept(E::rank_dynamic()));
        MUST(noexcept(E::static_extent(0))&& noexcept(e.extent(0)));
        MUST(std::is_same_v<decltype(e.extent(0)), typename S::index_type>);
        return {};
    });
}

constexpr failure zero_by_default() {
    return of_each_sample([]<typename S>(S) -> failure {
        typename S::extents const e;
        for (std::size_t r = 0; r < S::rank; ++r)
            MUST(std::cmp_equal(e.extent(r), e.static_extent(r) == dyn ? 0 : S::values[r]));
        return {};
    });
}

/// The values of the dynamic extents of sample S.
template <typename S, typename T>
constexpr auto dynamic_values() {
    std::array<T, S::extents::rank_dynamic()> found{};
    [[maybe_unused]] std::size_t d = 0;
    for (std::size_t r = 0; r < S::rank; ++r)
        if constexpr (S::extents::rank_dynamic() > 0)
            if (S::extents::static_extent(r) == dyn) found[d++] = static_cast<T>(S::values[r]);
    return found;
}

template <typename S, typename T>
constexpr auto all_values() {
    std::array<T, S::rank> all{};
    for (std::size_t r = 0; r < S::rank; ++r)
        all[r] = static_cast<T>(S::values[r]);
    return all;
}

template <typename E, typename T, std::size_t N>
constexpr E from_pack([[maybe_unused]] std::array<T, N> const& values) {
    return [&]<std::size_t... R>(std::index_sequence<R...>) {
        return E(values[R]...);
    }
    (std::make_index_sequence<N>{});
}

template <typename S, typename T>
constexpr failure from_values_of() {
    using E = typename S::extents;
    auto const e = S::make();
    auto const all = all_values<S, T>();
    auto const dynamic = dynamic_values<S, T>();
    MUST(from_pack<E>(all) == e);
    MUST(from_pack<E>(dynamic) == e);
    MUST(E(all) == e);
    MUST(E(dynamic) == e);
    MUST(E(std::span<T const, all.size()>(all)) == e);
    MUST(E(std::span<T const, dynamic.size()>(dynamic)) == e);
    MUST(std::is_nothrow_constructible_v<E, std::array<T, S::rank> const&>);
    MUST(std::is_nothrow_constructible_v<E, std::span<T, S::rank>>);
    return {};
}

constexpr failure from_values() {
    return of_each_sample([]<typename S>(S) -> failure {
        MUST_ALL(from_values_of<S, typename S::index_type>());
        MUST_ALL(from_values_of<S, std::int8_t>());
        MUST_ALL(from_values_of<S, std::uint64_t>());
        return {};
    });
}

constexpr failure from_what_becomes_an_index() {
    using E = md::extents<int, 2, dyn, 4>;
    MUST(E(index_like<int>{3}) == E(3));
    MUST(E(index_like<int>{2}, 3U, std::integral_constant<short, 4>{}) == E(3));
    MUST(E(std::array{index_like<int>{3}}) == E(3));
    return {};
}

template <typename E, std::size_t N>
constexpr failure arrays_of() {
    constexpr bool fits = N == E::rank() || N == E::rank_dynamic();
    constexpr bool implicitly = N == E::rank_dynamic();
    MUST(std::is_constructible_v<E, std::array<int, N>> == fits);
    MUST(std::is_constructible_v<E, std::span<int, N>> == fits);
    MUST(std::is_convertible_v<std::array<int, N>, E> == implicitly);
    MUST(std::is_convertible_v<std::span<int, N>, E> == implicitly);
    return {};
}

constexpr failure which_values_are_taken() {
    return of_each_sample([]<typename S>(S) -> failure {
        using E = typename S::extents;
        MUST_ALL(arrays_of<E, 0>());
        MUST_ALL(arrays_of<E, 1>());
        MUST_ALL(arrays_of<E, 2>());
        MUST_ALL(arrays_of<E, 3>());
        MUST_ALL(arrays_of<E, 6>());
        constexpr bool one = E::rank() == 1 || E::rank_dynamic() == 1;
        MUST(std::is_constructible_v<E, int> == one);
        MUST(!std::is_convertible_v<int, E>);
        constexpr bool two = E::rank() == 2 || E::rank_dynamic() == 2;
        MUST(std::is_constructible_v<E, int, unsigned long> == two);
        MUST(!std::is_constructible_v<E, char const*>);
        MUST(!std::is_constructible_v<E, throwing_index>);
        MUST(!std::is_constructible_v<E, std::array<throwing_index, S::rank>> || S::rank == 0);
        return {};
    });
}

// Types between which there are all kinds of conversions.
template <typename I>
using related_of = list<md::extents<I>,
                        md::extents<I, 3>,
                        md::extents<I, 4>,
                        md::extents<I, dyn>,
                        md::extents<I, 3, 4>,
                        md::extents<I, 3, dyn>,
                        md::extents<I, dyn, 4>,
                        md::extents<I, dyn, dyn>,
                        md::extents<I, 4, 3>,
                        md::extents<I, dyn, dyn, dyn>>;

template <typename From, typename To>
constexpr bool may_become() {
    if (From::rank() != To::rank()) return false;
    bool may = true;
    if constexpr (From::rank() == To::rank())
        for (std::size_t r = 0; r < From::rank(); ++r)
            may = may
                  && (From::static_extent(r) == dyn || To::static_extent(r) == dyn
                      || From::static_extent(r) == To::static_extent(r));
    return may;
}

template <typename From, typename To>
constexpr bool may_become_implicitly() {
    if (!may_become<From, To>()) return false;
    bool may = std::cmp_greater_equal(std::numeric_limits<typename To::index_type>::max(),
                                      std::numeric_limits<typename From::index_type>::max());
    if constexpr (From::rank() == To::rank())
        for (std::size_t r = 0; r < From::rank(); ++r)
            may = may && !(From::static_extent(r) == dyn && To::static_extent(r) != dyn);
    return may;
}

template <typename From, typename I>
constexpr failure conversions_to() {
    return of_each(related_of<I>{}, []<typename To>(To) -> failure {
        MUST(std::is_constructible_v<To, From> == may_become<From, To>());
        MUST(std::is_convertible_v<From, To> == may_become_implicitly<From, To>());
        MUST(!may_become<From, To>() || std::is_nothrow_constructible_v<To, From>);
        return {};
    });
}

template <typename I>
constexpr failure which_extents_convert() {
    return of_each(related_of<I>{}, []<typename From>(From) -> failure {
        MUST_ALL(conversions_to<From, std::int8_t>());
        MUST_ALL(conversions_to<From, std::uint32_t>());
        MUST_ALL(conversions_to<From, std::int64_t>());
        return {};
    });
}

constexpr failure conversions_keep_values() {
    return of_each_sample([]<typename S>(S) -> failure {
        using E = typename S::extents;
        using open = typename all_dynamic<std::int64_t, E>::type;
        auto const e = S::make();
        open const o(e);
        MUST(o == e && e == o);
        MUST(E(o) == e);
        for (std::size_t r = 0; r < S::rank; ++r)
            MUST(std::cmp_equal(o.extent(r), S::values[r]));
        return {};
    });
}

constexpr failure equality() {
    MUST(md::extents<int, 3, 4>() == md::extents<unsigned char, dyn, 4>(3));
    MUST(md::extents<int, 3, 4>() != md::extents<int, 4, 3>());
    MUST(!(md::extents<int, 3>() == md::extents<int, 3, 1>()));
    MUST(!(md::extents<int>() == md::extents<int, 1>()));
    MUST(md::extents<int>() == md::extents<unsigned long>());
    MUST(md::dextents<int, 3>(3, 4, 5) != md::dextents<long, 3>(3, 4, 6));
    MUST(noexcept(md::extents<int, 3>() == md::extents<long, dyn>(3)));
    return {};
}

constexpr failure dextents() {
    MUST(std::is_same_v<md::dextents<int, 0>, md::extents<int>>);
    MUST(std::is_same_v<md::dextents<short, 3>, md::extents<short, dyn, dyn, dyn>>);
    return {};
}

#ifdef STANDARD_HAS_DIMS
constexpr failure dims() {
    MUST(std::is_same_v<md::dims<2>, md::dextents<std::size_t, 2>>);
    MUST(std::is_same_v<md::dims<3, int>, md::dextents<int, 3>>);
    return {};
}
#endif

constexpr failure deduction() {
    md::extents const one(3);
    MUST(std::is_same_v<decltype(one), md::extents<std::size_t, dyn> const>);
    md::extents const three(3, std::uint8_t{4}, index_like<std::size_t>{5});
    MUST(std::is_same_v<decltype(three), md::dextents<std::size_t, 3> const>);
    MUST(three == md::extents<int, 3, 4, 5>());
    return {};
}

#ifdef STANDARD_HAS_STATIC_DEDUCTION
constexpr failure deduction_of_static_extents() {
    md::extents const e(std::integral_constant<int, 3>{}, 4);
    MUST(std::is_same_v<decltype(e), md::extents<std::size_t, 3, dyn> const>);
    MUST(e == md::extents<int, 3, 4>());
    md::extents const not_a_number(std::true_type{});
    MUST(std::is_same_v<decltype(not_a_number), md::extents<std::size_t, dyn> const>);
    return {};
}
#endif

} // namespace standard::extents

namespace standard {

using namespace extents;

inline constexpr std::array tests{
    STANDARD_TEST("mdspan.extents.overview", members),
    STANDARD_TEST("mdspan.extents.overview", sizes),
    STANDARD_TEST("mdspan.extents.obs", observers),
    STANDARD_TEST("mdspan.extents.cons", zero_by_default),
    STANDARD_TEST("mdspan.extents.cons", from_values),
    STANDARD_TEST("mdspan.extents.cons", from_what_becomes_an_index),
    STANDARD_TEST("mdspan.extents.cons", which_values_are_taken),
    STANDARD_TEST("mdspan.extents.cons", which_extents_convert<std::uint8_t>),
    STANDARD_TEST("mdspan.extents.cons", which_extents_convert<std::int32_t>),
    STANDARD_TEST("mdspan.extents.cons", which_extents_convert<std::uint64_t>),
    STANDARD_TEST("mdspan.extents.cons", conversions_keep_values),
    STANDARD_TEST("mdspan.extents.cons", deduction),
#ifdef STANDARD_HAS_STATIC_DEDUCTION
    STANDARD_TEST("mdspan.extents.cons", deduction_of_static_extents),
#endif
    STANDARD_TEST("mdspan.extents.cmp", equality),
    STANDARD_TEST("mdspan.extents.dextents", dextents),
#ifdef STANDARD_HAS_DIMS
    STANDARD_TEST("mdspan.extents.dims", dims),
#endif
};

} // namespace standard
