// SPDX-License-Identifier: MIT
// SHMWIN_DESCRIBE: gives a structure of the program its row in the table of element types, so that
// arrays hold it, files store it by its members' names, and other languages read it.
//
//     struct particle { double x, y, z; std::int32_t id; };
//     SHMWIN_DESCRIBE(particle, x, y, z, id);
//     enum class colour { red, green };
//     SHMWIN_DESCRIBE_ENUM(colour, red, green);
#pragma once

#include "shmwin/base/dtype.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace shmwin::inline v1::detail {

template <typename Member>
consteval dtype_member member_of(std::string_view name, std::size_t offset) {
    using plain = std::remove_cv_t<Member>;
    static_assert(!std::is_reference_v<
                      Member> && !std::is_pointer_v<plain> && !std::is_member_pointer_v<plain>,
                  "SHMWIN_DESCRIBE: a member is a pointer or a reference (an address means nothing "
                  "to other processes and in files; store an index)");
    static_assert(describable<plain>,
                  "SHMWIN_DESCRIBE: a member's type has no row in the table of types (numbers, "
                  "fixed arrays, enumerations and structures with a SHMWIN_DESCRIBE before this "
                  "one have)");
    if constexpr (describable<plain>)
        return {name, offset, dtype_of<plain>};
    else
        return {name, offset, dtype(dtype_kind::raw_byte, sizeof(plain), 1, 0)};
}

[[nodiscard]] constexpr bool is_in_order(std::span<dtype_member const> members) noexcept {
    std::size_t end = 0;
    for (auto const& each : members) {
        if (each.offset < end) return false;
        end = each.offset + each.type.n_bytes();
    }
    return true;
}

// Fewer bytes than the power of two that `offset` is a multiple of, as far as the structure is
// aligned to it: where alignas stands before a member, its type does not tell.
[[nodiscard]] constexpr bool
is_alignment_gap(std::size_t end, std::size_t offset, std::size_t alignment) noexcept {
    return end == offset || offset - end < std::min(offset & (~offset + 1), alignment);
}

/// False if there is surely room for a member that is not listed.
[[nodiscard]] constexpr bool is_without_holes(std::span<dtype_member const> members,
                                              std::size_t n_bytes,
                                              std::size_t alignment) noexcept {
    std::size_t end = 0;
    for (auto const& each : members) {
        if (!is_alignment_gap(end, each.offset, alignment)) return false;
        end = each.offset + each.type.n_bytes();
    }
    return is_alignment_gap(end, n_bytes, alignment);
}

/// Levels of structures in the type; 0 for one without.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the type
[[nodiscard]] constexpr std::size_t depth_of(dtype const& type) noexcept {
    if (type.kind() == dtype_kind::array) return depth_of(type.element());
    if (type.kind() != dtype_kind::structure) return 0;
    std::size_t deepest = 0;
    for (auto const& each : type.members()) {
        deepest = std::max(deepest, depth_of(each.type));
    }
    return deepest + 1;
}

[[nodiscard]] constexpr bool is_shallow(std::span<dtype_member const> members) noexcept {
    return std::ranges::all_of(
        members, [](auto const& each) { return depth_of(each.type) < max_dtype_depth; });
}

template <std::size_t N>
consteval auto by_value(std::array<dtype_enumerator, N> enumerators, bool has_sign) {
    std::ranges::sort(enumerators, [has_sign](auto const& a, auto const& b) {
        return has_sign ? a.value < b.value
                        : static_cast<std::uint64_t>(a.value) < static_cast<std::uint64_t>(b.value);
    });
    return enumerators;
}

[[nodiscard]] constexpr bool
has_distinct_values(std::span<dtype_enumerator const> sorted) noexcept {
    return std::ranges::adjacent_find(sorted, {}, &dtype_enumerator::value) == sorted.end();
}

} // namespace shmwin::inline v1::detail

