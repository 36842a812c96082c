// SPDX-License-Identifier: MIT
// Algorithms in which all ranks of the node join, each with a part of the elements. They take
// arrays, scratch_arrays and mdspans of shared memory (levels.now(), blocks, checked views), all
// ranks the same.
//
// Each call begins and ends with a meeting that orders memory as fence() does: the elements that
// it reads are those that any rank stored before, and after it all ranks see what it stored. What a
// function of the caller's throws on one rank all get, as a shmwin::error of the same text
// (system_failure, unless it was a shmwin::error itself); elements may be half written then.
// These functions run on all ranks and make no collective calls themselves.
//
// Errors that they share:
//   argument_error (not_found)       an array was destroyed before
//   argument_error (shape_mismatch)  shapes differ
//   runtime_failure (disagreement)   ranks are in different calls or pass different arguments
//   runtime_failure (closed)         the segment is closed
//   peer_left                        a rank left or died
//
// Layer: segment.
#pragma once

#include "shmwin/base/source_line.hpp"
#include "shmwin/segment/group.hpp"
#include "shmwin/segment/joint_call.hpp"
#include "shmwin/sync/checked_view.hpp"
#include "shmwin/view/elements.hpp"
#include "shmwin/view/rows.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// An mdspan with strides, or a handle that has one: array, scratch_array.
template <typename T>
concept viewable = requires {
    requires detail::view_of_type<T>::is_always_strided();
    requires std::is_pointer_v<typename detail::view_of_type<T>::data_handle_type> || std::same_as<
        typename detail::view_of_type<T>::accessor_type,
        checking_accessor<typename detail::view_of_type<T>::element_type>>;
};

/// A segment or a group, and the line that names it: what functions with a parameter pack take for
/// a segment.
struct located_group {
    // NOLINTNEXTLINE(google-explicit-constructor): a group is written as it is
    located_group(object_group const& named, source_line const& here = source_line::current())
        : group(named), where(here) {}

    object_group const& group;
    source_line where;
};

namespace detail {

template <typename V>
using element_of = typename view_of_type<V>::element_type;
template <typename V>
using value_of = typename view_of_type<V>::value_type;

/// What is read of. A checked view is one of const: its elements are values, and that is the read.
template <typename V>
[[nodiscard]] auto as_source(V const& from) {
    auto const view = as_view(from);
    using type = decltype(as_view(from));
    using element = typename type::element_type;
    if constexpr (std::is_pointer_v<typename type::data_handle_type>) {
        return view;
    } else {
        return checked_view<element const, typename type::extents_type, typename type::layout_type>(
            view);
    }
}

template <typename V>
concept writable = viewable<V> && !std::is_const_v<element_of<V>>;

// transform(): all but the last two of `arguments` are sources.
template <typename Arguments, std::size_t... Source>
void transform_together(segment_core const& core,
                        source_line const& where,
                        Arguments const& arguments,
                        std::index_sequence<Source...> /*source*/) {
    static_assert((viewable<std::remove_cvref_t<std::tuple_element_t<Source, Arguments>>> && ...),
                  "transform(seg, from..., to, f): from is an array or an mdspan with strides");
    static_assert(writable<std::remove_cvref_t<std::tuple_element_t<sizeof...(Source), Arguments>>>,
                  "transform(seg, from..., to, f): to is an array or an mdspan, not of const");
    auto const& to = std::get<sizeof...(Source)>(arguments);
    auto& f = std::get<sizeof...(Source) + 1>(arguments);
    using value = value_of<std::remove_cvref_t<decltype(to)>>;
    joint_call call(core, operation::transform, where);
    call.add(to);
    (call.add(std::get<Source>(arguments)), ...);
    call.begin();
    auto const store = [&f](auto&& target, auto const&... from) {
        target = static_cast<value>(std::invoke(f, from...));
    };
    call.finish([&] {
        for_each_element(core.rank(),
                         core.n_ranks(),
                         store,
                         as_view(to),
                         as_source(std::get<Source>(arguments))...);
    });
}

} // namespace detail

/// Node, collective. Stores `value` to all elements. O(n / ranks) and two meetings.
/// @throws as all of this file
template <detail::writable To>
void fill(object_group const& seg,
          To const& to,
          std::type_identity_t<detail::value_of<To>> const& value,
          source_line const& where = source_line::current()) {
    detail::joint_call call(*seg.core(), operation::fill, where);
    call.add(to);
    call.add_value(value);
    call.begin();
    auto const store = [&value](auto&& target) { target = value; };
    call.finish([&] {
        detail::for_each_element(
            seg.core()->rank(), seg.core()->n_ranks(), store, detail::as_view(to));
    });
}

