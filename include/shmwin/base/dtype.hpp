// SPDX-License-Identifier: MIT
// dtype_of: the one neutral table of element types. Each door (MPI, HDF5, NumPy, C) maps a dtype
// to its own types in one file of its own; nothing else lists types.
#pragma once

#include "shmwin/base/dtype_description.hpp"
#include "shmwin/base/named_type.hpp"

#include <array>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace shmwin::inline v1 {

/// Specialised by SHMWIN_DESCRIBE (describe.hpp): `members`, an array of dtype_member.
template <typename T>
struct described_structure {};

/// Specialised by SHMWIN_DESCRIBE_ENUM: `enumerators`, an array of dtype_enumerator, by value.
template <typename T>
struct described_enumeration {};

namespace detail {

template <typename T>
inline constexpr bool is_complex = false;
template <std::floating_point T>
inline constexpr bool is_complex<std::complex<T>> = true;

template <typename T>
inline constexpr bool is_unicode =
    std::same_as<T, char8_t> || std::same_as<T, char16_t> || std::same_as<T, char32_t>;

template <typename T>
inline constexpr bool
    is_scalar_row = (std::integral<T> && sizeof(T) <= 8)
                    || std::floating_point<T> || std::same_as<T, std::byte> || is_complex<T>;

template <typename T>
concept is_described_structure = requires {
    described_structure<T>::members;
};

template <typename T>
concept is_described_enumeration = requires {
    described_enumeration<T>::enumerators;
};

/// T[N] and std::array<T, N>: what they hold.
template <typename T>
struct fixed_array {
    static constexpr std::size_t extent = 0;
};
template <typename T, std::size_t N>
struct fixed_array<T[N]> { // NOLINT(*-avoid-c-arrays): the subject
    using element = std::remove_cv_t<T>;
    static constexpr std::size_t extent = N;
};
template <typename T, std::size_t N>
struct fixed_array<std::array<T, N>> {
    using element = std::remove_cv_t<T>;
    static constexpr std::size_t extent = N;
};

template <typename T>
concept is_fixed_array = (fixed_array<T>::extent > 0);

template <typename T>
consteval bool is_text() {
    if constexpr (is_fixed_array<T>)
        return std::same_as<typename fixed_array<T>::element, char>;
    else
        return false;
}

// One with a name of its own is known by that.
template <typename T>
concept is_bare_enumeration = std::is_enum_v<T> && !named<T>;

template <typename T>
consteval bool has_row() {
    if constexpr (is_fixed_array<T>)
        return has_row<typename fixed_array<T>::element>();
    else
        return is_scalar_row<
                   T> || is_described_structure<T> || is_described_enumeration<T> || is_bare_enumeration<T>;
}

/// A type with a row in the table, T[N] included.
template <typename T>
concept describable = std::is_object_v<T> && std::same_as<T, std::remove_cv_t<T>> && has_row<T>();

template <typename T>
consteval int digits_of() {
    if constexpr (is_complex<T>)
        return std::numeric_limits<typename T::value_type>::digits;
    else if constexpr (std::floating_point<T>)
        return std::numeric_limits<T>::digits;
    else
        return 0;
}

template <typename T>
consteval dtype_kind kind_of() {
    if constexpr (std::same_as<T, bool>)
        return dtype_kind::boolean;
    else if constexpr (std::same_as<T, std::byte>)
        return dtype_kind::raw_byte;
    else if constexpr (std::same_as<T, char>)
        return dtype_kind::character;
    else if constexpr (std::same_as<T, wchar_t>)
        return dtype_kind::wide_character;
    else if constexpr (is_unicode<T>)
        return dtype_kind::unicode;
    else if constexpr (std::floating_point<T>)
        return dtype_kind::floating;
    else if constexpr (is_complex<T>)
        return dtype_kind::complex;
    else
        return std::is_signed_v<T> ? dtype_kind::signed_integer : dtype_kind::unsigned_integer;
}

// Of an enumeration: an integer, also where char or bool lies under it.
template <typename T>
consteval dtype underlying_row() {
    using integer = std::underlying_type_t<T>;
    auto const kind =
        std::is_signed_v<integer> ? dtype_kind::signed_integer : dtype_kind::unsigned_integer;
    return {kind, sizeof(T), alignof(T), 0};
}

template <typename T>
consteval std::size_t n_fixed_dimensions() {
    if constexpr (!is_fixed_array<T> || is_text<T>())
        return 0;
    else
        return 1 + n_fixed_dimensions<typename fixed_array<T>::element>();
}

// What an array of arrays holds in the end.
template <typename T>
struct innermost {
    using type = T;
};
template <typename T>
requires(n_fixed_dimensions<T>() > 0) struct innermost<T> {
    using type = typename innermost<typename fixed_array<T>::element>::type;
};

template <typename T>
consteval auto fixed_extents() {
    constexpr auto n = n_fixed_dimensions<T>();
    static_assert(n <= max_dtype_dimensions, "a fixed array has at most 8 dimensions");
    std::array<std::int64_t, n> all{};
    if constexpr (n > 0) all[0] = fixed_array<T>::extent;
    if constexpr (n > 1) {
        auto const inner = fixed_extents<typename fixed_array<T>::element>();
        for (std::size_t d = 1; d < n; ++d) {
            all[d] = inner[d - 1];
        }
    }
    return all;
}

template <typename T>
consteval dtype make_row();

template <typename T>
inline constexpr auto extents_data = fixed_extents<T>();

template <typename T>
inline constexpr dtype_node array_node{make_row<typename innermost<T>::type>(), extents_data<T>};

template <typename T>
inline constexpr dtype_node enumeration_node{
    underlying_row<T>(), {}, {}, described_enumeration<T>::enumerators};

template <typename T>
inline constexpr dtype_node structure_node{
    {dtype_kind::raw_byte, 1, 1, 0}, {}, described_structure<T>::members};

template <typename T>
consteval dtype make_row() {
    static_assert(sizeof(T) <= max_dtype_bytes, "an element has at most 2^31 - 1 bytes");
    if constexpr (is_text<T>())
        return {dtype_kind::string, sizeof(T), 1, 0};
    else if constexpr (is_fixed_array<T>)
        return {dtype_kind::array, sizeof(T), alignof(T), array_node<T>};
    else if constexpr (is_described_enumeration<T>)
        return {dtype_kind::enumeration, sizeof(T), alignof(T), enumeration_node<T>};
    else if constexpr (is_described_structure<T>)
        return {dtype_kind::structure, sizeof(T), alignof(T), structure_node<T>};
    else if constexpr (std::is_enum_v<T> && !std::same_as<T, std::byte>)
        return underlying_row<T>();
    else
        return {kind_of<T>(), sizeof(T), alignof(T), digits_of<T>()};
}

} // namespace detail

