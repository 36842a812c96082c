// SPDX-License-Identifier: MIT
// The heap: blocks, their bytes, and what is said when there is no room. What is no block:
// heap_bad_pointer_test; several processes and threads: heap_together_test.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/heap_fixture.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <gmock/gmock.h>
#include <limits>
#include <new>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::page_bytes;
using test::all_are;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

static_assert(std::is_copy_constructible_v<heap>, "a handle is cheap to copy");

constexpr auto too_many = std::numeric_limits<std::size_t>::max();

using Heap = test::heap_fixture;

TEST_F(Heap, BlocksAreWritableAndDistinct) {
    auto* const a = memory.allocate(1000);
    auto* const b = memory.allocate(5000);
    std::memset(a, 1, 1000);
    std::memset(b, 2, 5000);
    EXPECT_TRUE(all_are(a, 1000, 1));
    EXPECT_TRUE(all_are(b, 5000, 2));
    memory.deallocate(a);
    EXPECT_TRUE(all_are(b, 5000, 2));
    memory.deallocate(b);
    expect_empty();
}

TEST_F(Heap, BlocksOf0BytesAreDistinctToo) {
    auto* const a = memory.allocate(0);
    auto* const b = memory.allocate(0);
    EXPECT_NE(a, nullptr);
    EXPECT_NE(a, b);
    EXPECT_TRUE(memory.owns(a));
    memory.deallocate(a);
    memory.deallocate(b);
    expect_empty();
}

TEST_F(Heap, NothingIsFreedForANullPointer) {
    memory.deallocate(nullptr);
    expect_empty();
}

TEST_F(Heap, UsableSizeIsAtLeastWhatWasAskedFor) {
    for (auto const n : {std::size_t{0}, 1_KiB, page_bytes, page_bytes + 1, 100'000UL}) {
        auto* const block = memory.allocate(n);
        EXPECT_GE(memory.usable_size(block), n);
        EXPECT_EQ(memory.usable_size(static_cast<char*>(block) + 1), 0U);
        std::memset(block, 3, memory.usable_size(block));
        memory.deallocate(block);
        EXPECT_EQ(memory.usable_size(block), 0U);
    }
    EXPECT_EQ(memory.usable_size(nullptr), 0U);
    EXPECT_EQ(memory.usable_size(&room), 0U);
}

struct HeapAligned : Heap, testing::WithParamInterface<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(To,
                         HeapAligned,
                         testing::Values(1, 8, 64, 4096, 8192, 65536, 1_MiB, 2_MiB));

TEST_P(HeapAligned, AddressesAreMultiplesInEveryMapping) {
    std::vector<void*> all;
    for (std::size_t const n : {std::size_t{0}, std::size_t{1}, 10'000UL}) {
        if (GetParam() >= 1_MiB && !all.empty()) break;
        all.push_back(memory.allocate(n, GetParam()));
        all.push_back(n == 0 ? nullptr : memory.allocate_zeroed(n, GetParam()));
    }
    auto const other = pages.memory(1, test::via::second);
    for (auto* const block : all) {
        auto* const there = other.at(memory.offset_of(block));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % GetParam(), 0U);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(there) % GetParam(), 0U);
        memory.deallocate(block);
    }
    expect_empty();
}

TEST_F(Heap, AlignmentsThatAreNoneAreRefused) {
    for (auto const alignment : {std::size_t{0}, std::size_t{3}, 96UL, 4_MiB, too_many}) {
        auto const failed = error_of([&] { static_cast<void>(memory.allocate(8, alignment)); });
        EXPECT_EQ(failed.code, errc::invalid_argument) << alignment;
        EXPECT_THAT(failed.text, HasSubstr(std::to_string(alignment)));
        EXPECT_EQ(error_of([&] { static_cast<void>(memory.reserve(8, alignment)); }).code,
                  errc::invalid_argument);
    }
    expect_empty();
}

