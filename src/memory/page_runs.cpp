// SPDX-License-Identifier: MIT
#include "shmwin/memory/page_runs.hpp"

#include "shmwin/base/contract.hpp"

#include "memory/run_word.hpp"

#include <algorithm>
#include <bit>

namespace shmwin::inline v1::detail {
page_runs::page_runs(region const& where,
                     participants const& who,
                     wait_policy const& policy) noexcept
    : where_(where),
      who_(who),
      policy_(policy),
      control_(where.as<run_control>(section_id::run_control).data()),
      metadata_bits_(where.as<std::uint64_t>(section_id::metadata_bits).data()),
      words_(where.as<std::uint64_t>(section_id::page_map)),
      links_(where.as<std::uint64_t>(section_id::page_links)),
      first_page_number_(where.header()[section_id::pages].offset / page_bytes) {}

void page_runs::create() const {
    auto const n_pages = where_.header().n_pages;
    ensure_words(0, n_pages);
    control_->n_free_pages = n_pages;
    set_run(0, n_pages, make_word(word_kind::free_head, n_pages));
    insert(0, n_pages);
}

// Words and links of the run's first and last page.
void page_runs::ensure_words(std::uint64_t first, std::uint64_t n_pages) const {
    for (auto const id : {section_id::page_map, section_id::page_links}) {
        auto const begin = where_.header()[id].offset;
        where_.ensure_metadata(begin + 8 * first, 8);
        where_.ensure_metadata(begin + 8 * (first + n_pages - 1), 8);
    }
}

void page_runs::set_run(std::uint64_t first,
                        std::uint64_t n_pages,
                        std::uint64_t head) const noexcept {
    // The head commits; all heads behind it must be in place. The tail comes after, since its
    // word may be the head of a run that this one swallows. A killed process leaves its stores in
    // the order it made them, so the compiler alone must be kept from reordering.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::atomic_ref(word(first)).store(head, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    auto const kind = kind_of_word(head);
    if (n_pages == 1 || kind == word_kind::slab_head) return;
    store(first + n_pages - 1,
          make_word(kind == word_kind::free_head ? word_kind::free_tail : word_kind::used_tail,
                    n_pages));
}

// A word that commits nothing. Atomic, since length() reads words without the lock.
void page_runs::store(std::uint64_t page, std::uint64_t value) const noexcept {
    std::atomic_ref(word(page)).store(value, std::memory_order_relaxed);
}

void page_runs::insert(page_index first, std::uint64_t n_pages) const noexcept {
    auto const bin = bin_of(n_pages);
    auto& head = control_->bins.at(bin.index());
    links_[first] = pack({0, head});
    if (head != 0) {
        auto& after = links_[head - 1];
        after = pack({first + 1, unpack(after).next});
    }
    head = first + 1;
    control_->bin_bits.at(bin.level) |= static_cast<std::uint8_t>(1U << bin.step);
    control_->level_bits |= 1ULL << bin.level;
}

void page_runs::remove(page_index first, std::uint64_t n_pages) const noexcept {
    auto const bin = bin_of(n_pages);
    auto const [previous, next] = unpack(links_[first]);
    auto& head = control_->bins.at(bin.index());
    if (previous != 0) {
        links_[previous - 1] = pack({unpack(links_[previous - 1]).previous, next});
    } else {
        head = next;
    }
    if (next != 0) links_[next - 1] = pack({previous, unpack(links_[next - 1]).next});
    if (head != 0) return;
    auto& steps = control_->bin_bits.at(bin.level);
    steps = static_cast<std::uint8_t>(steps & ~(1U << bin.step));
    if (steps == 0) control_->level_bits &= ~(1ULL << bin.level);
}

// Pages from `first` to the next page whose position is a multiple of the alignment.
std::uint64_t page_runs::lead_of(std::uint64_t first, std::uint64_t align_pages) const noexcept {
    return (align_pages - (first_page_number_ + first) % align_pages) % align_pages;
}

// Where in the free run at `first` the pages asked for are taken.
std::uint64_t page_runs::start_in(std::uint64_t first, request const& what) const noexcept {
    if (!what.from_end) return first + lead_of(first, what.align_pages);
    auto const last = first + length_of(word(first)) - what.n_pages;
    return last - (first_page_number_ + last) % what.align_pages;
}

std::optional<page_index> page_runs::find_fit(std::uint64_t n_pages,
                                              std::uint64_t align_pages) const noexcept {
    auto const& control = *control_;
    auto const worst = n_pages + align_pages - 1;
    auto const bin = bin_that_surely_fits(worst);
    if (bin.index() < n_bins) {
        auto const steps = control.bin_bits.at(bin.level) & (~0U << bin.step);
        if (steps != 0) {
            return control.bins.at(std::size_t{8} * bin.level
                                   + static_cast<unsigned>(std::countr_zero(steps)))
                   - 1;
        }
        auto const levels = control.level_bits & (~0ULL << (bin.level + 1));
        if (levels != 0) {
            auto const level = static_cast<unsigned>(std::countr_zero(levels));
            auto const step = std::countr_zero(unsigned{control.bin_bits.at(level)});
            return control.bins.at(std::size_t{8} * level + static_cast<unsigned>(step)) - 1;
        }
    }
    // Nearly full: the bins that may hold a fit, run by run.
    for (auto at = bin_of(n_pages).index(); at < std::min(bin.index() + 1, n_bins); ++at) {
        for (auto each = control.bins.at(at); each != 0; each = unpack(links_[each - 1]).next) {
            if (lead_of(each - 1, align_pages) + n_pages <= length_of(word(each - 1)))
                return each - 1;
        }
    }
    return std::nullopt;
}

std::optional<page_index> page_runs::allocate(std::uint64_t n_pages,
                                              std::uint64_t align_pages) const {
    auto const hold = lock();
    return allocate(
        hold, {n_pages, align_pages}, [&](page_index) { return make_block_word(n_pages, 0); });
}

std::optional<page_index> page_runs::allocate(held const& /*hold*/,
                                              request const& what,
                                              function_ref<std::uint64_t(page_index)> head) const {
    auto const n_pages = what.n_pages;
    SHMWIN_EXPECT(n_pages > 0 && std::has_single_bit(what.align_pages));
    if (n_pages > words_.size()) return std::nullopt;
    auto const found = find_fit(n_pages, what.align_pages);
    if (!found) return std::nullopt;
    std::uint64_t const first = *found;
    auto const whole = length_of(word(first));
    auto const start = start_in(first, what);
    auto const lead = start - first;
    auto const rest = whole - lead - n_pages;
    // What can fail comes before the first change.
    ensure_words(start, n_pages);
    if (lead > 0) ensure_words(first, lead);
    if (rest > 0) ensure_words(start + n_pages, rest);

    remove(*found, whole);
    // From the back, so that the store that commits a piece finds the next head in its place.
    if (rest > 0) set_run(start + n_pages, rest, make_word(word_kind::free_head, rest));
    set_run(start, n_pages, head(static_cast<page_index>(start)));
    if (lead > 0) set_run(first, lead, make_word(word_kind::free_head, lead));
    if (rest > 0) insert(static_cast<page_index>(start + n_pages), rest);
    if (lead > 0) insert(*found, lead);
    control_->n_free_pages -= n_pages;
    if (kind_of_word(word(start)) == word_kind::used_head) ++control_->n_used_runs;
    auto const n_used = words_.size() - control_->n_free_pages;
    control_->most_used_pages = std::max(control_->most_used_pages, n_used);
    return static_cast<page_index>(start);
}

bool page_runs::free(page_index first, std::uint64_t start_bytes) const {
    if (first >= words_.size()) return false;
    if (!where_.has_metadata(where_.header()[section_id::page_map].offset + 8ULL * first))
        return false;
    auto const hold = lock();
    return is_block_at(word(first), start_bytes) && free(hold, first, word_kind::used_head);
}

bool page_runs::free(held const& /*hold*/, page_index first, word_kind kind) const {
    if (kind_of_word(word(first)) != kind) return false;
    auto const n_pages = length_of(word(first));
    std::uint64_t begin = first;
    std::uint64_t end = begin + n_pages;
    if (begin > 0) {
        auto const before = word(begin - 1);
        auto const kind_before = kind_of_word(before);
        if (kind_before == word_kind::free_tail || kind_before == word_kind::free_head) {
            begin -= length_of(before);
            remove(static_cast<page_index>(begin), length_of(before));
        }
    }
    if (end < words_.size() && kind_of_word(word(end)) == word_kind::free_head) {
        auto const after = length_of(word(end));
        remove(static_cast<page_index>(end), after);
        end += after;
    }
    set_run(begin, end - begin, make_word(word_kind::free_head, end - begin));
    clear_swallowed(begin, end, first, n_pages, kind);
    insert(static_cast<page_index>(begin), end - begin);
    control_->n_free_pages += n_pages;
    if (kind == word_kind::used_head) --control_->n_used_runs;
    return true;
}

// Words that the merged run swallowed, so that every word inside a run is 0.
void page_runs::clear_swallowed(std::uint64_t begin,
                                std::uint64_t end,
                                std::uint64_t first,
                                std::uint64_t n_pages,
                                word_kind kind) const noexcept {
    auto const clear = [&](std::uint64_t at) {
        if (at > begin && at < end - 1) store(at, 0);
    };
    for (std::uint64_t const at : {first - 1, first, first + n_pages - 1, first + n_pages}) {
        clear(at);
    }
    for (auto at = first; kind == word_kind::slab_head && at < first + n_pages; ++at) {
        clear(at);
    }
}

std::uint64_t page_runs::length(page_index first) const {
    auto const seen = word_of(first);
    return kind_of_word(seen) == word_kind::used_head ? length_of(seen) : 0;
}

run_stats page_runs::stats() const {
    return stats(lock());
}

run_stats page_runs::stats(held const& /*hold*/) const {
    run_stats numbers{words_.size(),
                      control_->n_free_pages,
                      control_->n_used_runs,
                      control_->most_used_pages,
                      0,
                      control_->mutex.n_takeovers()};
    if (control_->level_bits == 0) return numbers;
    auto const level = static_cast<unsigned>(std::bit_width(control_->level_bits)) - 1;
    auto const step = std::bit_width(unsigned{control_->bin_bits.at(level)}) - 1;
    auto each = control_->bins.at(std::size_t{8} * level + static_cast<unsigned>(step));
    for (; each != 0; each = unpack(links_[each - 1]).next) {
        numbers.largest_free_run = std::max(numbers.largest_free_run, length_of(word(each - 1)));
    }
    return numbers;
}

// Sets the words of the pages [first, last) to 0, where the page map is present.
void page_runs::clear_inside(std::uint64_t first, std::uint64_t last) const noexcept {
    auto const map = where_.header()[section_id::page_map].offset;
    while (first < last) {
        auto const stop = std::min(last, (first / words_per_page + 1) * words_per_page);
        bool const present = where_.has_metadata(map + 8 * first);
        for (; present && first < stop; ++first) {
            store(first, 0);
        }
        first = stop;
    }
}

// After the lock's holder died: bins, links, tails and counters anew, from the heads alone.
void page_runs::rebuild() const noexcept {
    control_->bins.fill(0);
    control_->bin_bits.fill(0);
    control_->level_bits = 0;
    control_->n_free_pages = 0;
    control_->n_used_runs = 0;
    control_->slabs_in_doubt = 1;
    for (std::uint64_t first = 0; first < words_.size();) {
        auto const head = word(first);
        first = is_used_head(kind_of_word(head)) ? rebuild_used(first) : rebuild_free(first);
    }
}

// The run at `first` keeps its head; returns its end.
std::uint64_t page_runs::rebuild_used(std::uint64_t first) const noexcept {
    auto const head = word(first);
    auto const end = first + length_of(head);
    if (kind_of_word(head) == word_kind::used_head) ++control_->n_used_runs;
    if (kind_of_word(head) == word_kind::slab_head) return end; // its words came before its head
    set_run(first, end - first, head);
    clear_inside(first + 1, end - 1);
    return end;
}

// The free runs from `first` on become one; returns its end.
std::uint64_t page_runs::rebuild_free(std::uint64_t first) const noexcept {
    auto end = first + length_of(word(first));
    while (end < words_.size() && kind_of_word(word(end)) == word_kind::free_head) {
        end += length_of(word(end));
    }
    set_run(first, end - first, make_word(word_kind::free_head, end - first));
    clear_inside(first + 1, end - 1);
    control_->n_free_pages += end - first;
    insert(static_cast<page_index>(first), end - first);
    return end;
}

} // namespace shmwin::inline v1::detail
