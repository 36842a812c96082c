// SPDX-License-Identifier: MIT
// Containers of the standard library that may stand in the segment, and how ranks know them.
//
// Layer: memory.
#pragma once

#include "shmwin/base/type_id.hpp"
#include "shmwin/memory/address_free.hpp"
#include "shmwin/memory/allocator.hpp"
#include "shmwin/memory/offset_ptr.hpp"

#include <concepts>
#include <deque>
#include <string>
#include <vector>

namespace shmwin::inline v1 {

/// std::vector in the segment. In loops use data() or a std::span of it: see offset_ptr. One of
/// bool is refused where it is made: vector<char> instead.
template <typename T>
using vector = std::vector<T, allocator<T>>;

/// std::deque in the segment.
template <typename T>
using deque = std::deque<T, allocator<T>>;

/// std::string in the segment; short texts stand in the object itself. Parts of it are taken by
/// std::string_view: substr() would need to know a segment for its result. g++ 12 warns falsely of
/// a capacity that may be uninitialised (-Wmaybe-uninitialized) where one is moved to another.
template <typename Char>
using basic_string = std::basic_string<Char, std::char_traits<Char>, allocator<Char>>;
using string = basic_string<char>;
using wstring = basic_string<wchar_t>;

namespace detail {

/// What can be an element: all ranks know it, and it holds no address that we know of.
template <typename T>
concept containable = identified<T> && !holds_addresses<T>();

/// "libstdc++.vector<float64>": another standard library lays containers out in another way.
template <typename T>
[[nodiscard]] std::string container_name(char const* container) {
#if defined(__GLIBCXX__)
    std::string name = "libstdc++.";
#elif defined(_LIBCPP_VERSION)
    std::string name = "libc++.";
#else
#error "the layout of this standard library's containers has no name yet"
#endif
    return name.append(container).append("<").append(type_id_of<T>().signature).append(">");
}

} // namespace detail

template <detail::containable T>
requires(!std::same_as<T, bool>) struct composed_type<std::vector<T, allocator<T>>> {
    static std::string name() { return detail::container_name<T>("vector"); }
};
template <detail::containable T>
struct composed_type<std::deque<T, allocator<T>>> {
    static std::string name() { return detail::container_name<T>("deque"); }
};
// The strings before C++11's share their bytes by plain pointers.
#if !defined(_GLIBCXX_USE_CXX11_ABI) || _GLIBCXX_USE_CXX11_ABI
template <detail::containable Char>
struct composed_type<std::basic_string<Char, std::char_traits<Char>, allocator<Char>>> {
    static std::string name() { return detail::container_name<Char>("string"); }
};
#endif
template <detail::containable T>
struct composed_type<offset_ptr<T>> {
    static std::string name() { return "offset_ptr<" + type_id_of<T>().signature + ">"; }
};

} // namespace shmwin::inline v1
