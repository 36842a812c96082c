// SPDX-License-Identifier: MIT
#include "io/per_rank_parts.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/view/range.hpp"

#include "io/hdf5.hpp"
#include "io/payload.hpp"
#include "io/store_state.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

[[noreturn]] void damaged(std::filesystem::path const& path, std::string const& what) {
    raise(errc::damaged, text("checkpoint is damaged (", path.native(), ": ", what, ")"));
}

per_rank_access require_access(segment_core const& of, object_record const& record) {
    if (auto const access = access_of(record.type_hash)) return *access;
    raise(errc::not_shared,
          text("type of containers is not known in this process (\"",
               record.name_text(),
               "\" holds ",
               of.type_text(record),
               " per rank; find_per_rank() it on all ranks before)"));
}

std::byte* slots_of(segment_core const& of, object_record const& record) {
    return of.memory().where().at(record.offset);
}

std::vector<std::span<std::byte>>
pieces_of(std::byte* slots, per_rank_access const& access, int n_ranks) {
    std::vector<std::span<std::byte>> pieces;
    pieces.reserve(static_cast<std::size_t>(n_ranks));
    for (int r = 0; r < n_ranks; ++r) {
        pieces.push_back(access.bytes(slots, r));
    }
    return pieces;
}

std::vector<std::int64_t> offsets_of(std::span<std::span<std::byte> const> pieces,
                                     std::size_t element_bytes) {
    std::vector<std::int64_t> offsets{0};
    for (auto const& each : pieces) {
        offsets.push_back(offsets.back() + static_cast<std::int64_t>(each.size() / element_bytes));
    }
    return offsets;
}

stored_object stored_part(object_record const& record,
                          std::string_view behind,
                          dtype const& type,
                          std::int64_t n_elements) {
    stored_object object;
    object.name = std::string(record.name_text()) + std::string(behind);
    object.kind = object_kind::per_rank;
    object.type = type.signature();
    object.shape = {n_elements};
    object.n_bytes = static_cast<std::uint64_t>(n_elements) * type.n_bytes();
    return object;
}

// Of one container's offsets, in a file that may be stored in chunks.
std::vector<std::int64_t>
read_offsets(hid_t file, checkpoint_file const& found, stored_object const& object) {
    std::vector<std::int64_t> offsets(static_cast<std::size_t>(object.shape.front()));
    h5_handle const dataset(H5Dopen2(file, object.name.c_str(), H5P_DEFAULT), H5Dclose);
    if (H5Dread(dataset.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, offsets.data())
        < 0) {
        damaged(found.info.file, text(object.name, ", ", h5_reason()));
    }
    payload_part part{payload_source(std::as_writable_bytes(std::span(offsets))),
                      object.n_bytes,
                      object.file_offset,
                      object.first_block};
    part.mine = all_blocks(part);
    auto damage = check_memory(std::span(&part, 1), found.checksums);
    auto const lines = describe_damage(damage, {object});
    if (!lines.empty()) damaged(found.info.file, lines.front());
    return offsets;
}

} // namespace

inventory_item per_rank_data(segment_core const& of, directory_entry const& entry) {
    auto const access = require_access(of, entry.record);
    auto const pieces = pieces_of(slots_of(of, entry.record), access, of.n_ranks());
    inventory_item item;
    item.object = stored_part(entry.record,
                              data_ending,
                              access.element,
                              offsets_of(pieces, access.element.n_bytes()).back());
    item.memory.place = {entry.index, entry.record.generation};
    item.memory.bytes = payload_source(pieces);
    item.memory.holder = &of.memory();
    return item;
}

inventory_item per_rank_offsets(segment_core const& of, directory_entry const& entry) {
    auto const access = require_access(of, entry.record);
    auto const pieces = pieces_of(slots_of(of, entry.record), access, of.n_ranks());
    inventory_item item;
    item.object = stored_part(
        entry.record, offsets_ending, dtype_of<std::int64_t>, std::int64_t{of.n_ranks()} + 1);
    item.memory.place = {entry.index, entry.record.generation};
    item.memory.own = offsets_of(pieces, access.element.n_bytes());
    item.memory.bytes = payload_source(std::as_writable_bytes(std::span(item.memory.own)));
    item.memory.shared = false;
    return item;
}

