// SPDX-License-Identifier: MIT
#include "shmwin/memory/heap.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

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

} // namespace

heap::heap(detail::region const& where, participants const& who, wait_policy const& policy) noexcept
    : where_(where), runs_(where, who, policy), bits_(where) {}

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
    auto const first = runs_.allocate(pages_for(n_bytes), align_pages);
    if (!first) raise_full(n_bytes);
    return *first;
}

void* heap::allocate(std::size_t n_bytes, std::size_t alignment) const {
    auto const first = take(n_bytes, alignment);
    unfinished_run run(runs_, static_cast<detail::page_index>(first));
    bits_.make_present(first, pages_for(n_bytes));
    bits_.mark_touched(first, pages_for(n_bytes));
    run.finish();
    return at(offset_of_page(first));
}

void* heap::allocate_zeroed(std::size_t n_bytes, std::size_t alignment) const {
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
    if (!owns(block)) {
        raise(errc::bad_pointer,
              detail::text("block cannot be freed (", block, " is not in this segment)"));
    }
    auto const begin = offset_of(block) - offset_of_page(0);
    bool const freed =
        begin % page_bytes == 0 && runs_.free(static_cast<detail::page_index>(begin / page_bytes));
    if (freed) return;
    raise(errc::bad_pointer,
          detail::text("block cannot be freed (no block in use begins at offset ",
                       offset_of(block),
                       ": freed before, or inside a block)"));
}

std::size_t heap::usable_size(void const* block) const {
    if (!owns(block)) return 0;
    auto const begin = offset_of(block) - offset_of_page(0);
    if (begin % page_bytes != 0) return 0;
    return runs_.length(static_cast<detail::page_index>(begin / page_bytes)) * page_bytes;
}

heap_stats heap::stats() const {
    auto const pages = runs_.stats();
    heap_stats numbers;
    numbers.capacity = pages.n_pages * page_bytes;
    numbers.free = pages.n_free_pages * page_bytes;
    numbers.used = numbers.capacity - numbers.free;
    numbers.largest_free = pages.largest_free_run * page_bytes;
    numbers.most_used = pages.most_used_pages * page_bytes;
    numbers.present = bits_.count_present(0, pages.n_pages) * page_bytes;
    numbers.n_blocks = pages.n_used_runs;
    numbers.n_lock_takeovers = pages.n_takeovers;
    return numbers;
}

heap_report heap::verify(std::size_t limit) const {
    heap_report report;
    runs_.verify(report.violations, limit);
    return report;
}

} // namespace shmwin::inline v1
