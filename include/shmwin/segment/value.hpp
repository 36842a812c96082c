// SPDX-License-Identifier: MIT
// value: handle to one lock-free atomic in the segment.
//
// Layer: segment.
#pragma once

#include "shmwin/segment/core.hpp"

#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// A type that fits a lock-free atomic of 1 to 8 bytes. (16-byte atomics lock a table that each
/// process has for itself.)
template <typename T>
concept lock_free_value = identified<T> && std::is_trivially_copyable_v<T> && sizeof(T) <= 8
                          && std::atomic_ref<T>::is_always_lock_free;

namespace detail {

/// The unsigned integer of so many bytes.
template <std::size_t N>
struct word_of;
template <>
struct word_of<1> {
    using type = std::uint8_t;
};
template <>
struct word_of<2> {
    using type = std::uint16_t;
};
template <>
struct word_of<4> {
    using type = std::uint32_t;
};
template <>
struct word_of<8> {
    using type = std::uint64_t;
};

} // namespace detail

/// Handle to an atomic that all ranks share. Cheap to copy, owns nothing. All functions are
/// local, wait-free (addition of floating-point numbers: lock-free), and sequentially consistent
/// unless an order is given. @see ISO C++20 [atomics.ref.generic]
template <lock_free_value T>
class value {
  public:
    using value_type = T;

    value() = default;

    [[nodiscard]] T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
        return std::bit_cast<T>(ref().load(order));
    }
    void store(T desired, std::memory_order order = std::memory_order_seq_cst) const noexcept {
        ref().store(std::bit_cast<word>(desired), order);
    }
    T exchange(T desired, std::memory_order order = std::memory_order_seq_cst) const noexcept {
        return std::bit_cast<T>(ref().exchange(std::bit_cast<word>(desired), order));
    }
    bool compare_exchange_weak(T& expected,
                               T desired,
                               std::memory_order order = std::memory_order_seq_cst) const noexcept {
        auto seen = std::bit_cast<word>(expected);
        bool const done = ref().compare_exchange_weak(seen, std::bit_cast<word>(desired), order);
        if (!done) expected = std::bit_cast<T>(seen);
        return done;
    }
    bool
    compare_exchange_strong(T& expected,
                            T desired,
                            std::memory_order order = std::memory_order_seq_cst) const noexcept {
        auto seen = std::bit_cast<word>(expected);
        bool const done = ref().compare_exchange_strong(seen, std::bit_cast<word>(desired), order);
        if (!done) expected = std::bit_cast<T>(seen);
        return done;
    }
    /// Adds; returns what was there before.
    T fetch_add(T change, std::memory_order order = std::memory_order_seq_cst) const noexcept
        requires((std::integral<T> && !std::same_as<T, bool>) || std::floating_point<T>) {
        return ref().fetch_add(change, order);
    }
    /// Subtracts; returns what was there before.
    T fetch_sub(T change, std::memory_order order = std::memory_order_seq_cst) const noexcept
        requires((std::integral<T> && !std::same_as<T, bool>) || std::floating_point<T>) {
        return ref().fetch_sub(change, order);
    }

    [[nodiscard]] T* data() const noexcept { return reinterpret_cast<T*>(where_.address); }
    [[nodiscard]] bool is_valid() const {
        return core_ != nullptr && core_->is_there(where_.index, where_.generation);
    }
    explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Internal: made by segment and group.
    value(std::shared_ptr<detail::segment_core> core, detail::placed_object where)
        : core_(std::move(core)), where_(std::move(where)) {}
    [[nodiscard]] detail::placed_object const& where() const noexcept { return where_; }

  private:
    // A struct of two ints is aligned to 4 bytes, and clang then calls a library: a word is not.
    using word =
        std::conditional_t<std::is_arithmetic_v<T>, T, typename detail::word_of<sizeof(T)>::type>;
    [[nodiscard]] std::atomic_ref<word> ref() const noexcept {
        return std::atomic_ref(*reinterpret_cast<word*>(where_.address));
    }

    std::shared_ptr<detail::segment_core> core_;
    detail::placed_object where_;
};

} // namespace shmwin::inline v1
