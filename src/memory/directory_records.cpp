// SPDX-License-Identifier: MIT
// Records in use and free ones.
#include "memory/directory_records.hpp"

namespace shmwin::inline v1::detail {

directory::record_slot& directory::slot(std::uint64_t index) const noexcept {
    auto const chunk = chunk_of(index);
    auto const first = first_chunk_records * ((1ULL << chunk) - 1);
    auto const offset = state_->chunks.at(chunk).load(std::memory_order_acquire);
    return static_cast<record_slot*>(memory_.at(offset))[index - first];
}

std::uint64_t directory::take_record() const {
    if (state_->first_free != 0) {
        auto const index = state_->first_free - 1;
        state_->first_free = slot(index).link();
        return index;
    }
    auto const index = state_->n_records;
    auto const chunk = chunk_of(index);
    if (state_->chunks.at(chunk).load() == 0) {
        auto const n_bytes = (first_chunk_records << chunk) * sizeof(record_slot);
        state_->chunks.at(chunk).store(memory_.offset_of(memory_.allocate_zeroed(n_bytes)));
    }
    shared(state_->n_records).store(index + 1, std::memory_order_release);
    return index;
}

void directory::give_record_back(std::uint64_t index) const noexcept {
    auto& freed = slot(index);
    state_->n_changes.fetch_add(1);
    freed.retire();
    freed.set_link(state_->first_free);
    state_->first_free = index + 1;
}

} // namespace shmwin::inline v1::detail
