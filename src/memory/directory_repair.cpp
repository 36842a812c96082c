// SPDX-License-Identifier: MIT
// How a directory comes to hold again after a process died changing it.
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
    count_change();
    auto* const where = current_table();
    state_->n_live = 0;
    state_->n_used_slots = 0;
    for (std::uint64_t at = 0; where != nullptr && at < where->n_slots; ++at) {
        auto const seen = (*where)[at].load();
        if (seen != empty_slot) ++state_->n_used_slots;
        if (is_live(seen) && !is_claim(slot(index_of(seen)).link())) ++state_->n_live;
    }
    state_->first_free.fill(0);
    for (std::uint64_t index = 0; index < state_->n_records; ++index) {
        if (!is_named(index)) give_record_back(index);
    }
}

} // namespace shmwin::inline v1::detail
