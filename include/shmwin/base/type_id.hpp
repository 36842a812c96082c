// SPDX-License-Identifier: MIT
// type_id: how a type is known in the segment. Never the compiler's name, so that all compilers
// and languages agree: the signature of its dtype, or the name that the user gave it.
#pragma once

#include "shmwin/base/describe.hpp"
#include "shmwin/base/dtype.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/named_type.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace shmwin::inline v1 {

/// Specialised for types whose name is put together of others', as a container's of its element's:
/// a static function name() gives it.
template <typename T>
struct composed_type {};

template <typename T>
concept composed = requires {
    { composed_type<T>::name() } -> std::same_as<std::string>;
};

/// A type that can be told from others in a segment.
template <typename T>
concept identified = element<T> || named<T> || composed<T>;

struct type_id {
    std::string signature; ///< "float64", "mylib.task/2"
    std::uint64_t hash;    ///< of signature, size and alignment
    std::size_t n_bytes;
    std::size_t alignment;
    bool storable; ///< has a dtype, so files can hold it
};

namespace detail {

[[nodiscard]] constexpr std::uint64_t
type_hash(std::string_view signature, std::size_t n_bytes, std::size_t alignment) noexcept {
    return hash_with(hash_with(hash(signature), n_bytes), alignment);
}

template <typename T>
[[nodiscard]] std::string given_name() {
    if constexpr (named<T>)
        return std::string(named_type<T>::name);
    else
        return composed_type<T>::name();
}

} // namespace detail

/// Local. The identity of an element type.
[[nodiscard]] inline type_id type_id_of(dtype const& type) {
    auto text = type.signature();
    auto const h = detail::type_hash(text, type.n_bytes(), type.alignment());
    return {std::move(text), h, type.n_bytes(), type.alignment(), true};
}

/// Local. The identity of T. Made once for each type.
template <identified T>
[[nodiscard]] type_id const& type_id_of() {
    static type_id const made = [] {
        static_assert(!element<T> || !named<T>,
                      "a type has a SHMWIN_NAME and a description: leave the name out");
        if constexpr (element<T>) {
            return type_id_of(dtype_of<T>);
        } else {
            auto name = detail::given_name<T>();
            auto const h = detail::type_hash(name, sizeof(T), alignof(T));
            return type_id{std::move(name), h, sizeof(T), alignof(T), false};
        }
    }();
    return made;
}

} // namespace shmwin::inline v1

/// At namespace scope, outside all namespaces: SHMWIN_NAME(my::task, "mylib.task/2"). The number
/// is the version: change it when the members change. At most 63 bytes.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): specialises a template of another namespace
#define SHMWIN_NAME(Type, text)                                                                    \
    template <>                                                                                    \
    struct shmwin::named_type<Type> {                                                              \
        static constexpr std::string_view name{text};                                              \
        static_assert(!name.empty() && name.size() <= 63, "a type's name has 1 to 63 bytes");      \
    }
