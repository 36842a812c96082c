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
#include "io/converted_payload.hpp"
#include "io/datatype.hpp"
#include "io/fail_point.hpp"
#include "io/inventory.hpp"
#include "io/payload.hpp"
#include "io/per_rank_parts.hpp"
#include "io/queue_part.hpp"
#include "io/restore_selection.hpp"
#include "io/restored_parts.hpp"
#include "io/store_state.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

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

bool need_no_hdf5(std::vector<stored_object> const& objects) {
    return std::ranges::all_of(objects, &stored_object::needs_no_hdf5);
}

// Of what is not converted.
std::vector<damaged_block> move_payload(store_communicator const& ranks,
                                        checkpoint_file const& found,
                                        restored_parts const& parts) {
    auto const& path = found.info.file;
    std::vector<damaged_block> damage;
    if (need_no_hdf5(parts.objects)) {
        agree_on(ranks.comm, "restore", [&] {
            damage = read_payload(path, parts.plain, found.checksums);
        });
        return damage;
    }
    agree_on(
        ranks.comm, "restore", [&] { read_through_hdf5(ranks, path, parts.objects, parts.plain); });
    return check_memory(parts.plain, found.checksums);
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

// On all ranks, if a block of any was damaged.
void raise_if_damaged(store_communicator const& ranks,
                      std::filesystem::path const& path,
                      std::vector<damaged_block> const& damage,
                      std::vector<stored_object> const& objects) {
    auto const lines = without_repeats(gather_lines(ranks, describe_damage(damage, objects), 8));
    if (!lines.empty()) raise_damaged(path, lines);
}

void move_converted(store_communicator const& ranks,
                    checkpoint_file const& found,
                    std::vector<converted_part> const& parts,
                    conversion how) {
    if (parts.empty()) return;
    auto const& path = found.info.file;
    std::vector<damaged_block> damage;
    agree_on(ranks.comm, "restore", [&] {
        damage = convert_payload(path, parts, found.checksums, how);
    });
    std::vector<stored_object> objects;
    for (auto const& each : parts) {
        objects.push_back(each.object);
    }
    raise_if_damaged(ranks, path, damage, objects);
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

// One restore, when all has been looked at.
class restorer {
  public:
    restorer(store_communicator const& ranks,
             segment_core& target,
             checkpoint_file const& found,
             restore_selection const& chosen)
        : ranks_(ranks),
          target_(target),
          found_(found),
          chosen_(chosen),
          into_{{}, queue_targets(target, chosen.objects)},
          created_(target) {}

    void run() {
        agree_on(ranks_.comm, "restore", [&] {
            into_.containers = per_rank_targets(target_, found_, chosen_.objects);
        });
        // Nothing has changed if a value does not fit.
        move_converted(ranks_, found_, parts_to_try(ranks_, target_, chosen_), conversion::tried);
        agree_on(ranks_.comm, "restore", [&] { into_.containers.reserve(); });
        try {
            at(step::objects, [&] { make_room(); });
            at(step::read_payload, [&] { move(); });
            into_.queues.replace();
        } catch (error const& failed) {
            if (failed.agreed() && failed.code() != errc::peer_left) {
                into_.queues.give_up();
                created_.destroy();
            }
            throw;
        }
    }

  private:
    void make_room() {
        for (auto const each : chosen_.created) {
            created_.add(chosen_.objects[each]);
        }
        into_.queues.make_room();
        if (into_.containers.empty()) return;
        into_.containers.resize();
        target_.meet({operation::restore}, [] {}); // all see the sizes of all
    }

    void move() {
        restored_parts parts;
        agree_on(
            ranks_.comm, "restore", [&] { parts = parts_of(ranks_, target_, into_, chosen_); });
        auto const damage = move_payload(ranks_, found_, parts);
        raise_if_damaged(ranks_, found_.info.file, damage, parts.objects);
        move_converted(ranks_, found_, parts.converted, conversion::done);
    }

    store_communicator const& ranks_;
    segment_core& target_;
    checkpoint_file const& found_;
    restore_selection const& chosen_;
    restore_targets into_;
    created_objects created_;
};

} // namespace

checkpoint_info restore_file(store_communicator const& ranks,
                             segment_core& target,
                             std::filesystem::path const& path,
                             restore_options const& asked,
                             checkpoint_options const& of_store) {
    auto const found = at(step::structure, [&] { return read_structure(ranks, path, true); });
    if (of_store.verify_first) {
        auto const lines = check_payload(ranks, path, found);
        if (!lines.empty()) raise_damaged(path, lines);
    }
    restore_selection chosen;
    agree_on(ranks.comm, "restore", [&] {
        fail_point(step::fit, moment::before);
        chosen = select_objects(target, found.objects, asked, name_filter(of_store));
        fail_point(step::fit, moment::after);
    });
    restorer(ranks, target, found, chosen).run();
    if (!found.as_written && ranks.rank == 0) {
        log(log_level::warning,
            text("checkpoint was rewritten by another tool; its payload is intact (",
                 path.native(),
                 ")"));
    }
    auto info = found.info;
    info.only_in_file = std::move(chosen.only_in_file);
    info.only_in_segment = std::move(chosen.only_in_segment);
    return info;
}

} // namespace shmwin::inline v1::detail
