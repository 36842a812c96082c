// SPDX-License-Identifier: MIT
// What holds in a directory, and how it comes to hold again after a process died changing it.
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"

#include "memory/directory_records.hpp"
#include "memory/directory_table.hpp"

namespace shmwin::inline v1::detail {

// True if the table names that record. Of a record that was only half written it is false.
bool directory::is_named(std::uint64_t index) const {
    auto const record = slot(index).load();
    if (record.name_hash == 0) return false;
    auto const place = probe(record);
    return place.found && place.index == index;
}

// After the lock's holder died: the table is the truth; records that it does not name are free.
// Claims stay, also those of the dead: whoever meets one asks who it is.
void directory::rebuild() const noexcept {
    state_->n_changes.fetch_add(1);
    auto* const where = current_table();
    state_->n_live = 0;
    state_->n_used_slots = 0;
    for (std::uint64_t at = 0; where != nullptr && at < where->n_slots; ++at) {
        auto const seen = (*where)[at].load();
        if (seen != empty_slot) ++state_->n_used_slots;
        if (is_live(seen) && !is_claim(slot(index_of(seen)).link())) ++state_->n_live;
    }
    state_->first_free = 0;
    for (std::uint64_t index = 0; index < state_->n_records; ++index) {
        if (!is_named(index)) give_record_back(index);
    }
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
    if (is_claim(claim) && record.offset == 0) return; // it has no block yet
    if (memory_.usable_size(memory_.at(record.offset)) < record.n_bytes) {
        report("has no block of ", record.n_bytes, " bytes");
    }
}

void directory::verify(std::vector<std::string>& violations, std::size_t limit) const {
    auto const hold = lock();
    std::uint64_t n_live = 0;
    auto* const where = current_table();
    for (std::uint64_t at = 0; where != nullptr && at < where->n_slots; ++at) {
        auto const seen = (*where)[at].load();
        if (!is_live(seen)) continue;
        verify_slot(at, violations);
        if (index_of(seen) < state_->n_records && !is_claim(slot(index_of(seen)).link())) ++n_live;
    }
    if (n_live != state_->n_live) {
        violations.push_back(
            text("directory: miscounted (", state_->n_live, ", found ", n_live, ")"));
    }
    if (violations.size() > limit) violations.resize(limit);
}

} // namespace shmwin::inline v1::detail
