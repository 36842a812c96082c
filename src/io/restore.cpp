// SPDX-License-Identifier: MIT
// How a checkpoint comes back: everything is checked before the first byte moves; then all ranks
// read their blocks straight into the segment, and compare the checksums on the way.
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"

#include "io/checkpoint_file.hpp"
#include "io/datatype.hpp"
#include "io/inventory.hpp"
#include "io/payload.hpp"
#include "io/store_state.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {
namespace {

std::vector<payload_part> parts_of(segment_core const& target,
                                   std::vector<stored_object> const& objects) {
    std::vector<payload_part> parts;
    for (auto const& each : objects) {
        auto const found = target.look_up(each.name);
        parts.push_back({memory_offset_of(target, found->record),
                         each.n_bytes,
                         each.file_offset,
                         each.first_block});
    }
    return parts;
}

// Another tool rewrote the file: one rank reads through HDF5, then all compare.
void read_through_hdf5(std::filesystem::path const& path,
                       std::byte* base,
                       std::vector<stored_object> const& objects,
                       std::span<payload_part const> parts) {
    h5_quiet const quiet;
    auto const opened = h5_open_for_reading(path);
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (objects[i].n_bytes == 0) continue;
        auto const dataset = h5_own(H5Dopen2(opened.get(), objects[i].name.c_str(), H5P_DEFAULT),
                                    H5Dclose,
                                    "H5Dopen2 of " + objects[i].name,
                                    path);
        auto const type = h5_type_of(*dtype_of_signature(objects[i].type));
        if (H5Dread(dataset.get(),
                    type.get(),
                    H5S_ALL,
                    H5S_ALL,
                    H5P_DEFAULT,
                    base + parts[i].memory_offset)
            < 0) {
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
                                        std::filesystem::path const& path,
                                        checkpoint_file const& found) {
    auto* const base = target.memory().where().base();
    auto const parts = parts_of(target, found.objects);
    auto const mine = my_blocks(ranks, found.n_blocks);
    bool const direct = std::ranges::all_of(found.objects, &stored_object::is_contiguous);
    std::vector<damaged_block> damage;
    if (direct) {
        agree_on(ranks.comm, "restore", [&] {
            damage = read_payload(path, &target.memory(), parts, found.checksums, mine);
        });
        return damage;
    }
    agree_on(ranks.comm, "restore", [&] {
        if (ranks.rank == 0) read_through_hdf5(path, base, found.objects, parts);
    });
    return check_memory(base, parts, found.checksums, mine);
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

// Objects that a restore made; they go again if it fails.
class created_objects {
  public:
    explicit created_objects(segment_core& target) : target_(target) {}

    void add(stored_object const& stored) {
        made_.emplace_back(create_from_file(target_, stored), stored.name);
    }
    // Node, collective.
    void destroy() {
        for (auto const& [what, name] : made_) {
            target_.destroy_together(what, name);
        }
    }

  private:
    segment_core& target_;
    std::vector<std::pair<placed_object, std::string>> made_;
};

} // namespace

checkpoint_info restore_file(store_communicator const& ranks,
                             segment_core& target,
                             std::filesystem::path const& path,
                             bool verify_first) {
    auto const found = read_structure(ranks, path, true);
    if (verify_first) {
        auto const lines = check_payload(ranks, path, found);
        if (!lines.empty()) raise_damaged(path, lines);
    }
    std::vector<std::size_t> missing;
    agree_on(ranks.comm, "restore", [&] { missing = check_fit(target, found.objects); });
    created_objects created(target);
    try {
        for (auto const each : missing) {
            created.add(found.objects[each]);
        }
        auto const damage = move_payload(ranks, target, path, found);
        auto const lines = gather_lines(ranks, describe_damage(damage, found.objects), 8);
        if (!lines.empty()) raise_damaged(path, lines);
    } catch (error const& failed) {
        if (failed.agreed() && failed.code() != errc::peer_left) created.destroy();
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
