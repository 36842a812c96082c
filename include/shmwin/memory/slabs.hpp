// SPDX-License-Identifier: MIT
// slabs: small blocks, of 8 bytes to 32 KiB. Each thread allocates from the slabs of a heap slot of
// its own, without a lock; any thread of any rank frees, by one atomic bit.
//
// Bitmaps away from the blocks say which are free, so that nothing is written into freed memory, an
// overrun cannot break the heap, and freeing twice is noticed. The owner collects what others
// freed when it runs out of blocks: every step between processes is one idempotent atomic, so none
// waits for another, and a killed one loses at most the block it had in hand.
//
// The design is in the tradition of J. Bonwick, "The slab allocator", 1994, and of D. Leijen, B.
// Zorn, L. de Moura, "Mimalloc: free list sharding in action", 2019 (frees of others kept apart).
//
// Layer: memory.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/memory/page_bits.hpp"
#include "shmwin/memory/page_runs.hpp"
#include "shmwin/memory/region.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/wait.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

struct slab;
struct heap_slot;

/// Why a small block could not be freed.
enum class free_outcome : std::uint8_t { done, not_a_block, already_free };

/// Numbers of one moment.
struct slab_stats {
    std::uint64_t n_slabs = 0;
    std::uint64_t n_pages = 0;
    std::uint64_t n_blocks = 0;   ///< in use
    std::uint64_t used_bytes = 0; ///< of these blocks
};

/// Process-local handle. Safe from any thread and process.
class SHMWIN_API slabs {
  public:
    slabs(region const& where,
          page_runs const& runs,
          page_bits const& bits,
          participants const& who,
          wait_policy const& policy) noexcept;

    /// Local. A block of the class; null if there is no room for more slabs. No lock, but when a
    /// slab comes or goes, and for threads beyond the rank's slots.
    /// @throws out_of_memory (no_space)
    [[nodiscard]] void* allocate(unsigned size_class) const;

    /// Local. As allocate(), if that takes no more than a few instructions; otherwise null.
    [[nodiscard]] void* allocate_at_once(unsigned size_class) const noexcept;

    /// Local. Frees the block at `offset`, in a page whose word is `page_word`, a slab's. O(1).
    free_outcome deallocate(std::uint64_t page_word, std::uint64_t offset) const;

    /// Local. As which participant the calling process takes locks, and how it waits for them.
    [[nodiscard]] participants const& who() const noexcept { return who_; }
    [[nodiscard]] wait_policy const& policy() const noexcept { return policy_; }

    /// Local. deallocate(), if that takes no more than a few instructions; otherwise false, and
    /// nothing changed.
    [[nodiscard]] bool free_at_once(std::uint64_t page_word, std::uint64_t offset) const noexcept;
    [[nodiscard]] bool free_in_likely_slab(std::uint64_t offset) const noexcept;

    /// Local. Bytes of the block that begins at `offset`; 0 if none in use does.
    [[nodiscard]] std::size_t usable_size(std::uint64_t page_word, std::uint64_t offset) const;

    /// Local. Takes what others freed, of the calling thread's slot and of the slots of its rank
    /// that have no thread any more, and of dead ranks; gives empty slabs back. O(slabs).
    void collect() const;

    /// Local. O(slabs); numbers that other ranks change meanwhile.
    [[nodiscard]] slab_stats stats() const;

    /// Local. Adds a line to `violations` for each broken invariant, at most `limit` in all. While
    /// nobody allocates or frees.
    void verify(std::vector<std::string>& violations, std::size_t limit) const;

  private:
    class shared_slot_lock;
    struct owners;

    [[nodiscard]] heap_slot& slot(std::uint32_t number) const noexcept;
    struct block_bit;
    [[nodiscard]] bool has_slot() const noexcept;
    [[nodiscard]] bool find_slot() const;
    [[nodiscard]] std::uint32_t shared_slot() const;
    [[nodiscard]] void* take_listed(heap_slot& mine, unsigned size_class) const noexcept;
    [[nodiscard]] slab& slab_of(std::uint64_t page_word) const noexcept;
    [[nodiscard]] static block_bit find_block(slab const& which, std::uint64_t offset) noexcept;
    [[nodiscard]] void* take(std::uint32_t number, unsigned size_class) const;
    [[nodiscard]] slab* refill(std::uint32_t number, unsigned size_class) const;
    [[nodiscard]] slab* add_slab(std::uint32_t number, unsigned size_class) const;
    [[nodiscard]] slab*
    create(std::uint32_t number, unsigned size_class, std::uint64_t n_pages) const;
    void link(heap_slot& mine, slab& which) const noexcept;
    void unlink(heap_slot& mine, slab& which) const noexcept;
    free_outcome free_own(heap_slot& mine, slab& which, unsigned w, std::uint64_t bit) const;
    free_outcome free_remote(slab& which, unsigned w, std::uint64_t bit) const noexcept;
    [[nodiscard]] static bool
    may_be_empty(slab const& which, unsigned w, std::uint64_t now) noexcept;
    [[nodiscard]] static bool is_mine(slab const& which) noexcept;
    [[nodiscard]] static bool free_mine_at_once(slab& which, std::uint64_t offset) noexcept;
    void mark(slab const& which) const noexcept;
    void give_back_if_empty(heap_slot& mine, slab& which) const;

    void for_each_slab(std::uint32_t owner, function_ref<void(slab&)> f) const;
    void drain(std::uint32_t number) const;
    void merge(heap_slot& mine, slab& which) const;
    void rebuild(std::uint32_t number) const;
    void recover(std::uint32_t number, slab& which) const;
    void adopt_dead(std::uint32_t number) const;
    void give_back_empty(std::uint32_t number) const;
    void collect_slot(std::uint32_t number) const;
    void collect_if_left(std::uint32_t number) const;
    void verify_table(owners const& all, std::vector<std::string>& violations) const;
    void verify_slab(slab const& which, std::vector<std::string>& violations) const;
    void verify_hints(slab const& which, std::vector<std::string>& violations) const;
    [[nodiscard]] slab const* slab_at(std::uint64_t offset) const noexcept;
    std::uint32_t verify_list(std::uint32_t number,
                              unsigned size_class,
                              std::vector<std::string>& violations) const;

    region where_;
    page_runs runs_;
    page_bits bits_;
    participants who_;
    wait_policy policy_;
    std::byte* first_slot_; ///< of all ranks
    std::byte* my_first_slot_;
    std::uint32_t my_first_number_;
    std::uint32_t slots_per_rank_;
    std::uint64_t number_; ///< of this handle and its copies in this process
};

} // namespace shmwin::inline v1::detail
