// SPDX-License-Identifier: MIT
// What may stand where an index or an extent is asked for, and how it becomes one without a loss.
// Everything about one number; how many there are is the matter of extents.hpp.
// ISO C++23 [mdspan.extents.expo], [mdspan.extents.cons], C++26 [span.syn].
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/base/export.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

using std::dynamic_extent;

namespace detail {

template <typename T, typename... Others>
inline constexpr bool is_one_of = (std::same_as<T, Others> || ...);

/// A signed or unsigned integer type, as the standard calls them: no bool, no characters.
template <typename T>
concept index_integer = std::integral<T> && std::same_as<
    T,
    std::remove_cv_t<T>> && !is_one_of<T, bool, char, wchar_t, char8_t, char16_t, char32_t>;

template <typename T>
concept countable_integer = std::integral<T> && !std::same_as<std::remove_cv_t<T>, bool>;

/// What may stand where an index or an extent is asked for.
template <typename T, typename IndexType>
concept index_argument =
    std::is_convertible_v<T, IndexType> && std::is_nothrow_constructible_v<IndexType, T>;

/// What an array of indices may hold.
template <typename T, typename IndexType>
concept index_element = index_argument<T const&, IndexType>;

template <std::integral T>
[[nodiscard]] constexpr bool is_negative([[maybe_unused]] T value) noexcept {
    if constexpr (std::is_signed_v<T>)
        return value < 0;
    else
        return false;
}

/// @pre  the value is not negative
template <std::integral T>
[[nodiscard]] constexpr std::uintmax_t to_unsigned(T value) noexcept {
    return static_cast<std::make_unsigned_t<T>>(value);
}

/// True if `value` is not negative and IndexType can hold it.
template <typename IndexType, std::integral T>
[[nodiscard]] constexpr bool is_extent(T value) noexcept {
    return !is_negative(value)
           && static_cast<std::uintmax_t>(value)
                  <= static_cast<std::uintmax_t>(std::numeric_limits<IndexType>::max());
}

/// True if 0 <= `index` < `extent`, whatever the signs of the types.
template <std::integral T, std::integral IndexType>
[[nodiscard]] constexpr bool is_index(T index, IndexType extent) noexcept {
    return !is_negative(index)
           && static_cast<std::uintmax_t>(index) < static_cast<std::uintmax_t>(extent);
}

/// Called where a constant expression would reach an element that is not there. It is no constant
/// expression: the compiler stops and shows the name.
inline void an_index_is_beyond_its_extent() noexcept {}

/// Throws out_of_range: index `index` of dimension `r`, whose extent is `extent`.
[[noreturn]] SHMWIN_API void
raise_index(std::size_t r, bool is_negative, std::uintmax_t index, std::uintmax_t extent);

/// @throws out_of_range  unless 0 <= `index` < `extent`
template <std::integral T, std::integral IndexType>
constexpr void check_index(std::size_t r, T index, IndexType extent) {
    if (!is_index(index, extent))
        raise_index(r,
                    is_negative(index),
                    static_cast<std::uintmax_t>(index),
                    static_cast<std::uintmax_t>(extent));
}

/// Integers stay as they are, so that their range can still be checked; all else is converted, as
/// the lvalue or rvalue that it is, and not copied.
template <typename IndexType, typename T>
[[nodiscard]] constexpr auto index_cast(T&& value) noexcept {
    using plain = std::remove_cvref_t<T>;
    if constexpr (std::is_integral_v<plain> && !std::is_same_v<plain, bool>)
        return plain{value};
    else
        return static_cast<IndexType>(std::forward<T>(value));
}

/// @pre  the value is an extent that IndexType can hold
template <typename IndexType, typename T>
[[nodiscard]] constexpr IndexType to_extent(T&& value) noexcept {
    auto const number = index_cast<IndexType>(std::forward<T>(value));
    SHMWIN_EXPECT(is_extent<IndexType>(number));
    return static_cast<IndexType>(number);
}

/// std::array that takes no room when N is 0.
template <typename T, std::size_t N>
class index_array {
  public:
    [[nodiscard]] constexpr T operator[](std::size_t r) const noexcept { return values_[r]; }
    constexpr void set(std::size_t r, T value) noexcept { values_[r] = value; }

  private:
    std::array<T, N> values_{};
};

template <typename T>
class index_array<T, 0> {
  public:
    [[nodiscard]] constexpr T operator[](std::size_t /*r*/) const noexcept { return T{}; }
    constexpr void set(std::size_t /*r*/, T /*value*/) noexcept {}
};

/// A type that is a number, as std::integral_constant is.
template <typename T>
concept integral_constant_like = requires {
    requires std::is_integral_v<std::remove_cvref_t<decltype(T::value)>>;
    requires !std::is_same_v<bool, std::remove_cvref_t<decltype(T::value)>>;
    requires std::convertible_to<T, decltype(T::value)>;
    requires std::equality_comparable_with<T, decltype(T::value)>;
    requires std::bool_constant<T() == T::value>::value;
    requires std::bool_constant < static_cast<decltype(T::value)>(T())
    == T::value > ::value;
};

template <typename T>
inline constexpr std::size_t maybe_static_extent = dynamic_extent;
template <integral_constant_like T>
inline constexpr std::size_t maybe_static_extent<T> = {T::value};

} // namespace detail
} // namespace shmwin::inline v1
