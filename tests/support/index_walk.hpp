// SPDX-License-Identifier: MIT
// All indices of an index space one after the other, the plain way: what mappings are compared
// with.
#pragma once

#include "shmwin/view/extents.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin::test {

/// A number that is not negative, for comparison with others.
template <typename T>
[[nodiscard]] constexpr std::uint64_t number(T value) {
    return static_cast<std::make_unsigned_t<T>>(value);
}

/// f(indices) for each index of the space, as an array; the last index varies fastest.
template <typename Extents, typename Function>
constexpr void for_each_index(Extents const& e, Function f) {
    using index_type = typename Extents::index_type;
    constexpr std::size_t rank = Extents::rank();
    for (std::size_t r = 0; r < rank; ++r)
        if (e.extent(r) == 0) return;
    std::array<index_type, rank> i{};
    for (;;) {
        f(std::as_const(i));
        std::size_t r = rank;
        for (; r > 0; --r) {
            i[r - 1] = static_cast<index_type>(i[r - 1] + 1);
            if (i[r - 1] < e.extent(r - 1)) break;
            i[r - 1] = 0;
        }
        if (r == 0) return;
    }
}

/// m(i[0], i[1], ...).
template <typename Mapping, typename IndexType, std::size_t N>
constexpr auto place_of(Mapping const& m, std::array<IndexType, N> const& i) {
    return std::apply([&m](auto... values) { return m(values...); }, i);
}

/// Sum of i[r] * strides[r].
template <typename IndexType, std::size_t N>
[[nodiscard]] std::uint64_t plain_place(std::array<IndexType, N> const& i,
                                        std::vector<std::uint64_t> const& strides) {
    std::uint64_t sum = 0;
    for (std::size_t r = 0; r < N; ++r)
        sum += number(i[r]) * strides[r];
    return sum;
}

/// Strides of a mapping, as plain numbers.
template <typename Mapping>
[[nodiscard]] std::vector<std::uint64_t> plain_strides(Mapping const& m) {
    std::vector<std::uint64_t> strides;
    if constexpr (Mapping::extents_type::rank() > 0)
        for (std::size_t r = 0; r < Mapping::extents_type::rank(); ++r)
            strides.push_back(number(m.stride(r)));
    return strides;
}

} // namespace shmwin::test