/// Node, collective. Copies all elements: to(i, j) = from(i, j), whatever the layouts. Both have
/// the same element type; transform() converts. They do not overlap, unless they are the same. O(n
/// / ranks) and two meetings.
/// @throws as all of this file; shape_mismatch if the shapes differ
template <viewable From, detail::writable To>
void copy(object_group const& seg,
          From const& from,
          To const& to,
          source_line const& where = source_line::current()) {
    static_assert(std::is_same_v<detail::value_of<From>, detail::value_of<To>>,
                  "copy() changes no type: transform(seg, from, to, f) converts by f");
    detail::joint_call call(*seg.core(), operation::copy, where);
    call.add(from);
    call.add(to);
    call.begin();
    auto const store = [](auto&& target, auto const& source) { target = source; };
    call.finish([&] {
        detail::for_each_element(seg.core()->rank(),
                                 seg.core()->n_ranks(),
                                 store,
                                 detail::as_view(to),
                                 detail::as_source(from));
    });
}

/// Node, collective. transform(seg, a, b, ..., to, f): to(i, j) = f(a(i, j), b(i, j), ...), of one
/// source or more; `to` may be one of them. f is called once for each element, in no order, and its
/// result is converted to the element type. O(n / ranks) and two meetings.
/// @throws as all of this file; shape_mismatch if the shapes differ; what f throws, on all ranks
template <typename... Arguments>
requires(sizeof...(Arguments) >= 3) void transform(located_group const& seg,
                                                   Arguments&&... from_to_f) {
    detail::transform_together(*seg.group.core(),
                               seg.where,
                               std::forward_as_tuple(from_to_f...),
                               std::make_index_sequence<sizeof...(Arguments) - 2>{});
}

/// Node, collective. op(init, x0 op x1 op x2 ...) over transform(element), the same value on all
/// ranks, to the last bit, and on any number of ranks: unlike std::reduce, whose order is open, it
/// combines in one fixed order. op need be associative only as far as that order may differ from
/// the one in the caller's mind; it need not be commutative: operands stay in the order of the
/// elements (the last index fastest; of layout_left, the first). So an array and its copy in the
/// other layout may give sums that differ in rounding.
///
/// The order: chunks of 4000 elements, each 8 runs of 500 that are folded from the left and then
/// combined as a binary tree (a last, smaller chunk is one run); the chunks' results as a binary
/// tree; at last init.
///
/// @param init  also the type of the result, into which all is converted: trivially copyable; the
///              result for no elements
/// @complexity  O(n / ranks) and three meetings; sizeof(init) bytes of the segment for each chunk
/// @throws as all of this file; out_of_memory; what op or transform throws, on all ranks
template <viewable From, typename T, typename Op, typename Transform = std::identity>
[[nodiscard]] T reduce(object_group const& seg,
                       From const& from,
                       T init,
                       Op op,
                       Transform transform = {},
                       source_line const& where = source_line::current()) {
    static_assert(std::is_trivially_copyable_v<T>,
                  "the result of a reduction goes through the segment: trivially copyable types");
    auto const& core = *seg.core();
    detail::joint_call call(core, operation::reduce, where);
    call.add(from);
    call.add_value(init);
    call.begin();
    auto const view = detail::as_source(from);
    auto const n_chunks = detail::chunks_of(static_cast<std::int64_t>(view.size()));
    auto const n_bytes = std::max<std::int64_t>(n_chunks, 1) * static_cast<std::int64_t>(sizeof(T));
    auto const memory = seg.scratch_array<unsigned char>(
        shape(n_bytes), {.align = std::max<std::size_t>(alignof(T), 64)}, where);
    auto* const sums = reinterpret_cast<T*>(memory.data());
    call.finish(
        [&] {
            for (auto const chunk : block_range(n_chunks, core.n_ranks(), core.rank()))
                std::construct_at(sums + chunk, detail::fold_chunk<T>(view, chunk, op, transform));
        },
        [&] {
            if (n_chunks > 0) {
                detail::fold_tree(sums, n_chunks, op);
                init = static_cast<T>(op(init, sums[0]));
            }
            std::construct_at(sums, init);
        });
    return sums[0];
}

/// Node, collective. Calls f(block) on each rank, with the rows that are its own: a row_block, with
/// indices of the whole array. All blocks together are all rows, in order. O(n / ranks) and two
/// meetings.
/// @throws as all of this file; what f throws, on all ranks
template <viewable Of, typename F>
requires detail::has_rows<detail::view_of_type<Of>>
void for_each_block(object_group const& seg,
                    Of const& of,
                    F&& f,
                    source_line const& where = source_line::current()) {
    auto const& core = *seg.core();
    detail::joint_call call(core, operation::for_each_block, where);
    call.add(of);
    call.begin();
    call.finish([&] {
        auto const view = detail::as_view(of);
        auto const mine =
            block_range(static_cast<std::int64_t>(view.extent(0)), core.n_ranks(), core.rank());
        std::invoke(f, rows(view, mine));
    });
}

} // namespace shmwin::inline v1
