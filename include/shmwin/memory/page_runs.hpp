// SPDX-License-Identifier: MIT
// page_runs: hands out runs of 4 KiB pages, with everything it knows kept outside the pages.
//
// The page map has a 64-bit word a page and is the truth:
//
//     | kind (4 bits) | 0 (22) | start (6) | number of pages (32) |   of a block, a free run
//     | kind (4 bits) | number of pages (12)  | descriptor (48)   |   of a slab
//
// The first page of each run holds its head word, the last its tail word; all between hold 0, but
// in a slab the descriptor. Heads tile the pages: from page 0 on, head to head. Every change
// commits by one store to one head, so a process may be killed between any two instructions. Bins,
// links, tails and counters are hints: whoever takes the lock over from a dead holder rebuilds them
// from the heads.
//
// Free runs stand in bins by size, 8 for each doubling: a good fit in O(1), at most 12.5 % above
// the best (M. Masmano et al., "TLSF: a new dynamic memory allocator for real-time systems", 2004).
// Large blocks come from the high end of what is free and all others from the low end, so that
// slabs leave no holes between arrays.
//
// Layer: memory.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/memory/header.hpp"
#include "shmwin/memory/region.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/robust_mutex.hpp"
#include "shmwin/sync/wait.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

using page_index = std::uint32_t;
enum class word_kind : std::uint8_t; // run_word.hpp

inline constexpr std::size_t n_bins = std::size_t{8} * 36;

/// In the segment. Initialised by page_runs::create.
struct run_control {
    robust_mutex mutex;
    std::uint64_t n_free_pages;
    std::uint64_t n_used_runs;
    std::uint64_t most_used_pages;         ///< high-water mark
    std::uint64_t level_bits;              ///< bit l: a bin of doubling l is not empty
    std::uint64_t n_staggered;             ///< large blocks placed: where the next one begins
    std::array<std::uint8_t, 40> bin_bits; ///< [l], bit s: bin 8 l + s is not empty
    std::array<page_index, n_bins> bins;   ///< first run + 1; 0 = empty
    // Of the descriptors of slabs, under the same lock:
    std::uint32_t n_slab_numbers;    ///< ever given
    std::uint32_t first_unused_slab; ///< number + 1
    std::uint32_t slabs_in_doubt;    ///< a holder died: find out which are unused
    std::uint32_t n_slabs;
};

/// Numbers of one moment.
struct run_stats {
    std::uint64_t n_pages = 0;
    std::uint64_t n_free_pages = 0;
    std::uint64_t n_used_runs = 0;
    std::uint64_t most_used_pages = 0;
    std::uint64_t largest_free_run = 0; ///< in pages
    std::uint32_t n_takeovers = 0;      ///< the lock's holder had died
};

/// Process-local handle. Safe from any thread and process.
class SHMWIN_API page_runs {
    struct repair {
        page_runs const* runs;
        void operator()() const noexcept { runs->rebuild(); }
    };

  public:
    /// Which pages to take.
    struct request {
        std::uint64_t n_pages = 1;
        std::uint64_t align_pages = 1; ///< a power of two
        bool from_end = false;         ///< from the high end of what is free
    };
    using held = robust_lock<repair>;

    page_runs(region const& where, participants const& who, wait_policy const& policy) noexcept;

    /// Local. Makes all pages one free run. Once, before any other process attaches.
    /// @throws out_of_memory (no_space) if the metadata's own pages cannot be had
    void create() const;

    /// Local. A run of exactly `n_pages` pages whose first page's position in the segment is a
    /// multiple of `align_pages`; nothing if there is none. O(1), but for a nearly full segment.
    /// @pre  n_pages > 0; align_pages is a power of two
    [[nodiscard]] std::optional<page_index> allocate(std::uint64_t n_pages,
                                                     std::uint64_t align_pages) const;

    /// Local. Gives a block's run back. O(1).
    /// @returns  false, and nothing changes, if no block begins `start_bytes` behind `first`
    bool free(page_index first, std::uint64_t start_bytes = 0) const;

    /// Local. For several changes at once.
    [[nodiscard]] held lock() const { return {control_->mutex, who_, policy_, repair{this}}; }

    /// Local. As allocate(), for slabs and their table: `head` prepares what the run will be,
    /// and returns the head word that commits it. It must not fail.
    [[nodiscard]] std::optional<page_index> allocate(
        held const& hold, request const& what, function_ref<std::uint64_t(page_index)> head) const;

