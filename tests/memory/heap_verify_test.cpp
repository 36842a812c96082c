// SPDX-License-Identifier: MIT
// Planted corruption: verify() finds every kind. Of page runs: also page_runs_test.cpp.
#include "shmwin/base/hash.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "memory/run_word.hpp"
#include "memory/slab.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::section_id;
using detail::slab;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// Two slabs of 1000-byte blocks (the second of 4 pages) and one of 32, with blocks in use and free
// ones; a slab that was given back; a block of pages, and a hole before it.
struct broken_heap {
    test::shared_pages pages{{.capacity = 4_MiB, .n_ranks = 2}};
    heap memory = pages.memory(0);
    std::vector<std::uint64_t> blocks;
    slab* first = nullptr;  ///< of 1000-byte blocks, in no list, since it is full
    slab* second = nullptr; ///< of 1000-byte blocks, the list's only one
    slab* tiny = nullptr;   ///< of 32-byte blocks
    slab* unused = nullptr; ///< without a slab
    std::uint64_t large = 0;

    broken_heap() {
        for (int i = 0; i < 6; ++i) {
            blocks.push_back(memory.offset_of(memory.allocate(1000)));
        }
        auto const small = memory.offset_of(memory.allocate(32, 8));
        auto* const gone = memory.allocate(5000);
        auto* const hole = memory.allocate(100'000);
        large = memory.offset_of(memory.allocate(200'000));
        first = slab_of(blocks.front());
        second = slab_of(blocks.back());
        tiny = slab_of(small);
        unused = slab_of(memory.offset_of(gone));
        memory.deallocate(gone);
        memory.collect();
        memory.deallocate(hole);
        EXPECT_NE(first, second);
    }
    [[nodiscard]] std::uint64_t page_of(std::uint64_t offset) const {
        return (offset - pages.where().header()[section_id::pages].offset) / detail::page_bytes;
    }
    [[nodiscard]] std::uint64_t& word(std::uint64_t page) const {
        return pages.where().as<std::uint64_t>(section_id::page_map)[page];
    }
    [[nodiscard]] slab* slab_of(std::uint64_t block) const {
        return reinterpret_cast<slab*>(
            pages.where().at(detail::descriptor_offset_of(word(page_of(block)))));
    }
    [[nodiscard]] detail::heap_slot& slot() const {
        return *reinterpret_cast<detail::heap_slot*>(
            pages.where().at(pages.where().header()[section_id::heap_slots].offset));
    }
    [[nodiscard]] detail::run_control& control() const { return pages.control(); }
    [[nodiscard]] std::uint64_t offset_of(void const* what) const {
        return pages.where().offset_of(what);
    }
    [[nodiscard]] std::uint64_t& list_of(slab const* which) const {
        return slot().lists.at(which->size_class);
    }
};

struct corruption {
    char const* name;
    std::function<void(broken_heap&)> plant;
    char const* found;
};

std::ostream& operator<<(std::ostream& out, corruption const& row) {
    return out << row.name;
}

struct HeapVerifyFinds : testing::TestWithParam<corruption> {
    broken_heap broken;
};

TEST_P(HeapVerifyFinds, It) {
    EXPECT_THAT(broken.memory.verify().violations, IsEmpty());
    GetParam().plant(broken);
    EXPECT_THAT(broken.memory.verify().violations, Contains(HasSubstr(GetParam().found)));
}

auto const name_of = [](auto const& row) { return std::string(row.param.name); };

INSTANTIATE_TEST_SUITE_P(
    InDescriptors,
    HeapVerifyFinds,
    testing::Values(
        corruption{"an_owner_that_there_is_not",
                   [](broken_heap& b) { b.first->owner = 4; },
                   "slab 0 has no owner"},
        corruption{"no_owner",
                   [](broken_heap& b) { b.first->owner = detail::nobody; },
                   "slab 0 has no owner"},
        corruption{"an_owner_of_another_rank",
                   [](broken_heap& b) { b.second->owner = 2; },
                   "list of blocks of 1024 bytes is broken at entry 0"},
        corruption{"a_wrong_size_of_blocks",
                   [](broken_heap& b) { b.first->block_bytes = 1000; },
                   "has blocks of 1000 bytes"},
        corruption{"a_class_that_there_is_not",
                   [](broken_heap& b) { b.first->size_class = 44; },
                   "which is no class"},
        corruption{
            "another_class", [](broken_heap& b) { --b.second->size_class; }, "which is no class"},
        corruption{"a_wrong_reciprocal",
                   [](broken_heap& b) { b.tiny->reciprocal -= 2; },
                   "has blocks of 32 bytes"},
        corruption{"a_wrong_number_of_blocks",
                   [](broken_heap& b) { ++b.first->n_blocks; },
                   "has 5 blocks in 1 pages"},
        corruption{"a_wrong_number_of_pages",
                   [](broken_heap& b) { ++b.first->n_pages; },
                   "has 4 blocks in 2 pages"},
        corruption{"a_wrong_first_block",
                   [](broken_heap& b) { b.first->first_block += 3 * detail::page_bytes; },
                   "slabs: miscounted (3, found 2)"},
        corruption{"free_bits_of_no_block",
                   [](broken_heap& b) { b.first->free[0] |= 1U << 4U; },
                   "slab 0 has bits of no block in word 0"},
        corruption{"free_bits_in_unused_words",
                   [](broken_heap& b) { b.first->free[7] = 1; },
                   "slab 0 has bits of no block in word 7"},
        corruption{"remote_bits_of_no_block",
                   [](broken_heap& b) { b.first->remote[0] |= 1ULL << 63U; },
                   "slab 0 has bits of no block in word 0"},
        corruption{"a_block_that_is_free_twice",
                   [](broken_heap& b) { b.second->remote[0] = b.second->free[0].load(); },
                   "slab 1 has blocks free twice in word 0"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    InHintsOfSlabs,
    HeapVerifyFinds,
    testing::Values(corruption{"free_blocks_that_its_mask_has_not",
                               [](broken_heap& b) { b.tiny->words_with_free = 2; },
                               "does not know what is free in word 0"},
                    corruption{"a_mask_of_words_without_free_blocks",
                               [](broken_heap& b) { b.first->words_with_free = 1; },
                               "slab 0 does not know what is free in word 0"},
                    corruption{"free_blocks_of_a_slab_that_is_not_listed",
                               [](broken_heap& b) { b.tiny->listed = false; },
                               "slab 2 is not listed"},
                    corruption{"a_slab_that_is_in_no_list",
                               [](broken_heap& b) { b.list_of(b.tiny) = 0; },
                               "slabs: 2 say that they are listed, found 1"},
                    corruption{"a_full_slab_that_says_it_is_listed",
                               [](broken_heap& b) { b.first->listed = true; },
                               "slabs: 3 say that they are listed, found 2"},
                    corruption{"a_slab_in_the_list_of_another_class",
                               [](broken_heap& b) { b.list_of(b.second) = b.offset_of(b.tiny); },
                               "list of blocks of 1024 bytes is broken at entry 0"},
                    corruption{"a_slab_in_two_lists",
                               [](broken_heap& b) { b.second->next = b.offset_of(b.tiny); },
                               "list of blocks of 1024 bytes is broken at entry 1"},
                    corruption{"a_list_in_a_circle",
                               [](broken_heap& b) { b.second->next = b.offset_of(b.second); },
                               "list of blocks of 1024 bytes is broken at entry 1"},
                    corruption{"a_wrong_link_back",
                               [](broken_heap& b) { b.second->previous = b.offset_of(b.tiny); },
                               "list of blocks of 1024 bytes is broken at entry 0"},
                    corruption{"a_list_that_leads_out_of_the_table",
                               [](broken_heap& b) { b.list_of(b.second) = 0x7fff'ffff'ffc0; },
                               "list of blocks of 1024 bytes is broken at entry 0"},
                    corruption{"a_list_that_leads_into_a_descriptor",
                               [](broken_heap& b) { b.list_of(b.second) += 8; },
                               "list of blocks of 1024 bytes is broken at entry 0"},
                    corruption{"a_spare_slab_of_another_class",
                               [](broken_heap& b) { b.slot().spares[0] = b.offset_of(b.tiny); },
                               "spare slab or next size of blocks of 8 bytes is wrong"},
                    corruption{"a_spare_slab_that_was_given_back",
                               [](broken_heap& b) { b.slot().spares[0] = b.offset_of(b.unused); },
                               "spare slab or next size of blocks of 8 bytes is wrong"},
                    corruption{"a_next_slab_that_is_too_large",
                               [](broken_heap& b) { b.slot().next_pages[0] = 2; },
                               "spare slab or next size of blocks of 8 bytes is wrong"},
                    corruption{"a_wrong_number_of_slabs",
                               [](broken_heap& b) { ++b.control().n_slabs; },
                               "slabs: miscounted (4, found 3)"},
                    corruption{"a_slab_among_the_unused",
                               [](broken_heap& b) { b.unused->next_unused = 1; },
                               "list of unused descriptors is broken at entry 1 of 1"},
                    corruption{"an_unused_one_that_was_lost",
                               [](broken_heap& b) { b.control().first_unused_slab = 0; },
                               "list of unused descriptors is broken at entry 0 of 1"},
                    corruption{"unused_ones_in_a_circle",
                               [](broken_heap& b) {
                                   b.unused->next_unused = b.control().first_unused_slab;
                               },
                               "list of unused descriptors is broken"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    InThePageMap,
    HeapVerifyFinds,
    testing::Values(
        corruption{"a_page_of_a_slab_that_is_none",
                   [](broken_heap& b) { b.word(b.page_of(b.second->first_block) + 1) = 0; },
                   "slab 1 does not have its page"},
        corruption{"a_page_of_a_slab_that_is_anothers",
                   [](broken_heap& b) {
                       b.word(b.page_of(b.second->first_block) + 1) =
                           detail::make_slab_word(b.offset_of(b.tiny), 0);
                   },
                   "slab 1 does not have its page"},
        corruption{"a_slab_whose_head_names_another",
                   [](broken_heap& b) {
                       b.word(b.page_of(b.first->first_block)) =
                           detail::make_slab_word(b.offset_of(b.tiny), 1);
                   },
                   "slabs: miscounted (3, found 2)"},
        corruption{"a_slab_that_is_too_short",
                   [](broken_heap& b) {
                       b.word(b.page_of(b.second->first_block)) =
                           detail::make_slab_word(b.offset_of(b.second), 1);
                   },
                   "page runs: no run begins at page"},
        corruption{"a_slab_whose_first_page_is_a_block",
                   [](broken_heap& b) {
                       b.word(b.page_of(b.first->first_block)) =
                           detail::make_word(detail::word_kind::used_head, 1);
                   },
                   "page runs: miscounted"},
        corruption{"a_block_without_a_tail",
                   [](broken_heap& b) { b.word(b.page_of(b.large + 199'999)) = 0; },
                   "has a wrong tail"},
        corruption{"a_head_of_no_pages",
                   [](broken_heap& b) {
                       b.word(b.page_of(b.large)) =
                           detail::make_word(detail::word_kind::used_head, 0);
                   },
                   "page runs: no run begins at page"},
        corruption{"a_kind_that_there_is_not",
                   [](broken_heap& b) { b.word(b.page_of(b.large)) |= 15ULL << 60U; },
                   "page runs: no run begins at page"},
        corruption{"a_level_without_its_mark",
                   [](broken_heap& b) { b.control().level_bits &= b.control().level_bits - 1; },
                   "is marked wrongly"},
        corruption{"a_mark_of_an_empty_level",
                   [](broken_heap& b) { b.control().level_bits |= 1ULL << 34U; },
                   "page bins: level 34 is marked wrongly"},
        corruption{"a_mark_of_an_empty_bin",
                   [](broken_heap& b) { b.control().bin_bits[34] = 1; },
                   "page bins: bin 272 is marked wrongly"}),
    name_of);

// --- the directory -------------------------------------------------------------------------------

struct broken_directory {
    static constexpr std::size_t near_bytes = 64; // of a record
    static constexpr std::size_t table_head_bytes = 64;

    test::shared_pages pages{{.capacity = 4_MiB, .n_ranks = 2}};
    detail::directory names = pages.names(0);
    detail::directory_state& state =
        pages.where().as<detail::directory_state>(section_id::directory)[0];

    // Three names, and the record of a fourth that is gone.
    broken_directory() {
        std::vector<detail::directory_place> places;
        for (auto const* const name : {"a", "b", "c", "d"}) {
            detail::object_record record{};
            record.name_hash = detail::hash(std::string_view(name));
            std::strcpy(record.name.data(), name); // NOLINT(*-strcpy): one letter
            places.push_back(names.insert(record));
        }
        names.erase(places.back().index, places.back().generation);
    }
    [[nodiscard]] std::vector<std::string> violations() const {
        std::vector<std::string> all;
        names.verify(all, 20);
        return all;
    }
    [[nodiscard]] std::uint64_t* table_slots() const {
        return reinterpret_cast<std::uint64_t*>(pages.where().at(state.table) + table_head_bytes);
    }
    [[nodiscard]] std::uint64_t& slot_of(std::string_view name) const {
        auto const n_slots = *reinterpret_cast<std::uint64_t*>(pages.where().at(state.table));
        return table_slots()[((detail::hash(name) & 0xffff'ffffU) * n_slots) >> 32U];
    }
    [[nodiscard]] std::uint64_t& next_free(std::uint64_t index) const {
        return *reinterpret_cast<std::uint64_t*>(pages.where().at(state.chunks[0])
                                                 + index * near_bytes);
    }
};

struct directory_corruption {
    char const* name;
    std::function<void(broken_directory&)> plant;
    char const* found;
};

std::ostream& operator<<(std::ostream& out, directory_corruption const& row) {
    return out << row.name;
}

struct DirectoryVerifyFinds : testing::TestWithParam<directory_corruption> {
    broken_directory broken;
};

TEST_P(DirectoryVerifyFinds, It) {
    EXPECT_THAT(broken.violations(), IsEmpty());
    GetParam().plant(broken);
    EXPECT_THAT(broken.violations(), Contains(HasSubstr(GetParam().found)));
}

INSTANTIATE_TEST_SUITE_P(
    Planted,
    DirectoryVerifyFinds,
    testing::Values(directory_corruption{"a_record_that_there_is_not",
                                         [](broken_directory& d) { d.slot_of("a") += 100; },
                                         "names record 100 of 4"},
                    directory_corruption{"another_names_record",
                                         [](broken_directory& d) { d.slot_of("a") += 1; },
                                         "\"b\" is not reached"},
                    directory_corruption{"a_name_in_the_wrong_place",
                                         [](broken_directory& d) {
                                             auto* const at = &d.slot_of("a");
                                             std::swap(at[0], at[-1]); // neither b's nor c's
                                         },
                                         "\"a\" is not reached"},
                    directory_corruption{"a_wrong_hash_in_the_table",
                                         [](broken_directory& d) { d.slot_of("a") ^= 1ULL << 63U; },
                                         "\"a\" is not reached"},
                    directory_corruption{"a_lost_name",
                                         [](broken_directory& d) { d.slot_of("a") = 1; }, // gone
                                         "miscounted (3, found 2)"},
                    directory_corruption{"a_wrong_number_of_used_slots",
                                         [](broken_directory& d) { d.state.n_used_slots += 9; },
                                         "slots miscounted"},
                    directory_corruption{"a_live_record_among_the_free",
                                         [](broken_directory& d) { d.state.first_free[1] = 1; },
                                         "lists of free records are broken at entry 1 of 1"},
                    directory_corruption{"free_records_in_a_circle",
                                         [](broken_directory& d) { d.next_free(3) = 4; },
                                         "lists of free records are broken"},
                    directory_corruption{"a_free_record_that_was_lost",
                                         [](broken_directory& d) { d.state.first_free.fill(0); },
                                         "lists of free records are broken at entry 0 of 1"},
                    directory_corruption{"a_table_that_is_no_block",
                                         [](broken_directory& d) { d.state.table += 64; },
                                         "has no table at"},
                    directory_corruption{"a_table_out_of_the_segment",
                                         [](broken_directory& d) { d.state.table = 1ULL << 50U; },
                                         "has no table at"},
                    directory_corruption{"a_table_of_no_slots",
                                         [](broken_directory& d) { *(d.table_slots() - 8) = 0; },
                                         "has no table at"},
                    directory_corruption{"a_table_that_is_too_long",
                                         [](broken_directory& d) { *(d.table_slots() - 8) <<= 8U; },
                                         "has no table at"},
                    directory_corruption{"records_without_their_chunk",
                                         [](broken_directory& d) { d.state.chunks[0] = 0; },
                                         "has no chunk 0"},
                    directory_corruption{"more_records_than_chunks",
                                         [](broken_directory& d) { d.state.n_records = 129; },
                                         "has no chunk 1"}),
    name_of);

} // namespace
} // namespace shmwin