/// At namespace scope, outside all namespaces: the type, then all its members, in their order (up
/// to 250). They are scalars, fixed arrays, char[N] for text, described enumerations and
/// structures. What is no plain structure, or not wholly listed, does not compile.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): names of members are no values
#define SHMWIN_DESCRIBE(Type, ...)                                                                 \
    template <>                                                                                    \
    struct shmwin::described_structure<Type> {                                                     \
        static_assert(std::is_standard_layout_v<Type>,                                             \
                      "SHMWIN_DESCRIBE: the type is not of standard layout (no virtual function, " \
                      "no reference; all members of one access, in one class)");                   \
        static_assert(std::is_trivially_copyable_v<Type>,                                          \
                      "SHMWIN_DESCRIBE: the type is not trivially copyable (its bytes are what "   \
                      "segments and files hold)");                                                 \
        static constexpr std::array members{                                                       \
            SHMWIN_DETAIL_FOR_EACH(SHMWIN_DETAIL_MEMBER, Type, __VA_ARGS__)};                      \
        static_assert(shmwin::detail::is_in_order(members),                                        \
                      "SHMWIN_DESCRIBE: members must be listed in the order of the structure, "    \
                      "each once");                                                                \
        static_assert(!shmwin::detail::is_in_order(members)                                        \
                          || shmwin::detail::is_without_holes(members,                             \
                                                              sizeof(Type),                        \
                                                              alignof(Type)),                      \
                      "SHMWIN_DESCRIBE: a member is missing (more bytes lie between those listed " \
                      "than alignment explains)");                                                 \
        static_assert(shmwin::detail::is_shallow(members),                                         \
                      "SHMWIN_DESCRIBE: structures are nested more than 32 deep");                 \
        /* Takes a structure apart: does not compile if there are more members than listed. */     \
        static constexpr void every_member_is_listed(Type const& each) {                           \
            [[maybe_unused]] auto const& [SHMWIN_DETAIL_FOR_EACH(                                  \
                SHMWIN_DETAIL_BINDING, Type, __VA_ARGS__)] = each;                                 \
        }                                                                                          \
    }

/// At namespace scope, outside all namespaces: the enumeration, then all its enumerators, in any
/// order. Of two with one value, list one.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): names of enumerators are no values
#define SHMWIN_DESCRIBE_ENUM(Type, ...)                                                            \
    template <>                                                                                    \
    struct shmwin::described_enumeration<Type> {                                                   \
        static_assert(std::is_enum_v<Type>, "SHMWIN_DESCRIBE_ENUM: the type is no enumeration");   \
        static constexpr auto enumerators = shmwin::detail::by_value(                              \
            std::array{SHMWIN_DETAIL_FOR_EACH(SHMWIN_DETAIL_ENUMERATOR, Type, __VA_ARGS__)},       \
            std::is_signed_v<std::underlying_type_t<Type>>);                                       \
        static_assert(shmwin::detail::has_distinct_values(enumerators),                            \
                      "SHMWIN_DESCRIBE_ENUM: two enumerators have one value (list one of them)");  \
    }

// NOLINTBEGIN(cppcoreguidelines-macro-usage,bugprone-macro-parentheses): lists of names
#define SHMWIN_DETAIL_MEMBER(Type, name)                                                           \
    shmwin::detail::member_of<decltype(Type::name)>(#name, offsetof(Type, name))
#define SHMWIN_DETAIL_BINDING(Type, name) shmwin_member_##name
#define SHMWIN_DETAIL_ENUMERATOR(Type, name)                                                       \
    shmwin::dtype_enumerator {                                                                     \
#name, static_cast < std::int64_t>(Type::name)                                             \
    }

// Each EXPAND scans its text four times more: 4^4 names.
#define SHMWIN_DETAIL_FOR_EACH(macro, Type, ...)                                                   \
    SHMWIN_DETAIL_EXPAND(SHMWIN_DETAIL_STEP(macro, Type, __VA_ARGS__))
#define SHMWIN_DETAIL_STEP(macro, Type, name, ...)                                                 \
    macro(Type, name)                                                                              \
        __VA_OPT__(, SHMWIN_DETAIL_AGAIN SHMWIN_DETAIL_PARENS(macro, Type, __VA_ARGS__))
#define SHMWIN_DETAIL_AGAIN() SHMWIN_DETAIL_STEP
#define SHMWIN_DETAIL_PARENS ()
#define SHMWIN_DETAIL_EXPAND(...)                                                                  \
    SHMWIN_DETAIL_EXPAND3(                                                                         \
        SHMWIN_DETAIL_EXPAND3(SHMWIN_DETAIL_EXPAND3(SHMWIN_DETAIL_EXPAND3(__VA_ARGS__))))
#define SHMWIN_DETAIL_EXPAND3(...)                                                                 \
    SHMWIN_DETAIL_EXPAND2(                                                                         \
        SHMWIN_DETAIL_EXPAND2(SHMWIN_DETAIL_EXPAND2(SHMWIN_DETAIL_EXPAND2(__VA_ARGS__))))
#define SHMWIN_DETAIL_EXPAND2(...)                                                                 \
    SHMWIN_DETAIL_EXPAND1(                                                                         \
        SHMWIN_DETAIL_EXPAND1(SHMWIN_DETAIL_EXPAND1(SHMWIN_DETAIL_EXPAND1(__VA_ARGS__))))
#define SHMWIN_DETAIL_EXPAND1(...) __VA_ARGS__
// NOLINTEND(cppcoreguidelines-macro-usage,bugprone-macro-parentheses)
