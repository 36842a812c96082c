// SPDX-License-Identifier: MIT
// All records one after the other, for those who may neither lock nor allocate.
#include "memory/directory_records.hpp"
#include "memory/directory_table.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {
namespace {

// Of a record that others change all the time; then it is left out.
constexpr int most_tries = 100;

} // namespace

void directory::for_each(function_ref<void(directory_entry const&, int)> tell) const {
    auto const n = std::min<std::uint64_t>(
        shared(state_->n_records).load(std::memory_order_acquire), 0xffff'ffffU);
    for (std::uint64_t index = 0; index < n; ++index) {
        auto const there = slot(index);
        for (int i = 0; i < most_tries; ++i) {
            auto const before = state_->n_changes.load(std::memory_order_acquire);
            auto const link = there.link();
            auto const hash = there.name_hash().load(std::memory_order_acquire);
            if (hash == 0 || !place_of(index, hash).found) break; // free, or not written yet
            directory_entry const entry{static_cast<std::uint32_t>(index), there.load()};
            if (state_->n_changes.load(std::memory_order_acquire) != before) continue;
            tell(entry, is_claim(link) ? claimant_of(link) : -1);
            break;
        }
    }
}

} // namespace shmwin::inline v1::detail
