// SPDX-License-Identifier: MIT
// verify(): every invariant of slabs and slots, one by one.
#include "shmwin/base/text.hpp"
#include "shmwin/memory/slabs.hpp"

#include "memory/run_word.hpp"
#include "memory/slab_table.hpp"

namespace shmwin::inline v1::detail {

// What a rank left behind that died: its bits hold, its hints need not. Whoever adopts makes them.
struct slabs::owners {
    std::vector<bool> is_dead; // by rank
    std::uint32_t slots_per_rank;

    [[nodiscard]] bool alive(std::uint32_t owner) const {
        auto const rank = owner / slots_per_rank;
        return rank < is_dead.size() && !is_dead[rank];
    }
};

void slabs::verify(std::vector<std::string>& violations, std::size_t limit) const {
    owners all{{}, slots_per_rank_};
    for (int rank = 0; rank < who_.size(); ++rank) {
        all.is_dead.push_back(rank != who_.self() && who_.gone(rank));
    }
    auto const hold = runs_.lock();
    verify_table(all, violations);
    auto const n_slots = static_cast<std::uint32_t>(who_.size()) * slots_per_rank_;
    for (std::uint32_t number = 0; number < n_slots; ++number) {
        bool const used = where_.has_metadata(where_.offset_of(&slot(number)));
        if (!used || !all.alive(number)) continue;
        for (unsigned c = 0; c < n_size_classes; ++c) {
            verify_list(number, c, violations);
        }
    }
    if (violations.size() > limit) violations.resize(limit);
}

void slabs::verify_table(owners const& all, std::vector<std::string>& violations) const {
    slab_table const table(where_, runs_);
    std::uint32_t n_slabs = 0;
    for (std::uint32_t n = 0; n < table.size(); ++n) {
        if (!table.is_slab(table[n])) continue;
        ++n_slabs;
        verify_slab(table[n], violations);
        if (table[n].ready && all.alive(table[n].owner)) verify_hints(table[n], violations);
    }
    if (runs_.control().slabs_in_doubt == 0 && n_slabs != runs_.control().n_slabs) {
        violations.push_back(
            text("slabs: miscounted (", runs_.control().n_slabs, ", found ", n_slabs, ")"));
    }
}

void slabs::verify_slab(slab const& which, std::vector<std::string>& violations) const {
    slab_table const table(where_, runs_);
    auto const report = [&](auto const&... parts) {
        violations.push_back(text("slab ", table.number_of(which), ' ', parts...));
    };
    auto const n_slots = static_cast<std::uint32_t>(who_.size()) * slots_per_rank_;
    if (which.owner.load() >= n_slots) report("has no owner (", which.owner.load(), ')');
    if (which.size_class >= n_size_classes || which.block_bytes != class_bytes(which.size_class)) {
        report("has blocks of ", which.block_bytes, " bytes, which is no class");
        return;
    }
    auto const first = table.first_page(which);
    if (which.n_pages != length_of(runs_.word_of(first))
        || which.n_blocks != which.n_pages * page_bytes / which.block_bytes) {
        report("has ", which.n_blocks, " blocks in ", which.n_pages, " pages");
        return;
    }
    auto const inside = make_slab_word(where_.offset_of(&which), 0);
    for (auto page = first + 1; page < first + which.n_pages; ++page) {
        if (runs_.word_of(page) != inside) report("does not have its page ", page);
    }
    for (unsigned w = 0; w < 8; ++w) {
        auto const all = w < which.n_words() ? which.all_of_word(w) : 0;
        if (((which.free[w].load() | which.remote[w].load()) & ~all) != 0) {
            report("has bits of no block in word ", w);
        }
    }
}

void slabs::verify_hints(slab const& which, std::vector<std::string>& violations) const {
    auto const report = [&](auto const&... parts) {
        violations.push_back(
            text("slab ", slab_table(where_, runs_).number_of(which), ' ', parts...));
    };
    for (unsigned w = 0; w < 8; ++w) {
        auto const free = which.free[w].load();
        bool const known = (which.words_with_free >> w & 1U) != 0;
        if ((free & which.remote[w].load()) != 0) report("has blocks free twice in word ", w);
        if (known != (free != 0)) report("does not know what is free in word ", w);
    }
    if (which.words_with_free != 0 && !which.listed) report("is not listed");
}

// A list holds slabs of its slot and class, linked both ways.
void slabs::verify_list(std::uint32_t number,
                        unsigned size_class,
                        std::vector<std::string>& violations) const {
    slab_table const table(where_, runs_);
    std::uint64_t previous = 0;
    std::uint32_t n = 0;
    for (auto at = slot(number).lists[size_class]; at != 0; ++n) {
        auto const index = (at - where_.header()[section_id::slabs].offset) / sizeof(slab);
        auto const* const each = index < table.size() && n <= table.size()
                                     ? &table[static_cast<std::uint32_t>(index)]
                                     : nullptr;
        bool const belongs = each != nullptr && each->owner.load() == number
                             && each->size_class == size_class && each->listed
                             && each->previous == previous;
        if (!belongs) {
            violations.push_back(text("heap slot ",
                                      number,
                                      ": its list of blocks of ",
                                      class_bytes(size_class),
                                      " bytes is broken at entry ",
                                      n));
            return;
        }
        previous = at;
        at = each->next;
    }
}

} // namespace shmwin::inline v1::detail
