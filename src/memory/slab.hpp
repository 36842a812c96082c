// SPDX-License-Identifier: MIT
// What stands in the segment for small blocks: slabs (runs of pages cut into blocks of one size)
// have a descriptor each, away from the blocks; heap slots own slabs.
//
//     | fields (64 bytes) | free: a bit a block (64) | remote: a bit a block (64) |
//
// `free` is stored to by the owner alone. Any other thread gives a block back by setting its bit in
// `remote`, which the owner moves to `free` when it needs blocks. Bits are the truth; lists, counts
// and masks are hints that can be rebuilt from them. So a process may be killed between any two
// instructions: one store to a bitmap is an allocation, or a deallocation, as a whole.
//
// Layer: memory.
#pragma once

#include "shmwin/memory/header.hpp"
#include "shmwin/memory/size_class.hpp"
#include "shmwin/sync/robust_mutex.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace shmwin::inline v1::detail {

inline constexpr std::uint32_t nobody = 0xffff'ffff;

/// In the segment.
struct alignas(64) slab {
    std::uint64_t first_block; ///< its offset
    std::uint64_t reciprocal;  ///< of block_bytes
    std::uint32_t block_bytes;
    std::atomic<std::uint32_t> owner; ///< heap slot; or nobody
    std::uint16_t n_blocks;
    std::uint8_t size_class;
    std::uint8_t n_pages;
    // Hints of the owner:
    std::uint64_t next; ///< offsets of descriptors, in the list of slabs with free blocks
    std::uint64_t previous;
    std::uint8_t words_with_free; ///< a bit for each word of `free` that is not 0
    bool listed;
    bool ready;                ///< its pages are present; until then no block was handed out
    std::uint32_t next_unused; ///< number + 1, of descriptors without a slab
    alignas(64) std::array<std::atomic<std::uint64_t>, 8> free;
    alignas(64) std::array<std::atomic<std::uint64_t>, 8> remote;

    [[nodiscard]] unsigned n_words() const noexcept { return (n_blocks + 63U) / 64; }
    /// No block is in use.
    [[nodiscard]] bool is_empty() const noexcept {
        for (unsigned w = 0; w < n_words(); ++w) {
            if (free[w].load(std::memory_order_relaxed) != all_of_word(w)) return false;
        }
        return true;
    }
    /// Word `w` of `free` when no block is in use.
    [[nodiscard]] std::uint64_t all_of_word(unsigned w) const noexcept {
        auto const n = n_blocks - 64U * w;
        return n >= 64 ? ~0ULL : (1ULL << n) - 1;
    }
};
static_assert(sizeof(slab) == 192);

/// Marks of slabs that have something in `remote`; slab n's is bit n modulo their number.
inline constexpr std::size_t n_marks = 65'536;

/// In the segment. What one thread allocates from; all zero owns nothing.
struct alignas(64) heap_slot {
    std::atomic<std::uint64_t> user; ///< process (upper half) and thread; 0: nobody
    robust_mutex mutex;              ///< of a rank's last slot, which threads share
    std::array<std::uint8_t, n_size_classes>
        next_pages;                                   ///< of the next slab of the class; 0: first
    std::array<std::uint64_t, n_size_classes> lists;  ///< slabs with free blocks
    std::array<std::uint64_t, n_size_classes> spares; ///< a slab that may have no block in use
    alignas(64) std::array<std::atomic<std::uint64_t>, n_marks / 64 / 64> marked_words;
    alignas(64) std::array<std::atomic<std::uint64_t>, n_marks / 64> marks;
};
inline constexpr std::size_t heap_slot_bytes = 4 * page_bytes;
static_assert(sizeof(heap_slot) <= heap_slot_bytes);

} // namespace shmwin::inline v1::detail
