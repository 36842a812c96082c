// SPDX-License-Identifier: MIT
// offset_ptr: a pointer that may stand in the segment. It holds the distance from itself to what
// it points at, which is the same in every process, wherever each maps the segment.
//
//     address:   this                        this + 1 + distance
//                | distance (8 bytes) | .... | T .... |
//
// All bytes 0 is null, so fresh memory of a segment holds null pointers; a pointer to itself has
// distance -1. (Boost.Interprocess takes distance 1 for null.)
//
// Layer: memory.
#pragma once

#include "shmwin/base/contract.hpp"

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <type_traits>

namespace shmwin::inline v1 {

namespace detail {

template <typename T>
concept character = std::same_as<T, char> || std::same_as<T, wchar_t> || std::
    same_as<T, char8_t> || std::same_as<T, char16_t> || std::same_as<T, char32_t>;

} // namespace detail

/// Pointer for objects in a segment, to objects of the same segment; both must stay together.
///
/// It knows its own address: copies and moves compute a new distance, and bytes that are copied
/// (memcpy, realloc, a message) point elsewhere. So it is not trivially copyable, and no atomic.
/// A copy outside the segment (on the stack) is good in this process alone.
///
/// Following it costs one addition more than following a T*, and none in a loop that indexes it.
/// Comparing and copying look for null first: a hot loop should run over a plain pointer, which
/// get() gives, or a container's data().
///
/// A NullablePointer, a random access (contiguous) iterator, the pointer type of an allocator.
/// Members are noexcept; as with a T*, what points to nothing must not be followed or moved.
/// @see ISO C++20 [allocator.requirements], [pointer.traits], [iterator.concept.contiguous]
template <typename T>
// NOLINTNEXTLINE(cppcoreguidelines-special-member-functions): a move is a copy
class offset_ptr {
    static_assert(!std::is_function_v<T> && !std::is_reference_v<T>,
                  "functions lie elsewhere in each process");

  public:
    using element_type = T;
    using value_type = std::remove_cv_t<T>;
    using difference_type = std::ptrdiff_t;
    using pointer = offset_ptr;
    using reference = std::add_lvalue_reference_t<T>;
    using iterator_category = std::random_access_iterator_tag;
    using iterator_concept = std::contiguous_iterator_tag;

    constexpr offset_ptr() noexcept = default;
    // NOLINTBEGIN(google-explicit-constructor): pointers convert as plain ones do
    template <std::same_as<std::nullptr_t> Null> // a 0 goes by way of T*, as for plain pointers
    constexpr offset_ptr(Null /*null*/) noexcept {}
    offset_ptr(T* target) noexcept { point_at(target); }
    offset_ptr(offset_ptr const& other) noexcept { point_at(other.get()); }
    template <typename U>
    requires std::convertible_to<U*, T*> offset_ptr(offset_ptr<U> const& other)
    noexcept { point_at(other.get()); }
    // NOLINTEND(google-explicit-constructor)
    /// As static_cast of a plain pointer does: from void, from base to derived.
    template <typename U>
    requires(!std::convertible_to<U*, T*> && requires(U * from) { static_cast<T*>(from); })
        // NOLINTNEXTLINE(google-explicit-constructor): it is explicit
        explicit offset_ptr(offset_ptr<U> const& other) noexcept {
        point_at(static_cast<T*>(other.get()));
    }
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment,cert-oop54-cpp): it is harmless
    offset_ptr& operator=(offset_ptr const& other) noexcept {
        point_at(other.get());
        return *this;
    }
    ~offset_ptr() = default;

    /// Local. The address in this process; nullptr for null.
    [[nodiscard]] T* get() const noexcept { return distance_ == 0 ? nullptr : target(); }
    explicit operator bool() const noexcept { return distance_ != 0; }
    /// get(). Implicit for characters: libstdc++'s basic_string returns its pointer as a plain one.
    explicit(!detail::character<std::remove_cv_t<T>>) operator T*() const noexcept { return get(); }

    [[nodiscard]] reference operator*() const noexcept requires(!std::is_void_v<T>) {
        SHMWIN_EXPECT(distance_ != 0);
        return *target();
    }
    /// get(): Boost's containers ask so for the address of a null, too.
    [[nodiscard]] T* operator->() const noexcept requires(!std::is_void_v<T>) {
        auto const here = origin() & (std::uintptr_t{0} - std::uintptr_t{distance_ == 0 ? 0U : 1U});
        // No branch: gcc would warn where the result is followed that it may be null.
        // NOLINTNEXTLINE(performance-no-int-to-ptr): what the class is for
        return reinterpret_cast<T*>(here + distance_);
    }
    [[nodiscard]] reference operator[](difference_type i) const noexcept
        requires(!std::is_void_v<T>) {
        SHMWIN_EXPECT(distance_ != 0);
        return target()[i];
    }

