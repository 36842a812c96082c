// SPDX-License-Identifier: MIT
// value: handle to one lock-free atomic in the segment, on which ranks can sleep.
//
// Layer: segment.
#pragma once

#include "shmwin/segment/core.hpp"
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/value_wait.hpp"

#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
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

/// Numbers that can be added to and compared.
template <typename T>
concept number = (std::integral<T> && !std::same_as<T, bool>) || std::floating_point<T>;

/// A total order but for NaNs: any number is less than none, and -0 less than +0. So the least of
/// many does not depend on who came first.
/// @see IEEE 754-2019, 9.6 (minimumNumber, maximumNumber)
template <number T>
[[nodiscard]] bool replaces_as_min(T candidate, T seen) noexcept {
    if constexpr (std::floating_point<T>) {
        if (std::isnan(candidate)) return false;
        if (std::isnan(seen)) return true;
        if (candidate == seen) return std::signbit(candidate) && !std::signbit(seen);
    }
    return candidate < seen;
}
template <number T>
[[nodiscard]] bool replaces_as_max(T candidate, T seen) noexcept {
    if constexpr (std::floating_point<T>) {
        if (std::isnan(candidate)) return false;
        if (std::isnan(seen)) return true;
        if (candidate == seen) return !std::signbit(candidate) && std::signbit(seen);
    }
    return candidate > seen;
}

/// What a load may have of the order of a change.
[[nodiscard]] constexpr std::memory_order order_of_load(std::memory_order order) noexcept {
    if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
    if (order == std::memory_order_release) return std::memory_order_relaxed;
    return order;
}

} // namespace detail

