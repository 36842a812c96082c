// SPDX-License-Identifier: MIT
// elements: the elements of views one after the other, and in parts that several ranks can share
// out among them. What the algorithms of the segment are made of.
//
// The order of the elements of a view: the last index varies fastest; of layout_left, the first. So
// elements of a view without gaps are taken as they lie in memory.
#pragma once

#include "shmwin/view/box.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1::detail {

/// A view whose k-th element is the k-th in memory.
template <typename View>
inline constexpr bool is_flat =
    std::is_same_v<typename View::layout_type,
                   layout_right> || std::is_same_v<typename View::layout_type, layout_left>;

/// Views whose elements lie in memory in the same order.
template <typename First, typename... Others>
inline constexpr bool are_flat_alike = (is_flat<First> && ... && is_flat<Others>)&&(
    First::rank() <= 1
    || (std::is_same_v<typename First::layout_type, typename Others::layout_type> && ...));

/// Goes through the elements of a view in order, from the k-th on.
template <typename View>
class cursor {
  public:
    constexpr cursor(View const& view, std::int64_t k) noexcept
        : view_(&view), k_(static_cast<std::size_t>(k)) {}

    [[nodiscard]] constexpr decltype(auto) operator*() const {
        return view_->accessor().access(view_->data_handle(), k_);
    }
    constexpr cursor& operator++() noexcept {
        ++k_;
        return *this;
    }

  private:
    View const* view_;
    std::size_t k_;
};

template <typename View>
requires(!is_flat<View>) class cursor<View> {
  public:
    constexpr cursor(View const& view, std::int64_t k) noexcept : view_(&view) {
        for (std::size_t r = View::rank(); r-- > 0;) {
            auto const n = static_cast<std::int64_t>(view.extent(r));
            at_[r] = n > 0 ? k % n : 0;
            k = n > 0 ? k / n : 0;
        }
    }

    [[nodiscard]] constexpr decltype(auto) operator*() const { return (*view_)[at_]; }
    constexpr cursor& operator++() noexcept {
        for (std::size_t r = View::rank(); r-- > 0;) {
            if (std::cmp_less(++at_[r], view_->extent(r))) return *this;
            at_[r] = 0;
        }
        return *this;
    }

  private:
    View const* view_;
    index_list<View::rank()> at_{};
};

template <std::size_t Dim, typename F, typename First, typename... Others>
constexpr void each_in_rows(
    F& f, index_list<First::rank()>& at, range rows, First const& first, Others const&... others) {
    for (auto const i : rows) {
        at[Dim] = i;
        if constexpr (Dim + 1 == First::rank()) {
            f(first[at], others[at]...);
        } else {
            range const all{0, static_cast<std::int64_t>(first.extent(Dim + 1))};
            each_in_rows<Dim + 1>(f, at, all, first, others...);
        }
    }
}

/// Calls f(elements with the same indices) for the `index`-th of `parts` parts of views of equal
/// extents. Parts of views that lie in memory alike are of equal size; else they are rows.
template <typename F, typename First, typename... Others>
constexpr void for_each_element(
    std::int64_t index, std::int64_t parts, F& f, First const& first, Others const&... others) {
    if constexpr (are_flat_alike<First, Others...>) {
        auto const mine = block_range(static_cast<std::int64_t>(first.size()), parts, index);
        for (auto i = mine.first; i < mine.last; ++i) {
            auto const k = static_cast<std::size_t>(i);
            f(first.accessor().access(first.data_handle(), k),
              others.accessor().access(others.data_handle(), k)...);
        }
    } else if constexpr (First::rank() == 0) {
        if (index == 0) f(first[index_list<0>{}], others[index_list<0>{}]...);
    } else {
        index_list<First::rank()> at{};
        auto const mine = block_range(static_cast<std::int64_t>(first.extent(0)), parts, index);
        each_in_rows<0>(f, at, mine, first, others...);
    }
}

// --- reductions ----------------------------------------------------------------------------------

/// A chunk of a reduction: so many runs of so many elements. Several runs at a time, because each
/// step of a run waits for the one before; no power of two, so that they are in different cache
/// sets. Results depend on both numbers: they never change.
inline constexpr std::int64_t runs_of_chunk = 8;
inline constexpr std::int64_t run_elements = 500;
inline constexpr std::int64_t chunk_elements = runs_of_chunk * run_elements;

[[nodiscard]] constexpr std::int64_t chunks_of(std::int64_t n_elements) noexcept {
    return n_elements / chunk_elements + (n_elements % chunk_elements != 0 ? 1 : 0);
}

/// Neighbours in pairs, then pairs of pairs: values[0] = ((0 1) (2 3)) ((4 5) 6). Of n values, n >
/// 0.
template <typename T, typename Op>
constexpr void fold_tree(T* values, std::int64_t n, Op& op) {
    for (std::int64_t step = 1; step < n; step *= 2)
        for (std::int64_t i = 0; i + step < n; i += 2 * step)
            values[i] = static_cast<T>(op(values[i], values[i + step]));
}

/// op over the transformed elements of a chunk. Runs are folded from the left, then as a tree; a
/// last chunk with fewer elements is one run.
template <typename T, typename View, typename Op, typename Transform>
[[nodiscard]] constexpr T
fold_chunk(View const& view, std::int64_t chunk, Op& op, Transform& transform) {
    auto const first = chunk * chunk_elements;
    auto const n = static_cast<std::int64_t>(view.size()) - first;
    if (n < chunk_elements) {
        cursor at(view, first);
        auto sum = static_cast<T>(transform(*at));
        for (std::int64_t i = 1; i < n; ++i)
            sum = static_cast<T>(op(sum, transform(*++at)));
        return sum;
    }
    return [&]<std::size_t... R>(std::index_sequence<R...> /*r*/) {
        std::array at{cursor(view, first + static_cast<std::int64_t>(R) * run_elements)...};
        std::array<T, sizeof...(R)> sums{static_cast<T>(transform(*at[R]))...};
        for (std::int64_t i = 1; i < run_elements; ++i)
            ((sums[R] = static_cast<T>(op(sums[R], transform(*++at[R])))), ...);
        fold_tree(sums.data(), runs_of_chunk, op);
        return sums[0];
    }
    (std::make_index_sequence<std::size_t{runs_of_chunk}>{});
}

} // namespace shmwin::inline v1::detail