TEST_F(Heap, ZeroedBlocksAreZeroWhenFreshAndAfterDirtyReuse) {
    for (int round = 0; round < 3; ++round) {
        for (auto const n : {std::size_t{1}, page_bytes, 77'777UL, 4_MiB}) {
            auto* const block = memory.allocate_zeroed(n);
            ASSERT_TRUE(all_are(block, n, 0)) << n;
            std::memset(block, 0xee, memory.usable_size(block));
            memory.deallocate(block);
            auto* const dirty = memory.allocate(n);
            std::memset(dirty, 0xdd, memory.usable_size(dirty));
            memory.deallocate(dirty);
        }
    }
}

TEST_F(Heap, ReservedBlocksArePreparedInParts) {
    auto* const dirty = memory.allocate(2_MiB);
    std::memset(dirty, 0xee, 2_MiB);
    memory.deallocate(dirty);
    auto const before = memory.stats().present;
    auto const offset = memory.reserve(4_MiB, 64);
    EXPECT_EQ(memory.stats().present, before) << "pages come with prepare()";
    test::as_threads(8, [&](int rank) { // each a part of its own
        auto const part = offset + static_cast<std::uint64_t>(rank) * 512_KiB;
        pages.memory(rank).prepare(part, 512_KiB);
    });
    EXPECT_EQ(memory.stats().present, 4_MiB);
    EXPECT_TRUE(all_are(memory.at(offset), 4_MiB, 0));
    memory.deallocate(memory.at(offset));
    expect_empty();
}

TEST_F(Heap, PartsMayStayHoles) {
    auto const offset = memory.reserve(1_MiB, 64);
    memory.prepare(offset, 1_MiB, false);
    EXPECT_EQ(memory.stats().present, 0U);
    EXPECT_TRUE(all_are(memory.at(offset), 1_MiB, 0));
    std::memset(memory.at(offset), 0xee, 1_MiB); // touched: remembered as such
    memory.deallocate(memory.at(offset));
    auto* const next = memory.allocate_zeroed(4_MiB);
    EXPECT_TRUE(all_are(next, 4_MiB, 0));
}

TEST_F(Heap, PreparesNothingFor0Bytes) {
    auto const offset = memory.reserve(0, 64);
    memory.prepare(offset, 0);
    EXPECT_EQ(memory.stats().present, 0U);
    memory.deallocate(memory.at(offset));
    expect_empty();
}

TEST_F(Heap, HugeRequestsAreOutOfMemoryAndChangeNothing) {
    auto* const block = memory.allocate(100);
    for (auto const n :
         {4_MiB, 4_MiB + 1, 1_TiB, too_many / 2, too_many - page_bytes, too_many - 1, too_many}) {
        EXPECT_EQ(error_of([&] { static_cast<void>(memory.allocate(n)); }).code,
                  errc::out_of_memory);
        EXPECT_EQ(error_of([&] { static_cast<void>(memory.allocate_zeroed(n, 2_MiB)); }).code,
                  errc::out_of_memory);
        EXPECT_EQ(error_of([&] { static_cast<void>(memory.reserve(n, 1)); }).code,
                  errc::out_of_memory);
    }
    EXPECT_EQ(memory.stats().n_blocks, 1U);
    memory.deallocate(block);
    expect_empty();
}

TEST_F(Heap, OutOfMemoryTellsAskedFreeCapacityLargestAndTheKnob) {
    auto* const a = memory.allocate(1_MiB, page_bytes);
    auto* const b = memory.allocate(1_MiB, page_bytes);
    memory.deallocate(a); // 3 MiB are free, 2 MiB together
    auto const failed = error_of([&] { static_cast<void>(memory.allocate(3_MiB)); });
    EXPECT_EQ(failed.text,
              "segment is full (3.0 MiB (3145728 bytes) asked for, 3.0 MiB (3145728 bytes) free "
              "of 4.0 MiB (4194304 bytes), largest free block 2.0 MiB (2097152 bytes); "
              "raise .capacity or SHMWIN_CAPACITY)");
    EXPECT_FALSE(failed.agreed);
    memory.deallocate(b);
    EXPECT_THROW(static_cast<void>(memory.allocate(too_many)), std::bad_alloc);
}

TEST_F(Heap, AFullSystemIsNoSpaceAndNothingIsLost) {
    auto* const block = memory.allocate(100);
    room = 0;
    for (int i = 0; i < 50; ++i) {
        auto const failed = error_of([&] { static_cast<void>(memory.allocate(1_MiB)); });
        EXPECT_EQ(failed.code, errc::no_space);
        EXPECT_THAT(failed.text,
                    AllOf(HasSubstr("/dev/shm is full"), HasSubstr("mount it larger")));
        EXPECT_EQ(error_of([&] { static_cast<void>(memory.allocate_zeroed(1_MiB)); }).code,
                  errc::no_space);
    }
    EXPECT_EQ(memory.stats().n_blocks, 1U);
    EXPECT_EQ(memory.stats().largest_free, 4_MiB - page_bytes);
    EXPECT_THAT(memory.verify().violations, IsEmpty());
    room = SIZE_MAX;
    memory.deallocate(memory.allocate(1_MiB));
    memory.deallocate(block);
    expect_empty();
}

TEST_F(Heap, AFullSystemIsNoSpaceForPreparedPartsToo) {
    auto const offset = memory.reserve(1_MiB, 64);
    room = 0;
    EXPECT_EQ(error_of([&] { memory.prepare(offset, 1_MiB); }).code, errc::no_space);
    room = SIZE_MAX;
    memory.prepare(offset, 1_MiB);
    EXPECT_TRUE(all_are(memory.at(offset), 1_MiB, 0));
}

// --- numbers -------------------------------------------------------------------------------------

TEST_F(Heap, StatsAddUp) {
    EXPECT_EQ(memory.stats().capacity, 4_MiB);
    auto* const a = memory.allocate(1, 1);
    auto* const b = memory.allocate(100'000);
    auto const full = memory.stats();
    EXPECT_EQ(full.used, 8 + 25 * page_bytes);
    EXPECT_EQ(full.free, full.capacity - full.used);
    EXPECT_EQ(full.largest_free, full.capacity - 26 * page_bytes);
    EXPECT_EQ(full.most_used, 26 * page_bytes);
    EXPECT_EQ(full.in_pages, 26 * page_bytes);
    EXPECT_GT(full.metadata, 0U);
    EXPECT_EQ(full.metadata % page_bytes, 0U);
    EXPECT_EQ(full.n_blocks, 2U);
    EXPECT_GE(full.present, full.used);
    EXPECT_EQ(full.n_lock_takeovers, 0U);
    memory.deallocate(a);
    memory.deallocate(b);
    EXPECT_EQ(memory.stats().most_used, full.most_used);
    EXPECT_EQ(memory.stats().present, full.present) << "freed pages stay with the segment";
    expect_empty();
}

TEST_F(Heap, TheLargestFreeBlockCanBeHad) {
    std::minstd_rand random(4);
    std::vector<void*> all;
    for (int i = 0; i < 60; ++i) {
        all.push_back(memory.allocate(1 + random() % 100'000));
        if (random() % 2 == 0) {
            memory.deallocate(all.at(random() % 1 + all.size() - 1));
            all.pop_back();
        }
    }
    auto const largest = memory.stats().largest_free;
    EXPECT_EQ(error_of([&] { static_cast<void>(memory.allocate(largest + 1)); }).code,
              errc::out_of_memory);
    EXPECT_NO_THROW(memory.deallocate(memory.allocate(largest)));
    for (auto* const each : all) {
        memory.deallocate(each);
    }
    expect_empty();
}

TEST_F(Heap, OffsetsAreTheSameForAll) {
    auto* const block = memory.allocate(100);
    auto const offset = memory.offset_of(block);
    EXPECT_NE(offset, 0U);
    EXPECT_EQ(memory.at(offset), block);
    EXPECT_EQ(memory.at(0), nullptr);
    EXPECT_EQ(memory.offset_of(nullptr), 0U);
    auto const other = pages.memory(1, test::via::second);
    EXPECT_EQ(other.offset_of(other.at(offset)), offset);
    EXPECT_NE(other.at(offset), block);
}
} // namespace
} // namespace shmwin
