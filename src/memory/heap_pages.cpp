// SPDX-License-Identifier: MIT
// heap: blocks too large for a slab, in page runs of their own.
//
// Blocks of 256 KiB and more come from the high end of the pages, and each begins at another line
// of its first page than the one before it: arrays whose distance is a power of two share cache
// sets and banks of memory. Whoever asks for page alignment gets none of that.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/heap.hpp"

#include "memory/run_word.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace shmwin::inline v1 {
namespace {

using detail::page_bytes;

constexpr std::size_t least_staggered_bytes = std::size_t{256} << 10U;
// 13 starts, 5 lines apart: neighbours in time differ by 320 bytes at least, and none by a page.
constexpr std::uint64_t n_starts = 13;
constexpr std::uint64_t start_step_bytes = 320;
// What is populated under the lock at once: 2 MiB.
constexpr std::uint64_t pages_of_a_piece = 512;

// Of at least one page; for any number of bytes.
constexpr std::uint64_t pages_for(std::size_t n_bytes) {
    if (n_bytes == 0) return 1;
    return n_bytes / page_bytes + (n_bytes % page_bytes == 0 ? 0 : 1);
}

} // namespace

// Gives a block back unless it was finished.
class heap::unfinished_block {
  public:
    unfinished_block(detail::page_runs const& runs, large_block const& block) noexcept
        : runs_(runs), block_(block) {}
    unfinished_block(unfinished_block const&) = delete;
    unfinished_block(unfinished_block&&) = delete;
    unfinished_block& operator=(unfinished_block const&) = delete;
    unfinished_block& operator=(unfinished_block&&) = delete;
    ~unfinished_block() {
        if (!finished_)
            runs_.free(static_cast<detail::page_index>(block_.first), block_.start_bytes);
    }
    void finish() noexcept { finished_ = true; }

  private:
    detail::page_runs const& runs_;
    large_block block_;
    bool finished_ = false;
};

std::uint64_t heap::offset_of(large_block const& block) const noexcept {
    return offset_of_page(block.first) + block.start_bytes;
}

// --- taking --------------------------------------------------------------------------------------

std::optional<heap::large_block> heap::place(detail::page_runs::held const& hold,
                                             std::size_t n_bytes,
                                             std::size_t alignment,
                                             std::size_t start_bytes) const {
    auto const n_pages = pages_for(start_bytes + n_bytes);
    auto const first = runs_.allocate(
        hold,
        {n_pages,
         alignment <= page_bytes ? 1 : alignment / page_bytes,
         n_bytes >= least_staggered_bytes},
        [&](detail::page_index) { return detail::make_block_word(n_pages, start_bytes); });
    if (!first) return std::nullopt;
    return large_block{*first, n_pages, start_bytes};
}

std::optional<heap::large_block> heap::place(std::size_t n_bytes, std::size_t alignment) const {
    if (n_bytes > pages_bytes_) return std::nullopt;
    auto const hold = runs_.lock();
    if (n_bytes >= least_staggered_bytes && alignment < page_bytes) {
        auto const n = runs_.control().n_staggered++;
        auto const start = n % n_starts * start_step_bytes / alignment * alignment;
        if (auto const found = place(hold, n_bytes, alignment, start)) return found;
    }
    return place(hold, n_bytes, alignment, 0); // also where a page more does not fit
}

heap::large_block heap::take(std::size_t n_bytes, std::size_t alignment) const {
    if (!std::has_single_bit(alignment) || alignment > detail::segment_alignment) {
        raise(errc::invalid_argument,
              detail::text(
                  "alignment is not possible (", alignment, " bytes; a power of two up to 2 MiB)"));
    }
    auto found = place(n_bytes, alignment);
    if (!found) { // slabs may stand empty
        slabs_.collect();
        found = place(n_bytes, alignment);
    }
    if (!found) raise_full(n_bytes);
    return *found;
}

void* heap::allocate_pages(std::size_t n_bytes, std::size_t alignment) const {
    auto const made = take(n_bytes, alignment);
    unfinished_block guard(runs_, made);
    bits_.make_present(made.first, made.n_pages);
    bits_.mark_touched(made.first, made.n_pages);
    guard.finish();
    return at(offset_of(made));
}

