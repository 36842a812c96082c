// SPDX-License-Identifier: MIT
// Blocks of whole pages: where they begin, how they grow and shrink, and how their memory goes
// back to the system.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/heap_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <gmock/gmock.h>
#include <set>
#include <sys/stat.h>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::page_bytes;
using testing::HasSubstr;
using testing::IsEmpty;

struct LargeBlocks : test::heap_fixture {
    heap_stats before = memory.stats();

    LargeBlocks() : heap_fixture(16_MiB) {}

    void TearDown() override {
        EXPECT_THAT(memory.verify().violations, IsEmpty());
        EXPECT_EQ(memory.stats().free, before.free);
    }
    [[nodiscard]] std::uint64_t in_page(void const* block) const {
        return memory.offset_of(block) % page_bytes;
    }
    [[nodiscard]] std::size_t file_bytes() const {
        struct stat about {};
        EXPECT_EQ(::fstat(pages.file().fd(), &about), 0);
        return static_cast<std::size_t>(about.st_blocks) * 512;
    }
};

// --- placement -----------------------------------------------------------------------------------

TEST_F(LargeBlocks, BeginAtDifferentLinesOfTheirFirstPages) {
    std::vector<void*> blocks;
    std::set<std::uint64_t> starts;
    for (int i = 0; i < 13; ++i) {
        blocks.push_back(memory.allocate(256_KiB));
        starts.insert(in_page(blocks.back()));
        EXPECT_EQ(in_page(blocks.back()) % 64, 0U);
        EXPECT_GE(memory.usable_size(blocks.back()), 256_KiB);
        EXPECT_LT(memory.usable_size(blocks.back()), 256_KiB + 2 * page_bytes);
        std::memset(blocks.back(), i, memory.usable_size(blocks.back()));
    }
    EXPECT_EQ(starts.size(), 13U);
    for (int i = 0; i < 13; ++i) {
        auto const* const bytes = static_cast<unsigned char*>(blocks[static_cast<std::size_t>(i)]);
        EXPECT_EQ(std::count(bytes, bytes + 256_KiB, i), 256_KiB);
        memory.deallocate(blocks[static_cast<std::size_t>(i)]);
    }
}

TEST_F(LargeBlocks, BeginWhereTheAlignmentAsksFor) {
    for (std::size_t align = 1; align <= 2_MiB; align *= 2) {
        for (int i = 0; i < 5; ++i) {
            auto* const block = memory.allocate(300_KiB, align);
            EXPECT_EQ(memory.offset_of(block) % align, 0U) << align;
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % align, 0U) << align;
            memory.deallocate(block);
        }
    }
}

TEST_F(LargeBlocks, BelowThatSizeBeginWithTheirPage) {
    for (int i = 0; i < 3; ++i) {
        auto* const block = memory.allocate(256_KiB - 1);
        EXPECT_EQ(in_page(block), 0U);
        memory.deallocate(block);
    }
}

TEST_F(LargeBlocks, LieAboveSmallOnes) {
    auto* const array = memory.allocate(1_MiB);
    auto* const small = memory.allocate(64);
    auto* const other = memory.allocate(1_MiB);
    auto* const run = memory.allocate(40_KiB);
    EXPECT_LT(memory.offset_of(small), memory.offset_of(other));
    EXPECT_LT(memory.offset_of(run), memory.offset_of(other));
    EXPECT_LT(memory.offset_of(other), memory.offset_of(array));
    for (auto* const each : {array, small, other, run}) {
        memory.deallocate(each);
    }
    memory.collect();
}

TEST_F(LargeBlocks, FillTheHeapToItsLastPage) {
    for (int i = 0; i < 14; ++i) { // whatever start is next
        auto* const block = memory.allocate(memory.stats().largest_free);
        EXPECT_EQ(memory.stats().free, 0U);
        memory.deallocate(block);
    }
    EXPECT_EQ(error_of([&] { static_cast<void>(memory.allocate(before.free + 1)); }).code,
              errc::out_of_memory);
    EXPECT_EQ(error_of([&] { static_cast<void>(memory.allocate(SIZE_MAX)); }).code,
              errc::out_of_memory);
}

TEST_F(LargeBlocks, AreFreedByTheirOwnAddressAlone) {
    std::vector<std::byte*> blocks;
    for (int i = 0; i < 3; ++i) {
        blocks.push_back(static_cast<std::byte*>(memory.allocate(512_KiB)));
    }
    for (auto* const each : blocks) {
        for (auto* const wrong : {each - in_page(each), each + 64, each + 320, each + page_bytes}) {
            if (wrong == each) continue;
            EXPECT_EQ(error_of([&] { memory.deallocate(wrong); }).code, errc::bad_pointer);
            EXPECT_EQ(memory.usable_size(wrong), 0U);
        }
    }
    for (auto* const each : blocks) {
        memory.deallocate(each);
        EXPECT_EQ(error_of([&] { memory.deallocate(each); }).code, errc::bad_pointer);
    }
}

// --- in place ------------------------------------------------------------------------------------

