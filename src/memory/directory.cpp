// SPDX-License-Identifier: MIT
// Entering a name, finding it, taking it out.
#include "shmwin/memory/directory.hpp"

#include "shmwin/base/hash.hpp"

#include "memory/directory_records.hpp"
#include "memory/directory_table.hpp"

namespace shmwin::inline v1::detail {

directory::directory(heap const& memory,
                     participants const& who,
                     wait_policy const& policy) noexcept
    : memory_(memory),
      who_(who),
      policy_(policy),
      state_(memory.where().as<directory_state>(section_id::directory).data()) {
    static_assert(sizeof(record_slot) == sizeof(object_record) + sizeof(std::uint64_t));
}

robust_lock<directory::repair> directory::lock() const {
    return {state_->mutex, who_, policy_, repair{*this}};
}

// What the table has under that name, be it an object or a claim.
std::optional<directory_entry>
directory::look(std::string_view name, std::uint64_t& claim, extent how_much) const {
    auto const h = hash(name);
    for (;;) {
        auto const before = state_->n_changes.load(std::memory_order_acquire);
        auto* const where = current_table();
        if (where == nullptr) return std::nullopt;
        auto const found = probe(*where, h, name);
        std::optional<directory_entry> entry;
        if (found.found) {
            auto& there = slot(found.index);
            claim = there.link();
            entry = directory_entry{static_cast<std::uint32_t>(found.index),
                                    how_much == extent::head ? there.load_head() : there.load()};
        }
        if (state_->n_changes.load(std::memory_order_acquire) == before) return entry;
    }
}

std::optional<directory_entry> directory::find(std::string_view name) const {
    std::uint64_t claim = 0;
    auto entry = look(name, claim);
    if (entry && is_claim(claim)) entry.reset();
    return entry;
}

std::optional<directory_entry> directory::find_head(std::string_view name) const {
    std::uint64_t claim = 0;
    auto entry = look(name, claim, extent::head);
    if (entry && is_claim(claim)) entry.reset();
    return entry;
}

bool directory::contains(std::uint32_t index, std::uint32_t generation) const {
    if (index >= shared(state_->n_records).load(std::memory_order_acquire)) return false;
    auto& there = slot(index);
    return there.generation() == generation && !is_claim(there.link())
           && there.name_hash().load(std::memory_order_acquire) != 0;
}

std::uint32_t directory::generation_of(std::uint32_t index) const {
    if (index >= shared(state_->n_records).load(std::memory_order_acquire)) return 0;
    auto& there = slot(index);
    auto const generation = there.generation();
    return there.name_hash().load(std::memory_order_acquire) == 0 ? 0 : generation;
}

directory_place directory::insert(object_record const& record) const {
    for (;;) {
        auto const met = enter_or_meet(record, 0);
        if (met.entered) return {met.entry.index, met.entry.record.generation};
        refuse(met.entry, met.claim);
    }
}

// Enters an object (claim 0) or a claim, unless the name is taken: then, what has it.
directory::taken_name directory::enter_or_meet(object_record const& record,
                                               std::uint64_t claim) const {
    auto const hold = lock();
    auto place = probe(record);
    if (place.found) {
        auto& there = slot(place.index);
        return {{static_cast<std::uint32_t>(place.index), there.load()}, there.link(), false};
    }
    auto* const before = current_table();
    if (before == nullptr || 2 * (state_->n_used_slots + 1) > before->n_slots) {
        grow();
        place = probe(record);
    }
    auto& where = *current_table();
    auto const index = take_record();
    taken_name made{{static_cast<std::uint32_t>(index), record}, claim, true};
    made.entry.record.generation = slot(index).generation() + 1;
    state_->n_changes.fetch_add(1);
    slot(index).store(made.entry.record);
    slot(index).set_link(claim);
    if (where[place.at].load(std::memory_order_relaxed) == empty_slot) ++state_->n_used_slots;
    if (!is_claim(claim)) ++state_->n_live;
    where[place.at].store(make_slot(record.name_hash, index), std::memory_order_release);
    return made;
}

std::optional<object_record> directory::erase(std::uint32_t index, std::uint32_t generation) const {
    auto const hold = lock();
    if (!contains(index, generation)) return std::nullopt;
    auto const record = slot(index).load();
    auto const place = probe(record);
    if (!place.found || place.index != index) return std::nullopt;
    --state_->n_live;
    remove(place);
    return record;
}

// Under the lock. Takes a name out of the table, and gives its record back.
void directory::remove(position const& which) const noexcept {
    auto& where = *current_table();
    state_->n_changes.fetch_add(1);
    where[which.at].store(gone_slot, std::memory_order_release);
    // A gone slot before an empty one is as good as empty: probes end there anyway.
    auto const n_slots = where.n_slots;
    auto at = which.at;
    while (where[at].load() == gone_slot && where[(at + 1) % n_slots].load() == empty_slot) {
        where[at].store(empty_slot, std::memory_order_release);
        --state_->n_used_slots;
        at = at == 0 ? n_slots - 1 : at - 1;
    }
    give_record_back(which.index);
}

std::uint64_t directory::size() const {
    auto const hold = lock();
    return state_->n_live;
}

} // namespace shmwin::inline v1::detail
