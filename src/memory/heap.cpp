// SPDX-License-Identifier: MIT
#include "shmwin/memory/heap.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/size_class.hpp"

#include "memory/run_word.hpp"
#include "memory/slabs_inline.hpp"

#include <cstring>

namespace shmwin::inline v1 {
namespace {

using detail::page_bytes;

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
      bits_(where, runs_),
      slabs_(where, runs_, bits_, who, policy),
      first_page_(where.base() + where.header()[detail::section_id::pages].offset),
      pages_bytes_(where.header()[detail::section_id::pages].n_bytes) {}

std::uint64_t heap::offset_of_page(std::uint64_t page) const noexcept {
    return where_.header()[detail::section_id::pages].offset + page * page_bytes;
}

// The two paths that matter have no frame: all else is a call at their end.
void* heap::allocate_any(std::size_t n_bytes, std::size_t alignment) const {
    if (detail::is_usual(n_bytes, alignment)) [[likely]] {
        auto const size_class = detail::usual_class(n_bytes, alignment);
        if (auto* const block = slabs_.allocate_at_once(size_class)) [[likely]]
            return block;
    }
    return allocate_slowly(n_bytes, alignment);
}

void* heap::allocate_of_class(unsigned size_class, std::size_t n_bytes) const {
    if (auto* const block = slabs_.allocate_at_once(size_class)) [[likely]]
        return block;
    return allocate_small_slowly(size_class, n_bytes);
}

[[gnu::noinline]] void* heap::allocate_slowly(std::size_t n_bytes, std::size_t alignment) const {
    auto const size_class = class_for(n_bytes, alignment);
    if (size_class == detail::n_size_classes) return allocate_pages(n_bytes, alignment);
    return allocate_small_slowly(size_class, n_bytes);
}

[[gnu::noinline]] void* heap::allocate_small_slowly(unsigned size_class,
                                                    std::size_t n_bytes) const {
    auto* const block = slabs_.allocate(size_class);
    if (block == nullptr) raise_full(n_bytes);
    return block;
}

void* heap::allocate_zeroed(std::size_t n_bytes, std::size_t alignment) const {
    if (class_for(n_bytes, alignment) == detail::n_size_classes)
        return allocate_zeroed_pages(n_bytes, alignment);
    return std::memset(allocate(n_bytes, alignment), 0, n_bytes);
}

void heap::deallocate(void* block) const {
    auto const offset = static_cast<std::uint64_t>(static_cast<std::byte*>(block) - where_.base());
    if (slabs_.free_in_likely_slab(offset)) return;
    auto const begin = static_cast<std::uint64_t>(static_cast<std::byte*>(block) - first_page_);
    if (begin < pages_bytes_) [[likely]] {
        auto const word = runs_.word_there(begin / page_bytes);
        if (detail::is_slab_word(word) && slabs_.free_at_once(word, offset)) [[likely]]
            return;
    }
    deallocate_slowly(block);
}

[[gnu::noinline]] void heap::deallocate_slowly(void* block) const {
    if (block == nullptr) return;
    auto const seen = look_at(block);
    auto outcome = detail::free_outcome::not_a_block;
    if (detail::is_slab_word(seen.word)) {
        outcome = slabs_.deallocate(seen.word, seen.offset);
    } else if (runs_.free(static_cast<detail::page_index>(seen.page), seen.start_bytes)) {
        outcome = detail::free_outcome::done;
    }
    if (outcome != detail::free_outcome::done) raise_bad_pointer(seen.offset, outcome);
}

heap::page_place heap::look_at(void const* block) const {
    if (!owns(block)) raise_foreign(block);
    auto const begin = offset_of(block) - offset_of_page(0);
    auto const page = begin / page_bytes;
    return {offset_of(block), page, begin % page_bytes, runs_.word_of(page)};
}

void heap::raise_foreign(void const* block) {
    raise(errc::bad_pointer, detail::text("no such block (", block, " is not in this segment)"));
}

void heap::raise_bad_pointer(std::uint64_t offset, detail::free_outcome why) {
    auto const* const reason =
        why == detail::free_outcome::already_free
            ? "it is free already: freed before"
            : "no block in use begins there: freed before, or inside a block";
    raise(errc::bad_pointer, detail::text("no such block (offset ", offset, "; ", reason, ")"));
}

std::size_t heap::usable_size(void const* block) const {
    if (!owns(block)) return 0;
    auto const seen = look_at(block);
    if (detail::is_slab_word(seen.word)) return slabs_.usable_size(seen.word, seen.offset);
    if (!detail::is_block_at(seen.word, seen.start_bytes)) return 0;
    return detail::length_of(seen.word) * page_bytes - seen.start_bytes;
}

heap_stats heap::stats() const {
    detail::run_stats pages;
    detail::slab_stats small;
    {
        auto const hold = runs_.lock(); // no slab is made or given back between the two
        pages = runs_.stats(hold);
        small = slabs_.stats();
    }
    heap_stats numbers;
    numbers.capacity = pages.n_pages * page_bytes;
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
