// SPDX-License-Identifier: MIT
// [mdspan.accessor.default] and [mdspan.mdspan]
#pragma once

#include "view/standard/mappings.hpp"

#include <concepts>
#include <stdexcept>

namespace standard::views {

struct base {
    int b;
};
struct derived : base {
    int d;
};

constexpr failure default_accessor() {
    using A = md::default_accessor<int>;
    using C = md::default_accessor<int const>;
    MUST(std::is_same_v<A::offset_policy, A> && std::is_same_v<A::element_type, int>);
    MUST(std::is_same_v<A::reference, int&> && std::is_same_v<A::data_handle_type, int*>);
    MUST(std::semiregular<A> && std::is_trivially_copyable_v<A> && std::is_empty_v<A>);
    MUST(std::is_nothrow_default_constructible_v<A>);
    MUST(std::is_convertible_v<A, C> && std::is_nothrow_constructible_v<C, A>);
    MUST(!std::is_constructible_v<A, C>);
    MUST(!std::is_constructible_v<md::default_accessor<base>, md::default_accessor<derived>>);
    MUST(!std::is_constructible_v<md::default_accessor<long>, A>);
    std::array<int, 3> elements{1, 2, 3};
    A const access;
    MUST(&access.access(elements.data(), 2) == &elements[2]);
    MUST(access.offset(elements.data(), 2) == &elements[2]);
    MUST(noexcept(access.access(nullptr, 0))&& noexcept(access.offset(nullptr, 0)));
    return {};
}

// Element i is the i-th from the end: with a state, and of no pointer.
struct handle {
    int const* end = nullptr;
};
struct backwards {
    using offset_policy = backwards;
    using element_type = int const;
    using reference = int;
    using data_handle_type = handle;
    int factor;

