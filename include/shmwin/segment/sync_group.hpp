// SPDX-License-Identifier: MIT
// sync_group: what of a group makes and finds locks, barriers and the like. See object_group, which
// has all the rest.
//
// Layer: segment.
#pragma once

#include "shmwin/base/source_line.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/array_group.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/mutex.hpp"
#include "shmwin/segment/sync_handle.hpp"

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace shmwin::inline v1 {

/// Locks and the like by name. Names, and the errors that collective calls share, are those of
/// object_group. All are re-made after a restart: no checkpoint holds them.
class SHMWIN_API sync_group : public array_group {
  public:
    /// Node, collective. A free lock. Bytes: 8.
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

    /// Local. The rank, and its thread, that holds a mutex, recursive_mutex or synchronized object
    /// of that name; nothing if it is free. A snapshot.
    /// @throws argument_error (not_found, type_mismatch)
    [[nodiscard]] std::optional<lock_holder> who_holds(std::string_view name) const;

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
    template <typename Handle>
    [[nodiscard]] Handle find_sync(std::string_view name) const {
        auto const whole = full(name);
        return {core_,
                core_->find(sync_request<typename Handle::state_type>(operation::none, whole, {}))};
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
