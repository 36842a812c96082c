// SPDX-License-Identifier: MIT
#include "shmwin/memory/heap.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "memory/run_word.hpp"
#include "memory/size_class.hpp"
#include "memory/slabs_inline.hpp"

#include <bit>
#include <cstring>

namespace shmwin::inline v1 {
namespace {

using detail::page_bytes;

std::uint64_t pages_for(std::size_t n_bytes) {
    if (n_bytes == 0) return 1;
    return n_bytes / page_bytes + (n_bytes % page_bytes == 0 ? 0 : 1);
}

// Gives a run back unless the block was finished.
class unfinished_run {
  public:
    unfinished_run(detail::page_runs const& runs, detail::page_index first) noexcept
        : runs_(runs), first_(first) {}
    unfinished_run(unfinished_run const&) = delete;
    unfinished_run(unfinished_run&&) = delete;
    unfinished_run& operator=(unfinished_run const&) = delete;
    unfinished_run& operator=(unfinished_run&&) = delete;
    ~unfinished_run() {
        if (!finished_) runs_.free(first_);
    }
    void finish() noexcept { finished_ = true; }

  private:
    detail::page_runs const& runs_;
    detail::page_index first_;
    bool finished_ = false;
};

// The size class; n_size_classes if the request is one for whole pages, or none at all.
inline unsigned class_for(std::size_t n_bytes, std::size_t alignment) noexcept {
    bool const small = n_bytes <= detail::largest_small_bytes && alignment - 1 < page_bytes
                       && (alignment & (alignment - 1)) == 0;
    return small ? detail::class_of(n_bytes, alignment) : detail::n_size_classes;
}

} // namespace

heap::heap(detail::region const& where, participants const& who, wait_policy const& policy) noexcept
    : where_(where),
      runs_(where, who, policy),
      bits_(where),
      slabs_(where, runs_, bits_, who, policy),
      first_page_(where.base() + where.header()[detail::section_id::pages].offset),
      pages_bytes_(where.header()[detail::section_id::pages].n_bytes) {}

std::uint64_t heap::offset_of_page(std::uint64_t page) const noexcept {
    return where_.header()[detail::section_id::pages].offset + page * page_bytes;
}

void heap::raise_full(std::size_t n_bytes) const {
    auto const numbers = stats();
    raise(errc::out_of_memory,
          detail::text("segment is full (",
                       detail::bytes_text(n_bytes),
                       " asked for, ",
                       detail::bytes_text(numbers.free),
                       " free of ",
                       detail::bytes_text(numbers.capacity),
                       ", largest free block ",
                       detail::bytes_text(numbers.largest_free),
                       "; raise .capacity or SHMWIN_CAPACITY)"));
}

// A page run for the request; its first page.
std::uint64_t heap::take(std::size_t n_bytes, std::size_t alignment) const {
    if (!std::has_single_bit(alignment) || alignment > detail::segment_alignment) {
        raise(errc::invalid_argument,
              detail::text(
                  "alignment is not possible (", alignment, " bytes; a power of two up to 2 MiB)"));
    }
    auto const align_pages = alignment <= page_bytes ? 1 : alignment / page_bytes;
    auto first = runs_.allocate(pages_for(n_bytes), align_pages);
    if (!first) { // slabs may stand empty
        slabs_.collect();
        first = runs_.allocate(pages_for(n_bytes), align_pages);
    }
    if (!first) raise_full(n_bytes);
    return *first;
}

void* heap::allocate(std::size_t n_bytes, std::size_t alignment) const {
    auto const size_class = class_for(n_bytes, alignment);
    if (size_class == detail::n_size_classes) return allocate_pages(n_bytes, alignment);
    if (auto* const block = slabs_.allocate_at_once(size_class)) [[likely]]
        return block;
    auto* const block = slabs_.allocate(size_class);
    if (block == nullptr) raise_full(n_bytes);
    return block;
}

void* heap::allocate_pages(std::size_t n_bytes, std::size_t alignment) const {
    auto const first = take(n_bytes, alignment);
    unfinished_run run(runs_, static_cast<detail::page_index>(first));
    bits_.make_present(first, pages_for(n_bytes));
    bits_.mark_touched(first, pages_for(n_bytes));
    run.finish();
    return at(offset_of_page(first));
}

void* heap::allocate_zeroed(std::size_t n_bytes, std::size_t alignment) const {
    if (class_for(n_bytes, alignment) != detail::n_size_classes) {
        return std::memset(allocate(n_bytes, alignment), 0, n_bytes);
    }
    auto const first = take(n_bytes, alignment);
    unfinished_run run(runs_, static_cast<detail::page_index>(first));
    auto const n_pages = pages_for(n_bytes);
    bits_.make_present(first, n_pages);
    auto* const block = at(offset_of_page(first));
    if (n_pages == 1) {
        std::memset(block, 0, n_bytes); // less than the page, and without a look at its bit
    } else {
        bits_.clear_touched(first, n_pages);
    }
    bits_.mark_touched(first, n_pages);
    run.finish();
    return block;
}

std::uint64_t heap::reserve(std::size_t n_bytes, std::size_t alignment) const {
    return offset_of_page(take(n_bytes, alignment));
}

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

void heap::deallocate(void* block) const {
    if (block == nullptr) return;
    auto const begin = static_cast<std::uint64_t>(static_cast<std::byte*>(block) - first_page_);
    if (begin >= pages_bytes_) [[unlikely]]
        raise_foreign(block);
    auto const offset = offset_of(block);
    auto const word = runs_.word_of(begin / page_bytes);
    auto outcome = detail::free_outcome::not_a_block;
    if (detail::is_slab_word(word)) [[likely]] {
        outcome = slabs_.deallocate(word, offset);
    } else if (begin % page_bytes == 0
               && runs_.free(static_cast<detail::page_index>(begin / page_bytes))) {
        outcome = detail::free_outcome::done;
    }
    if (outcome != detail::free_outcome::done) [[unlikely]]
        raise_bad_pointer(offset, outcome);
}

void heap::raise_foreign(void const* block) {
    raise(errc::bad_pointer,
          detail::text("block cannot be freed (", block, " is not in this segment)"));
}

void heap::raise_bad_pointer(std::uint64_t offset, detail::free_outcome why) {
    auto const* const reason =
        why == detail::free_outcome::already_free
            ? "it is free already: freed before"
            : "no block in use begins there: freed before, or inside a block";
    raise(errc::bad_pointer,
          detail::text("block cannot be freed (offset ", offset, "; ", reason, ")"));
}

std::size_t heap::usable_size(void const* block) const {
    if (!owns(block)) return 0;
    auto const begin = offset_of(block) - offset_of_page(0);
    auto const word = runs_.word_of(begin / page_bytes);
    if (detail::is_slab_word(word)) return slabs_.usable_size(word, offset_of(block));
    if (begin % page_bytes != 0) return 0;
    return runs_.length(static_cast<detail::page_index>(begin / page_bytes)) * page_bytes;
}

heap_stats heap::stats() const {
    auto const pages = runs_.stats();
    heap_stats numbers;
    numbers.capacity = pages.n_pages * page_bytes;
    auto const small = slabs_.stats();
    numbers.free = (pages.n_free_pages + small.n_pages) * page_bytes - small.used_bytes;
    numbers.used = numbers.capacity - numbers.free;
    numbers.in_pages = numbers.capacity - pages.n_free_pages * page_bytes;
    numbers.metadata = where_.count_metadata() * page_bytes;
    numbers.largest_free = pages.largest_free_run * page_bytes;
    numbers.most_used = pages.most_used_pages * page_bytes;
    numbers.present = bits_.count_present(0, pages.n_pages) * page_bytes;
    numbers.n_blocks = pages.n_used_runs + small.n_blocks;
    numbers.n_lock_takeovers = pages.n_takeovers;
    return numbers;
}

heap_report heap::verify(std::size_t limit) const {
    heap_report report;
    runs_.verify(report.violations, limit);
    slabs_.verify(report.violations, limit);
    return report;
}

} // namespace shmwin::inline v1
