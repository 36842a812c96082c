// SPDX-License-Identifier: MIT
// Which types are the standard's counterparts of ours, where the standard library has <mdspan>.
// Extents, mappings of the same layout, default_accessor and mdspans convert both ways: implicitly
// where nothing can be lost, else explicitly. What converts is asked by form, so that the interface
// of our types is the same in every language mode; only here a layout is known by its name.
#pragma once

#include "shmwin/view/index.hpp"

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <version>

#ifdef __cpp_lib_mdspan
#include <mdspan>
#endif

namespace shmwin::inline v1 {

template <typename IndexType, std::size_t... Extents>
class extents;
struct layout_left;
struct layout_right;
struct layout_stride;

namespace detail {

template <typename T>
inline constexpr bool is_extents = false;
template <typename IndexType, std::size_t... Extents>
inline constexpr bool is_extents<extents<IndexType, Extents...>> = true;

/// True if Theirs places elements as our Layout does.
template <typename Layout, typename Theirs>
inline constexpr bool is_same_layout = false;

/// True if T reaches elements as our default_accessor does.
template <typename T>
inline constexpr bool is_their_default_accessor = false;

#ifdef __cpp_lib_mdspan
template <>
inline constexpr bool is_same_layout<layout_left, std::layout_left> = true;
template <>
inline constexpr bool is_same_layout<layout_right, std::layout_right> = true;
template <>
inline constexpr bool is_same_layout<layout_stride, std::layout_stride> = true;
template <typename T>
inline constexpr bool is_their_default_accessor<std::default_accessor<T>> = true;
#endif

template <typename T>
concept has_accessor = requires {
    typename T::accessor_type;
};

/// Extents of another library, std::extents for one.
template <typename T>
concept their_extents = !is_extents<T> && !has_accessor<T> && requires(T const& e, std::size_t r) {
    typename T::index_type;
    typename T::size_type;
    { T::rank() } -> std::same_as<typename T::rank_type>;
    { T::rank_dynamic() } -> std::same_as<typename T::rank_type>;
    { T::static_extent(r) } -> std::same_as<std::size_t>;
    { e.extent(r) } -> std::same_as<typename T::index_type>;
};

/// A mapping of another library whose layout is our Layout.
template <typename T, typename Layout>
concept their_mapping = requires {
    requires is_same_layout<Layout, typename T::layout_type>;
    requires their_extents<typename T::extents_type>;
};

template <typename T>
concept their_default_accessor = is_their_default_accessor<T>;

/// An mdspan of another library.
template <typename T>
concept their_mdspan = has_accessor<T> && requires(T const& m) {
    requires their_extents<typename T::extents_type>;
    { m.data_handle() } -> std::same_as<typename T::data_handle_type const&>;
    { m.mapping() } -> std::same_as<typename T::mapping_type const&>;
    { m.accessor() } -> std::same_as<typename T::accessor_type const&>;
};

/// An mdspan whose parts can be made of ours.
template <typename T, typename Mapping, typename Accessor>
concept has_parts_of = std::is_constructible_v<typename T::mapping_type, Mapping const&> && std::
    is_constructible_v<typename T::accessor_type, Accessor const&>;

template <typename T, typename Mapping, typename Accessor>
concept has_parts_of_implicitly =
    std::is_convertible_v<Mapping const&, typename T::mapping_type> && std::
        is_convertible_v<Accessor const&, typename T::accessor_type>;

} // namespace detail
} // namespace shmwin::inline v1
