// SPDX-License-Identifier: MIT
// Containers of Boost.Container that may stand in the segment: they keep what pointers the
// allocator has, so maps and lists are possible. Optional: shmwin.hpp does not include it, and
// without Boost it is empty.
//
//   using entry = std::pair<int const, double>;
//   using map = boost::container::map<int, double, std::less<>, shmwin::allocator<entry>>;
//   auto* m = seg.construct<map>(shmwin::transient, "prices");
//
// Layer: memory.
#pragma once

#include "shmwin/base/type_id.hpp"
#include "shmwin/memory/allocator.hpp"
#include "shmwin/memory/container.hpp"

#if __has_include(<boost/container/container_fwd.hpp>)

#include <boost/container/container_fwd.hpp>
#include <boost/version.hpp>
#include <functional>
#include <string>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

/// "boost1074.map<int32,float64>": another version may lay them out in another way.
template <typename... T>
[[nodiscard]] std::string boost_name(char const* container) {
    auto name = "boost" + std::to_string(BOOST_VERSION / 100) + '.' + container;
    char before = '<';
    ((name.append(1, before).append(type_id_of<T>().signature), before = ','), ...);
    return name.append(">");
}

/// Orders without state, known by name; nullptr for others.
template <typename Compare>
inline constexpr char const* order_name = nullptr;
template <typename T>
inline constexpr char const* order_name<std::less<T>> = "";
template <typename T>
inline constexpr char const* order_name<std::greater<T>> = "_descending";

template <typename Compare>
concept named_order = order_name<Compare>
!= nullptr;

template <typename Compare, typename... T>
[[nodiscard]] std::string ordered_name(std::string const& container) {
    return boost_name<T...>((container + order_name<Compare>).c_str());
}

} // namespace detail

template <detail::containable T>
struct composed_type<boost::container::vector<T, allocator<T>>> {
    static std::string name() { return detail::boost_name<T>("vector"); }
};
template <detail::containable T>
struct composed_type<boost::container::list<T, allocator<T>>> {
    static std::string name() { return detail::boost_name<T>("list"); }
};
template <detail::containable Char>
struct composed_type<
    boost::container::basic_string<Char, std::char_traits<Char>, allocator<Char>>> {
    static std::string name() { return detail::boost_name<Char>("string"); }
};
template <detail::containable Key, detail::containable T, detail::named_order Compare>
struct composed_type<boost::container::map<Key, T, Compare, allocator<std::pair<Key const, T>>>> {
    static std::string name() { return detail::ordered_name<Compare, Key, T>("map"); }
};
template <detail::containable Key, detail::containable T, detail::named_order Compare>
struct composed_type<boost::container::flat_map<Key, T, Compare, allocator<std::pair<Key, T>>>> {
    static std::string name() { return detail::ordered_name<Compare, Key, T>("flat_map"); }
};
template <detail::containable Key, detail::named_order Compare>
struct composed_type<boost::container::set<Key, Compare, allocator<Key>>> {
    static std::string name() { return detail::ordered_name<Compare, Key>("set"); }
};
template <detail::containable Key, detail::named_order Compare>
struct composed_type<boost::container::flat_set<Key, Compare, allocator<Key>>> {
    static std::string name() { return detail::ordered_name<Compare, Key>("flat_set"); }
};

} // namespace shmwin::inline v1

#endif
