// SPDX-License-Identifier: MIT
#include "io/inventory.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/memory/task_queue.hpp"
#include "shmwin/segment/synchronized_layout.hpp"

#include "io/per_rank_parts.hpp"
#include "io/queue_part.hpp"
#include "segment/request.hpp"
#include "segment/type_text.hpp"

#include <algorithm>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

// Files hold elements packed.
memory_order_kind order_in_file(object_record const& record) {
    return record.order == memory_order_kind::strided ? memory_order_kind::right : record.order;
}

// Of its elements; of one level.
std::uint64_t n_bytes_of(object_record const& record) {
    std::uint64_t n_bytes = record.element_bytes;
    for (auto const extent : record.shape()) {
        n_bytes *= static_cast<std::uint64_t>(extent);
    }
    return n_bytes;
}

stored_object stored_from(segment_core const& of, object_record const& record) {
    stored_object object;
    object.name = record.name_text();
    object.kind = record.kind;
    object.order = order_in_file(record);
    object.n_levels = record.n_levels;
    object.type = of.type_text(record);
    object.shape.assign(record.shape().begin(), record.shape().end());
    object.n_bytes = n_bytes_of(record);
    return object;
}

// In a file a name is a data set or a group, never both. Names come sorted, but "a-b" sorts
// between "a" and "a/b".
void check_nesting(std::vector<std::string> const& names) {
    for (auto const& inner : names) {
        for (auto slash = inner.find('/'); slash != std::string::npos;
             slash = inner.find('/', slash + 1)) {
            auto const outer = std::string_view(inner).substr(0, slash);
            if (!std::ranges::binary_search(names, outer)) continue;
            raise(errc::invalid_argument,
                  text("objects cannot be in one file (\"",
                       outer,
                       "\" is an object and a group of \"",
                       inner,
                       "\"; rename one, or create it with .saved = false)"));
        }
    }
}

// Names of data sets sort otherwise than those of objects: "a" is before "a-b", "a/data" behind.
inventory in_order_of_file(std::vector<inventory_item>&& items) {
    std::ranges::sort(
        items, {}, [](auto const& each) { return std::string_view(each.object.name); });
    inventory all;
    std::uint64_t n_blocks = 0;
    for (auto& each : items) {
        each.object.first_block = n_blocks;
        n_blocks += each.object.n_blocks();
        all.objects.push_back(std::move(each.object));
        all.memory.push_back(std::move(each.memory));
    }
    return all;
}

} // namespace
object_memory
memory_of(segment_core const& of, directory_entry const& entry, memory_order_kind order) {
    auto const& record = entry.record;
    object_memory found;
    found.place = {entry.index, record.generation};
    if (record.is_foreign()) {
        auto const memory = of.foreign(entry.index, record.generation, record.name_text());
        found.shared = memory->shared;
        found.bytes = payload_source(
            {memory->first, record.element_bytes, record.shape(), memory->strides}, order);
        return found;
    }
    found.holder = &of.memory();
    auto* first = of.memory().where().at(record.offset);
    if (record.kind == object_kind::levels) {
        auto const& control = *reinterpret_cast<levels_control const*>(first);
        first += control.first_bytes + control.now.load() * control.stride_bytes;
    }
    if (record.kind == object_kind::synchronized) first += synchronized_data_offset(record);
    found.bytes = payload_source(std::span(first, n_bytes_of(record)));
    return found;
}

// Objects that are constructed have no .saved: what is not saved is transient.
std::optional<left_out_reason> reason_to_leave_out(object_record const& record) {
    if (record.saved) return std::nullopt;
    if (record.kind == object_kind::object) return left_out_reason::transient_object;
    return record.has_dtype ? left_out_reason::unsaved : left_out_reason::no_element_type;
}

bool is_passed_over(object_record const& record) {
    return is_hidden(record.name_text()) || record.kind == object_kind::sync;
}

inventory take_inventory(segment_core const& of, name_filter const& chosen) {
    std::vector<left_out_object> left_out;
    std::vector<std::string> names;
    std::vector<inventory_item> items;
    for (auto const& entry : of.names().list()) {
        auto const& record = entry.record;
        if (is_passed_over(record)) continue;
        auto name = std::string(record.name_text());
        auto reason = reason_to_leave_out(record);
        if (!reason && !chosen.takes(name)) reason = left_out_reason::by_pattern;
        if (reason) {
            left_out.push_back({std::move(name), *reason});
            continue;
        }
        names.push_back(std::move(name));
        if (record.kind == object_kind::per_rank) {
            items.push_back(per_rank_data(of, entry));
            items.push_back(per_rank_offsets(of, entry));
        } else if (record.kind == object_kind::queue) {
            items.push_back(queue_tasks(of, entry));
        } else {
            items.push_back({stored_from(of, record), memory_of(of, entry, order_in_file(record))});
        }
    }
    check_nesting(names);
    auto all = in_order_of_file(std::move(items));
    all.left_out = std::move(left_out);
    return all;
}

object_request request_of(stored_object const& stored, type_id const& type) {
    object_request request;
    request.op = operation::restore;
    request.name = stored.name;
    request.kind = stored.kind;
    request.type = &type;
    request.element = dtype_of_signature(stored.type);
    if (stored.kind != object_kind::queue)
        request.extents = stored.shape; // its tasks are elsewhere
    request.order = stored.order;
    if (stored.kind == object_kind::levels) request.options.levels = stored.n_levels;
    return request;
}

placed_object create_from_file(segment_core& target, stored_object const& stored) {
    auto const type = type_id_of(*dtype_of_signature(stored.type));
    auto request = request_of(stored, type);
    if (stored.kind == object_kind::queue) {
        request.options.align = alignof(task_queue_state);
        return target.create_small(
            request,
            [&](void* at) { task_queue::create(at, type.n_bytes, type.alignment); },
            [](void*) {});
    }
    // All 0 is a free lock, too.
    bool const small = stored.kind == object_kind::value || stored.kind == object_kind::object;
    return small ? target.create_small(
               request, [](void*) {}, [](void*) {})
                 : target.create(request);
}

} // namespace shmwin::inline v1::detail
