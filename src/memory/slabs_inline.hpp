// SPDX-License-Identifier: MIT
// The fast paths of small blocks, inlined into the heap's two calls.
//
// Layer: memory.
#pragma once

#include "shmwin/memory/slabs.hpp"

#include "memory/run_word.hpp"
#include "memory/slab.hpp"
#include "memory/thread_slot.hpp"

#include <bit>

namespace shmwin::inline v1::detail {

/// A block by the position of its bit; no bit if there is no such block.
struct slabs::block_bit {
    unsigned word;
    std::uint64_t bit;
};

// True if the calling thread's last look-up found it a slot here, and that is its own still.
inline bool slabs::has_slot() const noexcept {
    auto const& mine = my_slot;
    return mine.slots == my_first_slot_ && mine.slot != nullptr
           && mine.slot->user.load(std::memory_order_relaxed) == mine.user;
}

// A block of the first slab in the list; null if it has none.
inline void* slabs::take_listed(heap_slot& mine, unsigned size_class) const noexcept {
    auto const at = mine.lists[size_class];
    if (at == 0) return nullptr;
    auto& which = *reinterpret_cast<slab*>(where_.base() + at);
    unsigned const words = which.words_with_free;
    if (words == 0) return nullptr;
    auto const w = static_cast<unsigned>(std::countr_zero(words));
    auto const bits = which.free[w].load(std::memory_order_relaxed);
    auto const rest = bits & (bits - 1);
    which.free[w].store(rest, std::memory_order_relaxed); // the block is the caller's
    if (rest == 0) which.words_with_free = static_cast<std::uint8_t>(words & (words - 1));
    auto const index = 64 * w + static_cast<unsigned>(std::countr_zero(bits));
    return where_.base() + which.first_block + std::uint64_t{index} * which.block_bytes;
}

inline void* slabs::allocate_at_once(unsigned size_class) const noexcept {
    if (!has_slot()) return nullptr;
    auto* const block = take_listed(*my_slot.slot, size_class);
    slot_was_used(*my_slot.slot);
    return block;
}

inline slab& slabs::slab_of(std::uint64_t page_word) const noexcept {
    return *reinterpret_cast<slab*>(where_.base() + descriptor_offset_of(page_word));
}

inline slabs::block_bit slabs::find_block(slab const& which, std::uint64_t offset) noexcept {
    auto const distance = offset - which.first_block;
    auto const index = divide_by(which.reciprocal, distance);
    bool const begins = index * which.block_bytes == distance && index < which.n_blocks;
    return {static_cast<unsigned>(index / 64), begins ? 1ULL << (index % 64) : 0};
}

inline free_outcome slabs::deallocate(std::uint64_t page_word, std::uint64_t offset) const {
    auto& which = slab_of(page_word);
    auto const [w, bit] = find_block(which, offset);
    if (bit == 0) return free_outcome::not_a_block;
    bool const own = has_slot() && which.owner.load(std::memory_order_relaxed) == my_slot.number;
    return own ? free_own(*my_slot.slot, which, w, bit) : free_remote(which, w, bit);
}

inline free_outcome
slabs::free_own(heap_slot& mine, slab& which, unsigned w, std::uint64_t bit) const {
    auto const bits = which.free[w].load(std::memory_order_relaxed);
    if (((bits | which.remote[w].load(std::memory_order_relaxed)) & bit) != 0) {
        return free_outcome::already_free;
    }
    auto const now = bits | bit;
    which.free[w].store(now, std::memory_order_relaxed); // it is free
    which.words_with_free |= static_cast<std::uint8_t>(1U << w);
    if (!which.listed) [[unlikely]]
        link(mine, which);
    // Ones from the lowest bit on: all of the word, or not all, but rarely then.
    if ((now & (now + 1)) == 0) [[unlikely]]
        give_back_if_empty(mine, which);
    slot_was_used(mine);
    return free_outcome::done;
}

} // namespace shmwin::inline v1::detail