    offset_ptr& operator+=(difference_type n) noexcept requires(!std::is_void_v<T>) {
        distance_ += static_cast<std::uintptr_t>(n) * sizeof(T);
        return *this;
    }
    offset_ptr& operator-=(difference_type n) noexcept requires(!std::is_void_v<T>) {
        distance_ -= static_cast<std::uintptr_t>(n) * sizeof(T);
        return *this;
    }
    offset_ptr& operator++() noexcept requires(!std::is_void_v<T>) { return *this += 1; }
    offset_ptr& operator--() noexcept requires(!std::is_void_v<T>) { return *this -= 1; }
    // NOLINTBEGIN(cert-dcl21-cpp): iterators return what may be assigned to
    offset_ptr operator++(int) noexcept requires(!std::is_void_v<T>) {
        auto const before = *this;
        ++*this;
        return before;
    }
    offset_ptr operator--(int) noexcept requires(!std::is_void_v<T>) {
        auto const before = *this;
        --*this;
        return before;
    }
    // NOLINTEND(cert-dcl21-cpp)
    [[nodiscard]] friend offset_ptr operator+(offset_ptr const& p, difference_type n) noexcept
        requires(!std::is_void_v<T>) {
        return p.get() + n;
    }
    [[nodiscard]] friend offset_ptr operator+(difference_type n, offset_ptr const& p) noexcept
        requires(!std::is_void_v<T>) {
        return p.get() + n;
    }
    [[nodiscard]] friend offset_ptr operator-(offset_ptr const& p, difference_type n) noexcept
        requires(!std::is_void_v<T>) {
        return p.get() - n;
    }
    [[nodiscard]] friend difference_type operator-(offset_ptr const& a,
                                                   offset_ptr const& b) noexcept
        requires(!std::is_void_v<T>) {
        return a.get() - b.get();
    }

    /// Compares addresses; also with a T*, and with what converts to either.
    [[nodiscard]] friend bool operator==(offset_ptr const& a, offset_ptr const& b) noexcept {
        return a.get() == b.get();
    }
    [[nodiscard]] friend bool operator==(offset_ptr const& a, T* b) noexcept {
        return a.get() == b;
    }
    [[nodiscard]] friend bool operator==(offset_ptr const& a, std::nullptr_t /*null*/) noexcept {
        return a.distance_ == 0;
    }
    [[nodiscard]] friend std::strong_ordering operator<=>(offset_ptr const& a,
                                                          offset_ptr const& b) noexcept {
        return std::compare_three_way{}(a.get(), b.get());
    }
    [[nodiscard]] friend std::strong_ordering operator<=>(offset_ptr const& a, T* b) noexcept {
        return std::compare_three_way{}(a.get(), b);
    }

  private:
    // Numbers, not pointers: a difference of pointers to separate objects is undefined.
    [[nodiscard]] std::uintptr_t origin() const noexcept {
        return reinterpret_cast<std::uintptr_t>(this) + 1;
    }
    // What the compiler cannot see: it need not look for null again.
    [[nodiscard]] static std::uintptr_t never_null(std::uintptr_t value) noexcept {
        if (value == 0) __builtin_unreachable();
        return value;
    }
    [[nodiscard]] T* target() const noexcept {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): what the class is for
        return reinterpret_cast<T*>(never_null(origin() + distance_));
    }
    void point_at(T* target) noexcept {
        auto const address = reinterpret_cast<std::uintptr_t>(target);
        SHMWIN_EXPECT(address != origin()); // its own second byte, which means null
        distance_ = address == 0 ? 0 : never_null(address - origin());
    }

    std::uintptr_t distance_ = 0;
};
static_assert(sizeof(offset_ptr<int>) == 8 && alignof(offset_ptr<int>) == 8);

/// As the functions of that name for std::shared_ptr.
template <typename T, typename U>
[[nodiscard]] offset_ptr<T> static_pointer_cast(offset_ptr<U> const& p) noexcept {
    return static_cast<T*>(p.get());
}
template <typename T, typename U>
[[nodiscard]] offset_ptr<T> const_pointer_cast(offset_ptr<U> const& p) noexcept {
    return const_cast<T*>(p.get()); // NOLINT(*-pro-type-const-cast): asked for
}
template <typename T, typename U>
[[nodiscard]] offset_ptr<T> reinterpret_pointer_cast(offset_ptr<U> const& p) noexcept {
    return reinterpret_cast<T*>(p.get());
}

} // namespace shmwin::inline v1

template <typename T>
struct std::pointer_traits<shmwin::offset_ptr<T>> {
    using pointer = shmwin::offset_ptr<T>;
    using element_type = T;
    using difference_type = std::ptrdiff_t;
    template <typename U>
    using rebind = shmwin::offset_ptr<U>;

    template <typename U>
    requires std::same_as<U, T>
    [[nodiscard]] static pointer pointer_to(U& target) noexcept { return std::addressof(target); }
    [[nodiscard]] static T* to_address(pointer const& p) noexcept { return p.get(); }
};

/// Of the address in this process: not to be stored in the segment.
template <typename T>
struct std::hash<shmwin::offset_ptr<T>> {
    [[nodiscard]] std::size_t operator()(shmwin::offset_ptr<T> const& p) const noexcept {
        return std::hash<T*>{}(p.get());
    }
};
