// SPDX-License-Identifier: MIT
// Blocks that are free only when all ranks have met.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/memory/retired_blocks.hpp"
#include "shmwin/memory/retiring_allocator.hpp"

#include "support/allocator_fixture.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

struct RetiredBlocks : test::allocator_fixture {
    void meet() {
        retired.arriving();
        retired.met();
    }
    [[nodiscard]] std::uint64_t n_blocks() const { return first.stats().n_blocks; }
    [[nodiscard]] void* make_block() const { return first.allocate(64); }

    detail::retired_blocks retired{first};
};

TEST_F(RetiredBlocks, AreFreeAfterTheNextMeeting) {
    for (int i = 0; i < 10; ++i) {
        retired.add(make_block());
    }
    EXPECT_EQ(n_blocks(), 10U);
    retired.arriving();
    EXPECT_EQ(n_blocks(), 10U); // others may still read them
    retired.met();
    EXPECT_EQ(n_blocks(), 0U);
    meet();
    EXPECT_EQ(n_blocks(), 0U); // none twice
}

TEST_F(RetiredBlocks, RetiredDuringAMeetingWaitForTheOneAfterIt) {
    retired.add(make_block());
    retired.arriving();
    retired.add(make_block());
    retired.met();
    EXPECT_EQ(n_blocks(), 1U);
    meet();
    EXPECT_EQ(n_blocks(), 0U);
    retired.arriving();
    retired.add(make_block()); // the first one ever in this meeting
    retired.met();
    EXPECT_EQ(n_blocks(), 1U);
    meet();
}

TEST_F(RetiredBlocks, StayInUseWhenAMeetingFails) {
    retired.add(make_block());
    retired.arriving(); // and never met
    EXPECT_EQ(n_blocks(), 1U);
    retired.add(make_block());
    retired.arriving();
    retired.met();
    EXPECT_EQ(n_blocks(), 0U);
}

TEST_F(RetiredBlocks, ComeFromAnyThreadWhileRanksMeet) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) {
                retired.add(make_block());
            }
        });
    }
    for (int i = 0; i < 200; ++i) {
        meet();
    }
    for (auto& each : threads) {
        each.join();
    }
    meet();
    EXPECT_EQ(n_blocks(), 0U);
}

TEST_F(RetiredBlocks, AreLookedAtOnceForEachKey) {
    int n_looks = 0;
    for (int i = 0; i < 3; ++i) {
        retired.watch({&n_looks}, [&] { ++n_looks; });
    }
    EXPECT_EQ(n_looks, 0);
    meet();
    EXPECT_EQ(n_looks, 1);
    meet();
    EXPECT_EQ(n_looks, 1);
}

TEST_F(RetiredBlocks, AreLookedAtThoughOthersStoodThereBefore) {
    std::vector<std::uint32_t> looked_at;
    int const here = 0;
    for (std::uint32_t generation = 1; generation < 4; ++generation) {
        retired.watch({&here, 5, generation}, [&, generation] { looked_at.push_back(generation); });
    }
    meet();
    EXPECT_EQ(looked_at, (std::vector<std::uint32_t>{1, 2, 3}));
}

TEST_F(RetiredBlocks, AreWhatAContainerGivesBack) {
    at_first.reset();
    at_first.emplace(first, &retired);
    {
        std::vector<int, retiring_allocator<int>> v(100, 1, first);
        auto const* const before = v.data();
        auto const copy = v; // in the same segment
        v.resize(1000);
        EXPECT_EQ(before[99], 1);
        EXPECT_EQ(n_blocks(), 3U);
    }
    EXPECT_EQ(n_blocks(), 3U);
    meet();
    EXPECT_EQ(n_blocks(), 0U);
}

TEST_F(RetiredBlocks, AreFreeAtOnceWhereNobodyMeets) {
    std::vector<int, retiring_allocator<int>> v(100, 1, first);
    v.resize(1000);
    EXPECT_EQ(n_blocks(), 1U);
}

} // namespace
} // namespace shmwin
