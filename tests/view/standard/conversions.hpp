// SPDX-License-Identifier: MIT
// Our types and the standard's, each made of the other: implicitly where nothing can be lost.
#pragma once

#include "shmwin/view/mdspan.hpp"

#include "view/standard/words.hpp"

#include <mdspan>

namespace standard::conversions {

namespace us = ::shmwin;

template <std::size_t... E>
using pair_of_extents = std::pair<us::extents<int, E...>, std::extents<int, E...>>;

// Which convert is a matter of the extents alone: so as between two of the same library.
using pairs = list<pair_of_extents<>,
                   pair_of_extents<3>,
                   pair_of_extents<4>,
                   pair_of_extents<dyn>,
                   pair_of_extents<3, dyn>,
                   pair_of_extents<dyn, 4>,
                   pair_of_extents<4, 3>,
                   pair_of_extents<dyn, dyn, dyn>>;

template <typename E, typename I>
struct with_index;
template <typename J, std::size_t... E, typename I>
struct with_index<us::extents<J, E...>, I> {
    using type = us::extents<I, E...>;
};
template <typename J, std::size_t... E, typename I>
struct with_index<std::extents<J, E...>, I> {
    using type = std::extents<I, E...>;
};

template <typename From, typename To, typename LikeFrom, typename LikeTo>
constexpr failure convert_as() {
    MUST(std::is_constructible_v<To, From> == std::is_constructible_v<LikeTo, LikeFrom>);
    MUST(std::is_convertible_v<From, To> == std::is_convertible_v<LikeFrom, LikeTo>);
    return {};
}

template <typename A, typename B, typename I>
constexpr failure extents_of() {
    using OurA = typename A::first_type;
    using TheirA = typename A::second_type;
    using OurB = typename with_index<typename B::first_type, I>::type;
    using TheirB = typename with_index<typename B::second_type, I>::type;
    MUST_ALL(convert_as<OurA, TheirB, TheirA, TheirB>());
    MUST_ALL(convert_as<TheirA, OurB, TheirA, TheirB>());
    using our_right = us::layout_right::mapping<OurA>;
    using our_left = us::layout_left::mapping<OurA>;
    using our_strided = us::layout_stride::mapping<OurA>;
    using right = std::layout_right::mapping<TheirB>;
    using left = std::layout_left::mapping<TheirB>;
    using strided = std::layout_stride::mapping<TheirB>;
    MUST_ALL(convert_as<our_right, right, OurA, TheirB>());
    MUST_ALL(convert_as<right, our_right, TheirB, OurA>());
    MUST_ALL(convert_as<our_left, left, OurA, TheirB>());
    MUST_ALL(convert_as<left, our_left, TheirB, OurA>());
    MUST_ALL(convert_as<our_strided, strided, OurA, TheirB>());
    MUST_ALL(convert_as<strided, our_strided, TheirB, OurA>());
    MUST(!std::is_constructible_v<right, our_left> && !std::is_constructible_v<our_left, right>);
    return {};
}

constexpr failure which_convert() {
    return of_each(pairs{}, []<typename A>(A) -> failure {
        return of_each(pairs{}, []<typename B>(B) -> failure {
            MUST_ALL(extents_of<A, B, int>());
            MUST_ALL(extents_of<A, B, std::int8_t>());
            MUST_ALL(extents_of<A, B, std::uint64_t>());
            return {};
        });
    });
}

template <typename T, typename U, typename OurLayout, typename TheirLayout>
constexpr failure views_of() {
    using us_2 = us::mdspan<T, us::dims<2>, OurLayout>;
    using them_2 = std::mdspan<U, std::dextents<std::size_t, 2>, TheirLayout>;
    using us_fixed = us::mdspan<T, us::extents<int, 2, 3>, OurLayout>;
    using them_fixed = std::mdspan<U, std::extents<int, 2, 3>, TheirLayout>;
    constexpr bool to_them = std::is_convertible_v<T*, U*>;
    constexpr bool to_us = std::is_convertible_v<U*, T*>;
    MUST(std::is_convertible_v<us_2, them_2> == to_them);
    MUST(std::is_convertible_v<them_2, us_2> == to_us);
    MUST(std::is_convertible_v<us_fixed, them_2> == to_them);
    MUST(std::is_convertible_v<them_fixed, us_2> == to_us);
    MUST(is_explicit_only<us_2, them_fixed> == to_them);
    MUST(is_explicit_only<them_2, us_fixed> == to_us);
    MUST(std::is_constructible_v<them_2, us_2> == to_them);
    MUST(std::is_constructible_v<us_2, them_2> == to_us);
    return {};
}

template <typename OurLayout, typename TheirLayout>
constexpr failure which_views_convert() {
    MUST_ALL(views_of<int, int, OurLayout, TheirLayout>());
    MUST_ALL(views_of<int, int const, OurLayout, TheirLayout>());
    MUST_ALL(views_of<int const, int, OurLayout, TheirLayout>());
    MUST_ALL(views_of<int const, int const, OurLayout, TheirLayout>());
    using us_3 = us::mdspan<int, us::dims<3>, OurLayout>;
    MUST(!std::is_constructible_v<std::mdspan<int, std::dextents<int, 2>, TheirLayout>, us_3>);
    MUST(!std::is_constructible_v<std::mdspan<long, std::dextents<int, 3>, TheirLayout>, us_3>);
    return {};
}

constexpr failure accessors() {
    MUST(std::is_convertible_v<us::default_accessor<int>, std::default_accessor<int const>>);
    MUST(std::is_convertible_v<std::default_accessor<int>, us::default_accessor<int const>>);
    MUST(!std::is_constructible_v<std::default_accessor<int>, us::default_accessor<int const>>);
    MUST(!std::is_constructible_v<us::default_accessor<int>, std::default_accessor<int const>>);
    return {};
}

constexpr int sum(std::mdspan<int const, std::dextents<std::size_t, 2>> m) {
    return m[0, 0] + m[1, 2];
}
constexpr int sum_of_ours(us::mdspan<int const, us::dims<2>, us::layout_stride> m) {
    return m(0, 0) + m(1, 2);
}

constexpr failure values_stay() {
    std::array<int, 24> memory{1, 2, 3, 4, 5, 6, 7};
    us::mdspan<int, us::extents<int, 2, 3>> const ours(memory.data());
    MUST(sum(ours) == 7);
    std::mdspan<int, std::extents<int, 2, 3>> const theirs = ours;
    MUST(&theirs[1, 2] == &memory[5]);
    std::mdspan<int, std::dextents<short, 2>, std::layout_stride> const steps(
        memory.data(),
        std::layout_stride::mapping(std::dextents<short, 2>(2, 3), std::array<short, 2>{1, 2}));
    MUST(sum_of_ours(steps) == 1 + 6);
    us::mdspan<int, us::dextents<int, 2>, us::layout_left> const left(memory.data(), 2, 3);
    std::mdspan<int const, std::dextents<int, 2>, std::layout_left> const their_left = left;
    MUST(&their_left[1, 2] == &memory[5] && their_left.extent(1) == 3);
    us::extents<short, 2, dyn> const e(std::dextents<long, 2>(2, 9));
    std::extents<int, dyn, 9> const back(e);
    MUST(e.extent(1) == 9 && back.extent(0) == 2);
    return {};
}

// Without elements our strides may be 0; the standard's must not be.
constexpr failure index_spaces_without_elements() {
    using E = us::dextents<int, 3>;
    us::layout_stride::mapping<E> const none = us::layout_right::mapping<E>(E(3, 0, 5));
    std::layout_stride::mapping<std::dextents<int, 3>> const theirs = none;
    MUST(theirs.required_span_size() == 0 && theirs.stride(0) > 0);
    us::layout_stride::mapping<E> const back = theirs;
    MUST(back.extents() == E(3, 0, 5));
    return {};
}

} // namespace standard::conversions

namespace standard {

using namespace conversions;

inline constexpr std::array tests{
    STANDARD_TEST("conversions", which_convert),
    STANDARD_TEST("conversions", which_views_convert<us::layout_right, std::layout_right>),
    STANDARD_TEST("conversions", which_views_convert<us::layout_left, std::layout_left>),
    STANDARD_TEST("conversions", which_views_convert<us::layout_stride, std::layout_stride>),
    STANDARD_TEST("conversions", accessors),
    STANDARD_TEST("conversions", values_stay),
    STANDARD_TEST("conversions", index_spaces_without_elements),
};

} // namespace standard