/// A type with a row in the table: what arrays may hold and files can describe. Numbers, char,
/// std::array of such (of char: text), structures of SHMWIN_DESCRIBE, enumerations (those of
/// SHMWIN_DESCRIBE_ENUM with their names, others as their integers).
template <typename T>
concept element = detail::describable<T> && !std::is_array_v<T>;

/// The row of T; of T[N] too. `long` and `long long` of one size have the same.
template <detail::describable T>
inline constexpr dtype dtype_of = detail::make_row<T>();

namespace detail {

template <typename... T>
struct type_list {};

/// One type for each scalar row of the table.
using all_elements = type_list<bool,
                               std::byte,
                               char,
                               wchar_t,
                               char8_t,
                               char16_t,
                               char32_t,
                               signed char,
                               short,
                               int,
                               long,
                               unsigned char,
                               unsigned short,
                               unsigned,
                               unsigned long,
                               float,
                               double,
                               long double,
                               std::complex<float>,
                               std::complex<double>,
                               std::complex<long double>>;

template <typename F, typename... T>
constexpr bool visit_among(dtype const& type, F& f, type_list<T...> /*all*/) {
    return ((type == dtype_of<T> ? (f.template operator()<T>(), true) : false) || ...);
}

template <typename F, typename... T>
constexpr void for_each_dtype_among(F& f, type_list<T...> /*all*/) {
    (f(dtype_of<T>), ...);
}

} // namespace detail

/// Local. Calls `f.template operator()<T>()` for the scalar T whose dtype_of is `type`.
/// @returns  true; false if the platform has no such type, or it is no scalar
template <typename F>
constexpr bool visit(dtype const& type, F&& f) {
    return detail::visit_among(type, f, detail::all_elements{});
}

/// Local. Calls `f(dtype)` for each scalar row of the table.
template <typename F>
constexpr void for_each_dtype(F&& f) {
    detail::for_each_dtype_among(f, detail::all_elements{});
}

} // namespace shmwin::inline v1
