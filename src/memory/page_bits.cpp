// SPDX-License-Identifier: MIT
#include "shmwin/memory/page_bits.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

namespace shmwin::inline v1::detail {
namespace {

// Small objects come one after the other: a system call for each 64 KiB, not for each page.
constexpr std::uint64_t pages_at_once = 16;

using bitmap = std::span<std::uint64_t>;

std::uint64_t load(bitmap bits, std::uint64_t at) noexcept {
    return std::atomic_ref(bits[at]).load(std::memory_order_acquire);
}

// Bits [first, last) of one word, first < last <= 64.
constexpr std::uint64_t mask_of(std::uint64_t first, std::uint64_t last) noexcept {
    auto const below_last = last == 64 ? ~0ULL : (1ULL << last) - 1;
    return below_last & ~((1ULL << first) - 1);
}

// The first page of [first, end) whose bit is `value`; `end` if there is none. word_at(i): word i.
template <typename Word>
std::uint64_t
next(Word const& word_at, std::uint64_t first, std::uint64_t end, bool value) noexcept {
    while (first < end) {
        auto const stop = std::min(end, (first / 64 + 1) * 64);
        auto const word = value ? word_at(first / 64) : ~word_at(first / 64);
        auto const hits = word & mask_of(first % 64, stop - first / 64 * 64);
        if (hits != 0) return first / 64 * 64 + static_cast<unsigned>(std::countr_zero(hits));
        first = stop;
    }
    return end;
}

std::uint64_t next(bitmap bits, std::uint64_t first, std::uint64_t end, bool value) noexcept {
    return next([bits](std::uint64_t at) { return load(bits, at); }, first, end, value);
}

// True if the bits of all pages are set: nothing is left to do for pages that were used before. No
// branch for each word, since a large block has thousands.
bool all_set(bitmap bits, std::uint64_t first, std::uint64_t n) noexcept {
    auto const end = first + n;
    auto const begin_word = first / 64;
    auto const end_word = (end - 1) / 64;
    auto const begin_mask = ~0ULL << (first % 64);
    auto const end_mask = ~0ULL >> (63 - (end - 1) % 64);
    if (begin_word == end_word) {
        auto const mask = begin_mask & end_mask;
        return (load(bits, begin_word) & mask) == mask;
    }
    auto all = (load(bits, begin_word) | ~begin_mask) & (load(bits, end_word) | ~end_mask);
    for (auto at = begin_word + 1; at < end_word; ++at) {
        all &= load(bits, at);
    }
    return all == ~0ULL;
}

void set(bitmap bits, std::uint64_t first, std::uint64_t n) noexcept {
    for (auto const end = first + n; first < end;) {
        auto const stop = std::min(end, (first / 64 + 1) * 64);
        auto const mask = mask_of(first % 64, stop - first / 64 * 64);
        if ((load(bits, first / 64) & mask) != mask) {
            std::atomic_ref(bits[first / 64]).fetch_or(mask, std::memory_order_acq_rel);
        }
        first = stop;
    }
}

} // namespace

page_bits::page_bits(region const& where, page_runs const& runs) noexcept
    : where_(where), runs_(runs), n_pages_(where.header().n_pages) {
    auto const both = where.as<std::uint64_t>(section_id::page_bits);
    present_ = both.first(both.size() / 2);
    touched_ = both.last(both.size() / 2);
}

void page_bits::ensure(bitmap bits, std::uint64_t first, std::uint64_t n) const {
    auto const begin = where_.offset_of(&bits[first / 64]);
    auto const end = where_.offset_of(&bits[(first + n - 1) / 64]) + 8;
    where_.ensure_metadata(begin, end - begin);
}

// Makes [first, end) present, and what there is memory for up to `last`.
void page_bits::fill(std::uint64_t first, std::uint64_t end, std::uint64_t last) const {
    while ((first = next(present_, first, end, false)) < end) {
        auto stop = next(present_, first, last, true);
        auto const offset = where_.header()[section_id::pages].offset + first * page_bytes;
        if (stop <= end || !where_.try_populate(offset, (stop - first) * page_bytes)) {
            stop = std::min(stop, end);
            where_.populate(offset, (stop - first) * page_bytes);
        }
        set(present_, first, stop - first);
        first = stop;
    }
}

void page_bits::make_present(std::uint64_t first, std::uint64_t n) const {
    if (n == 0) return;
    auto const end = first + n;
    ensure(present_, first, n);
    if (all_set(present_, first, n)) return;
    if (n >= pages_at_once) return fill(first, end, end);
    auto const last = std::min(n_pages_, (end + pages_at_once - 1) / pages_at_once * pages_at_once);
    ensure(present_, first, last - first);
    // Those ahead are not the caller's: without the lock they could be released between their
    // population and their bits. Populating keeps the bytes of whoever else owns them.
    auto const hold = runs_.lock();
    fill(first, end, last);
}

void page_bits::make_present(page_runs::held const& /*hold*/,
                             std::uint64_t first,
                             std::uint64_t n) const {
    if (n == 0) return;
    ensure(present_, first, n);
    fill(first, first + n, first + n);
}

std::uint64_t page_bits::first_absent(std::uint64_t first, std::uint64_t n) const {
    if (n == 0) return first;
    ensure(present_, first, n);
    return next(present_, first, first + n, false);
}

void page_bits::clear_touched(std::uint64_t first, std::uint64_t n) const {
    if (n == 0) return;
    ensure(touched_, first, n);
    auto* const pages = where_.at(where_.header()[section_id::pages].offset);
    auto const end = first + n;
    while ((first = next(touched_, first, end, true)) < end) {
        auto const stop = next(touched_, first, end, false);
        std::memset(pages + first * page_bytes, 0, (stop - first) * page_bytes);
        first = stop;
    }
}

void page_bits::mark_touched(std::uint64_t first, std::uint64_t n) const {
    if (n == 0) return;
    ensure(touched_, first, n);
    if (!all_set(touched_, first, n)) set(touched_, first, n);
}

// A word of a bitmap; 0 where the bitmap's own pages are not there.
std::uint64_t page_bits::word_at(bitmap bits, std::uint64_t at) const noexcept {
    return where_.has_metadata(where_.offset_of(&bits[at])) ? load(bits, at) : 0;
}

void page_bits::clear(bitmap bits, std::uint64_t first, std::uint64_t n) const noexcept {
    for (auto const end = first + n; first < end;) {
        auto const stop = std::min(end, (first / 64 + 1) * 64);
        auto const mask = mask_of(first % 64, stop - first / 64 * 64);
        if ((word_at(bits, first / 64) & mask) != 0) {
            std::atomic_ref(bits[first / 64]).fetch_and(~mask, std::memory_order_acq_rel);
        }
        first = stop;
    }
}

// `present` goes before the pages do, and `touched` after: a process that is killed in between
// leaves bits that cost a little work, and are never wrong.
std::uint64_t page_bits::release(std::uint64_t first, std::uint64_t n) const noexcept {
    auto const present = [this](std::uint64_t at) { return word_at(present_, at); };
    auto const touched = [this](std::uint64_t at) { return word_at(touched_, at); };
    auto const end = first + n;
    std::uint64_t n_released = 0;
    for (auto from = first; (from = next(present, from, end, true)) < end;) {
        auto const stop = next(present, from, end, false);
        clear(present_, from, stop - from);
        if (!release_range(from, stop - from)) {
            set(present_, from, stop - from);
            return n_released;
        }
        n_released += stop - from;
        from = stop;
    }
    // What was left to its user to touch is not known to be present.
    for (auto from = first; (from = next(touched, from, end, true)) < end;) {
        auto const stop = next(touched, from, end, false);
        if (!release_range(from, stop - from)) return n_released;
        n_released += stop - from;
        from = stop;
    }
    return n_released;
}

bool page_bits::release_range(std::uint64_t first, std::uint64_t n) const noexcept {
    auto const offset = where_.header()[section_id::pages].offset + first * page_bytes;
    if (!where_.release(offset, n * page_bytes)) return false;
    clear(touched_, first, n);
    return true;
}

std::uint64_t page_bits::count_present(std::uint64_t first, std::uint64_t n) const {
    std::uint64_t count = 0;
    for (auto const end = first + n; first < end;) {
        auto const stop = std::min(end, (first / 64 + 1) * 64);
        auto const mask = mask_of(first % 64, stop - first / 64 * 64);
        count += static_cast<unsigned>(std::popcount(word_at(present_, first / 64) & mask));
        first = stop;
    }
    return count;
}

} // namespace shmwin::inline v1::detail
