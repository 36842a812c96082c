// SPDX-License-Identifier: MIT
// Objects of class types in a segment: which types may be, how one is made, and by what name and
// line of the program.
//
// Layer: segment.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/memory/address_free.hpp"
#include "shmwin/memory/allocator.hpp"
#include "shmwin/memory/container.hpp"
#include "shmwin/memory/heap.hpp"

#include <concepts>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// Marks an object that no file can hold: construct<T>(transient, "name", ...).
struct transient_t {
    explicit transient_t() = default;
};
inline constexpr transient_t transient{};

/// A type whose objects may stand in the segment: identified alike by all ranks, without virtual
/// functions (their tables differ between processes) and, as far as can be seen, without
/// addresses: no pointers and views, no containers of other allocators than ours. Members cannot
/// be looked at.
template <typename T>
concept shareable = identified<T> && !detail::holds_addresses<T>();

namespace detail {

/// Does not compile for what is not shareable: the error is a sentence that says why.
template <typename T>
constexpr void require_shareable() {
    require_address_free<T>();
    static_assert(holds_addresses<T>() || identified<T>,
                  "the ranks do not know this type by a name that all compilers give it: write "
                  "SHMWIN_NAME(T, \"lib.type/1\") at namespace scope (containers: for their "
                  "elements)");
}

/// A container that was given the allocator of another segment would be good on this rank alone.
template <typename T>
void require_home(heap const& memory, T& made) {
    if constexpr (requires { made.get_allocator() == allocator<>(memory); }) {
        if (made.get_allocator() == allocator<>(memory)) return;
        std::destroy_at(&made);
        raise(errc::invalid_argument,
              "object cannot be constructed (its allocator is of another segment)");
    }
}

/// Makes a T from arguments; an aggregate too, which clang 14 does not do with parentheses. One
/// that takes an allocator of segments, as containers do, and is not given one, gets `memory`.
template <typename T, typename... Args>
void construct([[maybe_unused]] heap const& memory, void* at, Args&&... args) {
    constexpr bool wants_allocator = std::uses_allocator_v<T, allocator<>>;
    if constexpr (wants_allocator
                  && std::is_constructible_v<T, std::allocator_arg_t, allocator<>, Args...>) {
        new (at) T(std::allocator_arg, allocator<>(memory), std::forward<Args>(args)...);
    } else if constexpr (wants_allocator && std::is_constructible_v<T, Args..., allocator<>>) {
        new (at) T(std::forward<Args>(args)..., allocator<>(memory));
    } else if constexpr (std::is_constructible_v<T, Args...>) {
        new (at) T(std::forward<Args>(args)...);
    } else {
        new (at) T{std::forward<Args>(args)...};
    }
    require_home(memory, *std::launder(static_cast<T*>(at)));
}

} // namespace detail

namespace detail {

/// A name in the segment: what a group adds to it costs a string, a segment adds nothing.
class full_name {
  public:
    full_name(std::string const& prefix, std::string_view name) : whole_(name) {
        if (prefix.empty()) return;
        joined_.append(prefix).append("/").append(name);
        whole_ = joined_;
    }
    full_name(full_name const&) = delete;
    full_name(full_name&&) = delete;
    full_name& operator=(full_name const&) = delete;
    full_name& operator=(full_name&&) = delete;
    ~full_name() = default;

    // NOLINTNEXTLINE(google-explicit-constructor): it is nothing else
    operator std::string_view() const noexcept { return whole_; }

  private:
    std::string joined_;
    std::string_view whole_;
};

} // namespace detail

/// A name and the line that gives it: what functions with a parameter pack take for a name.
struct located_name {
    template <typename Text>
    requires std::convertible_to<Text const&, std::string_view>
    // NOLINTNEXTLINE(google-explicit-constructor): a name is written as text
    located_name(Text const& text, source_line const& here = source_line::current())
        : name(text), where(here) {}

    std::string_view name;
    source_line where;
};

} // namespace shmwin::inline v1
