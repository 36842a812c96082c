// SPDX-License-Identifier: MIT
// extents: how many indices each dimension has, known at compile time or at run time. Names and
// rules are those of ISO C++23 [mdspan.extents]; shape() is our short way to the usual kind.
// Knows nothing of memory.
#pragma once

#include "shmwin/base/contract.hpp"

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

/// Integers stay as they are, so that their range can still be checked; all else is converted.
template <typename IndexType, typename T>
[[nodiscard]] constexpr auto index_cast(T value) noexcept {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
        return value;
    else
        return static_cast<IndexType>(std::move(value));
}

/// @pre  the value is an extent that IndexType can hold
template <typename IndexType, typename T>
[[nodiscard]] constexpr IndexType to_extent(T value) noexcept {
    auto const number = index_cast<IndexType>(std::move(value));
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

[[nodiscard]] constexpr bool is_either(std::size_t n, std::size_t a, std::size_t b) noexcept {
    return n == a || n == b;
}

/// Values from which Extents can be made: all extents, or only the dynamic ones.
template <typename Extents, std::size_t N, typename... Values>
concept extents_arguments = is_either(N, Extents::rank(), Extents::rank_dynamic()) &&(
    index_argument<Values, typename Extents::index_type>&&...);

/// True if no dimension has two different static extents.
template <typename From, typename To>
[[nodiscard]] consteval bool are_compatible() {
    if constexpr (From::rank() != To::rank()) return false;
    for (std::size_t r = 0; r < From::rank(); ++r) {
        auto const from = From::static_extent(r);
        auto const to = To::static_extent(r);
        if (from != to && from != dynamic_extent && to != dynamic_extent) return false;
    }
    return true;
}

template <typename From, typename To>
concept compatible_extents = are_compatible<From, To>();

/// True if there are values of From that To cannot take.
template <typename From, typename To>
[[nodiscard]] consteval bool is_narrowing() {
    if constexpr (From::rank() != To::rank()) return true;
    for (std::size_t r = 0; r < From::rank(); ++r) {
        bool const is_open = From::static_extent(r) == dynamic_extent;
        if (is_open && To::static_extent(r) != dynamic_extent) return true;
    }
    return std::cmp_less(std::numeric_limits<typename To::index_type>::max(),
                         std::numeric_limits<typename From::index_type>::max());
}

/// How many of the first r extents are dynamic, for r = 0 ... N.
template <std::size_t N>
[[nodiscard]] consteval std::array<std::size_t, N + 1>
count_dynamic(std::array<std::size_t, N> const& extents) {
    std::array<std::size_t, N + 1> counts{};
    for (std::size_t r = 0; r < N; ++r)
        counts[r + 1] = counts[r] + (extents[r] == dynamic_extent ? 1 : 0);
    return counts;
}

} // namespace detail

/// A multidimensional index space. Dimensions that are known at compile time take no memory.
/// All functions are local and O(1). ISO C++23 [mdspan.extents].
template <typename IndexType, std::size_t... Extents>
class extents {
    static_assert(detail::index_integer<IndexType>, "an index type is an integer type");
    static_assert(((Extents == dynamic_extent || detail::is_extent<IndexType>(Extents)) && ...),
                  "the index type cannot hold a static extent");

    static constexpr std::array<std::size_t, sizeof...(Extents)> static_extents{Extents...};
    static constexpr auto dynamic_index = detail::count_dynamic(static_extents);

  public:
    using index_type = IndexType;
    using size_type = std::make_unsigned_t<index_type>;
    using rank_type = std::size_t;

    /// Number of dimensions.
    [[nodiscard]] static constexpr rank_type rank() noexcept { return sizeof...(Extents); }
    [[nodiscard]] static constexpr rank_type rank_dynamic() noexcept {
        return dynamic_index[rank()];
    }
    /// The extent of dimension r, or dynamic_extent. @pre r < rank()
    [[nodiscard]] static constexpr std::size_t static_extent(rank_type r) noexcept {
        SHMWIN_EXPECT(r < rank());
        if constexpr (rank() == 0)
            return 0;
        else
            return static_extents[r];
    }
    /// The extent of dimension r. @pre r < rank()
    [[nodiscard]] constexpr index_type extent(rank_type r) const noexcept {
        SHMWIN_EXPECT(r < rank());
        if constexpr (rank_dynamic() == rank())
            return dynamic_[r];
        else if (static_extents[r] != dynamic_extent)
            return static_cast<index_type>(static_extents[r]);
        else
            return dynamic_[dynamic_index[r]];
    }

    /// Dynamic extents are 0.
    constexpr extents() noexcept = default;

    /// @pre static extents equal those of `other`; index_type can hold them
    template <typename OtherIndexType, std::size_t... OtherExtents>
    requires detail::compatible_extents<extents<OtherIndexType, OtherExtents...>, extents>
    constexpr explicit(detail::is_narrowing<extents<OtherIndexType, OtherExtents...>, extents>())
        extents(extents<OtherIndexType, OtherExtents...> const& other) noexcept {
        std::array<index_type, rank()> values{};
        for (rank_type r = 0; r < rank(); ++r)
            values[r] = detail::to_extent<index_type>(other.extent(r));
        assign(values);
    }

    /// All extents, or only the dynamic ones. @pre not negative; static ones as they are
    template <typename... OtherIndexTypes>
    requires detail::extents_arguments<extents, sizeof...(OtherIndexTypes), OtherIndexTypes...>
    constexpr explicit extents(OtherIndexTypes... values) noexcept {
        assign(std::array<index_type, sizeof...(values)>{
            detail::to_extent<index_type>(std::move(values))...});
    }

