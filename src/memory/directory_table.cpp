// SPDX-License-Identifier: MIT
// Probing the table, and growing it under those who probe: the old one stays where it is.
#include "memory/directory_table.hpp"

#include "memory/directory_records.hpp"

namespace shmwin::inline v1::detail {
namespace {

constexpr std::uint64_t first_table_slots = 496; // with the table's head, less than a page

} // namespace

directory::table* directory::current_table() const noexcept {
    return static_cast<table*>(memory_.at(state_->table.load(std::memory_order_acquire)));
}

bool directory::holds(std::uint64_t seen, std::uint64_t hash, std::string_view name) const {
    if (!is_live(seen) || tag_of(seen) != tag_of(hash)) return false;
    auto const there = slot(index_of(seen));
    return there.name_hash().load(std::memory_order_acquire) == hash && there.name_is(name);
}

directory::position directory::probe(object_record const& record) const {
    auto* const where = current_table();
    if (where == nullptr) return {};
    return probe(*where, record.name_hash, record.name_text());
}

directory::position
directory::probe(table& where, std::uint64_t hash, std::string_view name) const {
    auto const n_slots = where.n_slots;
    auto reusable = n_slots; // none yet
    auto at = home_of(hash, n_slots);
    for (std::uint64_t looked = 0; looked < n_slots; ++looked) {
        auto const seen = where[at].load(std::memory_order_acquire);
        if (seen == empty_slot) return {false, reusable == n_slots ? at : reusable, 0};
        if (seen == gone_slot && reusable == n_slots) reusable = at;
        if (holds(seen, hash, name)) return {true, at, index_of(seen)};
        at = at + 1 == n_slots ? 0 : at + 1;
    }
    return {false, reusable, 0};
}

// Where the table names that record; by its number, so that no name is read.
directory::position directory::place_of(std::uint64_t index, std::uint64_t hash) const {
    auto& where = *current_table();
    auto at = home_of(hash, where.n_slots);
    for (std::uint64_t looked = 0; looked < where.n_slots; ++looked) {
        auto const seen = where[at].load(std::memory_order_acquire);
        if (seen == empty_slot) break;
        if (seen == make_slot(hash, index)) return {true, at, index};
        at = at + 1 == where.n_slots ? 0 : at + 1;
    }
    return {};
}

// A new table, with room for twice as many; the names that are gone stay behind.
void directory::grow() const {
    auto* const before = current_table();
    auto const n_slots = before == nullptr ? first_table_slots : 2 * before->n_slots;
    auto* const after = static_cast<table*>(memory_.allocate_zeroed(sizeof(table) + 8 * n_slots));
    after->n_slots = n_slots;
    std::uint64_t n_live = 0;
    for (std::uint64_t from = 0; before != nullptr && from < before->n_slots; ++from) {
        auto const seen = (*before)[from].load();
        if (!is_live(seen)) continue;
        auto at = home_of(slot(index_of(seen)).name_hash().load(), n_slots);
        while ((*after)[at].load() != empty_slot) {
            at = at + 1 == n_slots ? 0 : at + 1;
        }
        (*after)[at].store(seen);
        ++n_live;
    }
    state_->n_used_slots = n_live;
    state_->table.store(memory_.offset_of(after), std::memory_order_release);
}

} // namespace shmwin::inline v1::detail
