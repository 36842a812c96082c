// SPDX-License-Identifier: MIT
// The heap of several threads and processes at once.
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/heap_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <random>

namespace shmwin {
namespace {

using namespace literals;
using test::all_are;

// With slabs of many ranks and classes side by side.
struct HeapOfMany : test::heap_fixture {
    HeapOfMany() : heap_fixture(32_MiB) {}
};

TEST_F(HeapOfMany, AnyThreadFreesWhatAnotherAllocated) {
    constexpr int n = 6;
    std::array<std::atomic<void*>, 24> exchange{};
    test::as_threads(n, [&](int rank) {
        auto const mine = pages.memory(rank);
        std::minstd_rand random(static_cast<unsigned>(rank));
        for (int i = 0; i < 3000; ++i) {
            auto* const block = mine.allocate(1 + random() % 20'000);
            std::memset(block, rank, 64);
            auto* const other = exchange.at(random() % exchange.size()).exchange(block);
            mine.deallocate(other);
        }
    });
    for (auto& each : exchange) {
        memory.deallocate(each);
    }
    expect_empty();
}

TEST_F(HeapOfMany, AnyProcessFreesWhatAnotherAllocated) {
    SHMWIN_NEEDS_FORK();
    test::shared_object<std::array<std::atomic<std::uint64_t>, 24>> exchange;
    EXPECT_TRUE(test::as_processes(pages, 6, [&](int rank) {
        auto const mine = pages.memory(rank);
        std::minstd_rand random(static_cast<unsigned>(rank));
        for (int i = 0; i < 3000; ++i) {
            auto* const block = mine.allocate(1 + random() % 20'000);
            std::memset(block, rank, 64);
            auto& place = (*exchange).at(random() % exchange->size());
            mine.deallocate(mine.at(place.exchange(mine.offset_of(block))));
        }
        return true;
    }));
    for (auto& each : *exchange) {
        memory.deallocate(memory.at(each));
    }
    expect_empty();
}

TEST_F(HeapOfMany, ZeroedBlocksAreZeroWhileOthersSoilTheirs) {
    test::as_threads(4, [&](int rank) {
        auto const mine = pages.memory(rank);
        std::minstd_rand random(static_cast<unsigned>(rank));
        for (int i = 0; i < 400; ++i) {
            auto const n = 1 + random() % 30'000;
            auto* const block = mine.allocate_zeroed(n);
            ASSERT_TRUE(all_are(block, n, 0));
            std::memset(block, 0xee, n);
            mine.deallocate(block);
        }
    });
    expect_empty();
}

} // namespace
} // namespace shmwin