void check_per_rank(checkpoint_file const& found) {
    auto const& all = found.objects;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].kind != object_kind::per_rank) continue;
        // Their names are neighbours: whatever sorts between them would be in their group.
        bool const paired = i + 1 < all.size() && all[i + 1].is_offsets()
                            && all[i].name.ends_with(data_ending)
                            && all[i].object_name() == all[i + 1].object_name();
        if (!paired) damaged(found.info.file, text(all[i].name, " lacks the other part"));
        auto const& data = all[i];
        auto const& offsets = all[++i];
        bool const right = data.shape.size() == 1 && offsets.shape.size() == 1
                           && offsets.shape.front() >= 2
                           && offsets.type == dtype_of<std::int64_t>.signature();
        if (!right) damaged(found.info.file, text(data.object_name(), " is not per rank"));
    }
}

void check_per_rank_fit(segment_core const& target,
                        stored_object const& stored,
                        object_record const& found) {
    auto const name = stored.object_name();
    if (found.kind != object_kind::per_rank) {
        raise(errc::type_mismatch,
              text("object is of another kind (\"",
                   name,
                   "\" is of kind ",
                   shmwin::name(found.kind),
                   "; in the checkpoint: per_rank)"));
    }
    bool const is_known = found.has_dtype;
    if (is_known && require_access(target, found).element.signature() == stored.type) return;
    raise(errc::type_mismatch,
          text("type differs (\"",
               name,
               "\" holds ",
               target.type_text(found),
               " per rank; in the checkpoint: ",
               stored.type,
               ")"));
}

bool are_offsets(std::span<std::int64_t const> offsets, std::int64_t n) noexcept {
    return offsets.size() >= 2 && offsets.front() == 0 && offsets.back() == n
           && std::ranges::is_sorted(offsets);
}

std::int64_t n_elements_of(std::span<std::int64_t const> offsets, int n_ranks, int rank) noexcept {
    auto const r = static_cast<std::size_t>(rank);
    bool const as_many = offsets.size() == static_cast<std::size_t>(n_ranks) + 1;
    if (as_many) return offsets[r + 1] - offsets[r];
    return block_range(offsets.back(), n_ranks, rank).size();
}

per_rank_targets::per_rank_targets(segment_core const& target,
                                   checkpoint_file const& found,
                                   std::vector<stored_object> const& objects)
    : target_(&target) {
    auto const is_data = [](auto const& each) {
        return each.kind == object_kind::per_rank && !each.is_offsets();
    };
    if (std::ranges::none_of(objects, is_data)) return;
    h5_quiet const quiet;
    auto const opened = h5_open_for_reading(found.info.file);
    for (std::size_t i = 0; i < objects.size(); ++i) {
        auto const& data = objects[i];
        if (!is_data(data)) continue;
        auto const entry = target.look_up(data.object_name());
        container one{std::string(data.object_name()),
                      {entry->index, entry->record.generation},
                      slots_of(target, entry->record),
                      require_access(target, entry->record),
                      read_offsets(opened.get(), found, objects[i + 1])};
        if (!are_offsets(one.offsets, data.shape.front())) {
            damaged(found.info.file,
                    text(objects[i + 1].name,
                         " does not begin with 0, rise, and end with ",
                         data.shape.front()));
        }
        all_.push_back(std::move(one));
    }
}

std::size_t per_rank_targets::n_mine(container const& which) const noexcept {
    return static_cast<std::size_t>(
        n_elements_of(which.offsets, target_->n_ranks(), target_->rank()));
}

void per_rank_targets::reserve() const {
    for (auto const& each : all_) {
        each.access.reserve(each.slots, target_->rank(), n_mine(each));
    }
}

void per_rank_targets::resize() const {
    for (auto const& each : all_) {
        each.access.resize(each.slots, target_->rank(), n_mine(each));
    }
}

object_memory per_rank_targets::memory_of(stored_object const& stored) {
    // They are asked for in the order of the file.
    auto const has_name = [&](container const& each) { return each.name == stored.object_name(); };
    while (!has_name(all_[next_])) {
        next_ = (next_ + 1) % all_.size();
    }
    auto& found = all_[next_];
    object_memory memory;
    memory.place = found.place;
    if (stored.is_offsets()) {
        memory.bytes = payload_source(std::as_writable_bytes(std::span(found.offsets)));
        memory.shared = false;
    } else {
        memory.bytes = payload_source(pieces_of(found.slots, found.access, target_->n_ranks()));
        memory.holder = &target_->memory();
    }
    return memory;
}

} // namespace shmwin::inline v1::detail
