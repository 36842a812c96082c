// SPDX-License-Identifier: MIT
// verify(): what holds in a directory, one by one.
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"

#include "memory/directory_records.hpp"
#include "memory/directory_table.hpp"

namespace shmwin::inline v1::detail {

// The blocks that table and records stand in are there: else nothing can be looked at.
bool directory::verify_blocks(std::vector<std::string>& violations) const {
    auto const holds = [&](std::uint64_t offset, std::uint64_t n_bytes) {
        return offset != 0 && memory_.usable_size(memory_.at(offset)) >= n_bytes;
    };
    auto const table_at = state_->table.load();
    if (table_at != 0
        && (!holds(table_at, sizeof(table)) || current_table()->n_slots == 0
            || current_table()->n_slots > memory_.usable_size(current_table()) / 8 - 8)) {
        violations.push_back(text("directory: has no table at ", table_at));
        return false;
    }
    for (std::size_t k = 0; first_chunk_records * ((1ULL << k) - 1) < state_->n_records; ++k) {
        if (k < state_->chunks.size()
            && holds(state_->chunks.at(k), (first_chunk_records << k) * record_bytes)) {
            continue;
        }
        violations.push_back(text("directory: has no chunk ", k, " of its records"));
        return false;
    }
    return true;
}

void directory::verify_slot(std::uint64_t at, std::vector<std::string>& violations) const {
    auto& where = *current_table();
    auto const seen = where[at].load();
    if (index_of(seen) >= state_->n_records) {
        violations.push_back(text(
            "directory: slot ", at, " names record ", index_of(seen), " of ", state_->n_records));
        return;
    }
    auto const record = slot(index_of(seen)).load();
    auto const report = [&](auto const&... parts) {
        violations.push_back(text("directory: \"", record.name_text(), "\" ", parts...));
    };
    if (record.name_hash != hash(record.name_text())) report("has a torn record");
    auto const found = probe(where, record.name_hash, record.name_text());
    if (!found.found || found.at != at) report("is not reached");
    auto const claim = slot(index_of(seen)).link();
    if (is_claim(claim) && claimant_of(claim) >= who_.size()) report("is claimed by nobody");
    if (record.is_foreign()) return; // or a claim that has no block yet
    if (memory_.usable_size(memory_.at(record.offset)) < record.n_bytes) {
        report("has no block of ", record.n_bytes, " bytes");
    }
}

// Records that no name has are in the lists of free ones, each once.
void directory::verify_free(std::uint64_t n_named, std::vector<std::string>& violations) const {
    auto const expected = state_->n_records - n_named;
    std::uint64_t n = 0;
    auto const is_one = [&](std::uint64_t at) {
        return n < expected && at <= state_->n_records && slot(at - 1).name_hash().load() == 0;
    };
    bool is_whole = true;
    for (auto at : state_->first_free) {
        for (; at != 0 && is_one(at); ++n) {
            at = slot(at - 1).link();
        }
        is_whole = is_whole && at == 0;
    }
    if (is_whole && n == expected) return;
    violations.push_back(
        text("directory: the lists of free records are broken at entry ", n, " of ", expected));
}

// Slots and what they name, beside what is noted of them.
void directory::verify_table(std::vector<std::string>& violations) const {
    std::uint64_t n_live = 0;
    std::uint64_t n_named = 0;
    std::uint64_t n_used = 0;
    auto* const where = current_table();
    for (std::uint64_t at = 0; where != nullptr && at < where->n_slots; ++at) {
        auto const seen = (*where)[at].load();
        if (seen != empty_slot) ++n_used;
        if (!is_live(seen)) continue;
        verify_slot(at, violations);
        ++n_named;
        if (index_of(seen) < state_->n_records && !is_claim(slot(index_of(seen)).link())) ++n_live;
    }
    auto const compare = [&](char const* what, std::uint64_t noted, std::uint64_t found) {
        if (noted == found) return;
        violations.push_back(text("directory: ", what, " (", noted, ", found ", found, ")"));
    };
    compare("miscounted", state_->n_live, n_live);
    compare("slots miscounted", state_->n_used_slots, n_used);
    if (n_named <= state_->n_records) verify_free(n_named, violations);
}

void directory::verify(std::vector<std::string>& violations, std::size_t limit) const {
    auto const hold = lock();
    if (verify_blocks(violations)) verify_table(violations);
    if (violations.size() > limit) violations.resize(limit);
}

} // namespace shmwin::inline v1::detail
