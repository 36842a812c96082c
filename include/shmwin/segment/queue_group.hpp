// SPDX-License-Identifier: MIT
// queue_group: what of a group makes and finds queues. See object_group, which has all the rest.
//
// Layer: segment.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/any_queue.hpp"
#include "shmwin/segment/queue.hpp"
#include "shmwin/segment/sync_group.hpp"

#include <string_view>

namespace shmwin::inline v1 {

/// Queues by name. Names, and the errors that collective calls share, are those of object_group.
class SHMWIN_API queue_group : public sync_group {
  public:
    /// Node, collective. An empty queue of tasks that are copied as bytes. Checkpoints hold them if
    /// T is an element type.
    /// @param options  only .saved is looked at
    template <array_element T>
    queue<T> create_queue(std::string_view name,
                          array_options const& options = {},
                          source_line const& where = source_line::current()) const {
        auto const whole = full(name);
        return {core_,
                core_->create_small(
                    queue_request<T>(operation::create_queue, whole, options.saved, where),
                    [](void* at) { queue<T>::construct(at); },
                    [](void*) {})};
    }

    /// Local. The queue of that name. Errors as find_array().
    template <array_element T>
    [[nodiscard]] queue<T> find_queue(std::string_view name) const {
        auto const whole = full(name);
        return {core_, core_->find(queue_request<T>(operation::none, whole, true, {}))};
    }

    /// Node, collective. An empty queue of tasks of a type that is known at run time. Checkpoints
    /// hold them.
    /// @param options  only .saved is looked at
    any_queue create_queue(std::string_view name,
                           dtype const& type,
                           array_options const& options = {},
                           source_line const& where = source_line::current()) const;

    /// Local. The queue of that name, whatever the type of its tasks. Errors as find_any_array().
    [[nodiscard]] any_queue find_any_queue(std::string_view name) const;

  protected:
    using sync_group::sync_group;

  private:
    template <typename T>
    [[nodiscard]] static detail::object_request
    queue_request(operation op, std::string_view name, bool saved, source_line const& where) {
        auto made = queue_request(op, name, type_id_of<T>(), saved, where);
        made.element = dtype_or_none<T>();
        return made;
    }
    [[nodiscard]] static detail::object_request queue_request(operation op,
                                                              std::string_view name,
                                                              type_id const& type,
                                                              bool saved,
                                                              source_line const& where) {
        detail::object_request made{op, name, object_kind::queue};
        made.type = &type;
        made.options.align = alignof(detail::task_queue_state);
        made.options.saved = saved;
        made.where = where;
        return made;
    }
};

} // namespace shmwin::inline v1
