// SPDX-License-Identifier: MIT
#include "io/queue_part.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/task_queue.hpp"

#include <utility>

namespace shmwin::inline v1::detail {
namespace {

task_queue queue_of(segment_core const& in, object_record const& record) {
    auto* const state = in.memory().where().at(record.offset);
    return {*reinterpret_cast<task_queue_state*>(state), in.memory(), in.waits()};
}

} // namespace

inventory_item queue_tasks(segment_core const& of, directory_entry const& entry) {
    auto const& record = entry.record;
    auto const pieces = queue_of(of, record).tasks();
    inventory_item item;
    auto& object = item.object;
    object.name = record.name_text();
    object.kind = object_kind::queue;
    object.type = of.type_text(record);
    for (auto const each : pieces) {
        object.n_bytes += each.size();
    }
    object.shape = {static_cast<std::int64_t>(object.n_bytes / record.element_bytes)};
    item.memory.place = {entry.index, record.generation};
    item.memory.bytes = payload_source(pieces);
    item.memory.holder = &of.memory();
    return item;
}

void check_queue(stored_object const& stored, std::filesystem::path const& path) {
    if (stored.kind != object_kind::queue || stored.shape.size() == 1) return;
    raise(errc::damaged,
          text("checkpoint is damaged (",
               path.native(),
               ": ",
               stored.name,
               " is a queue of ",
               stored.shape.size(),
               " dimensions)"));
}

queue_targets::queue_targets(segment_core& target, std::vector<stored_object> const& objects)
    : target_(&target) {
    for (auto const& each : objects) {
        if (each.kind != object_kind::queue) continue;
        parts_.push_back({each.name, static_cast<std::size_t>(each.shape.front())});
    }
}

// Those that are there: a restore may fail before it has made the rest.
void queue_targets::for_each(function_ref<void(task_queue const&, part const&)> f) const {
    for (auto const& each : parts_) {
        auto const found = target_->look_up(each.name);
        if (found && found->record.kind == object_kind::queue)
            f(queue_of(*target_, found->record), each);
    }
}

void queue_targets::make_room() const {
    if (parts_.empty()) return;
    target_->meet({operation::restore}, [&] {
        for_each([](task_queue const& each, part const& of) { each.make_incoming(of.n_tasks); });
    });
}

object_memory queue_targets::room_of(stored_object const& stored) const {
    auto const found = target_->look_up(stored.name);
    object_memory memory;
    memory.place = {found->index, found->record.generation};
    memory.bytes = payload_source(queue_of(*target_, found->record).incoming());
    memory.holder = &target_->memory();
    return memory;
}

void queue_targets::replace() const {
    if (parts_.empty()) return;
    target_->meet({operation::restore}, [&] {
        for_each([](task_queue const& each, part const&) { each.take_incoming(); });
    });
}

void queue_targets::give_up() const {
    if (parts_.empty()) return;
    target_->meet({operation::restore}, [&] {
        for_each([](task_queue const& each, part const&) { each.drop_incoming(); });
    });
}

} // namespace shmwin::inline v1::detail
