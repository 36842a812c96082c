// SPDX-License-Identifier: MIT
// race_shadow: who wrote and who read each element of an array since the last meeting of all ranks.
// In the segment, for an array that somebody views through a checking accessor:
//
//     | race_shadow | race_site, so many for each rank | a word for each element |
//
// A word is one atomic, so two ranks that touch an element find each other, whoever comes first:
//
//     | meeting (16 bits) | found (1) | unused (2) | writer (15) | reader (15) | reader (15) |
//
// Writer and readers are numbers of sites: which rank, and the line that took the view. The readers
// are of two ranks: whoever writes is then not one of them, however many more have read. A word of
// another meeting counts as empty. Numbers of meetings wrap around, so every 2^15 meetings words
// of earlier ones are emptied (sweep): none is ever taken for one of 2^16 meetings later.
//
// Layer: sync. Knows no heap: whoever has one brings the memory.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/sync/futex.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::inline v1::detail {

using race_word = std::atomic<std::uint64_t>;
static_assert(race_word::is_always_lock_free && sizeof(race_word) == 8);

/// In the segment: where a view was taken. Of the rank whose part of the table it is in.
struct race_site {
    std::atomic<std::uint32_t> state{}; ///< free, being written, there
    std::uint32_t line{};
    std::array<char, 56> file{}; ///< without folders; ends with 0
};
static_assert(sizeof(race_site) == 64);

/// What is checked: an array, or several of one shape, one behind the other (levels).
struct checked_array {
    std::string_view name; ///< empty: a scratch array
    std::span<std::int64_t const> extents;
    bool is_left = false; ///< layout_left; else layout_right
    int n_levels = 0;     ///< 0: it has none
};

/// In the segment. Then come the sites and the words.
struct alignas(64) race_shadow {
    std::uint64_t n_words = 0;
    std::uint32_t n_ranks = 0;
    std::uint32_t sites_of_rank = 0;
    std::uint32_t n_levels = 0;
    std::uint32_t n_extents = 0;
    std::uint32_t is_left = 0;
    std::array<std::int64_t, 8> extents{};
    std::array<char, 256> name{};

    /// Local. Bytes of all three parts.
    [[nodiscard]] SHMWIN_API static std::size_t bytes_for(checked_array const& what, int n_ranks);
    /// Local. Writes it, with all words empty, to bytes_for() bytes that are aligned to 64.
    SHMWIN_API static void create(void* at, checked_array const& what, int n_ranks);

    [[nodiscard]] std::span<race_site> sites() noexcept {
        return {reinterpret_cast<race_site*>(this + 1), std::size_t{n_ranks} * sites_of_rank};
    }
    [[nodiscard]] std::span<race_word> words() noexcept {
        return {reinterpret_cast<race_word*>(sites().data() + sites().size()), n_words};
    }
};

/// In the segment, one: what was found since the last report. All zero is a valid start.
struct race_list {
    static constexpr std::size_t max_lines = 15;

    struct line {
        std::atomic<std::uint32_t> is_there;
        std::array<char, 252> text;
    };

    alignas(64) std::atomic<std::uint32_t> n_found; ///< elements; only the first ones have a line
    std::atomic<std::uint32_t> n_shadows;           ///< how many there ever were
    alignas(64) std::array<line, max_lines> lines;
};

/// Local. What was found since the last call: one line an element, the first max_lines of them.
struct found_races {
    std::uint32_t n_elements = 0;
    std::vector<std::string> lines;
};
[[nodiscard]] SHMWIN_API found_races take_races(race_list& list);

/// Process-local: one view of one rank. Cheap to copy; any thread may use it.
class race_checker {
  public:
    /// Local. Enters the line that takes the view; a rank has few places for those: the rest of
    /// them are named without a line.
    /// @param generation  its lowest bits are the number of the meetings so far
    SHMWIN_API race_checker(race_shadow& shadow,
                            race_list& list,
                            std::atomic<std::uint64_t> const& generation,
                            int rank,
                            source_line const& where) noexcept;

    void read(race_word& word) const noexcept {
        auto seen = word.load(std::memory_order_acquire);
        if (knows_reader(seen)) return;
        note(word, seen, false);
    }
    void write(race_word& word) const noexcept {
        auto seen = word.load(std::memory_order_acquire);
        if (knows_writer(seen)) return;
        note(word, seen, true);
    }

    [[nodiscard]] race_word* words() const noexcept { return shadow_->words().data(); }

  private:
    [[nodiscard]] std::uint64_t now() const noexcept {
        return generation_->load(std::memory_order_relaxed) << 48U;
    }
    // The most frequent words: nothing is new.
    [[nodiscard]] bool knows_writer(std::uint64_t seen) const noexcept {
        return seen == (now() | writer_);
    }
    [[nodiscard]] bool knows_reader(std::uint64_t seen) const noexcept {
        return seen == (now() | reader_);
    }
    [[nodiscard]] bool is_mine(std::uint64_t site) const noexcept {
        return first_site_ <= site && site < first_site_ + shadow_->sites_of_rank;
    }
    SHMWIN_API void note(race_word& word, std::uint64_t seen, bool writes) const noexcept;
    [[nodiscard]] std::uint64_t rival_in(std::uint64_t word, bool writes) const noexcept;
    [[nodiscard]] std::uint64_t entered_in(std::uint64_t word, bool writes) const noexcept;
    void report(race_word const& word,
                std::uint64_t seen,
                std::uint64_t rival,
                bool writes) const noexcept;

    race_shadow* shadow_;
    race_list* list_;
    std::atomic<std::uint64_t> const* generation_;
    std::uint64_t first_site_; ///< of this rank's
    std::uint64_t writer_;     ///< this view's site, where a word has its writer
    std::uint64_t reader_;     ///< the same, where it has its first reader
};

/// Local. Empties words that are not of the current meeting. Whoever does it in each half of the
/// 2^16 numbers before it arrives at the first meeting there keeps all words in time. Others may
/// read and write meanwhile. O(elements)
SHMWIN_API void sweep(race_shadow& shadow, std::uint32_t generation) noexcept;

/// Local. Which half of the numbers a meeting has; sweep() when it changes.
[[nodiscard]] constexpr std::uint32_t sweep_number(std::uint32_t generation) noexcept {
    return generation >> 15U;
}

} // namespace shmwin::inline v1::detail
