// SPDX-License-Identifier: MIT
// Views over numbered memory, and the elements that a view shows: for tests that compare parts of a
// view with the whole, element by element.
#pragma once

#include "shmwin/view/mdspan.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <type_traits>
#include <vector>

namespace shmwin::test {

/// A mapping of that layout; one of layout_stride has gaps, and neither order.
template <typename Layout, typename Extents>
[[nodiscard]] auto mapping_over(Extents const& e) {
    if constexpr (std::is_same_v<Layout, layout_stride>) {
        std::array<typename Extents::index_type, Extents::rank()> strides{};
        auto next = typename Extents::index_type{2};
        for (std::size_t k = 0; k < Extents::rank(); ++k) {
            auto const r = (k + 1) % Extents::rank();
            strides[r] = next;
            next = static_cast<typename Extents::index_type>(
                next * (e.extent(r) > 0 ? e.extent(r) : 1) + 1);
        }
        return layout_stride::mapping<Extents>(e, strides);
    } else {
        return typename Layout::template mapping<Extents>(e);
    }
}

/// Memory, and a view of all of it.
template <typename Layout, typename Extents>
struct viewed_memory {
    explicit viewed_memory(Extents const& e)
        : memory(static_cast<std::size_t>(mapping_over<Layout>(e).required_span_size())),
          whole(memory.data(), mapping_over<Layout>(e)) {}

    std::vector<int> memory;
    mdspan<int, Extents, Layout> whole;
};

/// The extent of dimension r as a signed number, whatever the index type.
template <typename View>
[[nodiscard]] std::int64_t extent_of(View const& view, std::size_t r) {
    return static_cast<std::int64_t>(
        std::size_t{static_cast<typename View::size_type>(view.extent(r))});
}

/// Calls `f` with the indices of each element, as an array.
template <typename Extents, typename F>
void each_index(Extents const& e, F const& f) {
    constexpr auto rank = Extents::rank();
    std::array<std::int64_t, rank> at{};
    for (std::size_t r = 0; r < rank; ++r)
        if (e.extent(r) == 0) return;
    for (;;) {
        f(at);
        auto r = rank;
        while (r > 0 && ++at[r - 1] == static_cast<std::int64_t>(e.extent(r - 1))) {
            at[--r] = 0;
        }
        if (r == 0) return;
    }
}

/// How often each element was seen.
using visits = std::map<int const*, int>;

template <typename View>
void visit(View const& view, visits& seen) {
    each_index(view.extents(), [&](auto const& at) { ++seen[&view[at]]; });
}

/// True if exactly the elements of `whole` were seen, each once.
template <typename View>
[[nodiscard]] bool saw_each_once(View const& whole, visits const& seen) {
    visits expected;
    visit(whole, expected);
    return seen == expected;
}

} // namespace shmwin::test
