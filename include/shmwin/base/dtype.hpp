// SPDX-License-Identifier: MIT
// dtype: the one neutral table of element types. Each door (MPI, HDF5, NumPy, C) maps it to its
// own types in one file of its own; nothing else lists types.
//
// To add a kind: the enumerator, its branch in `detail::kind_of`, its text in dtype::signature();
// the compiler then names every door whose switch lacks it.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/hash.hpp"

#include <bit>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace shmwin::inline v1 {

/// What the bytes of an element mean. The values are stored in segments and files: stable.
enum class dtype_kind : std::uint8_t {
    boolean = 1,          ///< bool
    raw_byte = 2,         ///< std::byte: no meaning
    character = 3,        ///< char: one byte of text
    wide_character = 4,   ///< wchar_t
    unicode = 5,          ///< char8_t, char16_t, char32_t: one code unit
    signed_integer = 6,   ///< two's complement
    unsigned_integer = 7, ///< modulo 2^n
    floating = 8,         ///< IEEE 754 binary, or the platform's long double
    complex = 9,          ///< real, then imaginary part, each floating
};

/// An element type: kind, size and alignment as they truly are on this platform. Byte order is
/// the machine's. A value type; two dtypes are equal if every value means the same.
class dtype {
  public:
    constexpr dtype(dtype_kind kind,
                    std::size_t n_bytes,
                    std::size_t alignment,
                    int digits) noexcept
        : kind_(kind),
          digits_(static_cast<std::uint8_t>(digits)),
          n_bytes_(static_cast<std::uint16_t>(n_bytes)),
          alignment_(static_cast<std::uint16_t>(alignment)) {}

    [[nodiscard]] constexpr dtype_kind kind() const noexcept { return kind_; }
    /// Size of an element, in bytes.
    [[nodiscard]] constexpr std::size_t n_bytes() const noexcept { return n_bytes_; }
    [[nodiscard]] constexpr std::size_t alignment() const noexcept { return alignment_; }
    /// Bits of the significand, of floating and complex types; else 0. Tells the several formats
    /// of long double apart.
    [[nodiscard]] constexpr int digits() const noexcept { return digits_; }

    /// Canonical text: "float64", "int32", "bool", "complex128", ... Equal for equal types, on
    /// every compiler; part of the layout of segments and files.
    [[nodiscard]] SHMWIN_API std::string signature() const;

    friend constexpr bool operator==(dtype const&, dtype const&) noexcept = default;

  private:
    dtype_kind kind_;
    std::uint8_t digits_;
    std::uint16_t n_bytes_;
    std::uint16_t alignment_;
};

namespace detail {

template <typename T>
inline constexpr bool is_complex = false;
template <std::floating_point T>
inline constexpr bool is_complex<std::complex<T>> = true;

template <typename T>
inline constexpr bool is_unicode =
    std::same_as<T, char8_t> || std::same_as<T, char16_t> || std::same_as<T, char32_t>;

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

} // namespace detail

/// A type with a row in the table: what arrays may hold and files can describe.
template <typename T>
concept element = std::same_as<T, std::remove_cv_t<T>> &&(
    (std::integral<T> && sizeof(T) <= 8)
    || std::floating_point<T> || std::same_as<T, std::byte> || detail::is_complex<T>);

/// The row of T. `long` and `long long` of one size have the same.
template <element T>
inline constexpr dtype dtype_of{
    detail::kind_of<T>(), sizeof(T), alignof(T), detail::digits_of<T>()};

namespace detail {

template <typename... T>
struct type_list {};

/// One type for each row of the table.
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
constexpr bool visit_among(dtype type, F& f, type_list<T...> /*all*/) {
    return ((type == dtype_of<T> ? (f.template operator()<T>(), true) : false) || ...);
}

template <typename F, typename... T>
constexpr void for_each_dtype_among(F& f, type_list<T...> /*all*/) {
    (f(dtype_of<T>), ...);
}

} // namespace detail

/// Local. Calls `f.template operator()<T>()` for the T whose dtype_of is `type`.
/// @returns  true; false if the platform has no such type
template <typename F>
constexpr bool visit(dtype type, F&& f) {
    return detail::visit_among(type, f, detail::all_elements{});
}

/// Local. Calls `f(dtype)` for each row of the table.
template <typename F>
constexpr void for_each_dtype(F&& f) {
    detail::for_each_dtype_among(f, detail::all_elements{});
}

/// Local. The dtype of this platform whose signature is `signature`; nothing if there is none.
[[nodiscard]] SHMWIN_API std::optional<dtype> dtype_of_signature(std::string_view signature);

} // namespace shmwin::inline v1