    constexpr explicit backwards(int f) : factor(f) {}
    [[nodiscard]] constexpr int access(handle h, std::size_t i) const {
        return factor * *(h.end - 1 - i);
    }
    [[nodiscard]] static constexpr handle offset(handle h, std::size_t i) { return {h.end - i}; }
};

template <typename Layout>
constexpr failure members() {
    return of_each_sample([]<typename S>(S) -> failure {
        using E = typename S::extents;
        using M = md::mdspan<int const, E, Layout>;
        using mapping = typename Layout::template mapping<E>;
        MUST(std::is_same_v<typename M::extents_type, E>);
        MUST(std::is_same_v<typename M::layout_type, Layout>);
        MUST(std::is_same_v<typename M::accessor_type, md::default_accessor<int const>>);
        MUST(std::is_same_v<typename M::mapping_type, mapping>);
        MUST(std::is_same_v<typename M::element_type, int const>);
        MUST(std::is_same_v<typename M::value_type, int>);
        MUST(std::is_same_v<typename M::index_type, typename E::index_type>);
        MUST(std::is_same_v<typename M::size_type, typename E::size_type>);
        MUST(std::is_same_v<typename M::rank_type, typename E::rank_type>);
        MUST(std::is_same_v<typename M::data_handle_type, int const*>);
        MUST(std::is_same_v<typename M::reference, int const&>);
        MUST(std::copyable<M> && std::is_trivially_copyable_v<M>);
        MUST(std::is_nothrow_move_constructible_v<M> && std::is_nothrow_move_assignable_v<M>);
        MUST(std::is_nothrow_swappable_v<M>);
        MUST(std::is_default_constructible_v<M> == (E::rank_dynamic() > 0));
        MUST(M::rank() == E::rank() && M::rank_dynamic() == E::rank_dynamic());
        return {};
    });
}

// A pointer, and no more than the mapping if that is not empty.
template <typename Layout>
constexpr failure sizes() {
    return of_each_sample([]<typename S>(S) -> failure {
        using M = md::mdspan<int, typename S::extents, Layout>;
        using mapping = typename M::mapping_type;
        constexpr std::size_t n = std::is_empty_v<mapping> ? 0 : sizeof(mapping);
        constexpr std::size_t word = sizeof(int*);
        MUST(sizeof(M) == word + (n + word - 1) / word * word);
        return {};
    });
}

template <typename M, std::size_t N, typename I>
concept has_brackets_for = requires(M const& m, std::array<I, N> i) {
    m[i];
    m[std::span<I, N>(i)];
};

template <typename Layout, typename S>
constexpr failure elements_of_sample() {
    using E = typename S::extents;
    using I = typename S::index_type;
    std::array<int, 2 * product(S::values) + 1> memory{};
    md::mdspan<int, E, Layout> const m(memory.data(), layouts::mapping_of<Layout, S>());
    md::mdspan<int const, E, Layout> const seen(m);
    constexpr auto strides = layouts::strides_of<Layout, S>();
    auto const visit = [&](std::array<int, S::rank> const& i) -> failure {
        auto const place = static_cast<std::size_t>(layouts::place_of(i, strides));
        MUST(memory[place] == 0);
        m[i] = 7;
        MUST(memory[place] == 7);
        std::array<index_like<I>, S::rank> likes{};
        for (std::size_t r = 0; r < S::rank; ++r)
            likes[r].value = static_cast<I>(i[r]);
        MUST(&seen[likes] == &memory[place]);
        MUST(&seen[std::span<int const, S::rank>(i)] == &memory[place]);
#ifdef __cpp_multidimensional_subscript
        auto const brackets = [&](auto... n) -> int const& { return seen[n...]; };
        MUST(&call_with<I>(brackets, i) == &memory[place]);
        MUST(&call_with<std::uint64_t>(brackets, i) == &memory[place]);
#endif
        return {};
    };
    MUST_ALL(of_each_index(S::values, visit));
    int n_written = 0;
    for (int const e : memory)
        n_written += e == 7 ? 1 : 0;
    MUST(n_written == product(S::values));
    return {};
}

template <typename Layout>
constexpr failure elements() {
    return of_each_sample([]<typename S>(S) -> failure { return elements_of_sample<Layout, S>(); });
}

constexpr failure which_indices_are_taken() {
    using M = md::mdspan<int, md::extents<int, 3, dyn>>;
    MUST(has_brackets_for<M, 2, int> && has_brackets_for<M, 2, index_like<int>>);
    MUST(has_brackets_for<M, 2, unsigned char>);
    MUST(!has_brackets_for<M, 1, int> && !has_brackets_for<M, 3, int>);
    MUST(!has_brackets_for<M, 2, throwing_index> && !has_brackets_for<M, 2, char const*>);
    return {};
}

template <typename Layout>
constexpr failure observers() {
    return of_each_sample([]<typename S>(S) -> failure {
        auto const map = layouts::mapping_of<Layout, S>();
        std::array<int, 2 * product(S::values) + 1> memory{};
        md::mdspan<int, typename S::extents, Layout> const m(memory.data(), map);
        using M = decltype(m);
        MUST(m.data_handle() == memory.data() && m.mapping() == map && m.extents() == S::make());
        MUST(std::cmp_equal(m.size(), product(S::values)));
        MUST(m.empty() == (product(S::values) == 0));
        for (std::size_t r = 0; r < S::rank; ++r) {
            MUST(std::cmp_equal(m.extent(r), S::values[r]));
            MUST(m.static_extent(r) == S::extents::static_extent(r));
            if constexpr (S::rank > 0) MUST(m.stride(r) == map.stride(r));
        }
        MUST(m.is_unique() == map.is_unique() && m.is_strided() == map.is_strided());
        MUST(m.is_exhaustive() == map.is_exhaustive());
        MUST(m.is_always_unique() == map.is_always_unique());
        MUST(m.is_always_exhaustive() == map.is_always_exhaustive());
        MUST(m.is_always_strided() == map.is_always_strided());
        MUST(std::is_same_v<decltype(m.size()), typename std::remove_const_t<M>::size_type>);
        MUST(noexcept(m.size())&& noexcept(m.empty())&& noexcept(m.extents()));
        MUST(noexcept(m.data_handle())&& noexcept(m.mapping())&& noexcept(m.accessor()));
        MUST(noexcept(m.extent(0))&& noexcept(m.rank())&& noexcept(m.static_extent(0)));
        return {};
    });
}

constexpr failure swaps() {
    std::array<int, 6> memory{1, 2, 3, 4, 5, 6};
    md::mdspan<int, md::dextents<int, 2>> a(memory.data(), 2, 3);
    md::mdspan<int, md::dextents<int, 2>> b(&memory[1], 1, 2);
    swap(a, b);
    MUST(noexcept(swap(a, b)));
    MUST(a.data_handle() == &memory[1] && b.data_handle() == memory.data());
    MUST(a.extent(1) == 2 && b.extent(1) == 3);
    return {};
}

constexpr failure views_nothing_by_default() {
    md::mdspan<int, md::extents<int, dyn, 4>> const m;
    MUST(m.data_handle() == nullptr && m.empty() && m.extent(0) == 0 && m.extent(1) == 4);
    using no_default_accessor =
        md::mdspan<int const, md::dextents<int, 1>, md::layout_right, backwards>;
    MUST(!std::is_default_constructible_v<no_default_accessor>);
    MUST(!std::is_constructible_v<no_default_accessor, handle, int>);
    MUST(!std::is_constructible_v<no_default_accessor, handle, md::dextents<int, 1>>);
    return {};
}

template <typename To, typename... From>
concept made_implicitly = requires(void (*take)(To), From... from) {
    take({from...});
};

constexpr failure from_extents() {
    using E = md::extents<int, dyn, 4>;
    using M = md::mdspan<int, E>;
    std::array<int, 12> memory{};
    std::array<short, 1> const dynamic{3};
    std::array<index_like<int>, 2> const all{index_like<int>{3}, index_like<int>{4}};
    E const e(3);
    auto const right = [&](M const& m) {
        return m.data_handle() == memory.data() && m.extents() == e;
    };
    MUST(right(M(memory.data(), 3)));
    MUST(right(M(memory.data(), 3U, std::integral_constant<int, 4>{})));
    MUST(right(M(memory.data(), dynamic)));
    MUST(right(M(memory.data(), all)));
    MUST(right(M(memory.data(), std::span<short const, 1>(dynamic))));
    MUST(right(M(memory.data(), std::span<index_like<int> const, 2>(all))));
    MUST(right(M(memory.data(), e)));
    MUST(right(M(memory.data(), M::mapping_type(e))));
    MUST(right(M(memory.data(), M::mapping_type(e), md::default_accessor<int>())));
    MUST(made_implicitly<M,
                         int*,
                         std::array<int, 1>> && !made_implicitly<M, int*, std::array<int, 2>>);
    MUST(made_implicitly<M,
                         int*,
                         std::span<int, 1>> && !made_implicitly<M, int*, std::span<int, 2>>);
    MUST(made_implicitly<M, int*, E> && made_implicitly<M, int*, M::mapping_type>);
    MUST(made_implicitly<M, int*, M::mapping_type, M::accessor_type>);
    MUST(!made_implicitly<M, int*, int>);
    MUST(!std::is_constructible_v<M, int*> && !std::is_constructible_v<M, int*, int, int, int>);
    MUST(!std::is_constructible_v<M, int*, throwing_index>);
    MUST(!std::is_constructible_v<M, int*, std::array<char const*, 1>>);
    MUST(!std::is_constructible_v<M, int const*, int>);
    MUST(is_explicit_only<int*, md::mdspan<int, md::extents<int, 3>>>);
    using S = md::mdspan<int, E, md::layout_stride>;
    MUST(!std::is_constructible_v<S, int*, int> && !std::is_constructible_v<S, int*, E>);
    MUST(std::is_constructible_v<S, int*, S::mapping_type>);
    return {};
}

template <typename L, typename E, typename T>
using view = md::mdspan<T, E, L>;

template <typename FromLayout, typename ToLayout>
constexpr failure which_views_convert() {
    return of_each(layouts::related_of<std::int32_t>{}, []<typename From>(From) -> failure {
        return of_each(layouts::related_of<std::int64_t>{}, []<typename To>(To) -> failure {
            constexpr auto widen = layouts::conversion_between<FromLayout, From, ToLayout, To>();
            constexpr auto narrow = layouts::conversion_between<FromLayout, To, ToLayout, From>();
            using F = view<FromLayout, From, int>;
            using T = view<ToLayout, To, int const>;
            MUST(std::is_constructible_v<T, F> == widen.exists);
            MUST(std::is_convertible_v<F, T> == widen.implicit);
            MUST(!std::is_constructible_v<view<ToLayout, To, int>,
                                          view<FromLayout, From, int const>>);
            MUST(std::is_constructible_v<view<ToLayout, From, int>,
                                         view<FromLayout, To, int>> == narrow.exists);
            MUST(std::is_convertible_v<view<FromLayout, To, int>,
                                       view<ToLayout, From, int>> == narrow.implicit);
            return {};
        });
    });
}

constexpr failure conversions_keep_elements() {
    std::array<int, 6> memory{1, 2, 3, 4, 5, 6};
    md::mdspan<int, md::extents<int, 2, 3>> const fixed(memory.data());
    md::mdspan<int const, md::dextents<long, 2>, md::layout_stride> const open = fixed;
    md::mdspan<int const, md::extents<short, 2, 3>> const back(open);
    std::array<int, 2> const last{1, 2};
    MUST(&open[last] == &memory[5] && &back[last] == &memory[5]);
    MUST(open.extents() == fixed.extents() && back.data_handle() == memory.data());
    md::mdspan<base, md::dextents<int, 1>> const bases;
    MUST(!std::is_constructible_v<decltype(bases), md::mdspan<derived, md::dextents<int, 1>>>);
    return {};
}

constexpr failure other_accessors() {
    std::array<int, 6> const memory{1, 2, 3, 4, 5, 6};
    md::layout_right::mapping<md::extents<int, 2, 3>> const map{};
    md::mdspan const m(handle{memory.data() + 6}, map, backwards(10));
    MUST(m.accessor().factor == 10);
    MUST(m[std::array{0, 0}] == 60 && m[std::array{1, 2}] == 10);
    MUST(std::is_same_v<decltype(m)::reference, int>);
    MUST(std::is_same_v<decltype(m)::value_type, int>);
    return {};
}

// NOLINTBEGIN(*-avoid-c-arrays, *-array-to-pointer-decay): C arrays are a case of their own
constexpr failure deduction() {
    int c[6] = {0, 1, 2, 3, 4, 5};
    int* p = c;
    int const* q = c;
    std::array<int, 2> const n{2, 3};
    MUST(std::is_same_v<decltype(md::mdspan(c)), md::mdspan<int, md::extents<std::size_t, 6>>>);
    MUST(std::is_same_v<decltype(md::mdspan(p)), md::mdspan<int, md::extents<std::size_t>>>);
    MUST(std::is_same_v<decltype(md::mdspan(q)), md::mdspan<int const, md::extents<std::size_t>>>);
    MUST(std::is_same_v<decltype(md::mdspan(p, 2, 3U)),
                        md::mdspan<int, md::dextents<std::size_t, 2>>>);
    MUST(std::is_same_v<decltype(md::mdspan(p, n)), md::mdspan<int, md::dextents<std::size_t, 2>>>);
    MUST(std::is_same_v<decltype(md::mdspan(q, std::span(n))),
                        md::mdspan<int const, md::dextents<std::size_t, 2>>>);
    MUST(std::is_same_v<decltype(md::mdspan(p, md::extents<short, 2, dyn>(3))),
                        md::mdspan<int, md::extents<short, 2, dyn>>>);
    using left = md::layout_left::mapping<md::dextents<int, 2>>;
    MUST(std::is_same_v<decltype(md::mdspan(p, left())),
                        md::mdspan<int, md::dextents<int, 2>, md::layout_left>>);
    MUST(std::is_same_v<decltype(md::mdspan(handle(), left(), backwards(2))),
                        md::mdspan<int const, md::dextents<int, 2>, md::layout_left, backwards>>);
    MUST(md::mdspan(c).size() == 6 && md::mdspan(p, 2, 3).extent(1) == 3);
    return {};
}

#ifdef STANDARD_HAS_STATIC_DEDUCTION
constexpr failure deduction_of_static_extents() {
    int c[6] = {0, 1, 2, 3, 4, 5};
    int* p = c;
    MUST(std::is_same_v<decltype(md::mdspan(p, std::integral_constant<int, 2>{}, 3)),
                        md::mdspan<int, md::extents<std::size_t, 2, dyn>>>);
    return {};
}
#endif
// NOLINTEND(*-avoid-c-arrays, *-array-to-pointer-decay)

#ifdef STANDARD_HAS_AT
constexpr failure at() {
    std::array<int, 6> memory{1, 2, 3, 4, 5, 6};
    md::mdspan<int, md::extents<int, 2, dyn>> const m(memory.data(), 3);
    MUST(&m.at(1, 2U) == &memory[5] && &m.at(index_like<int>{0}, 1) == &memory[1]);
    MUST(&m.at(std::array{1, 2}) == &memory[5]);
    std::array<index_like<int>, 2> const likes{index_like<int>{1}, index_like<int>{2}};
    MUST(&m.at(std::span<index_like<int> const, 2>(likes)) == &memory[5]);
    MUST(md::mdspan<int, md::extents<int>>(&memory[3]).at() == 4);
    return {};
}
#endif

} // namespace standard::views

