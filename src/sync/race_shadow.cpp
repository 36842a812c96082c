// SPDX-License-Identifier: MIT
#include "shmwin/sync/race_shadow.hpp"

#include "shmwin/base/text.hpp"

#include "sync/text_field.hpp"

#include <algorithm>
#include <exception>
#include <memory>

namespace shmwin::inline v1::detail {
namespace {

constexpr unsigned epoch_shift = 48;
constexpr unsigned writer_shift = 30;
constexpr unsigned reader_shift = 15;
constexpr std::uint64_t site_mask = 0x7fff;
constexpr std::uint64_t found_bit = 1ULL << 47U;

// Of a site; numbers in words begin with 1.
constexpr std::uint32_t is_free = 0;
constexpr std::uint32_t is_written = 1;
constexpr std::uint32_t is_there = 2;

std::uint64_t writer_of(std::uint64_t word) noexcept {
    return word >> writer_shift & site_mask;
}
std::uint64_t reader_of(std::uint64_t word) noexcept {
    return word >> reader_shift & site_mask;
}
std::uint64_t second_reader_of(std::uint64_t word) noexcept {
    return word & site_mask;
}

// 32 lines a rank are many; with 1000 ranks there are fewer.
std::uint32_t sites_for(int n_ranks) noexcept {
    return std::clamp(static_cast<std::uint32_t>(site_mask) / static_cast<std::uint32_t>(n_ranks),
                      std::uint32_t{1},
                      std::uint32_t{32});
}

std::uint64_t elements_of(checked_array const& what) noexcept {
    std::uint64_t n = 1;
    for (auto const extent : what.extents) {
        n *= static_cast<std::uint64_t>(extent);
    }
    return n;
}

std::uint64_t words_for(checked_array const& what) noexcept {
    return elements_of(what) * static_cast<std::uint64_t>(std::max(what.n_levels, 1));
}

bool holds(race_site const& site, source_line const& where, std::string_view file) noexcept {
    return site.line == where.line && file.substr(0, site.file.size() - 1) == site.file.data();
}

// The place of a line among those of a rank; the last one is for all that find none.
std::size_t enter(std::span<race_site> mine, source_line const& where) noexcept {
    auto const file = file_name(where.file);
    for (std::size_t i = 0; i + 1 < mine.size(); ++i) {
        auto& site = mine[i];
        auto state = is_free;
        if (site.state.compare_exchange_strong(state, is_written)) {
            site.line = where.line;
            copy_cut(site.file, file);
            site.state.store(is_there, std::memory_order_release);
            return i;
        }
        // One that another thread is writing may be the same line: then it has two places.
        if (state == is_there && holds(site, where, file)) return i;
    }
    return mine.size() - 1;
}

// (3, 4), and of levels which one.
std::string index_text(race_shadow const& shadow, std::uint64_t word) {
    std::uint64_t n = 1;
    for (std::size_t d = 0; d < shadow.n_extents; ++d) {
        n *= static_cast<std::uint64_t>(shadow.extents.at(d));
    }
    auto rest = word % n;
    std::array<std::uint64_t, 8> index{};
    for (std::size_t i = 0; i < shadow.n_extents; ++i) {
        auto const d = shadow.is_left != 0 ? i : shadow.n_extents - 1 - i;
        auto const extent = static_cast<std::uint64_t>(shadow.extents.at(d));
        index.at(d) = rest % extent;
        rest /= extent;
    }
    std::string all;
    for (std::size_t d = 0; d < shadow.n_extents; ++d) {
        all += (d == 0 ? "" : ", ") + std::to_string(index.at(d));
    }
    if (shadow.n_levels == 0) return text('(', all, ')');
    return text(" level ", word / n, " (", all, ')');
}

// rank 1 wrote (view of solver.cpp:20)
std::string access_text(race_shadow& shadow, std::uint64_t site, bool writes) {
    auto const& where = shadow.sites()[site - 1];
    auto const who = text("rank ",
                          (site - 1) / shadow.sites_of_rank,
                          writes ? " wrote (view of " : " read (view of ");
    if (where.state.load(std::memory_order_acquire) != is_there) return who + "one of many lines)";
    return text(who, where.file.data(), ':', where.line, ')');
}

} // namespace

std::size_t race_shadow::bytes_for(checked_array const& what, int n_ranks) {
    return sizeof(race_shadow)
           + sizeof(race_site) * static_cast<std::size_t>(n_ranks) * sites_for(n_ranks)
           + sizeof(race_word) * words_for(what);
}

void race_shadow::create(void* at, checked_array const& what, int n_ranks) {
    auto* const made = std::construct_at(static_cast<race_shadow*>(at));
    made->n_words = words_for(what);
    made->n_ranks = static_cast<std::uint32_t>(n_ranks);
    made->sites_of_rank = sites_for(n_ranks);
    made->n_levels = static_cast<std::uint32_t>(what.n_levels);
    made->n_extents = static_cast<std::uint32_t>(what.extents.size());
    made->is_left = what.is_left ? 1 : 0;
    std::ranges::copy(what.extents, made->extents.begin());
    copy_cut(made->name, what.name);
    std::uninitialized_value_construct_n(made->sites().data(), made->sites().size());
    std::uninitialized_value_construct_n(made->words().data(), made->words().size());
}

race_checker::race_checker(race_shadow& shadow,
                           race_list& list,
                           std::atomic<std::uint64_t> const& generation,
                           int rank,
                           source_line const& where) noexcept
    : shadow_(&shadow),
      list_(&list),
      generation_(&generation),
      first_site_(static_cast<std::uint64_t>(rank) * shadow.sites_of_rank + 1) {
    auto const mine = shadow.sites().subspan(first_site_ - 1, shadow.sites_of_rank);
    auto const site = first_site_ + enter(mine, where);
    writer_ = site << writer_shift;
    reader_ = site << reader_shift;
}

// The site of another rank in the word with which an access is a race; 0 if there is none.
std::uint64_t race_checker::rival_in(std::uint64_t word, bool writes) const noexcept {
    auto const is_rival = [&](std::uint64_t site) { return site != 0 && !is_mine(site); };
    if (is_rival(writer_of(word))) return writer_of(word);
    if (!writes) return 0;
    if (is_rival(reader_of(word))) return reader_of(word);
    return is_rival(second_reader_of(word)) ? second_reader_of(word) : 0;
}

// The word with this view in it. Who is there stays; the second reader is of another rank.
std::uint64_t race_checker::entered_in(std::uint64_t word, bool writes) const noexcept {
    if (writes) return writer_of(word) == 0 ? word | writer_ : word;
    if (reader_of(word) == 0) return word | reader_;
    if (second_reader_of(word) != 0 || is_mine(reader_of(word))) return word;
    return word | reader_ >> reader_shift;
}

void race_checker::note(race_word& word, std::uint64_t seen, bool writes) const noexcept {
    for (;;) {
        auto const current = seen >> epoch_shift == now() >> epoch_shift ? seen : now();
        auto const rival = rival_in(current, writes);
        bool const is_new = rival != 0 && (current & found_bit) == 0;
        auto const after = entered_in(current, writes) | (is_new ? found_bit : 0);
        if (after == seen) return;
        if (!word.compare_exchange_weak(seen, after, std::memory_order_acq_rel)) continue;
        if (is_new) report(word, current, rival, writes);
        return;
    }
}

// `seen` is the word before this access, `rival` a site in it. Nothing is thrown into the program's
// loops: a line that cannot be made is left out.
void race_checker::report(race_word const& word,
                          std::uint64_t seen,
                          std::uint64_t rival,
                          bool writes) const noexcept {
    auto const at = list_->n_found.fetch_add(1, std::memory_order_relaxed);
    if (at >= list_->lines.size()) return;
    auto& line = list_->lines.at(at);
    try {
        std::string const name = shadow_->name.at(0) == '\0' ? std::string("scratch array")
                                                             : text('"', shadow_->name.data(), '"');
        auto const k = static_cast<std::uint64_t>(&word - words());
        copy_cut(line.text,
                 text(name,
                      index_text(*shadow_, k),
                      ": ",
                      access_text(*shadow_, rival, rival == writer_of(seen)),
                      ", ",
                      access_text(*shadow_, writer_ >> writer_shift, writes)));
        line.is_there.store(1, std::memory_order_release);
    } catch (std::exception const&) {
        line.is_there.store(0, std::memory_order_relaxed);
    }
}

found_races take_races(race_list& list) {
    found_races all;
    all.n_elements = list.n_found.exchange(0, std::memory_order_acq_rel);
    for (std::size_t i = 0; i < std::min<std::size_t>(all.n_elements, list.lines.size()); ++i) {
        auto& line = list.lines.at(i);
        if (line.is_there.exchange(0, std::memory_order_acquire) == 1)
            all.lines.emplace_back(line.text.data());
    }
    return all;
}

void sweep(race_shadow& shadow, std::uint32_t generation) noexcept {
    auto const epoch = std::uint64_t{generation & 0xffffU};
    for (auto& word : shadow.words()) {
        auto seen = word.load(std::memory_order_relaxed);
        if (seen == 0 || seen >> epoch_shift == epoch) continue;
        // If it changes meanwhile, it is of this meeting.
        word.compare_exchange_strong(seen, 0, std::memory_order_relaxed);
    }
}

} // namespace shmwin::inline v1::detail
