// SPDX-License-Identifier: MIT
// A run that becomes longer or shorter where it stands, and a look at all free ones.
#include "shmwin/base/contract.hpp"
#include "shmwin/memory/page_runs.hpp"

#include "memory/run_word.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {

// Pages of the free run that begins there; 0 if none does.
std::uint64_t page_runs::free_at(std::uint64_t page) const noexcept {
    bool const is_free = page < words_.size() && kind_of_word(word(page)) == word_kind::free_head;
    return is_free ? length_of(word(page)) : 0;
}

bool page_runs::can_resize(held const& /*hold*/, page_index first, std::uint64_t n_pages) const {
    auto const before = length_of(word(first));
    return n_pages <= before || n_pages <= before + free_at(first + before);
}

bool page_runs::resize(held const& hold, page_index first, std::uint64_t n_pages) const {
    auto const head = word(first);
    SHMWIN_EXPECT(kind_of_word(head) == word_kind::used_head && n_pages > 0);
    auto const before = length_of(head);
    auto const end = first + before;
    auto const behind = free_at(end);
    if (n_pages == before) return true;
    if (!can_resize(hold, first, n_pages)) return false;
    auto const rest = before + behind - n_pages;
    auto const new_end = first + n_pages;
    // What can fail comes before the first change.
    ensure_words(first, n_pages);
    if (rest > 0) ensure_words(new_end, rest);

    if (behind > 0) remove(static_cast<page_index>(end), behind);
    // The head of the rest lies inside a run, where nobody looks, until the block's head commits;
    // its tail may lie on the head that stands behind, so it comes after that.
    auto const rest_head = make_word(word_kind::free_head, rest);
    if (rest > 0) store(new_end, rest_head);
    set_run(first, n_pages, make_block_word(n_pages, start_of(head)));
    if (rest > 0) set_run(new_end, rest, rest_head);
    for (auto const swallowed : {end - 1, end}) { // the old tail, and the head that stood behind
        bool const in_block = swallowed > first && swallowed < new_end - 1;
        bool const in_rest = swallowed > new_end && swallowed < end + behind - 1;
        if (in_block || in_rest) store(swallowed, 0);
    }
    if (rest > 0) insert(static_cast<page_index>(new_end), rest);
    control_->n_free_pages = control_->n_free_pages + before - n_pages;
    control_->most_used_pages =
        std::max(control_->most_used_pages, words_.size() - control_->n_free_pages);
    return true;
}

void page_runs::each_free(held const& /*hold*/,
                          function_ref<void(std::uint64_t, std::uint64_t)> visit) const {
    for (std::uint64_t first = 0; first < words_.size();) {
        auto const head = word(first);
        auto const n_pages = length_of(head);
        if (kind_of_word(head) == word_kind::free_head) visit(first, n_pages);
        first += n_pages;
    }
}

} // namespace shmwin::inline v1::detail
