// SPDX-License-Identifier: MIT
// heap: memory of the segment, handed out to any rank and thread, given back by any other.
//
// Layer: memory. Knows nothing of MPI and HDF5: it works on any range that several processes map.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/memory/page_bits.hpp"
#include "shmwin/memory/page_runs.hpp"
#include "shmwin/memory/region.hpp"
#include "shmwin/memory/size_class.hpp"
#include "shmwin/memory/slabs.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shmwin::inline v1 {

/// Where the segment's memory is. All sizes in bytes; of one moment.
struct heap_stats {
    std::size_t capacity = 0;           ///< for objects, in all
    std::size_t used = 0;               ///< of blocks in use, rounded up as the heap does
    std::size_t free = 0;               ///< capacity - used
    std::size_t largest_free = 0;       ///< the largest run of whole pages; slabs may have room yet
    std::size_t most_used = 0;          ///< high-water mark of pages, those of slabs included
    std::size_t in_pages = 0;           ///< of pages in use: `used`, and what is free in slabs
    std::size_t metadata = 0;           ///< the heap's own, of this present: map, bits, descriptors
    std::size_t present = 0;            ///< populated: really taken from the system
    std::uint64_t n_blocks = 0;         ///< blocks in use
    std::uint32_t n_lock_takeovers = 0; ///< how often a process died inside the heap
};

/// What verify() found.
struct heap_report {
    std::vector<std::string> violations; ///< the first ones; empty if all is well
    [[nodiscard]] bool ok() const noexcept { return violations.empty(); }
};

/// Process-local handle to the segment's heap. Cheap to copy; valid as long as the segment is
/// mapped. All members are safe from any thread and rank; none is collective; none calls MPI.
class SHMWIN_API heap {
  public:
    heap(detail::region const& where, participants const& who, wait_policy const& policy) noexcept;

    /// Local. A block of at least `n_bytes` bytes, not initialised, that any rank may use and
    /// give back. Its pages are there: touching it is never SIGBUS.
    ///
    /// @param n_bytes    size of the block, in bytes; 0 gives a block of its own too
    /// @param alignment  of the address, in every rank: a power of two, at most 2 MiB
    /// @throws out_of_memory (out_of_memory)  the segment has no room; nothing changed
    /// @throws out_of_memory (no_space)       the system has no room; nothing changed
    /// @throws argument_error (invalid_argument)  the alignment is none
    /// @complexity  O(1), and populating what was never used before; O(slabs) before it says that
    ///              the segment is full: it collects first
    [[nodiscard]] void* allocate(std::size_t n_bytes,
                                 std::size_t alignment = alignof(std::max_align_t)) const {
        // What is known when the caller is compiled is not looked up again and again.
        if (__builtin_constant_p(n_bytes) != 0 && __builtin_constant_p(alignment) != 0
            && detail::is_usual(n_bytes, alignment))
            return allocate_of_class(detail::usual_class(n_bytes, alignment), n_bytes);
        return allocate_any(n_bytes, alignment);
    }

    /// Local. As allocate(), with all `n_bytes` bytes 0. Pages that were never written to are not
    /// zeroed again.
    [[nodiscard]] void* allocate_zeroed(std::size_t n_bytes,
                                        std::size_t alignment = alignof(std::max_align_t)) const;

    /// Local. Gives a block back, on any rank. nullptr is allowed.
    /// @throws argument_error (bad_pointer)  it is no block in use: freed before, inside a block,
    ///         or not of this segment; nothing changed
    /// @complexity  O(1)
    void deallocate(void* block) const;

    /// Local. Makes a block larger where it stands, if it can: what it holds stays, what is new is
    /// not initialised.
    /// @returns  true if the block has room for `n_bytes` bytes now; else nothing changed
    /// @throws argument_error (bad_pointer)  as deallocate()
    /// @throws out_of_memory (no_space)      the system has no room; nothing changed
    /// @complexity  O(1), and populating what was never used before
    [[nodiscard]] bool try_expand(void* block, std::size_t n_bytes) const;

    /// Local. Gives back what of a block lies behind its first `n_bytes` bytes, in whole pages;
    /// blocks up to 32 KiB stay as they are.
    /// @returns  usable_size() from now on
    /// @throws argument_error (bad_pointer)  as deallocate()
    /// @throws out_of_memory (no_space)      the system has no room for a word about the rest
    /// @complexity  O(1)
    std::size_t shrink(void* block, std::size_t n_bytes) const;

    /// Local. Size of the block that begins at `block`, in bytes; 0 if none does.
    [[nodiscard]] std::size_t usable_size(void const* block) const;

    /// Local. True if the address lies in this heap, used or free.
    [[nodiscard]] bool owns(void const* address) const noexcept { return where_.owns(address); }

    /// Local. Position of an address in the segment, in bytes; the same on all ranks. 0 for null.
    [[nodiscard]] std::uint64_t offset_of(void const* address) const noexcept {
        return where_.offset_of(address);
    }