    /// All extents, or only the dynamic ones. @pre not negative; static ones as they are
    template <typename OtherIndexType, std::size_t N>
    requires detail::extents_arguments<extents, N, OtherIndexType const&>
    constexpr explicit(N != rank_dynamic()) extents(std::span<OtherIndexType, N> values) noexcept {
        std::array<index_type, N> converted{};
        for (rank_type r = 0; r < N; ++r)
            converted[r] = detail::to_extent<index_type>(values[r]);
        assign(converted);
    }

    /// All extents, or only the dynamic ones. @pre not negative; static ones as they are
    template <typename OtherIndexType, std::size_t N>
    requires detail::extents_arguments<extents, N, OtherIndexType const&>
    constexpr explicit(N != rank_dynamic())
        extents(std::array<OtherIndexType, N> const& values) noexcept
        : extents(std::span<OtherIndexType const, N>(values)) {}

    /// Same number of dimensions and same extents; static or dynamic does not matter.
    template <typename OtherIndexType, std::size_t... OtherExtents>
    friend constexpr bool operator==(extents const& a,
                                     extents<OtherIndexType, OtherExtents...> const& b) noexcept {
        if constexpr (sizeof...(OtherExtents) != rank()) {
            return false;
        } else {
            for (rank_type r = 0; r < rank(); ++r)
                if (!std::cmp_equal(a.extent(r), b.extent(r))) return false;
            return true;
        }
    }

  private:
    template <std::size_t N>
    constexpr void assign(std::array<index_type, N> const& values) noexcept {
        if constexpr (N == rank_dynamic()) {
            for (rank_type d = 0; d < N; ++d)
                dynamic_.set(d, values[d]);
        } else {
            for (rank_type r = 0; r < N; ++r) {
                if (static_extents[r] == dynamic_extent)
                    dynamic_.set(dynamic_index[r], values[r]);
                else
                    SHMWIN_EXPECT(std::cmp_equal(values[r], static_extents[r]));
            }
        }
    }

    [[no_unique_address]] detail::index_array<index_type, rank_dynamic()> dynamic_;
};

namespace detail {

template <typename T>
concept integral_constant_like = requires {
    requires std::is_integral_v<std::remove_cvref_t<decltype(T::value)>>;
    requires !std::is_same_v<bool, std::remove_cvref_t<decltype(T::value)>>;
    requires std::is_convertible_v<T, decltype(T::value)>;
    requires std::bool_constant<T() == T::value>::value;
};

template <typename T>
inline constexpr std::size_t maybe_static_extent = dynamic_extent;
template <integral_constant_like T>
inline constexpr std::size_t maybe_static_extent<T> = static_cast<std::size_t>(T::value);

template <typename T>
inline constexpr bool is_extents = false;
template <typename IndexType, std::size_t... Extents>
inline constexpr bool is_extents<extents<IndexType, Extents...>> = true;

template <typename IndexType, typename Sequence>
struct all_dynamic;
template <typename IndexType, std::size_t... R>
struct all_dynamic<IndexType, std::index_sequence<R...>> {
    using type = extents<IndexType, ((void)R, dynamic_extent)...>;
};

/// Product of the extents of dimensions [first, last). Unsigned, because a stride of an index
/// space without elements may be larger than index_type.
template <typename Extents>
[[nodiscard]] constexpr typename Extents::index_type
extents_product(Extents const& e, std::size_t first, std::size_t last) noexcept {
    std::uintmax_t product = 1;
    for (std::size_t r = first; r < last; ++r)
        product *= static_cast<typename Extents::size_type>(e.extent(r));
    return static_cast<typename Extents::index_type>(product);
}

/// True if any extent is 0.
template <typename Extents>
[[nodiscard]] constexpr bool is_empty_space(Extents const& e) noexcept {
    for (std::size_t r = 0; r < Extents::rank(); ++r)
        if (e.extent(r) == 0) return true;
    return false;
}

/// True if index_type can count the elements.
template <typename Extents>
[[nodiscard]] constexpr bool is_countable(Extents const& e) noexcept {
    auto room =
        static_cast<std::uintmax_t>(std::numeric_limits<typename Extents::index_type>::max());
    for (std::size_t r = 0; r < Extents::rank(); ++r) {
        auto const extent = std::uintmax_t{static_cast<typename Extents::size_type>(e.extent(r))};
        if (extent == 0) return true;
        room /= extent;
    }
    return room > 0;
}

} // namespace detail

// (clang-format 14 does not know constrained deduction guides.)
// clang-format off
template <typename... Integrals>
    requires(std::is_convertible_v<Integrals, std::size_t> && ...)
explicit extents(Integrals...) -> extents<std::size_t, detail::maybe_static_extent<Integrals>...>;
// clang-format on

/// `Rank` dimensions, all known at run time.
template <typename IndexType, std::size_t Rank>
using dextents = typename detail::all_dynamic<IndexType, std::make_index_sequence<Rank>>::type;

/// dextents with the standard's default index type. ISO C++26 [mdspan.extents.dims].
template <std::size_t Rank, typename IndexType = std::size_t>
using dims = dextents<IndexType, Rank>;

/// Extents of arrays: signed 64-bit indices, so that i - 1 is what it says.
template <std::size_t Rank>
using array_extents = dextents<std::int64_t, Rank>;

/// Local. The extents of an array: shape(ny, nx). shape() is that of a single element.
/// @pre no argument is negative or larger than std::int64_t holds
template <detail::countable_integer... Integers>
[[nodiscard]] constexpr array_extents<sizeof...(Integers)> shape(Integers... n) noexcept {
    return array_extents<sizeof...(Integers)>(n...);
}

} // namespace shmwin::inline v1
