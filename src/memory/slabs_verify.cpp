// SPDX-License-Identifier: MIT
// verify(): every invariant of slabs and slots, one by one.
#include "shmwin/base/text.hpp"
#include "shmwin/memory/slabs.hpp"

#include "memory/run_word.hpp"
#include "memory/slab_table.hpp"

namespace shmwin::inline v1::detail {

// What a rank left behind that died: its bits hold, its hints need not. Whoever adopts makes them.
struct slabs::owners {
    slabs const& them;
    std::vector<bool> is_dead; // by rank

    [[nodiscard]] bool alive(std::uint32_t owner) const {
        auto const rank = owner / them.slots_per_rank_;
        return rank < is_dead.size() && !is_dead[rank];
    }

    // How many of the living ones' slabs are where their `listed` says.
    [[nodiscard]] std::uint32_t count_listed() const {
        slab_table const table(them.where_, them.runs_);
        std::uint32_t n_listed = 0;
        for (std::uint32_t n = 0; n < table.size(); ++n) {
            if (table.is_slab(table[n]) && table[n].listed && alive(table[n].owner)) ++n_listed;
        }
        return n_listed;
    }

    // Descriptors without a slab are all in one list.
    void verify_unused(std::vector<std::string>& violations) const {
        slab_table const table(them.where_, them.runs_);
        auto const& control = them.runs_.control();
        if (control.slabs_in_doubt != 0) return; // whoever needs them finds them anew
        auto const expected = table.size() - control.n_slabs;
        std::uint32_t n = 0;
        auto at = control.first_unused_slab;
        for (; at != 0 && n <= table.size(); at = table[at - 1].next_unused, ++n) {
            if (at > table.size() || table.is_slab(table[at - 1])) break;
        }
        if (at != 0 || n != expected) {
            violations.push_back(text(
                "slabs: the list of unused descriptors is broken at entry ", n, " of ", expected));
        }
    }

    // Slabs to be, and slabs that may be empty, of a slot.
    void verify_slot(std::uint32_t number, std::vector<std::string>& violations) const {
        slab_table const table(them.where_, them.runs_);
        auto const& slot = them.slot(number);
        for (unsigned c = 0; c < n_size_classes; ++c) {
            auto const* const spare = them.slab_at(slot.spares[c]);
            bool const fits = spare != nullptr && table.is_slab(*spare)
                              && spare->owner.load() == number && spare->size_class == c;
            if (slot.next_pages[c] > slab_pages(c) || (slot.spares[c] != 0 && !fits)) {
                violations.push_back(text("heap slot ",
                                          number,
                                          ": its spare slab or next size of blocks of ",
                                          class_bytes(c),
                                          " bytes is wrong"));
            }
        }
    }
};

void slabs::verify(std::vector<std::string>& violations, std::size_t limit) const {
    owners all{*this, {}};
    for (int rank = 0; rank < who_.size(); ++rank) {
        all.is_dead.push_back(rank != who_.self() && who_.gone(rank));
    }
    auto const hold = runs_.lock();
    verify_table(all, violations);
    all.verify_unused(violations);
    std::uint32_t n_listed = 0;
    auto const n_slots = static_cast<std::uint32_t>(who_.size()) * slots_per_rank_;
    for (std::uint32_t number = 0; number < n_slots; ++number) {
        bool const used = where_.has_metadata(where_.offset_of(&slot(number)));
        if (!used || !all.alive(number)) continue;
        all.verify_slot(number, violations);
        for (unsigned c = 0; c < n_size_classes; ++c) {
            n_listed += verify_list(number, c, violations);
        }
    }
    if (auto const expected = all.count_listed(); n_listed != expected) {
        violations.push_back(
            text("slabs: ", expected, " say that they are listed, found ", n_listed));
    }
    if (violations.size() > limit) violations.resize(limit);
}

void slabs::verify_table(owners const& all, std::vector<std::string>& violations) const {
    slab_table const table(where_, runs_);
    std::uint32_t n_slabs = 0;
    for (std::uint32_t n = 0; n < table.size(); ++n) {
        if (!table.is_slab(table[n])) continue;
        bool const in_doubt = runs_.control().slabs_in_doubt != 0;
        if (in_doubt && table[n].owner.load() == nobody) continue; // who gave it back died
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
    if (which.size_class >= n_size_classes || which.block_bytes != class_bytes(which.size_class)
        || which.reciprocal != reciprocal_of(which.block_bytes)) {
        report("has blocks of ", which.block_bytes, " bytes, which is no class");
        return;
    }
    auto const first = table.first_page(which);
    if (which.n_pages != length_of(runs_.word_of(first))
        || which.n_blocks != which.n_pages * page_bytes / which.block_bytes) {
        report("has ", which.n_blocks, " blocks in ", unsigned{which.n_pages}, " pages");
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

// The descriptor at an offset; null if there is none.
slab const* slabs::slab_at(std::uint64_t offset) const noexcept {
    slab_table const table(where_, runs_);
    auto const distance = offset - where_.header()[section_id::slabs].offset;
    if (distance % sizeof(slab) != 0 || distance / sizeof(slab) >= table.size()) return nullptr;
    return &table[static_cast<std::uint32_t>(distance / sizeof(slab))];
}

// A list holds slabs of its slot and class, linked both ways. Returns how many.
std::uint32_t slabs::verify_list(std::uint32_t number,
                                 unsigned size_class,
                                 std::vector<std::string>& violations) const {
    slab_table const table(where_, runs_);
    std::uint64_t previous = 0;
    std::uint32_t n = 0;
    for (auto at = slot(number).lists[size_class]; at != 0; ++n) {
        auto const* const each = n <= table.size() ? slab_at(at) : nullptr;
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
            break;
        }
        previous = at;
        at = each->next;
    }
    return n;
}

} // namespace shmwin::inline v1::detail
