// SPDX-License-Identifier: MIT
// synchronized: data and the lock that guards them, together. What multiprocessing.Value and Array
// are in Python, with the lock that survives its holder.
//
// Layer: segment.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/segment/array.hpp"
#include "shmwin/segment/construct.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/mutex.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/segment/synchronized_guard.hpp"
#include "shmwin/segment/synchronized_layout.hpp"
#include "shmwin/sync/deadline.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

/// How synchronized<T> and synchronized_array are locked. Derived tells, by guard_of(held...), what
/// a guard is made of besides the lock. Errors and what happens when a holder dies: lock_handle.
template <typename Derived>
class synchronized_handle : public sync_handle<mutex_state> {
  public:
    /// Refers to nothing.
    synchronized_handle() = default;

    /// Local. Waits until the calling thread holds the lock. Drives MPI meanwhile.
    [[nodiscard]] auto lock() const {
        auto& mutex = state();
        mutex.lock(waits(), what(synchronized_calls.lock));
        return guard(mutex, false);
    }
    /// Local. Never waits. @returns  an empty guard if another thread holds the lock
    [[nodiscard]] auto try_lock() const {
        auto& mutex = state();
        return mutex.try_lock(waits(), what(synchronized_calls.try_lock)) ? guard(mutex, false)
                                                                          : derived().guard_of();
    }
    /// Local. Waits at most so long. @returns  an empty guard if that was too short
    template <typename Rep, typename Period>
    [[nodiscard]] auto lock_for(std::chrono::duration<Rep, Period> const& how_long) const {
        return lock_by(synchronized_calls.try_lock_for, deadline_after(how_long));
    }
    /// Local. Waits at most until then. @returns  an empty guard if that was too early
    template <typename Clock, typename Duration>
    [[nodiscard]] auto lock_until(std::chrono::time_point<Clock, Duration> const& when) const {
        return lock_by(synchronized_calls.try_lock_until, deadline_of(when));
    }
    /// Local. lock() for who can repair: if its owner_died(), mend the data and call its
    /// mark_consistent().
    [[nodiscard]] auto lock_to_repair() const {
        auto& mutex = state();
        bool const died = mutex.lock_to_repair(waits(), what(synchronized_calls.lock_to_repair));
        return guard(mutex, died);
    }

    /// Local. f(data), while the lock is held: T&, or the view of an array.
    /// @returns  a copy of what f returns: no reference to the data
    template <typename F>
    auto with(F&& f) const {
        auto const held = lock();
        return std::invoke(std::forward<F>(f), *held);
    }

    /// Local. Who holds the lock: a snapshot.
    [[nodiscard]] lock_holder holder() const noexcept { return state().holder(); }

    /// Internal: made by segment and group.
    synchronized_handle(std::shared_ptr<segment_core> core, placed_object where)
        : sync_handle(std::move(core), std::move(where)) {
        this->core().note_locks();
    }

  private:
    [[nodiscard]] Derived const& derived() const noexcept {
        return static_cast<Derived const&>(*this);
    }
    [[nodiscard]] auto guard(mutex_state& held, bool died) const {
        return derived().guard_of(held, waits(), what(nullptr).object, died);
    }
    [[nodiscard]] auto lock_by(char const* call, wait_deadline until) const {
        auto& mutex = state();
        return mutex.lock_until(waits(), what(call), until) ? guard(mutex, false)
                                                            : derived().guard_of();
    }
};

} // namespace detail

/// Handle to one T and its lock: `{ auto h = hist.lock(); h->add(x); }`. Cheap to copy, owns
/// nothing. T as for create_object. All functions: detail::synchronized_handle.
template <typename T>
class synchronized : public detail::synchronized_handle<synchronized<T>> {
    using base = detail::synchronized_handle<synchronized<T>>;
    friend base;

  public:
    using value_type = T;
    using guard_type = synchronized_guard<T>;
    using base::base;

    /// Internal.
    static constexpr std::size_t data_offset =
        detail::synchronized_data_offset(memory_order_kind::none, alignof(T));
    static void destruct(void* block, int /*n_ranks*/) { data_in(block)->~T(); }

  private:
    [[nodiscard]] static T* data_in(void* block) noexcept {
        return std::launder(reinterpret_cast<T*>(static_cast<std::byte*>(block) + data_offset));
    }
    [[nodiscard]] guard_type guard_of() const { return {}; }
    template <typename... Held>
    [[nodiscard]] guard_type guard_of(Held&&... held) const {
        return guard_type(data_in(this->where().address), std::forward<Held>(held)...);
    }
};

/// Handle to an array of N dimensions, in the order of layout_right, and one lock for all of it.
/// Cheap to copy, owns nothing. All functions: detail::synchronized_handle.
template <array_element T, std::size_t N>
class synchronized_array : public detail::synchronized_handle<synchronized_array<T, N>> {
    using base = detail::synchronized_handle<synchronized_array<T, N>>;
    friend base;

  public:
    using value_type = T;
    using extents_type = array_extents<N>;
    using view_type = mdspan<T, extents_type, layout_right>;
    using guard_type = synchronized_array_guard<view_type>;
    using base::base;

    /// Local. They never change: no lock is needed.
    [[nodiscard]] extents_type extents() const { return detail::extents_of<N>(this->where()); }
    [[nodiscard]] std::int64_t extent(std::size_t d) const noexcept {
        return this->where().extents[d];
    }

  private:
    static constexpr std::size_t data_offset =
        detail::synchronized_data_offset(memory_order_kind::right, alignof(T));

    template <typename... Held>
    [[nodiscard]] guard_type guard_of(Held&&... held) const {
        auto* const first = reinterpret_cast<T*>(this->where().address + data_offset);
        using mapping = typename view_type::mapping_type;
        return guard_type(view_type(first, mapping(extents())), std::forward<Held>(held)...);
    }
};

namespace detail {

template <typename T>
[[nodiscard]] object_request synchronized_request(operation op,
                                                  std::string_view name,
                                                  std::span<std::int64_t const> extents,
                                                  memory_order_kind order,
                                                  array_options const& options,
                                                  source_line const& where) {
    require_shareable<T>();
    object_request made{op, name, object_kind::synchronized};
    if constexpr (shareable<T>) made.type = &type_id_of<T>(); // else the sentence is enough
    if constexpr (element<T>) made.element = dtype_of<T>;
    made.extents = extents;
    made.order = order;
    made.options = options;
    made.where = where;
    return made;
}

/// Of one T.
template <typename T>
[[nodiscard]] object_request
synchronized_request(operation op, std::string_view name, source_line const& where) {
    array_options options;
    options.align = synchronized_lock_bytes;
    return synchronized_request<T>(op, name, {}, memory_order_kind::none, options, where);
}

} // namespace detail

} // namespace shmwin::inline v1
