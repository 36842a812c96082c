// SPDX-License-Identifier: MIT
// Small blocks: what the heap promises of them. Kills: slabs_kill_test.cpp.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <gmock/gmock.h>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using testing::HasSubstr;
using testing::IsEmpty;

struct Slabs : testing::Test {
    test::shared_pages pages{{.capacity = 32_MiB, .n_ranks = 4, .threads_per_rank = 2}};
    heap memory = pages.memory(0);

    void collect_all() const {
        for (int rank = 0; rank < 4; ++rank) {
            pages.memory(rank).collect();
        }
    }
    void expect_empty() const {
        collect_all();
        auto const numbers = memory.stats();
        EXPECT_THAT(memory.verify().violations, IsEmpty());
        EXPECT_EQ(numbers.n_blocks, 0U);
        EXPECT_EQ(numbers.used, 0U);
        EXPECT_EQ(numbers.largest_free, numbers.capacity);
    }
    // Bytes of pages in use for each of n blocks.
    [[nodiscard]] double bytes_per_block(std::size_t n_bytes, std::size_t alignment, int n) const {
        auto const before = memory.stats().most_used;
        std::vector<void*> all;
        for (int i = 0; i < n; ++i) {
            all.push_back(memory.allocate(n_bytes, alignment));
        }
        auto const after = memory.stats().most_used;
        for (auto* const each : all) {
            memory.deallocate(each);
        }
        return static_cast<double>(after - before) / n;
    }
};

TEST_F(Slabs, HandOutDistinctAlignedBlocksOfEverySize) {
    std::set<std::pair<std::byte*, std::byte*>> used;
    std::vector<std::byte*> all;
    for (std::size_t n_bytes = 0; n_bytes <= 33'000; n_bytes += 1 + n_bytes / 9) {
        for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
            auto* const block = static_cast<std::byte*>(memory.allocate(n_bytes, alignment));
            EXPECT_EQ(memory.offset_of(block) % alignment, 0U);
            EXPECT_GE(memory.usable_size(block), n_bytes);
            std::memset(block, 0x5a, memory.usable_size(block));
            EXPECT_TRUE(used.emplace(block, block + memory.usable_size(block)).second);
            all.push_back(block);
        }
    }
    for (auto at = used.begin(); std::next(at) != used.end(); ++at) {
        EXPECT_LE(at->second, std::next(at)->first);
    }
    EXPECT_THAT(memory.verify().violations, IsEmpty());
    for (auto* const each : all) {
        memory.deallocate(each);
    }
    expect_empty();
}

