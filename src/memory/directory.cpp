// SPDX-License-Identifier: MIT
// Entering a name, finding it, taking it out.
#include "shmwin/memory/directory.hpp"

#include "shmwin/base/hash.hpp"

#include "memory/directory_records.hpp"
#include "memory/directory_table.hpp"

#include <utility>

namespace shmwin::inline v1::detail {

directory::directory(heap const& memory,
                     participants const& who,
                     wait_policy const& policy,
                     activity const& log) noexcept
    : memory_(memory),
      who_(who),
      policy_(policy),
      log_(log),
      state_(memory.where().as<directory_state>(section_id::directory).data()) {}

robust_lock<directory::repair> directory::lock() const {
    return {state_->mutex, who_, policy_, repair{*this}};
}

// A writer counts before it changes a record, under the lock. No store of the record is seen
// before the count: they release.
void directory::count_change() const noexcept {
    auto& n = state_->n_changes;
    n.store(n.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// Calls read(index, record) for what the table has under that name, object or claim, until no
// change came between; false if it has nothing.
template <typename Read>
bool directory::read_named(std::string_view name, Read const& read) const {
    auto const h = hash(name);
    for (;;) {
        auto const before = state_->n_changes.load(std::memory_order_acquire);
        auto* const where = current_table();
        if (where == nullptr) return false;
        auto const found = probe(*where, h, name);
        if (found.found) read(static_cast<std::uint32_t>(found.index), slot(found.index));
        if (state_->n_changes.load(std::memory_order_acquire) == before) return found.found;
    }
}

std::optional<directory_entry> directory::look(std::string_view name, std::uint64_t& claim) const {
    std::optional<directory_entry> entry(std::in_place);
    bool const found = read_named(name, [&](std::uint32_t index, record_slot const& there) {
        claim = there.link();
        entry->index = index;
        entry->record = there.load();
    });
    if (!found) entry.reset();
    return entry;
}

std::optional<directory_entry> directory::find(std::string_view name) const {
    std::uint64_t claim = 0;
    auto entry = look(name, claim);
    if (entry && is_claim(claim)) entry.reset();
    return entry;
}

std::optional<directory_head> directory::find_head(std::string_view name) const {
    std::uint64_t claim = 0;
    directory_head seen{};
    bool const found = read_named(name, [&](std::uint32_t index, record_slot const& there) {
        claim = there.link();
        seen.index = index;
        seen.head = there.load_head();
        seen.extents = there.load_extents(seen.head.n_extents);
    });
    if (!found || is_claim(claim)) return std::nullopt;
    return seen;
}

bool directory::is_free(std::string_view name) const {
    return !read_named(name, [](std::uint32_t, record_slot const&) {});
}

bool directory::contains(std::uint32_t index, std::uint32_t generation) const {
    if (index >= shared(state_->n_records).load(std::memory_order_acquire)) return false;
    auto const there = slot(index);
    return there.generation() == generation && !is_claim(there.link())
           && there.name_hash().load(std::memory_order_acquire) != 0;
}

std::optional<object_record> directory::at(std::uint32_t index, std::uint32_t generation) const {
    if (!contains(index, generation)) return std::nullopt;
    return slot(index).load();
}

directory_place directory::insert(object_record const& record) const {
    for (;;) {
        auto const met = enter_or_meet(record, 0);
        if (met.entered) return {met.index, met.generation};
        check_free(record.name_text());
    }
}

// Enters an object (claim 0) or a claim, unless the name is taken: then, what has it.
directory::taken_name directory::enter_or_meet(object_record const& record,
                                               std::uint64_t claim) const {
    auto const hold = lock();
    auto place = probe(record);
    if (place.found) {
        auto const there = slot(place.index);
        return {static_cast<std::uint32_t>(place.index), there.generation(), there.link(), false};
    }
    auto* const before = current_table();
    if (before == nullptr || 2 * (state_->n_used_slots + 1) > before->n_slots) {
        grow();
        place = probe(record);
    }
    auto& where = *current_table();
    auto const index = take_record();
    auto const there = slot(index);
    taken_name const made{static_cast<std::uint32_t>(index), there.generation() + 1, claim, true};
    count_change();
    there.store(record, made.generation);
    there.set_link(claim);
    if (where[place.at].load(std::memory_order_relaxed) == empty_slot) ++state_->n_used_slots;
    if (!is_claim(claim)) ++state_->n_live;
    where[place.at].store(make_slot(record.name_hash, index), std::memory_order_release);
    return made;
}

std::optional<object_head> directory::erase(std::uint32_t index, std::uint32_t generation) const {
    auto const hold = lock();
    if (!contains(index, generation)) return std::nullopt;
    auto const head = slot(index).load_head();
    auto const place = place_of(index, head.name_hash);
    if (!place.found) return std::nullopt;
    --state_->n_live;
    remove(place);
    return head;
}

std::optional<object_head> directory::erase(std::string_view name,
                                            function_ref<bool(object_head const&)> accept) const {
    auto const name_hash = hash(name);
    auto const hold = lock();
    auto* const where = current_table();
    if (where == nullptr) return std::nullopt;
    auto const place = probe(*where, name_hash, name);
    if (!place.found) return std::nullopt;
    auto const there = slot(place.index);
    auto const head = there.load_head();
    if (is_claim(there.link()) || !accept(head)) return std::nullopt;
    --state_->n_live;
    remove(place);
    return head;
}

// Under the lock. Takes a name out of the table, and gives its record back.
void directory::remove(position const& which) const noexcept {
    auto& where = *current_table();
    count_change();
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
