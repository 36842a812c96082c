// SPDX-License-Identifier: MIT
// Asynchronous saves whose store or scope ends before them, and what they leave in the process.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/filled_array.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <gmock/gmock.h>
#include <stdexcept>
#include <string>
#include <utility>

namespace shmwin {
namespace {

using namespace test;

using AsyncSave = filled_array<400000>; // 3 MiB and a bit

// --- ends that come early ------------------------------------------------------------------------

TEST_F(AsyncSave, StoreThatEndsLeavesItToBecomeWhole) {
    fill(1);
    for (std::int64_t step = 1; step <= 5; ++step) {
        checkpoint_store store(world, path, {.keep = 10}); // the one before may still be in flight
        EXPECT_EQ(store.list().size(), static_cast<std::size_t>(step - 1));
        store.save_async(seg, {.step = step});
    }
    checkpoint_store store(world, path);
    EXPECT_THAT(store.list(), SizeIs(5));
    EXPECT_EQ(store.restore_latest(seg)->step, 5);
    EXPECT_THAT(names_in(world, directory), testing::Not(testing::Contains(HasSubstr(".tmp"))));
}

TEST_F(AsyncSave, ExceptionBeforeWaitLeavesItToBecomeWhole) {
    fill(1);
    try {
        checkpoint_store store(world, path);
        auto pending = store.save_async(seg, {.step = 1});
        throw std::runtime_error("of the host's");
    } catch (std::runtime_error const&) {
        fill(2);
    }
    checkpoint_store store(world, path);
    store.restore_latest(seg);
    EXPECT_TRUE(holds(1));
    seg.fence();
}

TEST_F(AsyncSave, StoreMayMove) {
    checkpoint_store store(world, path);
    auto pending = store.save_async(seg, {.step = 1});
    auto other = std::move(store);
    other.save_async(seg, {.step = 2});
    store = std::move(other);
    EXPECT_THAT(store.list(), SizeIs(2));
    EXPECT_TRUE(pending.test());
}

// --- what it leaves -----------------------------------------------------------------------------

std::int64_t n_threads() {
    auto const all = std::filesystem::directory_iterator("/proc/self/task");
    return std::distance(begin(all), end(all));
}

TEST_F(AsyncSave, OneThreadOfOneRankWritesAndNothingStaysOpen) {
    auto const run = [&](std::int64_t step) {
        checkpoint_store store(world, path, {.keep = 3});
        auto const before = n_threads();
        auto pending = store.save_async(seg, {.step = step});
        EXPECT_LE(n_threads(), before + (rank == 0 ? 1 : 0));
        pending.wait();
        EXPECT_THAT(store.list(), SizeIs(std::min<std::int64_t>(step, 3)));
        EXPECT_EQ(n_threads(), before);
    };
    run(1);
    auto const open = n_descriptors();
    auto const mapped = n_mappings();
    for (std::int64_t step = 2; step < 8; ++step) {
        run(step);
    }
    MPI_Barrier(world);
    EXPECT_LE(n_descriptors(), open);
    EXPECT_LE(n_mappings(), mapped + 8) << "stores leave their staging areas";
}

// In steady state nothing is made anew: no page fault for the copy, no growth.
TEST_F(AsyncSave, NextOneUsesTheSameMemory) {
    checkpoint_store store(world, path);
    fill(1);
    store.save_async(seg, {.step = 1}).wait();
    store.save_async(seg, {.step = 2}).wait();
    auto const mapped = n_mappings();
    for (std::int64_t step = 3; step < 9; ++step) {
        store.save_async(seg, {.step = step}).wait();
    }
    EXPECT_LE(n_mappings(), mapped + 2); // stacks and arenas of threads come and go
}

} // namespace
} // namespace shmwin
