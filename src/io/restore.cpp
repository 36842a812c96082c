// SPDX-License-Identifier: MIT
// How a checkpoint comes back: everything is checked before the first byte moves; then all ranks
// read their blocks straight into the segment, and compare the checksums on the way.
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/task_queue.hpp"
#include "shmwin/mpi/agreement.hpp"

#include "io/checkpoint_file.hpp"
#include "io/datatype.hpp"
#include "io/fail_point.hpp"
#include "io/inventory.hpp"
#include "io/payload.hpp"
#include "io/per_rank_parts.hpp"
#include "io/queue_part.hpp"
#include "io/store_state.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {
namespace {

// What grows or shrinks to what the file holds.
struct restore_targets {
    per_rank_targets containers;
    queue_targets queues;

    [[nodiscard]] object_memory memory_of(segment_core const& target, stored_object const& stored) {
        if (stored.kind == object_kind::per_rank) return containers.memory_of(stored);
        if (stored.kind == object_kind::queue) return queues.room_of(stored);
        return detail::memory_of(target, *target.look_up(stored.name), stored.order);
    }
};

// Of memory that each rank may have for itself, each rank reads all.
std::vector<payload_part> parts_of(store_communicator const& ranks,
                                   segment_core const& target,
                                   restore_targets& into,
                                   checkpoint_file const& file) {
    std::vector<payload_part> parts;
    for (auto const& each : file.objects) {
        auto found = into.memory_of(target, each);
        payload_part part{std::move(found.bytes),
                          each.n_bytes,
                          each.file_offset,
                          each.first_block,
                          {},
                          found.holder};
        part.mine = found.shared ? my_blocks(ranks, file.n_blocks, part) : all_blocks(part);
        part.shared = found.shared;
        parts.push_back(std::move(part));
    }
    return parts;
}

// One object through HDF5. What is not contiguous in memory, through a copy of the whole: only
// files that others rewrote in chunks come this way.
bool read_dataset_of(hid_t dataset, stored_object const& object, payload_part const& part) {
    auto const type = h5_type_of(*dtype_of_signature(object.type));
    auto const read = [&](std::byte* to) {
        return H5Dread(dataset, type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0;
    };
    auto* const there = part.memory.contiguous(0, object.n_bytes);
    if (there != nullptr) return read(there);
    std::vector<std::byte> copy(object.n_bytes);
    if (!read(copy.data())) return false;
    part.memory.scatter(0, copy);
    return true;
}

// Another tool rewrote the file: one rank reads through HDF5 what is shared, each its own, then all
// compare.
void read_through_hdf5(store_communicator const& ranks,
                       std::filesystem::path const& path,
                       std::vector<stored_object> const& objects,
                       std::span<payload_part const> parts) {
    h5_quiet const quiet;
    auto const opened = h5_open_for_reading(path);
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (objects[i].n_bytes == 0 || (parts[i].shared && ranks.rank != 0)) continue;
        auto const dataset = h5_own(H5Dopen2(opened.get(), objects[i].name.c_str(), H5P_DEFAULT),
                                    H5Dclose,
                                    "H5Dopen2 of " + objects[i].name,
                                    path);
        if (!read_dataset_of(dataset.get(), objects[i], parts[i])) {
            raise(errc::damaged,
                  text("checkpoint is damaged (",
                       path.native(),
                       ": ",
                       objects[i].name,
                       ", ",
                       h5_reason(),
                       ")"));
        }
    }
}

std::vector<damaged_block> move_payload(store_communicator const& ranks,
                                        segment_core const& target,
                                        restore_targets& into,
                                        std::filesystem::path const& path,
                                        checkpoint_file const& found) {
    std::vector<payload_part> parts;
    agree_on(ranks.comm, "restore", [&] { parts = parts_of(ranks, target, into, found); });
    bool const direct = std::ranges::all_of(found.objects, &stored_object::is_contiguous);
    std::vector<damaged_block> damage;
    if (direct) {
        agree_on(
            ranks.comm, "restore", [&] { damage = read_payload(path, parts, found.checksums); });
        return damage;
    }
    agree_on(ranks.comm, "restore", [&] { read_through_hdf5(ranks, path, found.objects, parts); });
    return check_memory(parts, found.checksums);
}

[[noreturn]] void raise_damaged(std::filesystem::path const& path,
                                std::vector<std::string> const& lines) {
    std::string all;
    for (auto const& each : lines) {
        all += (all.empty() ? "" : "; ") + each;
    }
    raise(error_info{
        errc::damaged, true, 0, text("checkpoint is damaged (", path.native(), ": ", all, ")")});
}

// Several ranks may have read the same block.
std::vector<std::string> without_repeats(std::vector<std::string> const& lines) {
    std::vector<std::string> some;
    for (auto const& each : lines) {
        if (std::ranges::count(some, each) == 0) some.push_back(each);
    }
    return some;
}

// Objects that a restore made; they go again if it fails.
class created_objects {
  public:
    explicit created_objects(segment_core& target) : target_(target) {}

    void add(stored_object const& stored) {
        made_.push_back({create_from_file(target_, stored), stored.name, stored.kind});
    }
    // Node, collective.
    void destroy() {
        for (auto const& each : made_) {
            target_.destroy_together(each.what, each.name, [&](void* at) {
                if (each.kind != object_kind::queue) return;
                task_queue::destroy(*static_cast<task_queue_state*>(at), target_.memory());
            });
        }
    }

  private:
    struct made {
        placed_object what;
        std::string name;
        object_kind kind;
    };
    segment_core& target_;
    std::vector<made> made_;
};

} // namespace

checkpoint_info restore_file(store_communicator const& ranks,
                             segment_core& target,
                             std::filesystem::path const& path,
                             bool verify_first) {
    auto const found = at(step::structure, [&] { return read_structure(ranks, path, true); });
    if (verify_first) {
        auto const lines = check_payload(ranks, path, found);
        if (!lines.empty()) raise_damaged(path, lines);
    }
    std::vector<std::size_t> missing;
    restore_targets into{{}, queue_targets(target, found)};
    auto& containers = into.containers;
    agree_on(ranks.comm, "restore", [&] {
        fail_point(step::fit, moment::before);
        missing = check_fit(target, found.objects);
        containers = per_rank_targets(target, found);
        fail_point(step::fit, moment::after);
    });
    agree_on(ranks.comm, "restore", [&] { containers.reserve(); });
    created_objects created(target);
    try {
        at(step::objects, [&] {
            for (auto const each : missing) {
                created.add(found.objects[each]);
            }
        });
        into.queues.make_room();
        if (!containers.empty()) {
            containers.resize();
            target.meet({operation::restore}, [] {}); // all see the sizes of all
        }
        auto const damage =
            at(step::read_payload, [&] { return move_payload(ranks, target, into, path, found); });
        auto const lines =
            without_repeats(gather_lines(ranks, describe_damage(damage, found.objects), 8));
        if (!lines.empty()) raise_damaged(path, lines);
        into.queues.replace();
    } catch (error const& failed) {
        if (failed.agreed() && failed.code() != errc::peer_left) {
            into.queues.give_up();
            created.destroy();
        }
        throw;
    }
    if (!found.as_written && ranks.rank == 0) {
        log(log_level::warning,
            text("checkpoint was rewritten by another tool; its payload is intact (",
                 path.native(),
                 ")"));
    }
    return found.info;
}

} // namespace shmwin::inline v1::detail
