// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/region.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <gmock/gmock.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::page_bytes;
using detail::page_source;
using detail::region;
using detail::section_id;
using testing::AllOf;
using testing::HasSubstr;

// Pages with a header that nothing else has touched.
struct bare_pages {
    explicit bare_pages(std::size_t capacity)
        : header(detail::plan_layout({.capacity = capacity, .n_ranks = 2})),
          file(header.total_bytes),
          pages(file.fd(), header.total_bytes) {}

    [[nodiscard]] region with(page_source const& source) const { return {pages.base(), source}; }
    [[nodiscard]] std::size_t present_bytes() const {
        struct stat about {};
        EXPECT_EQ(::fstat(file.fd(), &about), 0);
        return static_cast<std::size_t>(about.st_blocks) * 512;
    }
    [[nodiscard]] std::uint64_t offset(section_id which) const { return header[which].offset; }

    detail::segment_header header;
    test::memory_file file;
    test::mapped_file pages;
};

// A source with so much room, which counts what it is asked for.
struct room {
    std::size_t left = 0;
    std::size_t n_asked = 0;
    [[nodiscard]] page_source source() {
        return {[](void* self, std::size_t) {
                    ++static_cast<room*>(self)->n_asked;
                    return static_cast<room*>(self)->left;
                },
                this,
                "/dev/shm",
                "mount it larger or set SHMWIN_BACKING=memfd"};
    }
};

TEST(Region, CreateWritesTheHeaderAndPopulatesOnlyWhatIsNeeded) {
    bare_pages const all(64_MiB);
    auto const where = all.with({});
    where.create(all.header);
    EXPECT_EQ(std::memcmp(&where.header(), &all.header, sizeof all.header), 0);
    EXPECT_GE(all.present_bytes(), all.offset(section_id::page_map));
    EXPECT_LT(all.present_bytes(), all.offset(section_id::page_map) + 64_KiB);
}

TEST(Region, CreateInAFullSystemIsAnErrorAndTouchesNothing) {
    bare_pages const all(1_MiB);
    room none{4095};
    EXPECT_THROW(all.with(none.source()).create(all.header), out_of_memory);
    EXPECT_EQ(all.present_bytes(), 0U);
}

TEST(Region, OffsetsAndAddressesAreInverse) {
    bare_pages const all(1_MiB);
    auto const where = all.with({});
    where.create(all.header);
    EXPECT_EQ(where.at(0), nullptr);
    EXPECT_EQ(where.offset_of(nullptr), 0U);
    EXPECT_EQ(where.at(12345), where.base() + 12345);
    EXPECT_EQ(where.offset_of(where.base() + 12345), 12345U);
}

TEST(Region, OwnsItsPagesOfObjectsAndNothingElse) {
    bare_pages const all(1_MiB);
    auto const where = all.with({});
    where.create(all.header);
    auto* const first = where.at(all.offset(section_id::pages));
    EXPECT_TRUE(where.owns(first));
    EXPECT_TRUE(where.owns(first + 1_MiB - 1));
    EXPECT_FALSE(where.owns(first - 1));
    EXPECT_FALSE(where.owns(first + 1_MiB));
    EXPECT_FALSE(where.owns(nullptr));
    EXPECT_FALSE(where.owns(&all));
    EXPECT_FALSE(where.owns(reinterpret_cast<void const*>(~std::uintptr_t{0})));
}

TEST(Region, SectionsAreSpansOfTheirElements) {
    bare_pages const all(1_MiB);
    auto const where = all.with({});
    where.create(all.header);
    EXPECT_EQ(where.as<std::uint64_t>(section_id::page_map).size(), 256U);
    EXPECT_EQ(where.as<participant_slot>(section_id::participants).size(), 2U);
    EXPECT_EQ(reinterpret_cast<std::byte*>(where.as<char>(section_id::pages).data()),
              where.at(all.offset(section_id::pages)));
}

TEST(Region, MetadataIsAbsentUntilEnsuredPageByPage) {
    bare_pages const all(64_MiB); // its page map has 32 pages
    room plenty{SIZE_MAX};
    auto const where = all.with(plenty.source());
    where.create(all.header);
    auto const map = all.offset(section_id::page_map);
    EXPECT_FALSE(where.has_metadata(map));
    auto const n_asked = plenty.n_asked;
    where.ensure_metadata(map + page_bytes - 8, 16); // the end of page 0, the start of page 1
    EXPECT_EQ(plenty.n_asked, n_asked + 2);
    EXPECT_TRUE(where.has_metadata(map));
    EXPECT_TRUE(where.has_metadata(map + 2 * page_bytes - 1));
    EXPECT_FALSE(where.has_metadata(map + 2 * page_bytes));
    where.ensure_metadata(map, 2 * page_bytes);
    EXPECT_EQ(plenty.n_asked, n_asked + 2) << "they are there";
    where.ensure_metadata(map + 5 * page_bytes, 0);
    EXPECT_FALSE(where.has_metadata(map + 5 * page_bytes));
}

