// SPDX-License-Identifier: MIT
// value: handle to one lock-free atomic in the segment.
//
// Layer: segment.
#pragma once

#include "shmwin/segment/core.hpp"

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// A type that fits a lock-free atomic of 1 to 8 bytes. (16-byte atomics lock a table that each
/// process has for itself.)
template <typename T>
concept lock_free_value = identified<T> && std::is_trivially_copyable_v<T> && sizeof(T) <= 8
                          && std::atomic<T>::is_always_lock_free;

/// Handle to an atomic that all ranks share. Cheap to copy, owns nothing. All functions are
/// local, wait-free (addition of floating-point numbers: lock-free), and sequentially consistent
/// unless an order is given. @see ISO C++20 [atomics.types.generic]
template <lock_free_value T>
class value {
  public:
    using value_type = T;

    value() = default;

    [[nodiscard]] T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
        return ref().load(order);
    }
    void store(T desired, std::memory_order order = std::memory_order_seq_cst) const noexcept {
        ref().store(desired, order);
    }
    T exchange(T desired, std::memory_order order = std::memory_order_seq_cst) const noexcept {
        return ref().exchange(desired, order);
    }
    bool compare_exchange_weak(T& expected,
                               T desired,
                               std::memory_order order = std::memory_order_seq_cst) const noexcept {
        return ref().compare_exchange_weak(expected, desired, order);
    }
    bool
    compare_exchange_strong(T& expected,
                            T desired,
                            std::memory_order order = std::memory_order_seq_cst) const noexcept {
        return ref().compare_exchange_strong(expected, desired, order);
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
    value(std::shared_ptr<detail::segment_core> core, detail::placed_object const& where)
        : core_(std::move(core)), where_(where) {}
    [[nodiscard]] detail::placed_object const& where() const noexcept { return where_; }

  private:
    // Not an atomic_ref: clang 14 calls a library for a struct of 8 bytes that is aligned to 4.
    [[nodiscard]] std::atomic<T>& ref() const noexcept {
        return *reinterpret_cast<std::atomic<T>*>(where_.address);
    }

    std::shared_ptr<detail::segment_core> core_;
    detail::placed_object where_;
};

} // namespace shmwin::inline v1
