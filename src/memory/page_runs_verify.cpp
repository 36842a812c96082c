// SPDX-License-Identifier: MIT
// verify(): every invariant of the page runs, one by one.
#include "shmwin/base/text.hpp"
#include "shmwin/memory/page_runs.hpp"

#include "memory/run_word.hpp"

namespace shmwin::inline v1::detail {

void page_runs::verify(std::vector<std::string>& violations, std::size_t limit) const {
    auto const hold = lock();
    verify_runs(violations);
    verify_bins(violations);
    if (violations.size() > limit) violations.resize(limit);
}

// Heads tile the pages, and the counters agree with them.
void page_runs::verify_runs(std::vector<std::string>& violations) const {
    std::uint64_t n_free = 0;
    std::uint64_t n_used_runs = 0;
    bool after_free = false;
    for (std::uint64_t first = 0; first < words_.size();) {
        auto const kind = kind_of_word(word(first));
        auto const n_pages = length_of(word(first));
        bool const used = is_used_head(kind);
        bool const is_head = used || kind == word_kind::free_head;
        if (!is_head || n_pages == 0 || n_pages > words_.size() - first) {
            violations.push_back(text("page runs: no run begins at page ", first));
            return;
        }
        verify_run(first, violations);
        if (!used && after_free) {
            violations.push_back(text("page runs: two free runs meet at page ", first));
        }
        n_free += used ? 0 : n_pages;
        n_used_runs += kind == word_kind::used_head ? 1 : 0;
        after_free = !used;
        first += n_pages;
    }
    if (n_free != control_->n_free_pages || n_used_runs != control_->n_used_runs) {
        violations.push_back(text("page runs: miscounted (",
                                  control_->n_free_pages,
                                  " free pages and ",
                                  control_->n_used_runs,
                                  " runs, found ",
                                  n_free,
                                  " and ",
                                  n_used_runs,
                                  ")"));
    }
}

// The tail is right, and all words between head and tail are 0; slabs verify their own.
void page_runs::verify_run(std::uint64_t first, std::vector<std::string>& violations) const {
    if (kind_of_word(word(first)) == word_kind::slab_head) return;
    bool const used = is_used_head(kind_of_word(word(first)));
    auto const plain = used ? make_block_word(length_of(word(first)), start_of(word(first)))
                            : make_word(word_kind::free_head, length_of(word(first)));
    if (word(first) != plain) {
        violations.push_back(text("page runs: the run at page ", first, " has a torn head"));
    }
    auto const last = first + length_of(word(first)) - 1;
    auto const tail =
        make_word(used ? word_kind::used_tail : word_kind::free_tail, last - first + 1);
    if (last > first && word(last) != tail) {
        violations.push_back(text("page runs: the run at page ", first, " has a wrong tail"));
    }
    auto const map = where_.header()[section_id::page_map].offset;
    for (auto page = first + 1; page < last; ++page) {
        if (!where_.has_metadata(map + 8 * page)) {
            page = (page / words_per_page + 1) * words_per_page - 1;
        } else if (word(page) != 0) {
            violations.push_back(text("page runs: page ",
                                      page,
                                      " inside the run at page ",
                                      first,
                                      " has a head or tail"));
        }
    }
}

void page_runs::verify_bins(std::vector<std::string>& violations) const {
    std::uint64_t n_free = 0;
    for (std::size_t level = 0; level < n_bins / 8; ++level) {
        bool const marked = (control_->level_bits >> level & 1U) != 0;
        if (marked != (control_->bin_bits.at(level) != 0)) {
            violations.push_back(text("page bins: level ", level, " is marked wrongly"));
        }
    }
    for (std::size_t bin = 0; bin < n_bins; ++bin) {
        if (!verify_bin(bin, n_free, violations)) return;
    }
    if (n_free != control_->n_free_pages) {
        violations.push_back(text("page bins: hold ", n_free, " pages, not all free ones"));
    }
}

// False if the bin cannot be walked on: its links may go in a circle.
bool page_runs::verify_bin(std::size_t bin,
                           std::uint64_t& n_free,
                           std::vector<std::string>& violations) const {
    bool const marked = (unsigned{control_->bin_bits.at(bin / 8)} >> (bin % 8) & 1U) != 0;
    if (marked != (control_->bins.at(bin) != 0)) {
        violations.push_back(text("page bins: bin ", bin, " is marked wrongly"));
    }
    page_index previous = 0;
    for (auto each = control_->bins.at(bin); each != 0; each = unpack(links_[each - 1]).next) {
        auto const seen = each > words_.size() ? 0 : word(each - 1);
        bool const belongs =
            kind_of_word(seen) == word_kind::free_head && bin_of(length_of(seen)).index() == bin;
        if (!belongs || unpack(links_[each - 1]).previous != previous) {
            violations.push_back(
                text("page bins: page ", each - 1, " does not belong to bin ", bin, " there"));
            return false;
        }
        n_free += length_of(seen);
        previous = each;
    }
    return true;
}

} // namespace shmwin::inline v1::detail
