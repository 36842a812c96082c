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
    return my_slot.heap == number_;
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

// False if word `w` alone, which is `now`, shows that a block of the slab is in use.
inline bool slabs::may_be_empty(slab const& which, unsigned w, std::uint64_t now) noexcept {
    // All bits of the last word that there are may be fewer than 64: ones from the lowest bit on.
    return (now & (now + 1)) == 0 && (now == ~0ULL || w == which.n_blocks / 64U);
}

// Its fields are those of a slab as long as the calling thread is its owner, who alone ends it.
inline bool slabs::is_mine(slab const& which) noexcept {
    return which.owner.load(std::memory_order_relaxed) == my_slot.number;
}

// False if it takes more than two stores.
inline bool slabs::free_mine_at_once(slab& which, std::uint64_t offset) noexcept {
    auto const [w, bit] = find_block(which, offset);
    if (bit == 0) return false;
    auto const bits = which.free[w].load(std::memory_order_relaxed);
    bool const is_free = ((bits | which.remote[w].load(std::memory_order_relaxed)) & bit) != 0;
    auto const now = bits | bit;
    if (is_free || !which.listed || may_be_empty(which, w, now)) return false;
    which.free[w].store(now, std::memory_order_relaxed); // it is free
    which.words_with_free |= static_cast<std::uint8_t>(1U << w);
    slot_was_used(*my_slot.slot);
    return true;
}

// After two blocks of one slab a third is likely to be of it too: then no page is looked at.
inline bool slabs::free_in_likely_slab(std::uint64_t offset) const noexcept {
    auto* const likely = my_slot.likely;
    return likely != nullptr && has_slot() && is_mine(*likely)
           && free_mine_at_once(*likely, offset);
}

inline bool slabs::free_at_once(std::uint64_t page_word, std::uint64_t offset) const noexcept {
    auto& which = slab_of(page_word);
    if (!has_slot() || !is_mine(which) || !free_mine_at_once(which, offset)) return false;
    my_slot.likely = my_slot.last == &which ? &which : nullptr;
    my_slot.last = &which;
    return true;
}

} // namespace shmwin::inline v1::detail
