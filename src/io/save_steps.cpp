// SPDX-License-Identifier: MIT
#include "io/save_steps.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"

#include "io/attributes.hpp"
#include "io/fail_point.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iomanip>
#include <sstream>
#include <sys/random.h>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

std::string make_uuid() {
    std::array<std::uint64_t, 2> words{};
    if (::getrandom(words.data(), sizeof words, 0) != sizeof words) {
        raise(errc::system_failure, "getrandom failed (no uuid for the checkpoint)");
    }
    std::ostringstream out;
    out << std::hex << std::setfill('0') << std::setw(16) << words[0] << std::setw(16) << words[1];
    return out.str();
}

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

} // namespace

void check_save(segment_core const& source, checkpoint_label const& label) {
    if (label.step < 0) raise(errc::invalid_argument, text("step is negative (", label.step, ")"));
    check_attributes(label.attributes);
    source.raise_races(); // now: later there is a checkpoint, and an error would deny it
}

checkpoint_info info_of_save(checkpoint_store::state const& store, checkpoint_label const& label) {
    checkpoint_info info;
    info.step = label.step;
    info.time = label.time;
    info.attributes = label.attributes;
    info.n_ranks = store.group->size;
    info.parent_uuid = store.last_uuid;
    if (!store.is_first()) return info;
    info.uuid = make_uuid();
    info.created_ns = now_ns();
    return info;
}

bool open_previous(checkpoint_store::state& store) {
    if (!store.options.incremental) return false;
    return at(step::open_previous, [&] { return store.previous.open(); });
}

bool can_share_blocks(checkpoint_store::state& store, save_file const& with) {
    if (!store.can_share) {
        store.can_share =
            at(step::try_share, [&] { return store.previous.can_share_with(with.temporary()); });
    }
    return *store.can_share;
}

save_report report_of(save_plan const& plan, inventory& all) {
    save_report made;
    made.n_bytes = plan.n_bytes();
    for (auto const& each : all.objects) {
        if (!each.is_offsets()) made.saved.emplace_back(each.object_name());
    }
    std::ranges::sort(made.saved);
    made.left_out = std::move(all.left_out);
    return made;
}

std::vector<earlier_object> earlier_objects(std::vector<payload_part>& parts) {
    std::vector<earlier_object> objects;
    objects.reserve(parts.size());
    for (auto& each : parts) {
        objects.push_back({std::move(each.name), each.n_bytes, each.file_offset, each.first_block});
    }
    return objects;
}

void warn_of_left_out(segment_core const& source, std::vector<std::string>& warned_of) {
    for (auto const& each : source.names().list()) {
        auto const name = each.record.name_text();
        bool const warned = std::ranges::find(warned_of, name) != warned_of.end();
        bool const is_queue = each.record.kind == object_kind::queue;
        bool const holds_more = is_queue || each.record.kind == object_kind::per_rank;
        if (!holds_more || each.record.has_dtype || warned) continue;
        warned_of.emplace_back(name);
        log(log_level::warning,
            text("checkpoint leaves a ",
                 is_queue ? "queue" : "per-rank container",
                 " out (\"",
                 name,
                 "\" holds ",
                 source.type_text(each.record),
                 "; SHMWIN_DESCRIBE its elements)"));
    }
}

} // namespace shmwin::inline v1::detail