    /// Local. As free(), of a run of another kind.
    bool free(held const& hold, page_index first, word_kind kind) const;

    /// Local. True if resize() can do it.
    [[nodiscard]] bool can_resize(held const& hold, page_index first, std::uint64_t n_pages) const;

    /// Local. Makes a block's run longer or shorter where it stands. O(1).
    /// @returns  false, and nothing changes, if the pages behind it are not free
    /// @pre  n_pages > 0; a block's run begins at `first`
    /// @throws out_of_memory (no_space) if the metadata's own pages cannot be had
    [[nodiscard]] bool resize(held const& hold, page_index first, std::uint64_t n_pages) const;

    /// Local. Calls visit(first, n_pages) for each free run, from the lowest on. O(pages).
    void each_free(held const& hold, function_ref<void(std::uint64_t, std::uint64_t)> visit) const;

    /// Local. The word of a page; 0 where the map is not present, and where there is no such page.
    [[nodiscard]] std::uint64_t word_of(std::uint64_t page) const noexcept {
        return page < words_.size() ? word_there(page) : 0;
    }
    /// Local. word_of() of a page that there is.
    [[nodiscard]] std::uint64_t word_there(std::uint64_t page) const noexcept {
        // The map is the first of the lazy sections: its page k has bit k.
        constexpr std::size_t words_per_bit = page_bytes / sizeof(std::uint64_t);
        auto const bit = page / words_per_bit;
        auto const present =
            std::atomic_ref(metadata_bits_[bit / 64]).load(std::memory_order_acquire);
        if ((present >> (bit % 64) & 1U) == 0) return 0;
        return std::atomic_ref(words_[page]).load(std::memory_order_acquire);
    }

    /// Local. Stores the word of a page inside a run. Under the lock.
    void store(std::uint64_t page, std::uint64_t value) const noexcept;

    [[nodiscard]] run_control& control() const noexcept { return *control_; }

    /// Local. Pages of the used run that begins at `first`; 0 if none does.
    [[nodiscard]] std::uint64_t length(page_index first) const;

    /// Local. O(1); the second form under a lock that the caller holds.
    [[nodiscard]] run_stats stats() const;
    [[nodiscard]] run_stats stats(held const& hold) const;

    /// Local. Adds a line to `violations` for each broken invariant, at most `limit` in all.
    /// O(pages); holds the lock.
    void verify(std::vector<std::string>& violations, std::size_t limit) const;

  private:
    [[nodiscard]] std::uint64_t& word(std::uint64_t page) const noexcept { return words_[page]; }
    [[nodiscard]] std::optional<page_index> find_fit(std::uint64_t n_pages,
                                                     std::uint64_t align_pages) const noexcept;
    [[nodiscard]] std::uint64_t lead_of(std::uint64_t first,
                                        std::uint64_t align_pages) const noexcept;
    [[nodiscard]] std::uint64_t start_in(std::uint64_t first, request const& what) const noexcept;
    [[nodiscard]] std::uint64_t free_at(std::uint64_t page) const noexcept;
    void insert(page_index first, std::uint64_t n_pages) const noexcept;
    void remove(page_index first, std::uint64_t n_pages) const noexcept;
    void set_run(std::uint64_t first, std::uint64_t n_pages, std::uint64_t head) const noexcept;
    void clear_swallowed(std::uint64_t begin,
                         std::uint64_t end,
                         std::uint64_t first,
                         std::uint64_t n_pages,
                         word_kind kind) const noexcept;
    void clear_inside(std::uint64_t first, std::uint64_t last) const noexcept;
    void ensure_words(std::uint64_t first, std::uint64_t n_pages) const;
    void rebuild() const noexcept;
    [[nodiscard]] std::uint64_t rebuild_used(std::uint64_t first) const noexcept;
    [[nodiscard]] std::uint64_t rebuild_free(std::uint64_t first) const noexcept;
    void verify_runs(std::vector<std::string>& violations) const;
    void verify_run(std::uint64_t first, std::vector<std::string>& violations) const;
    void verify_bins(std::vector<std::string>& violations) const;
    bool
    verify_bin(std::size_t bin, std::uint64_t& n_free, std::vector<std::string>& violations) const;

    region where_;
    participants who_;
    wait_policy policy_;
    run_control* control_;
    std::uint64_t* metadata_bits_;
    std::span<std::uint64_t> words_;
    std::span<std::uint64_t> links_;
    std::uint64_t first_page_number_; ///< of page 0, counted from the segment's start
};

} // namespace shmwin::inline v1::detail
