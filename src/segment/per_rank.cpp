// SPDX-License-Identifier: MIT
#include "shmwin/segment/per_rank.hpp"

#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"

namespace shmwin::inline v1::detail {
namespace {

std::uint64_t word_of(per_rank_place const& place) {
    return std::uint64_t{place.core->meeting().generation()} << 32U
           | static_cast<std::uint64_t>(place.core->rank() + 1);
}

bool is_of_this_phase(per_rank_place const& place, std::uint64_t reader) {
    return reader != 0 && reader >> 32U == place.core->meeting().generation();
}

} // namespace

void check_unchanged(per_rank_place const& place, per_rank_elements const& now) {
    auto& mark = *place.mark;
    auto const reader = mark.reader.load(std::memory_order_acquire);
    if (!is_of_this_phase(place, reader)) return;
    auto const n_before = mark.n_elements.load(std::memory_order_relaxed);
    auto const offset_before = mark.offset.load(std::memory_order_relaxed);
    if (n_before == now.n_elements && offset_before == now.offset) return;
    mark.n_elements.store(now.n_elements, std::memory_order_relaxed); // said once
    mark.offset.store(now.offset, std::memory_order_relaxed);
    auto const record = place.core->names().at(place.where->index, place.where->generation);
    log(log_level::error,
        text("per-rank container changed while others may read it (\"",
             record ? record->name_text() : std::string_view(),
             "\" of rank ",
             place.owner,
             ": ",
             n_before,
             " elements when rank ",
             (reader & 0xffff'ffffU) - 1,
             " took them, ",
             now.n_elements,
             offset_before == now.offset ? "" : " elsewhere",
             " now; a fence() must stand between)"));
}

// Several may be the first at once: all of them store the same, unless the owner is changing it.
void note_taken(per_rank_place const& place, per_rank_elements const& now) {
    auto& mark = *place.mark;
    if (is_of_this_phase(place, mark.reader.load(std::memory_order_acquire))) return;
    mark.n_elements.store(now.n_elements, std::memory_order_relaxed);
    mark.offset.store(now.offset, std::memory_order_relaxed);
    mark.reader.store(word_of(place), std::memory_order_release);
}

} // namespace shmwin::inline v1::detail