TEST_F(Slabs, TakeLittleMoreThanTheBytes) {
    EXPECT_LE(bytes_per_block(8, 8, 100'000), 8.1);
    EXPECT_LE(bytes_per_block(24, 8, 100'000), 24.3);
    EXPECT_LE(bytes_per_block(64, 8, 100'000), 64.5);
    EXPECT_LE(bytes_per_block(200, 8, 50'000), 226);
    expect_empty();
}

TEST_F(Slabs, AHardlyUsedSizeTakesAPage) {
    auto* const block = memory.allocate(24);
    EXPECT_EQ(memory.stats().most_used, 4096U);
    memory.deallocate(block);
    expect_empty();
}

TEST_F(Slabs, GiveABlockOutAgainSoon) {
    auto* const first = memory.allocate(100);
    memory.deallocate(first);
    EXPECT_EQ(memory.allocate(100), first);
    memory.deallocate(first);
    expect_empty();
}

TEST_F(Slabs, ZeroedBlocksAreZeroAfterUse) {
    for (std::size_t const n_bytes : {1U, 8U, 24U, 1000U, 30'000U}) {
        auto* const dirty = memory.allocate(n_bytes);
        std::memset(dirty, 0xee, n_bytes);
        memory.deallocate(dirty);
        auto* const block = static_cast<unsigned char*>(memory.allocate_zeroed(n_bytes));
        EXPECT_EQ(block, dirty);
        EXPECT_TRUE(std::all_of(block, block + n_bytes, [](auto each) { return each == 0; }));
        memory.deallocate(block);
    }
    expect_empty();
}

// --- pointers that are none ----------------------------------------------------------------------

struct SlabsBadPointer : Slabs {
    std::byte* block = static_cast<std::byte*>(memory.allocate(24, 8));

    void expect_refused(heap const& who, void* what, char const* why) const {
        auto const before = memory.stats();
        try {
            who.deallocate(what);
            FAIL() << "freed";
        } catch (argument_error const& failed) {
            EXPECT_EQ(failed.code(), errc::bad_pointer);
            EXPECT_THAT(failed.info().text, HasSubstr(why));
        }
        EXPECT_EQ(memory.stats().used, before.used);
        EXPECT_THAT(memory.verify().violations, IsEmpty());
    }
};

TEST_F(SlabsBadPointer, FreedTwiceByItsOwner) {
    auto* const other = memory.allocate(24, 8);
    memory.deallocate(block);
    expect_refused(memory, block, "freed before");
    memory.deallocate(other);
}

TEST_F(SlabsBadPointer, FreedTwiceByOthers) {
    auto const other = pages.memory(1);
    other.deallocate(block);
    expect_refused(other, block, "freed before");
    expect_refused(memory, block, "freed before");
}

TEST_F(SlabsBadPointer, FreedByItsOwnerAndThenByAnother) {
    memory.deallocate(block);
    expect_refused(pages.memory(1), block, "freed before");
}

// Of its slab more is in use, and more is free: what is freed most often, so without detours.
TEST_F(SlabsBadPointer, FreedByAnotherAndThenByItsOwner) {
    auto* const more = memory.allocate(24, 8);
    pages.memory(1).deallocate(block);
    expect_refused(memory, block, "freed before");
    memory.deallocate(more);
}

TEST_F(SlabsBadPointer, InsideABlock) {
    for (int const distance : {1, 8, 16, 23}) {
        expect_refused(memory, block + distance, "inside a block");
    }
    memory.deallocate(block);
}

TEST_F(SlabsBadPointer, NeverHandedOut) {
    expect_refused(memory, block + 24, "free already");
    memory.deallocate(block);
}

TEST_F(SlabsBadPointer, BehindTheLastBlockOfASlab) {
    auto* const five =
        static_cast<std::byte*>(memory.allocate(800, 8)); // of 896: 4 a page and some
    auto const page = (memory.offset_of(five) + 4095) / 4096 * 4096;
    expect_refused(memory, memory.at(page - 8), "inside a block");
    memory.deallocate(five);
    memory.deallocate(block);
}

TEST_F(SlabsBadPointer, HasNoUsableSize) {
    EXPECT_EQ(memory.usable_size(block), 24U);
    EXPECT_EQ(memory.usable_size(block + 8), 0U);
    memory.deallocate(block);
    EXPECT_EQ(memory.usable_size(block), 0U);
}

// --- threads -------------------------------------------------------------------------------------

// More threads than the rank has slots: some share one.
TEST_F(Slabs, ServeManyThreadsOfARank) {
    std::array<std::atomic<void*>, 40> exchange{};
    test::as_threads(6, [&](int id) {
        std::minstd_rand random(static_cast<unsigned>(id));
        for (int i = 0; i < 20'000; ++i) {
            auto const n_bytes = 8 + random() % 300;
            auto* const block = memory.allocate(n_bytes);
            std::memset(block, id, n_bytes);
            memory.deallocate(exchange.at(random() % exchange.size()).exchange(block));
        }
    });
    for (auto& each : exchange) {
        memory.deallocate(each);
    }
    expect_empty();
}

TEST_F(Slabs, ThreadsThatComeAndGoTakeNoMoreMemory) {
    auto const round = [&] {
        std::atomic<int> n_full{0};
        test::as_threads(3, [&](int) {
            std::vector<void*> all;
            for (int i = 0; i < 500; ++i) {
                all.push_back(memory.allocate(128));
            }
            ++n_full; // so that all three have a slot at the same time
            EXPECT_TRUE(test::eventually([&] { return n_full == 3; }));
            for (auto* const each : all) {
                memory.deallocate(each);
            }
        });
    };
    round();
    auto const once = memory.stats().most_used;
    for (int i = 0; i < 20; ++i) {
        round();
    }
    EXPECT_LE(memory.stats().most_used, once);
    expect_empty();
}

// One rank allocates, another frees: what was freed is used again.
TEST_F(Slabs, WhatOthersFreeIsUsedAgain) {
    std::array<std::atomic<void*>, 64> queue{};
    std::atomic<bool> done{false};
    test::as_threads(2, [&](int rank) {
        auto const mine = pages.memory(rank);
        std::size_t at = 0;
        for (int i = 0; rank == 0 && i < 200'000; ++i, ++at) {
            auto& place = queue.at(at % queue.size());
            while (place.load() != nullptr) {
                std::this_thread::yield();
            }
            place = mine.allocate(256);
        }
        if (rank == 0) done = true;
        while (rank == 1) {
            auto* const block = queue.at(at % queue.size()).exchange(nullptr);
            if (block == nullptr && done && queue.at(at % queue.size()).load() == nullptr) break;
            if (block == nullptr) {
                std::this_thread::yield();
                continue;
            }
            mine.deallocate(block);
            ++at;
        }
    });
    EXPECT_LE(memory.stats().most_used, 1_MiB) << "200000 blocks of 256 bytes are 50 MB";
    expect_empty();
}

// A run of frees in one slab takes a shorter way. It must end when the slab does: its descriptor is
// the next slab's, which may be another rank's.
TEST_F(Slabs, WhatWasMineIsFreedAsAnothersWhenItIsAnothers) {
    std::vector<void*> mine; // of two slabs: one empty one stays
    for (int i = 0; i < 64 + 128; ++i) {
        mine.push_back(memory.allocate(64));
    }
    for (auto* const each : mine) {
        memory.deallocate(each);
    }
    std::thread([&] {
        auto const others = pages.memory(1);
        std::vector<void*> theirs;
        for (int i = 0; i < 8; ++i) {
            theirs.push_back(others.allocate(64));
        }
        ASSERT_EQ(theirs[0], mine[64]) << "it is another slab: this shows nothing";
    }).join();
    memory.deallocate(mine[66]);
    std::thread([&] {
        EXPECT_NE(pages.memory(1).allocate(64), mine[66]) << "only its owner may free it at once";
    }).join();
    EXPECT_THAT(memory.verify().violations, IsEmpty());
}

// A forked child has its parent's handle, and its parent's memory of it.
TEST_F(Slabs, AForkedChildDoesNotTakeItsParentsBlocks) {
    SHMWIN_NEEDS_FORK();
    auto* const first = memory.allocate(64);
    test::shared_object<std::array<std::uint64_t, 100>> offsets;
    test::child child([&] {
        for (auto& each : *offsets) {
            each = memory.offset_of(memory.allocate(64));
        }
        return true;
    });
    EXPECT_EQ(child.wait(), 0);
    std::set<std::uint64_t> all{memory.offset_of(first)};
    for (auto const each : *offsets) {
        EXPECT_TRUE(all.insert(each).second);
    }
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(all.insert(memory.offset_of(memory.allocate(64))).second);
    }
    for (auto const each : all) {
        memory.deallocate(memory.at(each));
    }
    expect_empty();
}

// --- a full segment ------------------------------------------------------------------------------

TEST_F(Slabs, AFullSegmentIsEmptyAgainHoweverItIsFreed) {
    std::minstd_rand random(3);
    for (int round = 0; round < 10; ++round) {
        std::vector<void*> all;
        try {
            for (;;) {
                all.push_back(memory.allocate(8 + random() % 2000));
            }
        } catch (out_of_memory const& full) {
            EXPECT_THAT(full.what(), HasSubstr("segment is full"));
        }
        EXPECT_LT(memory.stats().largest_free, 64_KiB);
        std::ranges::shuffle(all, random);
        for (std::size_t i = 0; i < all.size(); ++i) {
            pages.memory(i % 2 == 0 ? 0 : 1).deallocate(all[i]);
        }
        expect_empty();
    }
}

} // namespace
} // namespace shmwin
