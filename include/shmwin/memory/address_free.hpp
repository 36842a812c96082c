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

/// As links_by_address, of the containers themselves: their iterators are nodes' addresses. Those
/// of a deque too, which has its allocator's pointers.
template <typename T>
concept is_linked_by_address = requires(typename T::iterator at) {
    requires std::is_pointer_v<decltype(at._M_node)>; // lists, trees
    requires !requires {
        at._M_first;
    };
}
|| requires(typename T::iterator at) {
    requires std::is_pointer_v<decltype(at._M_cur)>; // hash tables
    requires !requires {
        at._M_first;
    };
};

/// std::vector<bool>, whatever its allocator: bits have no references.
template <typename T>
concept packs_bits = std::is_same_v<typename T::value_type, bool> && std::is_class_v<
    typename T::reference> && requires(T& bits) {
    bits.flip();
    bits.get_allocator();
};

/// std::optional, std::atomic and containers: what they hold is named.
template <typename T>
concept holds_values = requires {
    typename T::value_type;
}
&&(
    requires { typename T::allocator_type; } || requires(T const& one) { one.has_value(); }
    || requires(T const& one) { one.is_lock_free(); });

/// Why a type's objects cannot stand in a segment.
enum class obstacle {
    none,
    pointer,
    view,
    table,
    nodes,
    bits,
    allocator,
};

template <typename T>
consteval obstacle obstacle_of();

template <typename T, std::size_t... I>
consteval obstacle obstacle_among(std::index_sequence<I...> /*elements*/) {
    obstacle first = obstacle::none;
    static_cast<void>(((first = obstacle_of<std::tuple_element_t<I, T>>(), //
                        first != obstacle::none)
                       || ...));
    return first;
}

template <typename T>
consteval obstacle obstacle_of_class() {
    if constexpr (std::is_polymorphic_v<T>) {
        return obstacle::table;
    } else if constexpr (is_address_of_std<T>) {
        return obstacle::view;
    } else if constexpr (packs_bits<T>) {
        return obstacle::bits;
    } else if constexpr (is_linked_by_address<T>) {
        return obstacle::nodes;
    } else if constexpr (allocates_by_address<T>) {
        return obstacle::allocator;
    } else if constexpr (requires { std::tuple_size<T>::value; }) { // array, pair, tuple
        return obstacle_among<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
    } else if constexpr (holds_values<T>) {
        return obstacle_of<typename T::value_type>();
    } else {
        return obstacle::none;
    }
}

template <typename T>
consteval obstacle obstacle_of() {
    using plain = std::remove_cv_t<std::remove_all_extents_t<T>>;
    if constexpr (std::is_class_v<plain>) {
        return obstacle_of_class<plain>();
    } else {
        return std::is_pointer_v<
                   plain> || std::is_reference_v<plain> || std::is_member_pointer_v<plain>
                   ? obstacle::pointer
                   : obstacle::none;
    }
}

/// True if objects of that type are known to hold addresses, or tables of virtual functions.
template <typename T>
consteval bool holds_addresses() {
    return obstacle_of<T>() != obstacle::none;
}

/// Does not compile for what holds addresses: the error is a sentence that says why.
template <typename T>
constexpr void require_address_free() {
    constexpr auto found = obstacle_of<T>();
    static_assert(found != obstacle::pointer,
                  "pointers and references cannot stand in a segment, which each process maps at "
                  "an address of its own: use shmwin::offset_ptr");
    static_assert(found != obstacle::view,
                  "smart pointers, views and functions of the standard library hold addresses and "
                  "cannot stand in a segment, which each process maps at an address of its own: "
                  "keep the elements (shmwin::vector, shmwin::string), or a shmwin::offset_ptr");
    static_assert(found != obstacle::table,
                  "objects with virtual functions cannot stand in a segment: the table of them "
                  "lies at another address in each process");
    static_assert(found != obstacle::nodes,
                  "std::map, set, list and the unordered containers link their nodes by addresses "
                  "and cannot stand in a segment: use boost::container::map, set or list with "
                  "shmwin::allocator (shmwin/memory/boost_container.hpp), or a sorted "
                  "shmwin::vector");
    static_assert(found != obstacle::bits,
                  "std::vector<bool> holds addresses and cannot stand in a segment: use "
                  "shmwin::vector<char> or shmwin::vector<std::byte>");
    static_assert(found != obstacle::allocator,
                  "containers of other allocators (std::allocator, std::pmr) hold addresses and "
                  "cannot stand in a segment: use shmwin::vector, shmwin::deque, shmwin::string, "
                  "or another container with shmwin::allocator");
}

} // namespace shmwin::inline v1::detail