TEST(Region, MetadataOfEverySectionHasABitOfItsOwn) {
    bare_pages const all(64_MiB);
    auto const where = all.with({});
    where.create(all.header);
    auto const last_bits =
        all.offset(section_id::page_bits) + all.header[section_id::page_bits].n_bytes - 1;
    for (auto const offset : {all.offset(section_id::page_links), last_bits}) {
        EXPECT_FALSE(where.has_metadata(offset));
        where.ensure_metadata(offset, 1);
        EXPECT_TRUE(where.has_metadata(offset));
    }
    EXPECT_FALSE(where.has_metadata(all.offset(section_id::page_map)));
}

TEST(Region, MetadataThatCannotBeHadStaysAbsent) {
    bare_pages const all(1_MiB);
    room left{SIZE_MAX};
    auto const where = all.with(left.source());
    where.create(all.header);
    auto const map = all.offset(section_id::page_map);
    left.left = page_bytes - 1;
    EXPECT_THROW(where.ensure_metadata(map, 8), out_of_memory);
    EXPECT_FALSE(where.has_metadata(map));
    left.left = page_bytes;
    where.ensure_metadata(map, 8);
    EXPECT_TRUE(where.has_metadata(map));
}

TEST(Region, MetadataIsEnsuredByManyThreadsAtOnce) {
    bare_pages const all(64_MiB);
    auto const where = all.with({});
    where.create(all.header);
    auto const map = all.offset(section_id::page_map);
    auto const n_bytes = all.header[section_id::page_map].n_bytes;
    test::as_threads(4, [&](int) {
        for (std::uint64_t at = 0; at < n_bytes; at += page_bytes) {
            where.ensure_metadata(map + at, 8);
            EXPECT_TRUE(where.has_metadata(map + at));
        }
    });
}

TEST(Region, PopulateMakesPagesWithoutChangingThem) {
    bare_pages const all(1_MiB);
    auto const where = all.with({});
    where.create(all.header);
    auto const first = all.offset(section_id::pages);
    where.base()[first + page_bytes] = std::byte{42};
    auto const before = all.present_bytes();
    where.populate(first + 100, 3 * page_bytes); // touches 4 pages, one of which is there
    EXPECT_EQ(all.present_bytes(), before + 3 * page_bytes);
    EXPECT_EQ(where.base()[first + page_bytes], std::byte{42});
    EXPECT_EQ(where.base()[first], std::byte{0});
}

std::string text_of_full(region const& where, std::uint64_t offset, std::size_t n_bytes) {
    try {
        where.populate(offset, n_bytes);
    } catch (out_of_memory const& failed) {
        EXPECT_EQ(failed.code(), errc::no_space);
        return failed.what();
    }
    ADD_FAILURE() << "there was room";
    return {};
}

TEST(Region, PopulateWithoutRoomTellsNeededAvailableAndTheKnob) {
    bare_pages const all(1_MiB);
    room left{SIZE_MAX};
    auto const where = all.with(left.source());
    where.create(all.header);
    auto const before = all.present_bytes();
    left.left = 12'288;
    EXPECT_EQ(text_of_full(where, all.offset(section_id::pages), 16'384),
              "/dev/shm is full (16.0 KiB (16384 bytes) needed, 12.0 KiB (12288 bytes) "
              "available; mount it larger or set SHMWIN_BACKING=memfd)");
    EXPECT_EQ(all.present_bytes(), before);
    EXPECT_NO_THROW(where.populate(all.offset(section_id::pages), 12'288));
}

// Behind the end of the file a store is SIGBUS, as it is when its file system is full.
TEST(Region, PopulateWhereTheKernelHasNoPageIsAnErrorNotASignal) {
    bare_pages const all(1_MiB);
    auto const where = all.with({});
    where.create(all.header);
    auto const pages = all.offset(section_id::pages);
    all.file.resize(pages + 8 * page_bytes);
    EXPECT_NO_THROW(where.populate(pages, 8 * page_bytes));
    auto const text = text_of_full(where, pages + 4 * page_bytes, 8 * page_bytes);
    EXPECT_THAT(text,
                AllOf(HasSubstr("memory is full"),
                      HasSubstr("32.0 KiB (32768 bytes) needed"),
                      HasSubstr("unknown available")));
}

} // namespace
} // namespace shmwin
