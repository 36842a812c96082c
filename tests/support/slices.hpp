// SPDX-License-Identifier: MIT
// What slices choose, the plain way: lists of indices, one for each dimension.
#pragma once

#include "shmwin/view/submdspan.hpp"

#include "support/index_walk.hpp"

#include <gtest/gtest.h>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin::test {

template <int N>
using constant = std::integral_constant<int, N>;

/// One dimension of a slice.
struct choice {
    std::vector<std::uint64_t> indices;
    bool is_kept = true;
};

[[nodiscard]] inline choice
counted(std::uint64_t first, std::uint64_t last, std::uint64_t stride = 1) {
    choice c;
    for (std::uint64_t i = first; i < last; i += stride)
        c.indices.push_back(i);
    return c;
}

template <typename T>
[[nodiscard]] std::uint64_t as_number(T value) {
    return static_cast<std::uint64_t>(value);
}

template <typename Index>
[[nodiscard]] choice chosen_of(std::uint64_t /*extent*/, Index index) {
    choice c = counted(as_number(index), as_number(index) + 1);
    c.is_kept = false;
    return c;
}
[[nodiscard]] inline choice chosen_of(std::uint64_t extent, full_extent_t /*all*/) {
    return counted(0, extent);
}
[[nodiscard]] inline choice chosen_of(std::uint64_t /*extent*/, range r) {
    return counted(as_number(r.first), as_number(r.last));
}
template <typename A, typename B>
[[nodiscard]] choice chosen_of(std::uint64_t /*extent*/, std::pair<A, B> p) {
    return counted(as_number(p.first), as_number(p.second));
}
template <typename A, typename B>
[[nodiscard]] choice chosen_of(std::uint64_t /*extent*/, std::tuple<A, B> p) {
    return counted(as_number(std::get<0>(p)), as_number(std::get<1>(p)));
}
template <typename T>
[[nodiscard]] choice chosen_of(std::uint64_t /*extent*/, std::array<T, 2> p) {
    return counted(as_number(p[0]), as_number(p[1]));
}
template <typename T>
[[nodiscard]] choice chosen_of(std::uint64_t /*extent*/, std::complex<T> p) {
    return counted(as_number(p.real()), as_number(p.imag()));
}
template <typename O, typename E, typename S>
[[nodiscard]] choice chosen_of(std::uint64_t /*extent*/, strided_slice<O, E, S> s) {
    auto const first = as_number(s.offset);
    return counted(first, first + as_number(s.extent), as_number(s.stride));
}

template <typename Extents, typename... Slices>
[[nodiscard]] std::vector<choice> chosen_by(Extents const& e, Slices... slices) {
    std::size_t k = 0;
    return {chosen_of(number(e.extent(k++)), slices)...};
}

/// The extents are as many and as large as the lists that are kept.
template <typename SubExtents>
void expect_extents(SubExtents const& sub, std::vector<choice> const& chosen) {
    std::vector<std::uint64_t> expected;
    for (auto const& c : chosen)
        if (c.is_kept) expected.push_back(c.indices.size());
    ASSERT_EQ(SubExtents::rank(), expected.size());
    for (std::size_t d = 0; d < SubExtents::rank(); ++d)
        EXPECT_EQ(number(sub.extent(d)), expected[d]) << "dimension " << d;
}

/// [mdspan.sub.sub] 5: sub.mapping(i...) + sub.offset is the place of what the slices choose.
template <typename Mapping, typename... Slices>
void expect_places(Mapping const& src, Slices... slices) {
    using index_type = typename Mapping::index_type;
    constexpr std::size_t rank = sizeof...(Slices);
    auto const chosen = chosen_by(src.extents(), slices...);
    auto const extents = submdspan_extents(src.extents(), slices...);
    expect_extents(extents, chosen);
    auto const sub = submdspan_mapping(src, slices...);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(sub.mapping.extents())>,
                                 std::remove_const_t<decltype(extents)>>);
    ASSERT_EQ(sub.mapping.extents(), extents);
    ASSERT_LE(sub.offset, number(src.required_span_size()));
    for_each_index(extents, [&](auto const& i) {
        std::array<index_type, rank> from{};
        for (std::size_t k = 0, d = 0; k < rank; ++k)
            from[k] = static_cast<index_type>(
                chosen[k].indices[chosen[k].is_kept ? static_cast<std::size_t>(i[d++]) : 0]);
        ASSERT_EQ(number(place_of(sub.mapping, i)) + sub.offset, number(place_of(src, from)));
    });
}

} // namespace shmwin::test
