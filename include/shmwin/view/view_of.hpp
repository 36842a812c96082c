// SPDX-License-Identifier: MIT
// view_of: memory that another allocator or library made, as an array. What it points at is
// checked, and its owner is kept alive for as long as a view needs it.
//
//     auto u = view_of(p, shape(ny, nx));                            // an mdspan: nothing is kept
//     auto v = view_of(p, shape(ny, nx), [](double* q) { std::free(q); });
//     auto w = view_of(m.data(), shape(m.size()), std::move(m));     // a vector, an Eigen matrix
//     auto x = view_of(p, std::array{ny, nx}, std::array{ld, 1}, shared);  // strides, a shared_ptr
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/view/extents.hpp"
#include "shmwin/view/layout.hpp"
#include "shmwin/view/mdspan.hpp"
#include "shmwin/view/owned_view.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

/// Memory, and what is to be seen in it.
struct foreign_array {
    void const* first;
    std::size_t element_bytes;
    std::size_t alignment;
    std::span<std::int64_t const> extents;
    std::span<std::int64_t const> strides; ///< in elements; empty: packed
    std::uint64_t max_index;               ///< of the index type
};

/// Local. Checks that an array can be there. What is behind the address only its owner knows.
/// @throws argument_error (invalid_argument)  an extent is negative, a stride is not positive, two
///         elements share a place, or the bytes exceed 2^63 - 1 or the places the index type
/// @throws argument_error (bad_pointer)       null with elements, or misaligned
SHMWIN_API void check_foreign(foreign_array const& memory);

/// Local. Raises bad_pointer: the memory did not come along when its owner was moved or copied.
[[noreturn]] SHMWIN_API void raise_left_behind(void const* before, void const* after);
/// Local. Raises invalid_argument.
[[noreturn]] SHMWIN_API void raise_no_function();

template <typename T>
inline constexpr bool is_std_array = false;
template <typename T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

/// As signed numbers; what they cannot hold becomes negative, and is refused.
template <typename From, std::size_t N>
[[nodiscard]] std::array<std::int64_t, N> signed_of(std::array<From, N> const& values) noexcept {
    std::array<std::int64_t, N> all{};
    for (std::size_t d = 0; d < N; ++d)
        all[d] = std::in_range<std::int64_t>(values[d]) ? static_cast<std::int64_t>(values[d]) : -1;
    return all;
}

template <typename Extents>
[[nodiscard]] std::array<std::int64_t, Extents::rank()> values_of(Extents const& extents) noexcept {
    std::array<typename Extents::index_type, Extents::rank()> all{};
    for (std::size_t d = 0; d < Extents::rank(); ++d)
        all[d] = extents.extent(d);
    return signed_of(all);
}

template <typename IndexType>
inline constexpr std::uint64_t
    max_index_of = static_cast<std::uint64_t>(std::numeric_limits<IndexType>::max());

template <typename T, typename IndexType>
void check_foreign(T const* first,
                   std::span<std::int64_t const> extents,
                   std::span<std::int64_t const> strides) {
    check_foreign({first, sizeof(T), alignof(T), extents, strides, max_index_of<IndexType>});
}

/// Where elements are, if they can be there: of extents, of their numbers, of a mapping.
template <typename T, typename Extents>
requires is_extents<Extents>
[[nodiscard]] auto checked_mapping(T const* first, Extents const& extents) {
    check_foreign<T, typename Extents::index_type>(first, values_of(extents), {});
    return layout_right::mapping<Extents>(extents);
}
template <typename T, std::integral Integer, std::size_t N>
[[nodiscard]] auto checked_mapping(T const* first, std::array<Integer, N> const& extents) {
    auto const values = signed_of(extents);
    check_foreign<T, std::int64_t>(first, values, {});
    return layout_right::mapping<array_extents<N>>(array_extents<N>(values));
}
template <typename T, layout_mapping_alike Mapping>
requires(Mapping::is_always_strided() && Mapping::is_always_unique()) [[nodiscard]] Mapping
    checked_mapping(T const* first, Mapping const& mapping) {
    std::array<typename Mapping::index_type, Mapping::extents_type::rank()> strides{};
    for (std::size_t d = 0; d < strides.size(); ++d)
        strides[d] = stride_of(mapping, d);
    check_foreign<T, typename Mapping::index_type>(
        first, values_of(mapping.extents()), signed_of(strides));
    return mapping;
}
template <typename T, typename Shape, std::integral Integer, std::size_t N>
[[nodiscard]] auto
checked_mapping(T const* first, Shape const& shape, std::array<Integer, N> const& strides) {
    auto const steps = signed_of(strides);
    if constexpr (is_std_array<Shape>) {
        auto const values = signed_of(shape);
        check_foreign<T, std::int64_t>(first, values, steps);
        return layout_stride::mapping<array_extents<N>>(array_extents<N>(values), steps);
    } else {
        check_foreign<T, typename Shape::index_type>(first, values_of(shape), steps);
        return layout_stride::mapping<Shape>(shape, strides);
    }
}

/// A handle to memory: its data() says where.
template <typename Owner>
concept has_data = requires(Owner const& owner) {
    {static_cast<void const*>(owner.data())};
};

/// Called with the pointer, or with nothing, to release the memory.
template <typename Owner, typename T>
concept releases = !has_data<Owner> && (std::invocable<Owner&, T*> || std::invocable<Owner&>);

