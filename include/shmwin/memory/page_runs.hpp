// SPDX-License-Identifier: MIT
// page_runs: hands out runs of 4 KiB pages, with everything it knows kept outside the pages.
//
// The page map has a 64-bit word a page and is the truth:
//
//     | kind (4 bits) | number of pages of the run (60 bits) |
//
// The first page of each run holds its head word, the last its tail word; all between hold 0. Heads
// tile the pages: from page 0 on, head to head. Every change commits by one store to one head, so
// a process may be killed between any two instructions. Bins, links, tails and counters are
// hints: whoever takes the lock over from a dead holder rebuilds them from the heads.
//
// Free runs stand in bins by size, 8 for each doubling: a good fit in O(1), at most 12.5 % above
// the best (M. Masmano et al., "TLSF: a new dynamic memory allocator for real-time systems", 2004).
//
// Layer: memory.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/memory/header.hpp"
#include "shmwin/memory/region.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/robust_mutex.hpp"
#include "shmwin/sync/wait.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {

using page_index = std::uint32_t;

inline constexpr std::size_t n_bins = std::size_t{8} * 36;

/// In the segment. Initialised by page_runs::create.
struct run_control {
    robust_mutex mutex;
    std::uint64_t n_free_pages;
    std::uint64_t n_used_runs;
    std::uint64_t most_used_pages;         ///< high-water mark
    std::uint64_t level_bits;              ///< bit l: a bin of doubling l is not empty
    std::array<std::uint8_t, 40> bin_bits; ///< [l], bit s: bin 8 l + s is not empty
    std::array<page_index, n_bins> bins;   ///< first run + 1; 0 = empty
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
  public:
    page_runs(region const& where, participants const& who, wait_policy const& policy) noexcept;

    /// Local. Makes all pages one free run. Once, before any other process attaches.
    /// @throws out_of_memory (no_space) if the metadata's own pages cannot be had
    void create() const;

    /// Local. A run of exactly `n_pages` pages whose first page's position in the segment is a
    /// multiple of `align_pages`; nothing if there is none. O(1), but for a nearly full segment.
    /// @pre  n_pages > 0; align_pages is a power of two
    [[nodiscard]] std::optional<page_index> allocate(std::uint64_t n_pages,
                                                     std::uint64_t align_pages) const;

    /// Local. Gives a run back. O(1).
    /// @returns  false, and nothing changes, if no used run begins at `first`
    bool free(page_index first) const;

    /// Local. Pages of the used run that begins at `first`; 0 if none does.
    [[nodiscard]] std::uint64_t length(page_index first) const;

    [[nodiscard]] run_stats stats() const;

    /// Local. Adds a line to `violations` for each broken invariant, at most `limit` in all.
    /// O(pages); holds the lock.
    void verify(std::vector<std::string>& violations, std::size_t limit) const;

  private:
    struct repair {
        page_runs const* runs;
        void operator()() const noexcept { runs->rebuild(); }
    };
    [[nodiscard]] robust_lock<repair> lock() const {
        return {control_->mutex, who_, policy_, repair{this}};
    }
    [[nodiscard]] std::uint64_t& word(std::uint64_t page) const noexcept { return words_[page]; }
    void store(std::uint64_t page, std::uint64_t value) const noexcept;
    [[nodiscard]] std::optional<page_index> find_fit(std::uint64_t n_pages,
                                                     std::uint64_t align_pages) const noexcept;
    [[nodiscard]] std::uint64_t lead_of(std::uint64_t first,
                                        std::uint64_t align_pages) const noexcept;
    void insert(page_index first, std::uint64_t n_pages) const noexcept;
    void remove(page_index first, std::uint64_t n_pages) const noexcept;
    void set_run(std::uint64_t first, std::uint64_t n_pages, bool used) const noexcept;
    void clear_inside(std::uint64_t first, std::uint64_t last) const noexcept;
    void ensure_words(std::uint64_t first, std::uint64_t n_pages) const;
    void rebuild() const noexcept;
    void verify_runs(std::vector<std::string>& violations) const;
    void verify_run(std::uint64_t first, std::vector<std::string>& violations) const;
    void verify_bins(std::vector<std::string>& violations) const;
    bool
    verify_bin(std::size_t bin, std::uint64_t& n_free, std::vector<std::string>& violations) const;

    region where_;
    participants who_;
    wait_policy policy_;
    run_control* control_;
    std::span<std::uint64_t> words_;
    std::span<std::uint64_t> links_;
    std::uint64_t first_page_number_; ///< of page 0, counted from the segment's start
};

} // namespace shmwin::inline v1::detail
