// SPDX-License-Identifier: MIT
#include "io/restored_parts.hpp"

#include "shmwin/view/range.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

// Goes through the objects that come back, and shares their blocks out.
class block_shares {
  public:
    block_shares(store_communicator const& ranks, std::vector<stored_object> const& objects) {
        std::int64_t n_blocks = 0;
        for (auto const& each : objects) {
            n_blocks += static_cast<std::int64_t>(each.n_blocks());
        }
        mine_ = block_range(n_blocks, ranks.size, ranks.rank);
    }

    // The next one, still without memory.
    payload_part next(stored_object const& object, bool shared) {
        payload_part part;
        part.n_bytes = object.n_bytes;
        part.file_offset = object.file_offset;
        part.first_block = object.first_block;
        part.shared = shared;
        part.chunks = object.places;
        auto const shift = static_cast<std::int64_t>(object.first_block) - n_before_;
        n_before_ += static_cast<std::int64_t>(object.n_blocks());
        auto const all = all_blocks(part);
        part.mine = shared ? all.clip(mine_.first + shift, mine_.last + shift) : all;
        return part;
    }

  private:
    range mine_;
    std::int64_t n_before_ = 0; ///< blocks of those before
};

dtype type_here(segment_core const& target, stored_object const& stored) {
    return *target.element_of(target.look_up(stored.object_name())->record);
}

} // namespace

object_memory restore_targets::memory_of(segment_core const& target, stored_object const& stored) {
    if (stored.kind == object_kind::per_rank) return containers.memory_of(stored);
    if (stored.kind == object_kind::queue) return queues.room_of(stored);
    return detail::memory_of(target, *target.look_up(stored.name), stored.order);
}

std::vector<converted_part> parts_to_try(store_communicator const& ranks,
                                         segment_core const& target,
                                         restore_selection const& chosen) {
    std::vector<stored_object> objects;
    for (auto const i : chosen.converted) {
        objects.push_back(chosen.objects[i]);
    }
    block_shares shares(ranks, objects);
    std::vector<converted_part> parts;
    for (auto const& each : objects) {
        parts.push_back({shares.next(each, true), {}, nullptr, each, type_here(target, each)});
    }
    return parts;
}

restored_parts parts_of(store_communicator const& ranks,
                        segment_core const& target,
                        restore_targets& into,
                        restore_selection const& chosen) {
    restored_parts all;
    block_shares shares(ranks, chosen.objects);
    for (std::size_t i = 0; i < chosen.objects.size(); ++i) {
        auto const& each = chosen.objects[i];
        auto found = into.memory_of(target, each);
        auto part = shares.next(each, found.shared);
        if (std::ranges::binary_search(chosen.converted, i)) {
            all.converted.push_back({std::move(part),
                                     std::move(found.bytes),
                                     found.holder,
                                     each,
                                     type_here(target, each)});
            continue;
        }
        part.memory = std::move(found.bytes);
        part.holder = found.holder;
        all.objects.push_back(each);
        all.plain.push_back(std::move(part));
    }
    return all;
}

} // namespace shmwin::inline v1::detail