/// The memory, released by a call.
template <typename T, typename Release>
[[nodiscard]] std::shared_ptr<void const> share_released(T* first, Release release) {
    if constexpr (std::is_constructible_v<Release, std::nullptr_t>) // of a function: may be none
        if (release == nullptr) raise_no_function();
    return {static_cast<void*>(first), [release = std::move(release)](void* at) mutable {
                if constexpr (std::invocable<Release&, T*>)
                    std::invoke(release, static_cast<T*>(at));
                else
                    std::invoke(release);
            }};
}

/// The handle itself.
template <typename Owner>
[[nodiscard]] std::shared_ptr<void const> share_handle(Owner&& owner) {
    using handle = std::decay_t<Owner>;
    static_assert(std::is_constructible_v<handle, Owner>,
                  "this owner cannot be copied: std::move it into view_of");
    if constexpr (has_data<handle>) {
        void const* const before = std::as_const(owner).data();
        auto kept = std::make_shared<handle>(std::forward<Owner>(owner));
        void const* const after = std::as_const(*kept).data();
        if (after != before) raise_left_behind(before, after);
        return kept;
    } else {
        return std::make_shared<handle>(std::forward<Owner>(owner));
    }
}

/// Any owner as a shared one. Takes responsibility at once: also when it or its caller throws, the
/// owner is released, once.
template <typename T, typename Owner>
[[nodiscard]] std::shared_ptr<void const> share_owner(T const* first, Owner&& owner) {
    using handle = std::decay_t<Owner>;
    if constexpr (std::is_convertible_v<Owner, std::shared_ptr<void const>>) {
        return std::forward<Owner>(owner);
    } else if constexpr (releases<handle, T>) {
        // NOLINTNEXTLINE(*-const-cast): what is released was not made as const
        return share_released<T, handle>(const_cast<T*>(first), std::forward<Owner>(owner));
    } else {
        return share_handle(std::forward<Owner>(owner));
    }
}

template <typename T, typename Mapping>
using view_with = mdspan<T, typename Mapping::extents_type, typename Mapping::layout_type>;
template <typename T, typename Mapping>
using owned_view_with =
    owned_view<T, typename Mapping::extents_type, typename Mapping::layout_type>;

} // namespace detail

/// What an array can look like in memory: extents or a std::array of them (packed, row-major), or a
/// mapping with strides.
template <typename Shape>
concept foreign_shape = requires(std::byte const* first, Shape const& shape) {
    detail::checked_mapping(first, shape);
};

/// Local. The elements at `first` as an array; nothing is kept alive. Nothing is copied, O(1).
///
/// @param shape  extents, a std::array of them, or a mapping (layout_left, strides, ...)
/// @throws argument_error (bad_pointer)       null with elements, or misaligned for T
/// @throws argument_error (invalid_argument)  a negative extent, a stride below 1, elements that
///         share a place, more than 2^63 - 1 bytes
template <typename T, foreign_shape Shape>
[[nodiscard]] auto view_of(T* first, Shape const& shape) {
    auto const mapping = detail::checked_mapping(first, shape);
    return detail::view_with<T, std::remove_const_t<decltype(mapping)>>(first, mapping);
}

/// Local. With strides, in elements.
template <typename T, typename Shape, std::integral Integer, std::size_t N>
requires(foreign_shape<Shape> && !detail::layout_mapping_alike<Shape>)
    [[nodiscard]] auto view_of(T* first,
                               Shape const& shape,
                               std::array<Integer, N> const& strides) {
    auto const mapping = detail::checked_mapping(first, shape, strides);
    return detail::view_with<T, std::remove_const_t<decltype(mapping)>>(first, mapping);
}

/// Local. The same as an owned_view: the owner is released once, when the last view goes, and also
/// if this call throws.
///
/// @param owner  a std::shared_ptr; a function that is called, with the pointer or with nothing; or
///               any handle, moved in (a container, a unique_ptr) or copied (one that shares). If
///               it has data(), that must stay where it is: a container that is copied, a
///               std::array or a short string that is moved, are refused (bad_pointer).
template <typename T, foreign_shape Shape, typename Owner>
requires(!detail::is_std_array<std::remove_cvref_t<Owner>>)
    [[nodiscard]] auto view_of(T* first, Shape const& shape, Owner&& owner) {
    auto kept = detail::share_owner<std::remove_cv_t<T>>(first, std::forward<Owner>(owner));
    auto const mapping = detail::checked_mapping(first, shape);
    using made = detail::owned_view_with<T, std::remove_const_t<decltype(mapping)>>;
    return made({first, mapping}, std::move(kept));
}

/// Local. With strides, in elements, and an owner.
template <typename T, typename Shape, std::integral Integer, std::size_t N, typename Owner>
requires(foreign_shape<Shape> && !detail::layout_mapping_alike<Shape>) [[nodiscard]] auto view_of(
    T* first, Shape const& shape, std::array<Integer, N> const& strides, Owner&& owner) {
    auto kept = detail::share_owner<std::remove_cv_t<T>>(first, std::forward<Owner>(owner));
    auto const mapping = detail::checked_mapping(first, shape, strides);
    using made = detail::owned_view_with<T, std::remove_const_t<decltype(mapping)>>;
    return made({first, mapping}, std::move(kept));
}

/// Local. Any mdspan over a pointer, with an owner.
template <typename T, typename Extents, typename Layout, typename Owner>
[[nodiscard]] owned_view<T, Extents, Layout> view_of(mdspan<T, Extents, Layout> const& view,
                                                     Owner&& owner) {
    auto kept =
        detail::share_owner<std::remove_cv_t<T>>(view.data_handle(), std::forward<Owner>(owner));
    static_cast<void>(detail::checked_mapping(view.data_handle(), view.mapping()));
    return {view, std::move(kept)};
}

} // namespace shmwin::inline v1
