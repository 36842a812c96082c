// SPDX-License-Identifier: MIT
// Entering, finding and taking out: what the directory is for.
#include "shmwin/memory/directory.hpp"

#include "shmwin/base/hash.hpp"

#include "memory/directory_records.hpp"
#include "memory/directory_table.hpp"

#include <algorithm>

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

std::optional<directory_entry> directory::find(std::string_view name) const {
    auto const h = hash(name);
    for (;;) {
        auto const before = state_->n_changes.load(std::memory_order_acquire);
        auto* const where = current_table();
        if (where == nullptr) return std::nullopt;
        auto const found = probe(*where, h, name);
        std::optional<directory_entry> entry;
        if (found.found) {
            entry =
                directory_entry{static_cast<std::uint32_t>(found.index), slot(found.index).load()};
        }
        if (state_->n_changes.load(std::memory_order_acquire) == before) return entry;
    }
}

bool directory::contains(std::uint32_t index, std::uint32_t generation) const {
    if (index >= shared(state_->n_records).load(std::memory_order_acquire)) return false;
    auto& there = slot(index);
    return there.generation() == generation
           && there.name_hash().load(std::memory_order_acquire) != 0;
}

std::uint32_t directory::generation_of(std::uint32_t index) const {
    if (index >= shared(state_->n_records).load(std::memory_order_acquire)) return 0;
    auto& there = slot(index);
    auto const generation = there.generation();
    return there.name_hash().load(std::memory_order_acquire) == 0 ? 0 : generation;
}

directory_place directory::insert(object_record const& record) const {
    auto const h = record.name_hash;
    auto const hold = lock();
    position place{};
    auto* const before = current_table();
    if (before != nullptr) place = probe(*before, h, record.name_text());
    if (place.found) raise_taken(slot(place.index).load());
    if (before == nullptr || 2 * (state_->n_used_slots + 1) > before->n_slots) {
        grow();
        place = probe(*current_table(), h, record.name_text());
    }
    auto& where = *current_table();
    auto const index = take_record();
    auto entered = record;
    entered.generation = slot(index).generation() + 1;
    state_->n_changes.fetch_add(1);
    slot(index).store(entered);
    if (where[place.at].load(std::memory_order_relaxed) == empty_slot) ++state_->n_used_slots;
    ++state_->n_live;
    where[place.at].store(make_slot(h, index), std::memory_order_release);
    return {static_cast<std::uint32_t>(index), entered.generation};
}

std::optional<object_record> directory::erase(std::uint32_t index, std::uint32_t generation) const {
    auto const hold = lock();
    if (!contains(index, generation)) return std::nullopt;
    auto const record = slot(index).load();
    auto& where = *current_table();
    auto const place = probe(where, record.name_hash, record.name_text());
    if (!place.found || place.index != index) return std::nullopt;
    state_->n_changes.fetch_add(1);
    where[place.at].store(gone_slot, std::memory_order_release);
    // A gone slot before an empty one is as good as empty: probes end there anyway.
    auto const n_slots = where.n_slots;
    auto at = place.at;
    while (where[at].load() == gone_slot && where[(at + 1) % n_slots].load() == empty_slot) {
        where[at].store(empty_slot, std::memory_order_release);
        --state_->n_used_slots;
        at = at == 0 ? n_slots - 1 : at - 1;
    }
    --state_->n_live;
    give_record_back(index);
    return record;
}

std::vector<directory_entry> directory::list() const {
    std::vector<directory_entry> all;
    for (;;) {
        all.clear();
        auto const before = state_->n_changes.load(std::memory_order_acquire);
        auto* const where = current_table();
        for (std::uint64_t at = 0; where != nullptr && at < where->n_slots; ++at) {
            auto const seen = (*where)[at].load(std::memory_order_acquire);
            if (!is_live(seen)) continue;
            auto const index = index_of(seen);
            all.push_back({static_cast<std::uint32_t>(index), slot(index).load()});
        }
        if (state_->n_changes.load(std::memory_order_acquire) == before) break;
    }
    std::ranges::sort(all, {}, [](directory_entry const& each) { return each.record.name_text(); });
    return all;
}

std::uint64_t directory::size() const {
    auto const hold = lock();
    return state_->n_live;
}

} // namespace shmwin::inline v1::detail
