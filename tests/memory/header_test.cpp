// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/directory.hpp"
#include "shmwin/memory/header.hpp"
#include "shmwin/memory/page_runs.hpp"
#include "shmwin/sync/activity.hpp"
#include "shmwin/sync/call_sites.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/race_shadow.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <functional>
#include <gmock/gmock.h>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::check_header;
using detail::layout_request;
using detail::page_bytes;
using detail::plan_layout;
using detail::section_id;
using detail::segment_header;
using testing::AllOf;
using testing::HasSubstr;

// What another version, compiler or language reads first: stable.
static_assert(std::is_trivially_copyable_v<segment_header>);
static_assert(offsetof(segment_header, magic) == 0);
static_assert(offsetof(segment_header, version) == 8);
static_assert(offsetof(segment_header, byte_order) == 12);
static_assert(offsetof(segment_header, header_bytes) == 16);
static_assert(offsetof(segment_header, n_sections) == 20);
static_assert(offsetof(segment_header, total_bytes) == 24);
static_assert(offsetof(segment_header, n_pages) == 32);
static_assert(offsetof(segment_header, page_size) == 40);
static_assert(offsetof(segment_header, n_ranks) == 44);
static_assert(offsetof(segment_header, threads_per_rank) == 48);
static_assert(offsetof(segment_header, backing) == 52);
static_assert(offsetof(segment_header, uuid) == 56);
static_assert(offsetof(segment_header, created_ns) == 72);
static_assert(offsetof(segment_header, token) == 80);
static_assert(offsetof(segment_header, ready) == 88);
static_assert(offsetof(segment_header, sections) == 96);
static_assert(sizeof(segment_header) == 96 + 16 * detail::n_section_ids);

TEST(SegmentHeader, BeginsWithItsMagic) {
    auto const header = plan_layout({.capacity = 1});
    EXPECT_EQ(std::memcmp(&header, "\nshmwin1", 8), 0);
}

struct PlanLayout : testing::TestWithParam<std::tuple<std::size_t, int, int>> {
    [[nodiscard]] static layout_request request() {
        auto const [capacity, n_ranks, n_threads] = GetParam();
        return {capacity, n_ranks, n_threads};
    }
};

INSTANTIATE_TEST_SUITE_P(Grid,
                         PlanLayout,
                         testing::Combine(testing::Values(1,
                                                          4095,
                                                          4096,
                                                          4097,
                                                          512 * 4096,
                                                          512 * 4096 + 1,
                                                          1_MiB - 1,
                                                          64_MiB + 12345,
                                                          8_GiB,
                                                          128_GiB + 4096,
                                                          1_TiB,
                                                          15_TiB - 4095,
                                                          15_TiB),
                                          testing::Values(1, 2, 3, 64, 1000),
                                          testing::Values(1, 7)));

TEST_P(PlanLayout, SectionsAreDisjointAndInRange) {
    auto const header = plan_layout(request());
    std::vector<detail::section> all;
    for (std::size_t id = 0; id < detail::n_section_ids; ++id) {
        auto const& each = header.sections.at(id);
        if (id > static_cast<std::size_t>(section_id::races)) { // the highest number
            EXPECT_EQ(each.offset, 0U);
            EXPECT_EQ(each.n_bytes, 0U);
            continue;
        }
        EXPECT_GE(each.offset, sizeof(segment_header)) << id;
        EXPECT_GT(each.n_bytes, 0U) << id;
        all.push_back(each);
    }
    std::ranges::sort(all, {}, &detail::section::offset);
    for (std::size_t i = 1; i < all.size(); ++i) {
        EXPECT_LE(all[i - 1].offset + all[i - 1].n_bytes, all[i].offset) << i;
    }
    EXPECT_EQ(all.back().offset, header[section_id::pages].offset) << "pages come last";
    EXPECT_EQ(all.back().offset + all.back().n_bytes, header.total_bytes);
}

