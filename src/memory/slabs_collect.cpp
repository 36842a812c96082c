// SPDX-License-Identifier: MIT
// What comes back to a slot: blocks that others freed, and slabs of the dead.
#include "shmwin/memory/slabs.hpp"

#include "memory/shared_slot_lock.hpp"
#include "memory/slab_table.hpp"
#include "memory/thread_slot.hpp"

#include <atomic>
#include <bit>

namespace shmwin::inline v1::detail {
namespace {

template <typename F>
void for_each_bit(std::uint64_t bits, F const& f) {
    for (; bits != 0; bits &= bits - 1) {
        f(static_cast<unsigned>(std::countr_zero(bits)));
    }
}

} // namespace

// The owner is a living slot's only of what is a slab: its own thread made it or adopted it, and
// whoever gives one back says first that nobody owns it.
void slabs::for_each_slab(std::uint32_t owner, function_ref<void(slab&)> f) const {
    slab_table const table(where_, runs_);
    for (std::uint32_t n = 0; n < table.size(); ++n) {
        auto& each = table[n];
        if (each.owner.load(std::memory_order_acquire) == owner) f(each);
    }
}

void slabs::drain(std::uint32_t number) const {
    auto& mine = slot(number);
    slab_table const table(where_, runs_);
    for (unsigned i = 0; i < mine.marked_words.size(); ++i) {
        if (mine.marked_words[i].load(std::memory_order_relaxed) == 0) continue;
        for_each_bit(mine.marked_words[i].exchange(0), [&](unsigned j) {
            auto const word = 64 * i + j;
            for_each_bit(mine.marks[word].exchange(0), [&](unsigned k) {
                for (std::uint32_t n = 64 * word + k; n < table.size(); n += n_marks) {
                    if (table[n].owner.load() == number) merge(mine, table[n]);
                }
            });
        });
    }
}

// What others freed becomes free. First it is free twice, then once: killed in between, a process
// leaves what the next one can finish.
void slabs::merge(heap_slot& mine, slab& which) const {
    bool any = false;
    for (unsigned w = 0; w < which.n_words(); ++w) {
        auto const freed = which.remote[w].load();
        if (freed == 0) continue;
        auto const bits = which.free[w].load(std::memory_order_relaxed);
        which.free[w].store(bits | freed, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        which.remote[w].fetch_and(~freed);
        which.words_with_free |= static_cast<std::uint8_t>(1U << w);
        any = true;
    }
    if (!any) return;
    if (!which.listed) link(mine, which);
    give_back_if_empty(mine, which);
}

// Lists and masks of a slot anew, from the bits of its slabs: whoever changed them last died.
void slabs::rebuild(std::uint32_t number) const {
    auto& mine = slot(number);
    mine.lists.fill(0);
    mine.spares.fill(0);
    for_each_slab(number, [&](slab& each) { recover(number, each); });
}

// A slab whose owner died becomes one of this slot's, with what its bits say.
void slabs::recover(std::uint32_t number, slab& which) const {
    auto& mine = slot(number);
    slab_table const table(where_, runs_);
    if (!table.is_slab(which)) { // its maker died before it was one
        auto expected = number;
        which.owner.compare_exchange_strong(expected, nobody);
        return;
    }
    // Until it was one, another could make it its own; then it is that one's.
    if (which.owner.load() != number) return;
    which.listed = false;
    if (!which.ready) {
        table.destroy(which);
        return;
    }
    which.words_with_free = 0;
    for (unsigned w = 0; w < which.n_words(); ++w) {
        if (which.free[w].load() != 0) which.words_with_free |= static_cast<std::uint8_t>(1U << w);
    }
    if (which.words_with_free != 0) link(mine, which);
    merge(mine, which);
}

void slabs::adopt_dead(std::uint32_t number) const {
    for (int rank = 0; rank < who_.size(); ++rank) {
        if (rank == who_.self() || !who_.gone(rank)) continue;
        auto const first = static_cast<std::uint32_t>(rank) * slots_per_rank_;
        for (auto theirs = first; theirs < first + slots_per_rank_; ++theirs) {
            for_each_slab(theirs, [&](slab& each) {
                auto expected = theirs;
                if (each.owner.compare_exchange_strong(expected, number)) {
                    recover(number, each);
                }
            });
        }
    }
}

void slabs::give_back_empty(std::uint32_t number) const {
    auto& mine = slot(number);
    slab_table const table(where_, runs_);
    mine.spares.fill(0);
    mine.next_pages.fill(0);
    for_each_slab(number, [&](slab& each) {
        if (!each.is_empty()) return;
        if (each.listed) unlink(mine, each);
        table.destroy(each);
    });
}

void slabs::collect_slot(std::uint32_t number) const {
    drain(number);
    // Also what has no mark: who freed it may have died before.
    for_each_slab(number, [&](slab& each) { merge(slot(number), each); });
    give_back_empty(number);
}

void slabs::collect() const {
    slab_table(where_, runs_).settle();
    bool const have_one = find_slot();
    if (have_one) {
        adopt_dead(my_slot.number);
        collect_slot(my_slot.number);
    }
    for (std::uint32_t k = 0; k + 1 < slots_per_rank_; ++k) {
        collect_if_left(my_first_number_ + k);
    }
    auto const last = my_first_number_ + slots_per_rank_ - 1;
    if (have_one && !where_.has_metadata(where_.offset_of(&slot(last)))) return; // never used
    shared_slot_lock const hold(*this);
    adopt_dead(hold.number());
    collect_slot(hold.number());
}

// Of a slot of this rank whose thread ended.
void slabs::collect_if_left(std::uint32_t number) const {
    bool taken_over = false;
    if (!where_.has_metadata(where_.offset_of(&slot(number)))) return;
    if (!borrow_slot(slot(number), taken_over)) return;
    if (taken_over) rebuild(number);
    collect_slot(number);
    slot(number).user.store(0, std::memory_order_release);
}

slab_stats slabs::stats() const {
    slab_table const table(where_, runs_);
    slab_stats numbers;
    for (std::uint32_t n = 0; n < table.size(); ++n) {
        auto const& each = table[n];
        if (each.owner.load(std::memory_order_acquire) == nobody || !table.is_slab(each)) continue;
        std::uint64_t n_free = 0;
        for (unsigned w = 0; w < each.n_words(); ++w) {
            n_free +=
                static_cast<unsigned>(std::popcount(each.free[w].load() | each.remote[w].load()));
        }
        ++numbers.n_slabs;
        numbers.n_pages += each.n_pages;
        numbers.n_blocks += each.n_blocks - n_free;
        numbers.used_bytes += (each.n_blocks - n_free) * each.block_bytes;
    }
    return numbers;
}

} // namespace shmwin::inline v1::detail