    /// Local. Address of a position, in this process. nullptr for 0.
    [[nodiscard]] void* at(std::uint64_t offset) const noexcept { return where_.at(offset); }

    /// Local. Makes free what other ranks and threads freed of the calling thread's blocks, and
    /// what dead ranks had; gives slabs without a block in use back to the pages. O(slabs), and a
    /// look at each rank's process.
    /// @throws out_of_memory (no_space)  the system has no room for the thread's first slot
    void collect() const { slabs_.collect(); }

    /// Local. Gives the memory of free pages back to the system. No process may have a transfer
    /// or a registration (of a network card, a GPU) on memory that it freed: hence segment::trim().
    /// @returns  bytes given back; 0 where the system cannot take them
    /// @complexity  O(pages); holds the lock of the pages
    std::size_t trim() const;

    /// Local. Numbers of one moment. O(pages / 64 + slabs); holds the lock of the pages for a part.
    [[nodiscard]] heap_stats stats() const;

    /// Local. Checks every invariant of the heap's metadata, while nobody changes it. O(pages).
    /// @param limit  how many violations to report at most
    [[nodiscard]] heap_report verify(std::size_t limit = 20) const;

    /// Local. A block whose pages are neither there nor zeroed yet: the ranks that will use its
    /// parts call prepare() on them. Errors as allocate().
    [[nodiscard]] std::uint64_t reserve(std::size_t n_bytes, std::size_t alignment) const;

    /// Local. Makes part of a reserved block present and all its bytes 0, in whole pages: the
    /// parts of several ranks must not share one. The pages come to lie near the caller's core.
    /// @param present  false: what was never touched stays a hole, which reads as 0; the first
    ///                 store to it is SIGBUS if memory is full
    /// @throws out_of_memory (no_space)
    void prepare(std::uint64_t offset, std::size_t n_bytes, bool present = true) const;

    /// Local. Makes part of a block present, whatever it holds: storing to it is no SIGBUS then.
    /// @throws out_of_memory (no_space)
    void make_present(std::uint64_t offset, std::size_t n_bytes) const;

    [[nodiscard]] detail::region const& where() const noexcept { return where_; }

  private:
    struct page_range {
        std::uint64_t first;
        std::uint64_t n_pages;
    };
    // Where a block that is to be one begins, and the word of its page.
    struct page_place {
        std::uint64_t offset;
        std::uint64_t page;
        std::uint64_t start_bytes; // behind the page's begin
        std::uint64_t word;
    };
    // A block of whole pages: it begins `start_bytes` behind the start of the first one.
    struct large_block {
        std::uint64_t first;
        std::uint64_t n_pages;
        std::uint64_t start_bytes;
    };
    class unfinished_block;
    [[nodiscard]] page_range pages_of(std::uint64_t offset, std::size_t n_bytes) const noexcept;
    [[nodiscard]] std::uint64_t offset_of_page(std::uint64_t page) const noexcept;
    [[nodiscard]] void* allocate_any(std::size_t n_bytes, std::size_t alignment) const;
    [[nodiscard]] void* allocate_of_class(unsigned size_class, std::size_t n_bytes) const;
    [[nodiscard]] void* allocate_slowly(std::size_t n_bytes, std::size_t alignment) const;
    [[nodiscard]] void* allocate_small_slowly(unsigned size_class, std::size_t n_bytes) const;
    void deallocate_slowly(void* block) const;
    [[nodiscard]] void* allocate_pages(std::size_t n_bytes, std::size_t alignment) const;
    [[nodiscard]] void* allocate_zeroed_pages(std::size_t n_bytes, std::size_t alignment) const;
    [[nodiscard]] std::uint64_t offset_of(large_block const& block) const noexcept;
    [[nodiscard]] page_place look_at(void const* block) const;
    [[nodiscard]] static large_block require_large(page_place const& seen);
    [[nodiscard]] std::optional<large_block> place(detail::page_runs::held const& hold,
                                                   std::size_t n_bytes,
                                                   std::size_t alignment,
                                                   std::size_t start_bytes) const;
    [[nodiscard]] std::optional<large_block> place(std::size_t n_bytes,
                                                   std::size_t alignment) const;
    [[nodiscard]] large_block take(std::size_t n_bytes, std::size_t alignment) const;
    void require_same(large_block const& block) const;
    [[nodiscard]] bool grow(large_block const& block, std::uint64_t n_pages) const;
    [[nodiscard]] std::size_t require_size(void const* block) const;
    [[noreturn]] void raise_full(std::size_t n_bytes) const;
    [[noreturn]] static void raise_foreign(void const* block);
    [[noreturn]] static void raise_bad_pointer(std::uint64_t offset, detail::free_outcome why);

    detail::region where_;
    detail::page_runs runs_;
    detail::page_bits bits_;
    detail::slabs slabs_;
    std::byte* first_page_;
    std::uint64_t pages_bytes_;
};

} // namespace shmwin::inline v1
