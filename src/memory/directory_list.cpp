// SPDX-License-Identifier: MIT
// What there is, by name. A hash table knows no order: all of it is looked through, but only the
// names that are asked for are copied and sorted.
#include "memory/directory_records.hpp"
#include "memory/directory_table.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {
namespace {

// Others may change the table more often than it can be read.
constexpr int most_tries_without_lock = 3;

} // namespace

std::vector<directory_entry> directory::collect(std::string_view beginning) const {
    std::vector<directory_entry> all;
    auto* const where = current_table();
    for (std::uint64_t at = 0; where != nullptr && at < where->n_slots; ++at) {
        auto const seen = (*where)[at].load(std::memory_order_acquire);
        if (!is_live(seen)) continue;
        auto const index = index_of(seen);
        auto const there = slot(index);
        if (is_claim(there.link()) || !there.name_begins_with(beginning)) continue;
        all.push_back({static_cast<std::uint32_t>(index), there.load()});
    }
    return all;
}

std::vector<directory_entry> directory::list(std::string_view beginning) const {
    std::vector<directory_entry> all;
    bool is_snapshot = false;
    for (int i = 0; i < most_tries_without_lock && !is_snapshot; ++i) {
        auto const before = state_->n_changes.load(std::memory_order_acquire);
        all = collect(beginning);
        is_snapshot = state_->n_changes.load(std::memory_order_acquire) == before;
    }
    if (!is_snapshot) {
        auto const hold = lock();
        all = collect(beginning);
    }
    std::ranges::sort(all, {}, [](directory_entry const& each) { return each.record.name_text(); });
    return all;
}

} // namespace shmwin::inline v1::detail
