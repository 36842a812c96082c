// SPDX-License-Identifier: MIT
// checked_view: an mdspan whose accessor notes who reads and who writes each element, so that two
// ranks that use an element without a fence between, one of them writing, are found. For code that
// is generic over the accessor; raw pointers and plain views are not checked.
//
// Layer: sync. Made by array::checked() and its like.
#pragma once

#include "shmwin/sync/race_shadow.hpp"
#include "shmwin/view/extents.hpp"
#include "shmwin/view/mdspan.hpp"

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

/// An element and its word.
template <typename T>
struct checked_pointer {
    T* element = nullptr;
    race_word* word = nullptr;

    checked_pointer() = default;
    checked_pointer(T* e, race_word* w) noexcept : element(e), word(w) {}
    /// Adds const.
    template <typename Other>
    requires(std::same_as<Other const, T> && !std::same_as<Other, T>)
        // NOLINTNEXTLINE(google-explicit-constructor): as for pointers
        checked_pointer(checked_pointer<Other> other)
    noexcept : element(other.element), word(other.word) {}

    /// For std::to_address; what is reached by it is not checked.
    T* operator->() const noexcept { return element; }
    friend bool operator==(checked_pointer, checked_pointer) = default;
};

} // namespace detail

/// What view(i, j) gives of a checked view that can be written to: assignment writes, conversion to
/// the element's type reads, a compound assignment does both. Like std::vector<bool>::reference it
/// is no T&: write `double x = view(i, j)`, not `auto`; of a structure take a copy, change that,
/// and assign it. All functions are local.
template <typename T>
class checked_reference {
  public:
    using value_type = T;

    /// Internal: made by checking_accessor.
    checked_reference(detail::checked_pointer<T> at, detail::race_checker const& by) noexcept
        : at_(at), by_(by) {}
    checked_reference(checked_reference const&) noexcept = default;
    checked_reference(checked_reference&&) noexcept = default;
    ~checked_reference() = default;

    // NOLINTNEXTLINE(google-explicit-constructor): used as the element
    operator T() const noexcept { return get(); }
    /// Local. The element's value.
    [[nodiscard]] T get() const noexcept {
        by_.read(*at_.word);
        return *at_.element;
    }

    // NOLINTBEGIN(*-assign*, *-unconventional-assign-operator, cert-oop54-cpp): the reference
    // stays, the element changes
    checked_reference const& operator=(T const& value) const noexcept {
        by_.write(*at_.word);
        *at_.element = value;
        return *this;
    }
    checked_reference const& operator=(checked_reference const& other) const noexcept {
        return *this = other.get();
    }
    checked_reference& operator=(checked_reference const& other) noexcept {
        static_cast<checked_reference const&>(*this) = other.get();
        return *this;
    }
    checked_reference& operator=(checked_reference&& other) noexcept {
        static_cast<checked_reference const&>(*this) = other.get();
        return *this;
    }
    // NOLINTEND(*-assign*, *-unconventional-assign-operator, cert-oop54-cpp)

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): it makes operators
#define SHMWIN_CHECKED_ASSIGNMENT(op)                                                              \
    template <typename U>                                                                          \
    requires requires(T & value, U const& by) {                                                    \
        value op by;                                                                               \
    }                                                                                              \
    checked_reference const& operator op(U const& by) const {                                      \
        auto value = get();                                                                        \
        value op by;                                                                               \
        return *this = value;                                                                      \
    }
    SHMWIN_CHECKED_ASSIGNMENT(+=)
    SHMWIN_CHECKED_ASSIGNMENT(-=)
    SHMWIN_CHECKED_ASSIGNMENT(*=)
    SHMWIN_CHECKED_ASSIGNMENT(/=)
    SHMWIN_CHECKED_ASSIGNMENT(%=)
    SHMWIN_CHECKED_ASSIGNMENT(&=)
    SHMWIN_CHECKED_ASSIGNMENT(|=)
    SHMWIN_CHECKED_ASSIGNMENT(^=)
    SHMWIN_CHECKED_ASSIGNMENT(<<=)
    SHMWIN_CHECKED_ASSIGNMENT(>>=)
#undef SHMWIN_CHECKED_ASSIGNMENT

    checked_reference const& operator++() const requires requires(T value) {
        ++value;
    }
    {
        auto value = get();
        return *this = ++value;
    }
    checked_reference const& operator--() const requires requires(T value) {
        --value;
    }
    {
        auto value = get();
        return *this = --value;
    }
    // NOLINTNEXTLINE(cert-dcl21-cpp): a value, as of the element itself
    T operator++(int) const requires requires(T value) {
        ++value;
    }
    {
        auto const before = get();
        ++*this;
        return before;
    }
    // NOLINTNEXTLINE(cert-dcl21-cpp): as above
    T operator--(int) const requires requires(T value) {
        --value;
    }
    {
        auto const before = get();
        --*this;
        return before;
    }

  private:
    detail::checked_pointer<T> at_;
    detail::race_checker by_;
};

/// Element i of a handle is behind its element and its word. Elements of const are given by value,
/// and that is the read. All functions are local.
template <typename ElementType>
class checking_accessor {
  public:
    using offset_policy = checking_accessor;
    using element_type = ElementType;
    using reference = std::conditional_t<std::is_const_v<ElementType>,
                                         std::remove_const_t<ElementType>,
                                         checked_reference<ElementType>>;
    using data_handle_type = detail::checked_pointer<ElementType>;

    explicit checking_accessor(detail::race_checker const& by) noexcept : by_(by) {}
    /// Adds const.
    template <typename Other>
    requires(std::same_as<Other const, ElementType> && !std::same_as<Other, ElementType>)
        // NOLINTNEXTLINE(google-explicit-constructor): as for pointers
        checking_accessor(checking_accessor<Other> const& other)
    noexcept : by_(other.checker()) {}

    [[nodiscard]] reference access(data_handle_type p, std::size_t i) const noexcept {
        if constexpr (std::is_const_v<ElementType>) {
            by_.read(p.word[i]);
            return p.element[i];
        } else {
            return {offset(p, i), by_};
        }
    }
    [[nodiscard]] data_handle_type offset(data_handle_type p, std::size_t i) const noexcept {
        return {p.element + i, p.word + i};
    }

    /// Internal.
    [[nodiscard]] detail::race_checker const& checker() const noexcept { return by_; }

  private:
    detail::race_checker by_;
};

/// The mdspan that array::checked() gives.
template <typename T, typename Extents, typename Layout = layout_right>
using checked_view = mdspan<T, Extents, Layout, checking_accessor<T>>;

} // namespace shmwin::inline v1
