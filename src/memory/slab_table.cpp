// SPDX-License-Identifier: MIT
#include "memory/slab_table.hpp"

#include "memory/run_word.hpp"

#include <atomic>

namespace shmwin::inline v1::detail {

std::uint32_t slab_table::size() const noexcept {
    return std::atomic_ref(runs_.control().n_slab_numbers).load(std::memory_order_acquire);
}

std::uint64_t slab_table::first_page(slab const& which) const noexcept {
    return (which.first_block - where_.header()[section_id::pages].offset) / page_bytes;
}

bool slab_table::is_slab(slab const& which) const noexcept {
    if (which.first_block == 0) return false;
    auto const head = runs_.word_of(first_page(which));
    return kind_of_word(head) == word_kind::slab_head
           && descriptor_offset_of(head) == where_.offset_of(&which);
}

// After the lock's holder died: the page map is the truth. A slab that nobody owns was being given
// back.
void slab_table::find_unused(page_runs::held const& hold) const noexcept {
    auto& control = runs_.control();
    if (control.slabs_in_doubt == 0) return;
    control.first_unused_slab = 0;
    control.n_slabs = 0;
    for (auto number = size(); number-- > 0;) {
        auto& each = all_[number];
        if (is_slab(each) && each.owner != nobody) {
            ++control.n_slabs;
            continue;
        }
        if (is_slab(each)) {
            runs_.free(hold, static_cast<page_index>(first_page(each)), word_kind::slab_head);
        }
        each.owner = nobody;
        each.next_unused = control.first_unused_slab;
        control.first_unused_slab = number + 1;
    }
    control.slabs_in_doubt = 0;
}

// A descriptor without a slab, which stays the first of its list.
slab& slab_table::unused(page_runs::held const& hold) const {
    auto& control = runs_.control();
    find_unused(hold);
    if (control.first_unused_slab == 0) {
        auto& fresh = all_[control.n_slab_numbers];
        where_.ensure_metadata(where_.offset_of(&fresh), sizeof fresh);
        fresh.owner = nobody;
        fresh.next_unused = 0;
        control.first_unused_slab = control.n_slab_numbers + 1;
        std::atomic_ref(control.n_slab_numbers).fetch_add(1, std::memory_order_release);
    }
    return all_[control.first_unused_slab - 1];
}

slab* slab_table::create(std::uint64_t n_pages, function_ref<void(slab&)> prepare) const {
    auto const hold = runs_.lock();
    auto& control = runs_.control();
    auto& made = unused(hold);
    auto const offset = where_.offset_of(&made);
    auto const first = runs_.allocate(hold, {n_pages}, [&](page_index at) {
        control.first_unused_slab = made.next_unused;
        made.first_block = where_.header()[section_id::pages].offset + at * page_bytes;
        made.n_pages = static_cast<std::uint8_t>(n_pages);
        prepare(made);
        for (std::uint64_t page = at + 1; page < at + n_pages; ++page) {
            runs_.store(page, make_slab_word(offset, 0));
        }
        return make_slab_word(offset, n_pages);
    });
    if (!first) return nullptr;
    ++control.n_slabs;
    return &made;
}

void slab_table::settle() const {
    auto const hold = runs_.lock();
    find_unused(hold);
}

void slab_table::destroy(slab& which) const {
    auto const hold = runs_.lock();
    auto& control = runs_.control();
    find_unused(hold);
    which.owner = nobody; // before another one may find it
    if (!runs_.free(hold, static_cast<page_index>(first_page(which)), word_kind::slab_head)) return;
    which.next_unused = control.first_unused_slab;
    control.first_unused_slab = number_of(which) + 1;
    --control.n_slabs;
}

} // namespace shmwin::inline v1::detail