TEST_P(PlanLayout, SectionsAreAligned) {
    auto const header = plan_layout(request());
    for (auto const& each : header.sections) {
        EXPECT_EQ(each.offset % 64, 0U);
    }
    for (auto const id : {section_id::page_map,
                          section_id::page_links,
                          section_id::page_bits,
                          section_id::slabs,
                          section_id::heap_slots,
                          section_id::pages}) {
        EXPECT_EQ(header[id].offset % page_bytes, 0U);
    }
}

TEST_P(PlanLayout, SectionsHoldWhatStandsInThem) {
    auto const asked = request();
    auto const header = plan_layout(asked);
    auto const n_ranks = static_cast<std::size_t>(asked.n_ranks);
    auto const bytes = [&](section_id id) { return header[id].n_bytes; };
    EXPECT_EQ(header.n_pages, (asked.capacity + page_bytes - 1) / page_bytes);
    EXPECT_EQ(header.n_ranks, asked.n_ranks);
    EXPECT_EQ(header.threads_per_rank, asked.threads_per_rank);
    EXPECT_EQ(bytes(section_id::pages), header.n_pages * page_bytes);
    EXPECT_EQ(bytes(section_id::participants), n_ranks * sizeof(participant_slot));
    EXPECT_EQ(bytes(section_id::meeting_slots), n_ranks * sizeof(detail::meeting_slot));
    EXPECT_EQ(bytes(section_id::activity), n_ranks * sizeof(detail::activity_slot));
    EXPECT_GE(bytes(section_id::rendezvous), sizeof(detail::rendezvous_state));
    EXPECT_EQ(bytes(section_id::call_sites),
              n_ranks * detail::call_sites::sites_of_rank * sizeof(detail::call_site));
    EXPECT_EQ(bytes(section_id::races), sizeof(detail::race_list));
    EXPECT_GE(bytes(section_id::run_control), sizeof(detail::run_control));
    EXPECT_GE(bytes(section_id::directory), sizeof(detail::directory_state));
    auto const n_lines = bytes(section_id::parking_lot) / sizeof(detail::parking_line);
    EXPECT_TRUE(std::has_single_bit(n_lines));
    EXPECT_EQ(bytes(section_id::page_map), 8 * header.n_pages);
    EXPECT_EQ(bytes(section_id::page_links), 8 * header.n_pages);
    EXPECT_GE(8 * bytes(section_id::page_bits), 2 * header.n_pages);
    EXPECT_EQ(bytes(section_id::page_bits) % 16, 0U) << "two bitmaps of whole words";
    // A bit for each page from page_map up to the sections that are made otherwise.
    auto const n_lazy = (header[section_id::slabs].offset + bytes(section_id::slabs)
                         - header[section_id::page_map].offset + page_bytes - 1)
                        / page_bytes;
    EXPECT_GE(8 * bytes(section_id::metadata_bits), n_lazy);
    EXPECT_EQ(bytes(section_id::metadata_bits) % 8, 0U);
}

TEST_P(PlanLayout, IsTheSameForTheSameRequest) {
    auto const a = plan_layout(request());
    auto const b = plan_layout(request());
    EXPECT_EQ(std::memcmp(&a, &b, sizeof a), 0);
}

TEST_P(PlanLayout, GivesAHeaderThatIsAccepted) {
    auto const header = plan_layout(request());
    EXPECT_NO_THROW(check_header(header, header.total_bytes));
    EXPECT_NO_THROW(check_header(header, header.total_bytes + 1_MiB));
}

// Metadata must not cost much: two words, two bits and a slab's descriptor a page. Of these only
// what is used is present.
TEST(PlanLayoutOf, ALargeSegmentHasUnder6PercentOfMetadata) {
    auto const header = plan_layout({.capacity = 1_TiB, .n_ranks = 64});
    EXPECT_LT(header.total_bytes - 1_TiB, 6 * (1_TiB / 100));
}

struct bad_request {
    char const* name;
    layout_request request;
    std::string found;
    std::string knob;
};

struct PlanLayoutRefuses : testing::TestWithParam<bad_request> {};