/// Handle to an atomic that all ranks share. Cheap to copy, owns nothing. All functions are
/// local, wait-free (addition of floating-point numbers, least and greatest: lock-free; wait()
/// waits), and sequentially consistent unless an order is given. sizeof(T) bytes in the segment,
/// whether anybody waits or not. @see ISO C++20 [atomics.ref.generic]
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
    T fetch_add(T change, std::memory_order order = std::memory_order_seq_cst)
        const noexcept requires detail::number<T> {
        return ref().fetch_add(change, order);
    }
    /// Subtracts; returns what was there before.
    T fetch_sub(T change, std::memory_order order = std::memory_order_seq_cst)
        const noexcept requires detail::number<T> {
        return ref().fetch_sub(change, order);
    }
    /// Leaves the lesser of both; returns what was there before. Stores nothing if that is what is
    /// there: then it costs a load. Of a NaN and a number the number stays, -0 is less than +0: the
    /// least of many is the same in whatever order they come.
    /// @see ISO C++26 [atomics.ref.int]; IEEE 754-2019, 9.6 (minimumNumber)
    T fetch_min(T other, std::memory_order order = std::memory_order_seq_cst)
        const noexcept requires detail::number<T> {
        return replace_if(other, order, detail::replaces_as_min<T>);
    }
    /// Leaves the greater of both; returns what was there before. Otherwise as fetch_min().
    T fetch_max(T other, std::memory_order order = std::memory_order_seq_cst)
        const noexcept requires detail::number<T> {
        return replace_if(other, order, detail::replaces_as_max<T>);
    }
    /// Leaves the bits that are set in both; returns what was there before.
    T fetch_and(T bits, std::memory_order order = std::memory_order_seq_cst) const noexcept
        requires(detail::number<T>&& std::integral<T>) {
        return ref().fetch_and(bits, order);
    }
    /// Sets bits; returns what was there before.
    T fetch_or(T bits, std::memory_order order = std::memory_order_seq_cst) const noexcept
        requires(detail::number<T>&& std::integral<T>) {
        return ref().fetch_or(bits, order);
    }
    /// Flips bits; returns what was there before.
    T fetch_xor(T bits, std::memory_order order = std::memory_order_seq_cst) const noexcept
        requires(detail::number<T>&& std::integral<T>) {
        return ref().fetch_xor(bits, order);
    }

    /// Waits until the value is another than `old`, and returns it. Whoever changes it calls
    /// notify() afterwards. Bits are compared: 0.0 and -0.0 differ, a NaN does not differ from
    /// itself, and padding counts. A value that changes and changes back may go unseen. Looks for a
    /// while, then sleeps, and drives MPI meanwhile. What happened before the change is visible
    /// after it. @see ISO C++20 [atomics.wait]
    /// @throws peer_left  a rank left or died: it may be the one that is waited for
    /// @throws runtime_failure (closed)  this rank closed the segment, before or meanwhile
    T wait(T old) const {
        return awaited_value("value::wait", differs_from(old), detail::no_deadline).first;
    }
    /// Waits until `predicate` holds of the value, and returns it. The predicate may be called any
    /// number of times. Otherwise as wait(old).
    template <std::predicate<T> Predicate>
    T wait(Predicate predicate) const {
        return awaited_value("value::wait", predicate, detail::no_deadline).first;
    }
    /// wait() for so long at most. False if then the value is still `old`, or the predicate does
    /// not hold. Errors as of wait().
    template <typename Rep, typename Period>
    bool wait_for(T old, std::chrono::duration<Rep, Period> const& how_long) const {
        return awaited_value("value::wait_for", differs_from(old), detail::deadline_after(how_long))
            .second;
    }
    template <std::predicate<T> Predicate, typename Rep, typename Period>
    bool wait_for(Predicate predicate, std::chrono::duration<Rep, Period> const& how_long) const {
        return awaited_value("value::wait_for", predicate, detail::deadline_after(how_long)).second;
    }
    /// wait() until then at most, on any clock. False as of wait_for().
    template <typename Clock, typename Duration>
    bool wait_until(T old, std::chrono::time_point<Clock, Duration> const& when) const {
        return awaited_value("value::wait_until", differs_from(old), detail::deadline_of(when))
            .second;
    }
    template <std::predicate<T> Predicate, typename Clock, typename Duration>
    bool wait_until(Predicate predicate,
                    std::chrono::time_point<Clock, Duration> const& when) const {
        return awaited_value("value::wait_until", predicate, detail::deadline_of(when)).second;
    }

    /// Makes all who wait for the value look again, in all ranks and threads. One atomic operation
    /// when nobody sleeps; may wake some who wait for another value.
    void notify() const noexcept { detail::notify_value(core_->lot(), key()); }
    /// As notify(): the standard's names. notify_one() wakes one or more.
    void notify_one() const noexcept { notify(); }
    void notify_all() const noexcept { notify(); }

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
    using raw = typename detail::word_of<sizeof(T)>::type;

    template <typename Replaces>
    T replace_if(T other, std::memory_order order, Replaces replaces) const noexcept {
        auto seen = ref().load(detail::order_of_load(order));
        while (replaces(other, seen) && !ref().compare_exchange_weak(seen, other, order)) {
        }
        return seen;
    }

    [[nodiscard]] static auto differs_from(T old) noexcept {
        return
            [before = std::bit_cast<raw>(old)](T now) { return std::bit_cast<raw>(now) != before; };
    }
    // The value that was seen last, and whether it was the right one.
    template <typename Predicate>
    std::pair<T, bool>
    awaited_value(char const* call, Predicate&& predicate, detail::wait_deadline until) const {
        T seen = load();
        auto const ready = [&] {
            seen = load();
            return static_cast<bool>(predicate(std::as_const(seen)));
        };
        bool const met = detail::wait_for_value(core_->waits(), {call, key()}, ready, until);
        return {seen, met};
    }
    [[nodiscard]] std::uint64_t key() const noexcept {
        return core_->memory().offset_of(where_.address);
    }

    std::shared_ptr<detail::segment_core> core_;
    detail::placed_object where_;
};

} // namespace shmwin::inline v1
