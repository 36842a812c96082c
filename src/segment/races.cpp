// SPDX-License-Identifier: MIT
// Race checks of arrays: where their shadows are, who sweeps them, and what a fence says of what
// was found.
#include "shmwin/base/error.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/segment/core.hpp"

#include "segment/type_text.hpp"

#include <algorithm>
#include <exception>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::string_view hidden_prefix = ".shmwin/races/";
constexpr std::size_t n_lines_of_error = 3;

std::string hidden_name(placed_object const& what) {
    return text(hidden_prefix, what.index, '.', what.generation);
}

object_record record_of_shadow(std::string_view name, std::size_t n_bytes, int creator) {
    object_record record{};
    name.copy(record.name.data(), record.name.size() - 1);
    record.name_hash = hash(name);
    set_type_text(record, "shadow of an array");
    record.type_hash = type_hash(record.type_text(), 1, 1);
    record.n_bytes = n_bytes;
    record.creator = creator;
    record.kind = object_kind::object;
    record.element_bytes = 1;
    record.element_alignment = 1;
    return record;
}

std::string title_of(checked_array const& of) {
    return of.name.empty() ? "a scratch array" : text('"', of.name, '"');
}

} // namespace

race_checker segment_core::check_races(placed_object const& what, source_line const& where) {
    auto const record = directory_.at(what.index, what.generation);
    if (!record) raise(errc::not_found, "races cannot be checked (the array was destroyed before)");
    if (what.foreign != nullptr && !what.foreign->shared) {
        raise(errc::unsupported,
              text("races cannot be checked (\"",
                   record->name_text(),
                   "\" was adopted as a copy on each rank; say .shared = true if it is not)"));
    }
    checked_array const of{record->name_text(),
                           record->shape(),
                           record->order == memory_order_kind::left,
                           record->n_levels};
    return check_races(hidden_name(what), of, where);
}

race_checker segment_core::check_scratch_races(placed_object const& what,
                                               std::span<std::int64_t const> extents,
                                               bool is_left,
                                               source_line const& where) {
    return check_races(scratch_shadow_name(what), {{}, extents, is_left, 0}, where);
}

std::string segment_core::scratch_shadow_name(placed_object const& what) const {
    return text(hidden_prefix, '@', heap_.offset_of(what.address));
}

race_checker segment_core::check_races(std::string_view shadow_name,
                                       checked_array const& of,
                                       source_line const& where) {
    require_open("checked()");
    auto const found = find_or_make_shadow(shadow_name, of);
    auto& shadow = *reinterpret_cast<race_shadow*>(region_.at(found.head.offset));
    auto const number = sweep_number(rendezvous_.generation());
    watch_shadow({found.index, found.head.generation}, shadow, number);
    return {shadow, races_, rendezvous_.generation_word(), rank(), where};
}

directory_head segment_core::find_or_make_shadow(std::string_view shadow_name,
                                                 checked_array const& of) {
    if (auto const found = directory_.find_head(shadow_name)) return *found;
    auto const n_bytes = race_shadow::bytes_for(of, n_ranks());
    directory_head made{};
    auto failure = failure_of([&] {
        made = directory_
                   .find_or_construct(record_of_shadow(shadow_name, n_bytes, rank()),
                                      alignof(race_shadow),
                                      local_policy_,
                                      [&](void* at) {
                                          race_shadow::create(at, of, n_ranks());
                                          races_.n_shadows.fetch_add(1);
                                      })
                   .entry.head();
    });
    if (!failure) return made;
    failure->text = text("races cannot be checked (",
                         title_of(of),
                         " needs ",
                         bytes_text(n_bytes),
                         " for that, 8 an element: ",
                         failure->text,
                         ")");
    raise(*failure);
}

// Again and again, each time that this rank arrives at a meeting.
void segment_core::watch_shadow(directory_place const& place,
                                race_shadow& shadow,
                                std::uint32_t swept) {
    watch_key const key{&shadow, place.index, place.generation};
    retired_.watch(key, [this, place, &shadow, swept] {
        if (!directory_.contains(place.index, place.generation)) return;
        auto const generation = rendezvous_.generation();
        auto const number = sweep_number(generation);
        if (number != swept) sweep(shadow, generation);
        try {
            watch_shadow(place, shadow, number);
        } catch (std::exception const& failed) {
            log(log_level::error, text("races are not checked from here on (", failed.what(), ")"));
        }
    });
}

// The memory of a shadow that nobody finds any more; nullptr if there is none.
void* segment_core::take_out_shadow(std::string_view shadow_name) {
    auto const found = directory_.find_head(shadow_name);
    if (!found || !directory_.erase(found->index, found->head.generation)) return nullptr;
    return region_.at(found->head.offset);
}

// In a completion: all have arrived, and sweep no more.
void segment_core::forget_races(placed_object const& what) {
    if (races_.n_shadows.load(std::memory_order_relaxed) == 0) return;
    if (auto* const shadow = take_out_shadow(hidden_name(what))) heap_.deallocate(shadow);
}

// At any time: another rank may have found the shadow on its way to a meeting, and sweep it now. So
// it is freed after the next one.
void segment_core::forget_scratch_races(placed_object const& what) {
    if (races_.n_shadows.load(std::memory_order_relaxed) == 0) return;
    if (auto* const shadow = take_out_shadow(scratch_shadow_name(what))) retired_.add(shadow);
}

found_races segment_core::log_races() const {
    auto found = take_races(races_);
    for (auto const& line : found.lines) {
        log(log_level::warning, text("data race: ", line));
    }
    if (found.n_elements > found.lines.size()) {
        log(log_level::warning,
            text("data race: ", found.n_elements - found.lines.size(), " more elements"));
    }
    return found;
}

void segment_core::raise_found_races() const {
    auto const found = log_races();
    std::string shown;
    for (std::size_t i = 0; i < std::min(found.lines.size(), n_lines_of_error); ++i) {
        shown += found.lines[i] + "; ";
    }
    raise(errc::data_race,
          text("data race on ",
               found.n_elements,
               found.n_elements == 1 ? " element" : " elements",
               " (",
               shown,
               "a fence must stand between)"));
}

} // namespace shmwin::inline v1::detail