INSTANTIATE_TEST_SUITE_P(
    Each,
    PlanLayoutRefuses,
    testing::Values(
        bad_request{"no_capacity", {0, 1, 1}, "0 bytes", "SHMWIN_CAPACITY"},
        bad_request{
            "a_byte_too_much", {15_TiB + 1, 1, 1}, "16492674416641 bytes", "SHMWIN_CAPACITY"},
        bad_request{
            "all_that_is", {SIZE_MAX, 1, 1}, "18446744073709551615 bytes", "SHMWIN_CAPACITY"},
        bad_request{"no_ranks", {1_MiB, 0, 1}, "(0;", "32767"},
        bad_request{"negative_ranks", {1_MiB, -1, 1}, "(-1;", "32767"},
        bad_request{"too_many_ranks", {1_MiB, 32768, 1}, "(32768;", "32767"},
        bad_request{"no_threads", {1_MiB, 1, 0}, "(0;", "SHMWIN_THREADS_PER_RANK"},
        bad_request{"too_many_threads", {1_MiB, 1, 1025}, "(1025;", "SHMWIN_THREADS_PER_RANK"}),
    [](auto const& row) { return row.param.name; });

TEST_P(PlanLayoutRefuses, WithTheValueAndTheKnob) {
    try {
        static_cast<void>(plan_layout(GetParam().request));
        FAIL() << "accepted";
    } catch (argument_error const& failed) {
        EXPECT_EQ(failed.code(), errc::invalid_argument);
        EXPECT_THAT(failed.what(), AllOf(HasSubstr(GetParam().found), HasSubstr(GetParam().knob)));
    }
}

struct differing_field {
    char const* name;
    std::function<void(segment_header&)> change;
    std::string found;
    std::string expected;
};

struct CheckHeader : testing::TestWithParam<differing_field> {};

INSTANTIATE_TEST_SUITE_P(
    Each,
    CheckHeader,
    testing::Values(
        differing_field{"magic_number",
                        [](segment_header& h) { h.magic = 12345; },
                        "12345",
                        std::to_string(detail::segment_magic)},
        differing_field{"layout_version", [](segment_header& h) { h.version = 77; }, "77", "2"},
        differing_field{"byte_order",
                        [](segment_header& h) { h.byte_order = 0x04030201; },
                        std::to_string(0x04030201),
                        std::to_string(0x01020304)},
        differing_field{"header_size", [](segment_header& h) { h.header_bytes = 99; }, "99", "352"},
        differing_field{
            "number_of_sections", [](segment_header& h) { h.n_sections = 17; }, "17", "16"},
        differing_field{
            "page_size", [](segment_header& h) { h.page_size = 65536; }, "65536", "4096"}),
    [](auto const& row) { return row.param.name; });

TEST_P(CheckHeader, NamesTheFieldAndBothValues) {
    auto header = plan_layout({.capacity = 1_MiB});
    GetParam().change(header);
    std::string field = GetParam().name;
    std::ranges::replace(field, '_', ' ');
    try {
        check_header(header, header.total_bytes);
        FAIL() << "accepted";
    } catch (runtime_failure const& failed) {
        EXPECT_EQ(failed.code(), errc::layout_mismatch);
        EXPECT_THAT(failed.what(),
                    AllOf(HasSubstr("its " + field + " is " + GetParam().found + ","),
                          HasSubstr("this library's is " + GetParam().expected + ";")));
    }
}

TEST(CheckHeaderOf, ASegmentLargerThanItsMappingIsRefusedWithBothSizes) {
    auto const header = plan_layout({.capacity = 1_MiB});
    try {
        check_header(header, header.total_bytes - 1);
        FAIL() << "accepted";
    } catch (runtime_failure const& failed) {
        EXPECT_EQ(failed.code(), errc::layout_mismatch);
        EXPECT_THAT(failed.what(),
                    AllOf(HasSubstr(std::to_string(header.total_bytes)),
                          HasSubstr(std::to_string(header.total_bytes - 1))));
    }
}

TEST(CheckHeaderOf, ZerosAreRefused) {
    segment_header const nothing{};
    EXPECT_THROW(check_header(nothing, 1_GiB), runtime_failure);
}

} // namespace
} // namespace shmwin