TEST_F(LargeBlocks, GrowWhereTheyStandAndKeepWhatTheyHold) {
    auto* const block = static_cast<unsigned char*>(memory.allocate(100_KiB));
    std::memset(block, 7, 100_KiB);
    EXPECT_TRUE(memory.try_expand(block, 1_MiB));
    EXPECT_GE(memory.usable_size(block), 1_MiB);
    EXPECT_EQ(std::count(block, block + 100_KiB, 7), 100_KiB);
    std::memset(block, 8, memory.usable_size(block));
    EXPECT_TRUE(memory.try_expand(block, 10)) << "it has that";
    EXPECT_GE(memory.usable_size(block), 1_MiB);
    auto* const behind = memory.allocate(40_KiB);
    EXPECT_FALSE(memory.try_expand(block, memory.usable_size(block) + 1)) << "something is there";
    EXPECT_FALSE(memory.try_expand(block, SIZE_MAX));
    memory.deallocate(behind);
    memory.deallocate(block);
}

TEST_F(LargeBlocks, ThatCannotGrowForLackOfMemoryStayAsTheyAre) {
    auto* const block = memory.allocate(100_KiB);
    auto const used = memory.stats().used;
    room = 0;
    auto const failed = error_of([&] { static_cast<void>(memory.try_expand(block, 4_MiB)); });
    room = SIZE_MAX;
    EXPECT_EQ(failed.code, errc::no_space);
    EXPECT_EQ(memory.stats().used, used);
    memory.deallocate(block);
}

TEST_F(LargeBlocks, GiveBackWhatIsBehindTheFirstBytes) {
    auto* const block = static_cast<unsigned char*>(memory.allocate(2_MiB));
    std::memset(block, 9, 2_MiB);
    auto const left = memory.shrink(block, 100'000);
    EXPECT_EQ(left, memory.usable_size(block));
    EXPECT_GE(left, 100'000U);
    EXPECT_LT(left, 100'000 + page_bytes);
    EXPECT_EQ(std::count(block, block + 100'000, 9), 100'000);
    EXPECT_EQ(memory.shrink(block, 5_MiB), left) << "that is no shrinking";
    EXPECT_GE(memory.shrink(block, 0), 1U);
    memory.deallocate(block);
}

TEST_F(LargeBlocks, OfASlabKeepTheirSize) {
    auto* const block = memory.allocate(100);
    auto const n_bytes = memory.usable_size(block);
    EXPECT_TRUE(memory.try_expand(block, n_bytes));
    EXPECT_FALSE(memory.try_expand(block, n_bytes + 1));
    EXPECT_EQ(memory.shrink(block, 1), n_bytes);
    memory.deallocate(block);
    EXPECT_EQ(error_of([&] { memory.shrink(block, 1); }).code, errc::bad_pointer);
    memory.collect();
}

TEST_F(LargeBlocks, ThatAreNoneDoNotChange) {
    auto* const block = static_cast<std::byte*>(memory.allocate(300_KiB));
    std::byte foreign{};
    for (auto* const wrong : {block + 8, block + page_bytes, &foreign}) {
        EXPECT_EQ(error_of([&] { static_cast<void>(memory.try_expand(wrong, 1_MiB)); }).code,
                  errc::bad_pointer);
        EXPECT_EQ(error_of([&] { memory.shrink(wrong, 1); }).code, errc::bad_pointer);
    }
    EXPECT_THAT(error_of([&] { memory.shrink(&foreign, 1); }).text,
                HasSubstr("not in this segment"));
    memory.deallocate(block);
    EXPECT_EQ(error_of([&] { memory.shrink(block, 1); }).code, errc::bad_pointer);
}

// --- back to the system --------------------------------------------------------------------------

TEST_F(LargeBlocks, GoBackToTheSystemByTrimAlone) {
    auto* const kept = static_cast<unsigned char*>(memory.allocate(1_MiB));
    auto* const block = memory.allocate(8_MiB);
    std::memset(kept, 3, 1_MiB);
    std::memset(block, 3, 8_MiB);
    auto const whole = file_bytes();
    auto const present = memory.stats().present;
    memory.deallocate(block);
    EXPECT_EQ(file_bytes(), whole);
    EXPECT_EQ(memory.stats().present, present);
    auto const n_bytes = memory.trim();
    EXPECT_GE(n_bytes, 8_MiB);
    EXPECT_EQ(file_bytes(), whole - n_bytes);
    EXPECT_EQ(memory.stats().present, present - n_bytes);
    EXPECT_EQ(std::count(kept, kept + 1_MiB, 3), 1_MiB) << "what is in use stays";
    EXPECT_EQ(memory.trim(), 0U) << "nothing is left to give";
    memory.deallocate(kept);
}

TEST_F(LargeBlocks, AreThereAgainAfterTrim) {
    auto const other = pages.memory(1, test::via::second);
    auto* block = static_cast<unsigned char*>(memory.allocate(4_MiB));
    auto const place = memory.offset_of(block);
    std::memset(block, 5, 4_MiB);
    memory.deallocate(block);
    EXPECT_GE(other.trim(), 4_MiB);
    block = static_cast<unsigned char*>(memory.allocate_zeroed(memory.stats().largest_free));
    ASSERT_LE(memory.offset_of(block), place);
    EXPECT_EQ(std::count(block, block + memory.usable_size(block), 0),
              static_cast<std::ptrdiff_t>(memory.usable_size(block)));
    room = 0; // all is present: no store is SIGBUS, and nobody asks for more
    std::memset(block, 6, memory.usable_size(block));
    room = SIZE_MAX;
    memory.deallocate(block);
}

} // namespace
} // namespace shmwin
