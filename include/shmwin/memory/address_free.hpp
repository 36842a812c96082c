// SPDX-License-Identifier: MIT
// What is known to hold addresses, and so must not stand in a segment, which each process maps
// elsewhere. Members of a class cannot be listed: a class that hides a pointer is not found.
//
// Layer: memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1::detail {

template <typename T>
inline constexpr bool is_address_of_std = false;
template <typename T, typename Deleter>
inline constexpr bool is_address_of_std<std::unique_ptr<T, Deleter>> = true;
template <typename T>
inline constexpr bool is_address_of_std<std::shared_ptr<T>> = true;
template <typename T>
inline constexpr bool is_address_of_std<std::weak_ptr<T>> = true;
template <typename T>
inline constexpr bool is_address_of_std<std::reference_wrapper<T>> = true;
template <typename Signature>
inline constexpr bool is_address_of_std<std::function<Signature>> = true;
template <typename Char, typename Traits>
inline constexpr bool is_address_of_std<std::basic_string_view<Char, Traits>> = true;
template <typename T, std::size_t N>
inline constexpr bool is_address_of_std<std::span<T, N>> = true;

/// A container whose allocator gives plain pointers: std::vector<int>, std::pmr::string, ...
template <typename T>
concept allocates_by_address = requires {
    requires std::is_pointer_v<typename std::allocator_traits<typename T::allocator_type>::pointer>;
};

/// The standard library's nodes of lists, trees and hash tables that link by plain pointers,
/// whatever pointer the allocator has. (libstdc++ mends that in version 15, for some of them.)
template <typename T>
concept links_by_address = requires(T& node) {
    requires std::is_pointer_v<decltype(node._M_next)>; // lists
}
|| requires(T& node) {
    requires std::is_pointer_v<decltype(node._M_nxt)>; // hash tables
}
|| requires(T& node) {
    requires std::is_pointer_v<decltype(node._M_left)>; // trees
};

template <typename T>
consteval bool holds_addresses();

template <typename T, std::size_t... I>
consteval bool any_holds_addresses(std::index_sequence<I...> /*elements*/) {
    return (holds_addresses<std::tuple_element_t<I, T>>() || ...);
}

/// True if objects of that type are known to hold addresses, or tables of virtual functions.
template <typename T>
consteval bool holds_addresses() {
    using plain = std::remove_cv_t<std::remove_all_extents_t<T>>;
    if constexpr (!std::is_class_v<plain>) {
        return std::is_pointer_v<plain>      //
               || std::is_reference_v<plain> //
               || std::is_member_pointer_v<plain>;
    } else if constexpr (requires { std::tuple_size<plain>::value; }) { // array, pair, tuple
        return any_holds_addresses<plain>(std::make_index_sequence<std::tuple_size_v<plain>>{});
    } else {
        return std::is_polymorphic_v<plain> //
               || is_address_of_std<plain>  //
               || allocates_by_address<plain>;
    }
}

} // namespace shmwin::inline v1::detail
