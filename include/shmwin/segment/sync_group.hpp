// SPDX-License-Identifier: MIT
// sync_group: what of a group makes and finds locks, barriers and the like. See object_group, which
// has all the rest.
//
// Layer: segment.
#pragma once

#include "shmwin/base/source_line.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/any_synchronized.hpp"
#include "shmwin/segment/array_group.hpp"
#include "shmwin/segment/barrier.hpp"
#include "shmwin/segment/condition_variable.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/counter.hpp"
#include "shmwin/segment/event.hpp"
#include "shmwin/segment/latch.hpp"
#include "shmwin/segment/mutex.hpp"
#include "shmwin/segment/semaphore.hpp"
#include "shmwin/segment/shared_mutex.hpp"
#include "shmwin/segment/sync_handle.hpp"
#include "shmwin/segment/synchronized.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace shmwin::inline v1 {

/// Locks and the like by name. Names, and the errors that collective calls share, are those of
/// object_group. All are re-made after a restart: no checkpoint holds them.
class SHMWIN_API sync_group : public array_group {
  public:
    /// Node, collective. A free lock. Bytes: 8, in a line of the cache of its own.
    mutex create_mutex(std::string_view name,
                       source_line const& where = source_line::current()) const {
        return create_sync<mutex>(operation::create_mutex, name, where);
    }
    /// Local. The lock of that name. Errors as find_array().
    [[nodiscard]] mutex find_mutex(std::string_view name) const { return find_sync<mutex>(name); }

    /// Node, collective. A free lock that its thread may lock again. Bytes: 16.
    recursive_mutex
    create_recursive_mutex(std::string_view name,
                           source_line const& where = source_line::current()) const {
        return create_sync<recursive_mutex>(operation::create_recursive_mutex, name, where);
    }
    /// Local. The lock of that name. Errors as find_array().
    [[nodiscard]] recursive_mutex find_recursive_mutex(std::string_view name) const {
        return find_sync<recursive_mutex>(name);
    }

    /// Node, collective. One T and its lock; T is constructed once, by rank 0 from its arguments. T
    /// as for create_object; checkpoints hold it if it is an element type, never the lock.
    /// Bytes: 8, the pad that T's alignment asks for, sizeof(T).
    template <typename T, typename... Args>
    synchronized<T> create_synchronized(located_name const& name, Args&&... args) const {
        auto const whole = full(name.name);
        auto const construct = [&](void* block) {
            auto* const data = static_cast<std::byte*>(block) + synchronized<T>::data_offset;
            detail::construct<T>(core_->memory(), data, std::forward<Args>(args)...);
        };
        return {core_,
                core_->create_small(detail::synchronized_request<T>(
                                        operation::create_synchronized, whole, name.where),
                                    construct,
                                    [](void* block) { synchronized<T>::destruct(block, 0); })};
    }
    /// Local. The T and lock of that name. Errors as find_array().
    template <typename T>
    [[nodiscard]] synchronized<T> find_synchronized(std::string_view name) const {
        auto const whole = full(name);
        return {core_, core_->find(detail::synchronized_request<T>(operation::none, whole, {}))};
    }

    /// Node, collective. An array of zeros and one lock for all of it. Shape, options and
    /// complexity as create_array(). Bytes: 64 more than an array's.
    template <array_element T, array_shape Extents>
    synchronized_array<T, Extents::rank()>
    create_synchronized_array(std::string_view name,
                              Extents const& shape,
                              array_options const& options = {},
                              source_line const& where = source_line::current()) const {
        auto const extents = detail::array_of<Extents::rank()>(shape);
        auto const whole = full(name);
        return {core_,
                core_->create(detail::synchronized_request<T>(operation::create_synchronized,
                                                              whole,
                                                              extents,
                                                              memory_order_kind::right,
                                                              options,
                                                              where))};
    }
    /// Local. The array and lock of that name. Errors as find_array().
    template <array_element T, std::size_t N>
    [[nodiscard]] synchronized_array<T, N> find_synchronized_array(std::string_view name) const {
        std::array<std::int64_t, N> const extents{};
        auto const whole = full(name);
        return {core_,
                core_->find(detail::synchronized_request<T>(
                    operation::none, whole, extents, memory_order_kind::right, {}, {}))};
    }

    /// Node, collective. One element of a type that is known at run time, and its lock. It begins
    /// as the bytes at `initial` on rank 0, type.n_bytes() of any alignment.
    any_synchronized create_synchronized(std::string_view name,
                                         dtype const& type,
                                         void const* initial,
                                         source_line const& where = source_line::current()) const;
    /// Node, collective. An array of zeros of a type that is known at run time, in C order, and one
    /// lock for all of it. Shape, options and complexity as create_array().
    any_synchronized
    create_synchronized_array(std::string_view name,
                              dtype const& type,
                              std::span<std::int64_t const> shape,
                              array_options const& options = {},
                              source_line const& where = source_line::current()) const;
    /// Local. The data and lock of that name, one element or an array, whatever their type. Errors
    /// as find_any_array().
    [[nodiscard]] any_synchronized find_any_synchronized(std::string_view name) const;

