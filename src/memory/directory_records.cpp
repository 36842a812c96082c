// SPDX-License-Identifier: MIT
// Records in use and free ones.
#include "memory/directory_records.hpp"

namespace shmwin::inline v1::detail {

directory::record_slot directory::slot(std::uint64_t index) const noexcept {
    auto const chunk = chunk_of(index);
    auto const n_records = first_chunk_records << chunk;
    auto const i = index - (n_records - first_chunk_records);
    auto* const near =
        memory_.where().base() + state_->chunks.at(chunk).load(std::memory_order_acquire);
    auto* const far = near + n_records * record_slot::near_bytes;
    return {reinterpret_cast<std::uint64_t*>(near + i * record_slot::near_bytes),
            reinterpret_cast<std::uint64_t*>(far + i * record_slot::far_bytes)};
}

// A free record, best one that the caller's process had last: it is in its cache.
std::uint64_t directory::take_record() const {
    auto const mine = static_cast<std::size_t>(who_.self());
    for (std::size_t i = 0; i < state_->first_free.size(); ++i) {
        auto& first = state_->first_free[(mine + i) % state_->first_free.size()];
        if (first == 0) continue;
        auto const index = first - 1;
        first = slot(index).link();
        return index;
    }
    auto const index = state_->n_records;
    auto const chunk = chunk_of(index);
    if (state_->chunks.at(chunk).load() == 0) {
        auto const n_bytes = (first_chunk_records << chunk) * record_bytes;
        state_->chunks.at(chunk).store(memory_.offset_of(memory_.allocate_zeroed(n_bytes)));
    }
    shared(state_->n_records).store(index + 1, std::memory_order_release);
    return index;
}

void directory::give_record_back(std::uint64_t index) const noexcept {
    auto const freed = slot(index);
    auto& first =
        state_->first_free[static_cast<std::size_t>(who_.self()) % state_->first_free.size()];
    count_change();
    freed.retire();
    freed.set_link(first);
    first = index + 1;
}

} // namespace shmwin::inline v1::detail
