// SPDX-License-Identifier: MIT
// Taking and freeing small blocks: the fast paths, and where slabs come from.
#include "shmwin/memory/slabs.hpp"

#include "memory/run_word.hpp"
#include "memory/shared_slot_lock.hpp"
#include "memory/slab_table.hpp"
#include "memory/slabs_inline.hpp"

#include <algorithm>
#include <bit>

namespace shmwin::inline v1::detail {

slabs::slabs(region const& where,
             page_runs const& runs,
             page_bits const& bits,
             participants const& who,
             wait_policy const& policy) noexcept
    : where_(where), runs_(runs), bits_(bits), who_(who), policy_(policy) {
    auto const& header = where.header();
    slots_per_rank_ = static_cast<std::uint32_t>(header.threads_per_rank) + 1;
    my_first_number_ = static_cast<std::uint32_t>(who.self()) * slots_per_rank_;
    first_slot_ = where.base() + header[section_id::heap_slots].offset;
    my_first_slot_ = first_slot_ + my_first_number_ * heap_slot_bytes;
    static std::atomic<std::uint64_t> last_number{0};
    number_ = last_number.fetch_add(1) + 1;
}

heap_slot& slabs::slot(std::uint32_t number) const noexcept {
    return *reinterpret_cast<heap_slot*>(first_slot_ + number * heap_slot_bytes);
}

// --- which slot ----------------------------------------------------------------------------------

bool slabs::find_slot() const {
    bool taken_over = false;
    auto* const mine = find_thread_slot(
        where_, {number_, my_first_slot_, my_first_number_, slots_per_rank_ - 1}, taken_over);
    if (taken_over) rebuild(my_slot.number);
    return mine != nullptr;
}

// The number of the rank's last slot, which is present then.
std::uint32_t slabs::shared_slot() const {
    auto const number = my_first_number_ + slots_per_rank_ - 1;
    where_.ensure_metadata(where_.offset_of(&slot(number)), heap_slot_bytes);
    return number;
}

void* slabs::allocate(unsigned size_class) const {
    if (has_slot() || find_slot()) {
        auto* const block = take(my_slot.number, size_class);
        slot_was_used(*my_slot.slot);
        return block;
    }
    shared_slot_lock const hold(*this);
    return take(hold.number(), size_class);
}

// --- taking --------------------------------------------------------------------------------------

void* slabs::take(std::uint32_t number, unsigned size_class) const {
    auto& mine = slot(number);
    for (;;) {
        if (auto* const block = take_listed(mine, size_class)) return block;
        auto const at = mine.lists[size_class];
        if (at != 0) {
            unlink(mine, *reinterpret_cast<slab*>(where_.base() + at)); // it is full
        } else if (refill(number, size_class) == nullptr) {
            return nullptr;
        }
    }
}

// A slab with free blocks; null if there is no room for another.
slab* slabs::refill(std::uint32_t number, unsigned size_class) const {
    auto& mine = slot(number);
    auto const listed = [&] {
        auto const at = mine.lists[size_class];
        return at == 0 ? nullptr : reinterpret_cast<slab*>(where_.base() + at);
    };
    drain(number);
    if (auto* const found = listed()) return found;
    if (auto* const made = add_slab(number, size_class)) return made;
    give_back_empty(number);
    adopt_dead(number);
    if (auto* const found = listed()) return found;
    return add_slab(number, size_class);
}

// Small at first, then twice as large each time: a class that is hardly used takes a page.
slab* slabs::add_slab(std::uint32_t number, unsigned size_class) const {
    auto& mine = slot(number);
    auto const full = slab_pages(size_class);
    auto const least = std::min(full, (4 * class_bytes(size_class) + page_bytes - 1) / page_bytes);
    auto const wanted = std::max<std::size_t>(least, mine.next_pages[size_class]);
    auto const one_block = (class_bytes(size_class) + page_bytes - 1) / page_bytes;
    auto* made = create(number, size_class, wanted);
    if (made == nullptr && wanted > least) made = create(number, size_class, least);
    if (made == nullptr && least > one_block) made = create(number, size_class, one_block);
    if (made == nullptr) return nullptr;
    mine.next_pages[size_class] = static_cast<std::uint8_t>(std::min(full, 2 * wanted));
    link(mine, *made);
    return made;
}

slab* slabs::create(std::uint32_t number, unsigned size_class, std::uint64_t n_pages) const {
    slab_table const table(where_, runs_);
    auto const n_bytes = class_bytes(size_class);
    auto* const made = table.create(n_pages, [&](slab& fresh) {
        fresh.reciprocal = reciprocal_of(n_bytes);
        fresh.block_bytes = static_cast<std::uint32_t>(n_bytes);
        fresh.n_blocks = static_cast<std::uint16_t>(n_pages * page_bytes / n_bytes);
        fresh.size_class = static_cast<std::uint8_t>(size_class);
        fresh.words_with_free = static_cast<std::uint8_t>((1U << fresh.n_words()) - 1);
        fresh.listed = false;
        fresh.ready = false;
        for (unsigned w = 0; w < 8; ++w) {
            fresh.free[w].store(w < fresh.n_words() ? fresh.all_of_word(w) : 0);
            fresh.remote[w].store(0);
        }
        fresh.owner.store(number); // now others may read the rest
    });
    if (made == nullptr) return nullptr;
    auto const first = table.first_page(*made);
    try {
        bits_.make_present(first, n_pages);
        bits_.mark_touched(first, n_pages);
    } catch (...) {
        table.destroy(*made);
        throw;
    }
    made->ready = true;
    return made;
}

void slabs::link(heap_slot& mine, slab& which) const noexcept {
    auto const offset = where_.offset_of(&which);
    auto& list = mine.lists[which.size_class];
    which.previous = 0;
    which.next = list;
    if (list != 0) reinterpret_cast<slab*>(where_.base() + list)->previous = offset;
    list = offset;
    which.listed = true;
}

void slabs::unlink(heap_slot& mine, slab& which) const noexcept {
    if (which.next != 0) {
        reinterpret_cast<slab*>(where_.base() + which.next)->previous = which.previous;
    }
    if (which.previous != 0) {
        reinterpret_cast<slab*>(where_.base() + which.previous)->next = which.next;
    } else {
        mine.lists[which.size_class] = which.next;
    }
    which.listed = false;
}

// --- freeing -------------------------------------------------------------------------------------

free_outcome slabs::deallocate(std::uint64_t page_word, std::uint64_t offset) const {
    auto& which = slab_of(page_word);
    auto const [w, bit] = find_block(which, offset);
    if (bit == 0) return free_outcome::not_a_block;
    bool const own = has_slot() && which.owner.load(std::memory_order_relaxed) == my_slot.number;
    return own ? free_own(*my_slot.slot, which, w, bit) : free_remote(which, w, bit);
}

free_outcome slabs::free_own(heap_slot& mine, slab& which, unsigned w, std::uint64_t bit) const {
    auto const bits = which.free[w].load(std::memory_order_relaxed);
    if (((bits | which.remote[w].load(std::memory_order_relaxed)) & bit) != 0) {
        return free_outcome::already_free;
    }
    auto const now = bits | bit;
    which.free[w].store(now, std::memory_order_relaxed); // it is free
    which.words_with_free |= static_cast<std::uint8_t>(1U << w);
    if (!which.listed) link(mine, which);
    if (may_be_empty(which, w, now)) give_back_if_empty(mine, which);
    slot_was_used(mine);
    return free_outcome::done;
}

free_outcome slabs::free_remote(slab& which, unsigned w, std::uint64_t bit) const noexcept {
    if ((which.free[w].load(std::memory_order_relaxed) & bit) != 0) {
        return free_outcome::already_free;
    }
    if ((which.remote[w].fetch_or(bit) & bit) != 0) return free_outcome::already_free;
    mark(which);
    return free_outcome::done;
}

// Tells the owner. Both bits are looked at: whoever set the first may have died before the second.
void slabs::mark(slab const& which) const noexcept {
    auto const number =
        static_cast<std::uint32_t>(&which - where_.as<slab>(section_id::slabs).data()) % n_marks;
    auto const set = [](std::atomic<std::uint64_t>& word, std::uint64_t bit) {
        if ((word.load() & bit) == 0) word.fetch_or(bit);
    };
    for (auto owner = which.owner.load(); owner != nobody;) {
        auto& theirs = slot(owner);
        set(theirs.marks[number / 64], 1ULL << (number % 64));
        set(theirs.marked_words[number / 64 / 64], 1ULL << (number / 64 % 64));
        auto const now = which.owner.load(); // it may have been adopted meanwhile
        if (now == owner) return;
        owner = now;
    }
}

// One slab of a class may stay empty: the next block must not cost a lock again.
void slabs::give_back_if_empty(heap_slot& mine, slab& which) const {
    if (!which.is_empty()) return;
    auto& spare = mine.spares[which.size_class];
    auto const offset = where_.offset_of(&which);
    auto* const other = spare == 0 ? nullptr : reinterpret_cast<slab*>(where_.base() + spare);
    if (other == nullptr || other == &which || !other->is_empty()) {
        spare = offset;
        return;
    }
    unlink(mine, which);
    slab_table(where_, runs_).destroy(which);
}

std::size_t slabs::usable_size(std::uint64_t page_word, std::uint64_t offset) const {
    auto const& which = slab_of(page_word);
    auto const found = find_block(which, offset);
    if (found.bit == 0) return 0;
    auto const is_free =
        (which.free[found.word].load() | which.remote[found.word].load()) & found.bit;
    return is_free != 0 ? 0 : which.block_bytes;
}

} // namespace shmwin::inline v1::detail