    /// Local. The rank, and its thread, that holds a mutex, recursive_mutex or synchronized object
    /// of that name, or writes under a shared_mutex or in a section of an array, or waits for the
    /// readers there to go; nothing if nobody does. Readers are counted, not named: report() tells
    /// how many there are. A snapshot.
    /// @throws argument_error (not_found, type_mismatch)
    [[nodiscard]] std::optional<lock_holder> who_holds(std::string_view name) const;

    /// Node, collective. A barrier for all ranks, or for those that are given, in any order.
    /// @throws argument_error (invalid_argument)  no ranks, one that is none, or one given twice
    barrier create_barrier(std::string_view name,
                           source_line const& where = source_line::current()) const;
    barrier create_barrier(std::string_view name,
                           std::span<int const> members,
                           source_line const& where = source_line::current()) const;
    barrier create_barrier(std::string_view name,
                           std::initializer_list<int> members,
                           source_line const& where = source_line::current()) const {
        return create_barrier(name, std::span(members.begin(), members.size()), where);
    }

    /// Local. The barrier of that name. Errors as find_array().
    [[nodiscard]] barrier find_barrier(std::string_view name) const;

    /// Node, collective. A latch that opens after `count` count_down()s.
    /// @throws argument_error (invalid_argument)  the count is negative
    latch create_latch(std::string_view name,
                       std::int64_t count,
                       source_line const& where = source_line::current()) const;
    /// Local. The latch of that name. Errors as find_array().
    [[nodiscard]] latch find_latch(std::string_view name) const;

    /// Node, collective. An event whose flag is clear.
    event create_event(std::string_view name,
                       source_line const& where = source_line::current()) const;
    /// Local. The event of that name. Errors as find_array().
    [[nodiscard]] event find_event(std::string_view name) const;

    /// Node, collective. A semaphore with `initial` units; never more than `maximum`.
    /// @throws argument_error (invalid_argument)  not 0 <= initial <= maximum <= semaphore::max()
    semaphore create_semaphore(std::string_view name,
                               std::int64_t initial = 1,
                               std::int64_t maximum = semaphore::max(),
                               source_line const& where = source_line::current()) const;
    /// Local. The semaphore of that name. Errors as find_array().
    [[nodiscard]] semaphore find_semaphore(std::string_view name) const;

    /// Node, collective. A condition variable, for any lock.
    condition_variable
    create_condition_variable(std::string_view name,
                              source_line const& where = source_line::current()) const;
    /// Local. The condition variable of that name. Errors as find_array().
    [[nodiscard]] condition_variable find_condition_variable(std::string_view name) const;

    /// Node, collective. A loop over n_indices indices that the ranks share. Bytes: 64, and 64 a
    /// rank.
    /// @throws argument_error (invalid_argument)  n_indices is negative
    counter create_counter(std::string_view name,
                           std::int64_t n_indices,
                           schedule const& how = schedule::dynamic(),
                           source_line const& where = source_line::current()) const;

    /// Local. The counter of that name. Errors as find_array().
    [[nodiscard]] counter find_counter(std::string_view name) const;

    /// Node, collective. A lock to write alone or to read together. Bytes: 64, and 64 a rank.
    shared_mutex create_shared_mutex(std::string_view name,
                                     source_line const& where = source_line::current()) const;

    /// Local. The shared_mutex of that name. Errors as find_array().
    [[nodiscard]] shared_mutex find_shared_mutex(std::string_view name) const;

  protected:
    using array_group::array_group;

    /// Node, collective. A Handle to a new state, which begins as State{init...}.
    template <typename Handle, typename... Args>
    Handle create_sync(operation op,
                       std::string_view name,
                       source_line const& where,
                       Args const&... init) const {
        using state = typename Handle::state_type;
        auto const whole = full(name);
        return {core_,
                core_->create_small(
                    sync_request<state>(op, whole, where),
                    [&](void* at) { new (at) state{init...}; },
                    [](void*) {})};
    }

    /// Local. The Handle to what has that name. Errors as find_array().
    /// @param extents  as many as the request had that made it; their values do not matter
    template <typename Handle>
    [[nodiscard]] Handle find_sync(std::string_view name,
                                   std::span<std::int64_t const> extents = {}) const {
        auto const whole = full(name);
        auto asked = sync_request<typename Handle::state_type>(operation::none, whole, {});
        asked.extents = extents;
        return {core_, core_->find(asked)};
    }

  private:
    template <typename State>
    [[nodiscard]] static detail::object_request
    sync_request(operation op, std::string_view name, source_line const& where) {
        detail::object_request made{op, name, object_kind::sync};
        made.type = &type_id_of<State>();
        made.options.align = 8;
        made.options.saved = false;
        made.where = where;
        return made;
    }
};

} // namespace shmwin::inline v1
