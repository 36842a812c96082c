// SPDX-License-Identifier: MIT
// extents: how many indices each dimension has, known at compile time or at run time. Names and
// rules are those of ISO C++23 [mdspan.extents]; shape() is our short way to the usual kind.
// Knows nothing of memory.
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/view/index.hpp"
#include "shmwin/view/std_mdspan.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

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

// A concept, because clang 14 asks for it before it asks whether From and To are extents at all.
template <typename From, typename To>
concept widening_extents = requires {
    From::rank_dynamic();
    To::rank_dynamic();
    requires !is_narrowing<From, To>();
};

/// All extents of `e`. @pre IndexType can hold them
template <typename IndexType, typename Extents>
[[nodiscard]] constexpr auto all_extents([[maybe_unused]] Extents const& e) noexcept {
    std::array<IndexType, Extents::rank()> values{};
    for (std::size_t r = 0; r < Extents::rank(); ++r)
        values[r] = to_extent<IndexType>(e.extent(r));
    return values;
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
    static_assert(detail::index_integer<IndexType>,
                  "extents: an index type is a signed or unsigned integer type");
    static_assert(((Extents == dynamic_extent || detail::is_extent<IndexType>(Extents)) && ...),
                  "extents: the index type cannot hold a static extent");

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
        assign(detail::all_extents<index_type>(other));
    }

    /// From and to std::extents and what is like them.
    /// @pre static extents equal those of `other`; index_type can hold them
    template <detail::their_extents Other>
    requires detail::compatible_extents<Other, extents>
    constexpr explicit(!detail::widening_extents<Other, extents>)
        extents(Other const& other) noexcept
        : extents(detail::all_extents<index_type>(other)) {}

    template <detail::their_extents Other>
    requires detail::compatible_extents<extents, Other>
    constexpr explicit(!detail::widening_extents<extents, Other>) operator Other() const noexcept {
        return Other(detail::all_extents<typename Other::index_type>(*this));
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
            converted[r] = detail::to_extent<index_type>(std::as_const(values[r]));
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
