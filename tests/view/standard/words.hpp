// SPDX-License-Identifier: MIT
// Tests of what the standard says of mdspan, written against a namespace `md`: shmwin, or std. Who
// includes them says which, before: namespace md = shmwin. They need no test library, so that they
// compile with any standard library; each is a function that returns the first thing that is not
// so, and that is called at compile time too.
#pragma once

#include "view/standard/features.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace standard {

inline constexpr auto dyn = std::dynamic_extent;

/// The first thing that is not so, and the type for which it is not; nothing if all is well.
struct failure {
    char const* what = nullptr;
    char const* type = "";
    constexpr explicit operator bool() const { return what != nullptr; }
};

// NOLINTBEGIN(cppcoreguidelines-macro-usage): only a macro can show the condition's text
#define STANDARD_LINE_TEXT_OF(line) #line
#define STANDARD_LINE_TEXT(line) STANDARD_LINE_TEXT_OF(line)
/// Returns a failure if the condition does not hold.
#define MUST(...)                                                                                  \
    do {                                                                                           \
        if (!(__VA_ARGS__))                                                                        \
            return ::standard::failure{__FILE__                                                    \
                                       ":" STANDARD_LINE_TEXT(__LINE__) ": " #__VA_ARGS__};        \
    } while (false)
/// Returns the failure, if there is one.
#define MUST_ALL(...)                                                                              \
    do {                                                                                           \
        if (::standard::failure const f = (__VA_ARGS__)) return f;                                 \
    } while (false)
/// A row of a table of tests.
#define STANDARD_TEST(section, ...) ::standard::test::of<__VA_ARGS__>(section, #__VA_ARGS__)
// NOLINTEND(cppcoreguidelines-macro-usage)

template <auto Function>
inline constexpr failure constant = Function();

struct test {
    char const* section;
    char const* name;
    failure (*run)();
    failure at_compile_time;

    template <auto Function>
    static constexpr test of(char const* section, char const* name) {
        return {section, name, Function, constant<Function>};
    }
};

template <typename... T>
struct list {};

template <typename T>
constexpr char const* name_of() {
    return __PRETTY_FUNCTION__;
}

/// check(T{}) for each T, up to the first failure.
template <typename... T, typename Check>
constexpr failure of_each(list<T...> /*types*/, Check check) {
    failure first;
    auto const run = [&]<typename One>(One one) {
        if (first) return;
        first = check(one);
        if (first && *first.type == '\0') first.type = name_of<One>();
    };
    (run(T{}), ...);
    return first;
}

template <typename T>
struct type {
    using it = T;
};

/// Extents of type E, and all of their values.
template <typename E, int... Values>
struct sample {
    using extents = E;
    using index_type = typename E::index_type;
    static constexpr std::size_t rank = sizeof...(Values);
    static constexpr std::array<int, rank> values{Values...};

    static constexpr E make() { return E(static_cast<index_type>(Values)...); }
};

/// Static, dynamic, mixed, with zeros, of rank 0 to 6; of not more than 24 elements, so that an
/// 8-bit index can count them and their gaps.
template <typename I>
using samples_of = list<sample<md::extents<I>>,
                        sample<md::extents<I, 5>, 5>,
                        sample<md::extents<I, dyn>, 5>,
                        sample<md::extents<I, 0>, 0>,
                        sample<md::extents<I, dyn>, 0>,
                        sample<md::extents<I, 2, 3>, 2, 3>,
                        sample<md::extents<I, dyn, 3>, 2, 3>,
                        sample<md::extents<I, 2, dyn>, 2, 3>,
                        sample<md::extents<I, dyn, dyn>, 3, 2>,
                        sample<md::extents<I, 2, dyn, 4>, 2, 3, 4>,
                        sample<md::extents<I, dyn, 3, dyn>, 4, 3, 2>,
                        sample<md::extents<I, dyn, dyn, dyn>, 2, 0, 4>,
                        sample<md::extents<I, 3, 0, dyn>, 3, 0, 2>,
                        sample<md::extents<I, 2, dyn, 1, 3>, 2, 4, 1, 3>,
                        sample<md::extents<I, dyn, dyn, dyn, dyn>, 1, 2, 3, 4>,
                        sample<md::extents<I, dyn, 1, 2, dyn, 2>, 3, 1, 2, 2, 2>,
                        sample<md::extents<I, 1, 2, dyn, 2, dyn, 2>, 1, 2, 1, 2, 3, 2>,
                        sample<md::extents<I, dyn, dyn, dyn, dyn, dyn, dyn>, 2, 1, 2, 3, 1, 2>,
                        sample<md::extents<I, 2, 2, 1, 1, 3, 2>, 2, 2, 1, 1, 3, 2>>;

/// Of each kind one: for tests whose outcome does not hang on the index type.
template <typename I>
using few_samples_of = list<sample<md::extents<I>>,
                            sample<md::extents<I, dyn>, 0>,
                            sample<md::extents<I, 2, 3>, 2, 3>,
                            sample<md::extents<I, 2, dyn, 4>, 2, 3, 4>,
                            sample<md::extents<I, dyn, dyn, dyn, dyn, dyn, dyn>, 2, 1, 2, 3, 1, 2>>;

/// check(sample) for samples of each index type.
constexpr failure of_each_sample(auto check) {
    MUST_ALL(of_each(samples_of<std::int32_t>{}, check));
    MUST_ALL(of_each(samples_of<std::uint8_t>{}, check));
    return of_each(list<type<std::int8_t>,
                        type<std::int16_t>,
                        type<std::uint16_t>,
                        type<std::uint32_t>,
                        type<std::int64_t>,
                        type<std::uint64_t>>{},
                   [check]<typename I>(type<I>) { return of_each(few_samples_of<I>{}, check); });
}

/// The next index, the last dimension fastest; false after the last.
template <std::size_t N>
constexpr bool advance(std::array<int, N>& i, std::array<int, N> const& extents) {
    for (std::size_t r = N; r-- > 0;) {
        if (++i[r] < extents[r]) return true;
        i[r] = 0;
    }
    return false;
}

/// visit(i) for each index of the space, up to the first failure.
template <std::size_t N, typename Visit>
constexpr failure of_each_index(std::array<int, N> const& extents, Visit visit) {
    for (auto const n : extents)
        if (n == 0) return {};
    std::array<int, N> i{};
    do {
        MUST_ALL(visit(i));
    } while (advance(i, extents));
    return {};
}

/// f(i[0], i[1], ...), as index_type.
template <typename I, typename F, std::size_t N>
constexpr decltype(auto) call_with(F const& f, [[maybe_unused]] std::array<int, N> const& i) {
    return [&]<std::size_t... R>(std::index_sequence<R...>)->decltype(auto) {
        return f(static_cast<I>(i[R])...);
    }
    (std::make_index_sequence<N>{});
}

template <std::size_t N>
constexpr int product(std::array<int, N> const& values) {
    int result = 1;
    for (auto const v : values)
        result *= v;
    return result;
}

template <typename From, typename To>
inline constexpr bool is_explicit_only =
    std::is_constructible_v<To, From> && !std::is_convertible_v<From, To>;

/// The extents E, all dynamic and with index type I.
template <typename I, typename E>
struct all_dynamic;
template <typename I, typename J, std::size_t... X>
struct all_dynamic<I, md::extents<J, X...>> {
    using type = md::dextents<I, sizeof...(X)>;
};

/// What becomes an index, but is no integer.
template <typename I>
struct index_like {
    I value;
    constexpr operator I() const noexcept { return value; } // NOLINT: the test's point
};
struct throwing_index {
    constexpr operator int() const { return 1; } // NOLINT: the test's point
};

} // namespace standard