namespace standard {

using namespace views;

inline constexpr std::array tests{
    STANDARD_TEST("mdspan.accessor.default", default_accessor),
    STANDARD_TEST("mdspan.mdspan.overview", members<md::layout_left>),
    STANDARD_TEST("mdspan.mdspan.overview", members<md::layout_right>),
    STANDARD_TEST("mdspan.mdspan.overview", members<md::layout_stride>),
    STANDARD_TEST("mdspan.mdspan.overview", sizes<md::layout_left>),
    STANDARD_TEST("mdspan.mdspan.overview", sizes<md::layout_right>),
    STANDARD_TEST("mdspan.mdspan.overview", sizes<md::layout_stride>),
    STANDARD_TEST("mdspan.mdspan.overview", deduction),
#ifdef STANDARD_HAS_STATIC_DEDUCTION
    STANDARD_TEST("mdspan.mdspan.overview", deduction_of_static_extents),
#endif
    STANDARD_TEST("mdspan.mdspan.overview", other_accessors),
    STANDARD_TEST("mdspan.mdspan.cons", views_nothing_by_default),
    STANDARD_TEST("mdspan.mdspan.cons", from_extents),
    STANDARD_TEST("mdspan.mdspan.cons", which_views_convert<md::layout_right, md::layout_right>),
    STANDARD_TEST("mdspan.mdspan.cons", which_views_convert<md::layout_left, md::layout_right>),
    STANDARD_TEST("mdspan.mdspan.cons", which_views_convert<md::layout_left, md::layout_stride>),
    STANDARD_TEST("mdspan.mdspan.cons", which_views_convert<md::layout_stride, md::layout_left>),
    STANDARD_TEST("mdspan.mdspan.cons", conversions_keep_elements),
    STANDARD_TEST("mdspan.mdspan.members", elements<md::layout_left>),
    STANDARD_TEST("mdspan.mdspan.members", elements<md::layout_right>),
    STANDARD_TEST("mdspan.mdspan.members", elements<md::layout_stride>),
    STANDARD_TEST("mdspan.mdspan.members", which_indices_are_taken),
    STANDARD_TEST("mdspan.mdspan.members", observers<md::layout_left>),
    STANDARD_TEST("mdspan.mdspan.members", observers<md::layout_right>),
    STANDARD_TEST("mdspan.mdspan.members", observers<md::layout_stride>),
    STANDARD_TEST("mdspan.mdspan.members", swaps),
#ifdef STANDARD_HAS_AT
    STANDARD_TEST("mdspan.mdspan.members", at),
#endif
};

} // namespace standard