void* heap::allocate_zeroed_pages(std::size_t n_bytes, std::size_t alignment) const {
    auto const made = take(n_bytes, alignment);
    unfinished_block guard(runs_, made);
    bits_.make_present(made.first, made.n_pages);
    auto* const block = at(offset_of(made));
    if (made.n_pages == 1) {
        std::memset(block, 0, n_bytes); // less than the page, and without a look at its bit
    } else {
        bits_.clear_touched(made.first, made.n_pages);
    }
    bits_.mark_touched(made.first, made.n_pages);
    guard.finish();
    return block;
}

std::uint64_t heap::reserve(std::size_t n_bytes, std::size_t alignment) const {
    return offset_of(take(n_bytes, alignment));
}

// --- making present ------------------------------------------------------------------------------

heap::page_range heap::pages_of(std::uint64_t offset, std::size_t n_bytes) const noexcept {
    if (n_bytes == 0) return {0, 0};
    auto const begin = offset - offset_of_page(0);
    auto const first = begin / page_bytes;
    return {first, (begin + n_bytes - 1) / page_bytes - first + 1};
}

void heap::make_present(std::uint64_t offset, std::size_t n_bytes) const {
    auto const [first, n_pages] = pages_of(offset, n_bytes);
    bits_.make_present(first, n_pages);
}

void heap::prepare(std::uint64_t offset, std::size_t n_bytes, bool present) const {
    auto const [first, n_pages] = pages_of(offset, n_bytes);
    if (present) bits_.make_present(first, n_pages);
    bits_.clear_touched(first, n_pages);
    bits_.mark_touched(first, n_pages);
}

// --- in place ------------------------------------------------------------------------------------

heap::large_block heap::require_large(page_place const& seen) {
    if (!detail::is_block_at(seen.word, seen.start_bytes))
        raise_bad_pointer(seen.offset, detail::free_outcome::not_a_block);
    return {seen.page, detail::length_of(seen.word), seen.start_bytes};
}

std::size_t heap::require_size(void const* block) const {
    auto const n_bytes = usable_size(block);
    if (n_bytes == 0) raise_bad_pointer(offset_of(block), detail::free_outcome::not_a_block);
    return n_bytes;
}

// Under the lock: a block that was looked at before it.
void heap::require_same(large_block const& block) const {
    if (!detail::is_block_at(runs_.word_of(block.first), block.start_bytes))
        raise_bad_pointer(offset_of(block), detail::free_outcome::not_a_block);
}

// The block is not larger before the pages are present and noted as touched. Populating them all
// would hold the lock for too long: piece by piece, and each time everything may be different.
bool heap::grow(large_block const& block, std::uint64_t n_pages) const {
    auto const first = static_cast<detail::page_index>(block.first);
    auto const end = block.first + block.n_pages;
    auto const more = n_pages - block.n_pages;
    for (;;) {
        auto const hold = runs_.lock();
        require_same(block);
        if (!runs_.can_resize(hold, first, n_pages)) return false;
        auto const absent = bits_.first_absent(end, more);
        if (absent == end + more) {
            bits_.mark_touched(end, more);
            return runs_.resize(hold, first, n_pages);
        }
        bits_.make_present(hold, absent, std::min(end + more - absent, pages_of_a_piece));
    }
}

bool heap::try_expand(void* block, std::size_t n_bytes) const {
    auto const seen = look_at(block);
    if (detail::is_slab_word(seen.word)) return n_bytes <= require_size(block);
    auto const before = require_large(seen);
    if (n_bytes > pages_bytes_) return false;
    auto const n_pages = pages_for(before.start_bytes + n_bytes);
    return n_pages <= before.n_pages || grow(before, n_pages);
}

std::size_t heap::shrink(void* block, std::size_t n_bytes) const {
    auto const seen = look_at(block);
    if (detail::is_slab_word(seen.word)) return require_size(block);
    auto const before = require_large(seen);
    auto const n_pages =
        n_bytes > pages_bytes_ ? before.n_pages : pages_for(before.start_bytes + n_bytes);
    if (n_pages < before.n_pages) {
        auto const hold = runs_.lock();
        require_same(before);
        static_cast<void>(
            runs_.resize(hold, static_cast<detail::page_index>(before.first), n_pages));
    }
    return usable_size(block);
}

std::size_t heap::trim() const {
    std::uint64_t n_released = 0;
    auto const hold = runs_.lock();
    runs_.each_free(hold, [&](std::uint64_t first, std::uint64_t n_pages) {
        n_released += bits_.release(first, n_pages);
    });
    return n_released * page_bytes;
}

} // namespace shmwin::inline v1
