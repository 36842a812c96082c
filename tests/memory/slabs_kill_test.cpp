// SPDX-License-Identifier: MIT
// A process that is killed inside the heap: at every store of a call, and at random under load.
// What it had is adopted; at most the block it had in hand is lost, and none is handed out twice.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"

#include "support/crash_states.hpp"
#include "support/shared_pages.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <gmock/gmock.h>
#include <random>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using test::child;
using testing::IsEmpty;

struct SlabsAfterDeath : testing::Test {
    detail::layout_request request{.capacity = 512_KiB, .n_ranks = 3};
    test::shared_pages pages{request};
    heap mine = pages.memory(1);
    // Used in the process of rank 1, it is another's: it frees remotely. No more than that: locks
    // would be rank 0's, who does not die.
    heap others = pages.memory(0);

    // Offsets of the blocks in use, written by whoever has them.
    test::shared_object<std::array<std::atomic<std::uint64_t>, 16>> live;

    void take(std::size_t at, std::size_t n_bytes) const {
        live->at(at) = mine.offset_of(mine.allocate(n_bytes));
    }
    void free_by(heap const& who, std::size_t at) const {
        auto* const block = mine.at(live->at(at).exchange(0));
        who.deallocate(block);
    }
    [[nodiscard]] std::uint64_t n_live() const {
        return static_cast<std::uint64_t>(
            std::ranges::count_if(*live, [](auto const& each) { return each != 0; }));
    }

    // Rank 0 finds what rank 1 left in this state of the segment.
    void expect_recovered(test::shared_pages const& image, std::size_t state) const {
        auto const survivor = image.memory(0);
        survivor.collect();
        ASSERT_THAT(survivor.verify().violations, IsEmpty()) << "state " << state;
        auto const n_blocks = survivor.stats().n_blocks;
        ASSERT_GE(n_blocks, n_live()) << "state " << state;
        ASSERT_LE(n_blocks, n_live() + 1) << "state " << state;
        for (std::size_t const n_bytes : {64U, 1000U, 40'000U}) {
            for (int i = 0; i < 5; ++i) {
                auto const got = survivor.offset_of(survivor.allocate(n_bytes));
                ASSERT_TRUE(std::ranges::none_of(*live, [&](auto const& each) {
                    return each == got;
                })) << state;
            }
        }
        ASSERT_THAT(survivor.verify().violations, IsEmpty()) << "state " << state;
    }

    // As its bits say, all of it is free: then no page is kept.
    void expect_no_page_kept(test::shared_pages const& image, std::size_t state) const {
        auto const survivor = image.memory(0);
        for (auto const& each : *live) {
            survivor.deallocate(survivor.at(each));
        }
        survivor.collect();
        auto const numbers = survivor.stats();
        ASSERT_LE(numbers.n_blocks, 1U) << "state " << state;
        ASSERT_EQ(numbers.in_pages != 0, numbers.n_blocks != 0) << "state " << state;
    }

    template <typename Body>
    void at_each_store_of(Body const& body) {
        // Blocks hold nothing here that anybody looks at.
        auto const metadata = pages.where().header()[detail::section_id::pages].offset;
        test::crash_states states(pages, request, metadata);
        bool const stepped = states.each(body, [&](test::shared_pages const& image, std::size_t i) {
            expect_recovered(image, i);
        });
        if (!stepped) GTEST_SKIP() << "no ptrace() here";
    }
};

TEST_F(SlabsAfterDeath, TakingAndFreeingOnesOwn) {
    SHMWIN_NEEDS_FORK();
    at_each_store_of([&] {
        take(0, 64);
        take(1, 64);
        free_by(mine, 0);
        take(2, 1000);
        free_by(mine, 1);
        free_by(mine, 2);
    });
}

TEST_F(SlabsAfterDeath, FreeingAnothers) {
    SHMWIN_NEEDS_FORK();
    for (std::size_t i = 0; i < 3; ++i) {
        live->at(i) = others.offset_of(others.allocate(64));
    }
    at_each_store_of([&] {
        for (std::size_t i = 0; i < 3; ++i) {
            free_by(mine, i);
        }
    });
}

// It dies before it could tell the owner.
TEST_F(SlabsAfterDeath, FreeingAnothersLastBlocks) {
    SHMWIN_NEEDS_FORK();
    for (std::size_t i = 0; i < 2; ++i) {
        live->at(i) = others.offset_of(others.allocate(1024));
    }
    auto const metadata = pages.where().header()[detail::section_id::pages].offset;
    test::crash_states states(pages, request, metadata);
    bool const stepped = states.each(
        [&] {
            free_by(mine, 0);
            free_by(mine, 1);
        },
        [&](test::shared_pages const& image, std::size_t i) { expect_no_page_kept(image, i); });
    if (!stepped) GTEST_SKIP() << "no ptrace() here";
}

// The slab is full, but for what another freed.
TEST_F(SlabsAfterDeath, TakingBackWhatAnotherFreed) {
    SHMWIN_NEEDS_FORK();
    at_each_store_of([&] {
        for (std::size_t i = 0; i < 4; ++i) {
            take(i, 1024);
        }
        free_by(others, 1);
        free_by(others, 3);
        take(1, 1024);
        take(3, 1024);
    });
}

TEST_F(SlabsAfterDeath, GivingSlabsBack) {
    SHMWIN_NEEDS_FORK();
    at_each_store_of([&] {
        for (std::size_t i = 0; i < 10; ++i) {
            take(i, 1024);
        }
        for (std::size_t i = 0; i < 10; ++i) {
            free_by(mine, i);
        }
        mine.collect();
    });
}

TEST_F(SlabsAfterDeath, TakingAndFreeingPages) {
    SHMWIN_NEEDS_FORK();
    at_each_store_of([&] {
        take(0, 40'000);
        take(1, 50'000);
        free_by(mine, 0);
        free_by(mine, 1);
    });
}

// It dies in what allocate_zeroed() and prepare() note.
TEST_F(SlabsAfterDeath, TakingZeroedPages) {
    SHMWIN_NEEDS_FORK();
    auto* const dirty = others.allocate(1, 8192); // a page
    std::memset(dirty, 1, 4096);
    others.deallocate(dirty);
    at_each_store_of([&] {
        live->at(0) = mine.offset_of(mine.allocate_zeroed(4097, 8192)); // that one, and another
        live->at(1) = mine.reserve(9000, 8192);
        mine.prepare(live->at(1), 9000);
        free_by(mine, 1);
        free_by(mine, 0);
    });
}

// The rank's only slot is another thread's.
TEST_F(SlabsAfterDeath, UsingTheSlotThatThreadsShare) {
    SHMWIN_NEEDS_FORK();
    take(0, 64);
    at_each_store_of([&] {
        for (std::size_t i = 1; i < 5; ++i) {
            take(i, 1024);
        }
        free_by(mine, 0);
        free_by(mine, 2);
        free_by(mine, 3);
        take(3, 1024);
        mine.collect();
    });
}

// Rank 2 is dead, rank 1 dies while it makes its own what that one had.
TEST_F(SlabsAfterDeath, AdoptingWhatADeadRankHad) {
    SHMWIN_NEEDS_FORK();
    child dead([&] {
        pages.who(2).attach();
        auto const theirs = pages.memory(2);
        for (std::size_t i = 0; i < 6; ++i) {
            live->at(i) = theirs.offset_of(theirs.allocate(i < 3 ? 1024 : 64));
        }
        theirs.deallocate(theirs.allocate(3000)); // an empty slab
        theirs.deallocate(theirs.at(live->at(0).exchange(0)));
        others.deallocate(others.at(live->at(4).exchange(0)));
        return true;
    });
    ASSERT_EQ(dead.wait(), 0);
    at_each_store_of([&] {
        mine.collect();
        take(0, 1024);
        free_by(mine, 5);
    });
}

// Four ranks take and free, their own and others'; they are killed one after the other.
TEST(SlabsUnderLoad, ARankThatIsKilledLosesNothingOfOthers) {
    SHMWIN_NEEDS_FORK();
    constexpr int n = 4;
    constexpr std::size_t n_places = 64;
    std::minstd_rand random(7);
    for (int round = 0; round < 20 * test::soak_factor(); ++round) {
        test::shared_pages const pages({.capacity = 8_MiB, .n_ranks = n + 1});
        test::shared_object<std::array<std::atomic<std::uint64_t>, n_places>> places;
        test::shared_object<std::atomic<int>> n_started;
        std::vector<child> ranks;
        for (int rank = 1; rank <= n; ++rank) {
            ranks.emplace_back([&, rank] {
                pages.who(rank).attach();
                ++*n_started;
                auto const memory = pages.memory(rank);
                std::minstd_rand mine(static_cast<unsigned>(100 * round + rank));
                for (;;) {
                    auto const n_bytes = 8 * (1 + mine() % (mine() % 16 == 0 ? 5000 : 60));
                    auto* const block = static_cast<std::uint64_t*>(memory.allocate(n_bytes, 8));
                    // Whoever has a block alone finds what was stored into it.
                    auto const offset = memory.offset_of(block);
                    block[0] = offset;
                    block[n_bytes / 8 - 1] = offset;
                    auto& place = places->at(mine() % n_places);
                    auto* const other =
                        static_cast<std::uint64_t*>(memory.at(place.exchange(offset)));
                    if (other == nullptr) continue;
                    if (other[0] != memory.offset_of(other)) return false;
                    other[0] = 0;
                    memory.deallocate(other);
                }
                return true;
            });
        }
        ASSERT_TRUE(test::eventually([&] { return n_started->load() == n; }));
        for (auto& each : ranks) {
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 5000));
            each.kill();
            ASSERT_EQ(each.wait(), -SIGKILL) << "a block was handed out twice";
        }
        pages.who(0).attach();
        auto const survivor = pages.memory(0);
        survivor.collect();
        ASSERT_THAT(survivor.verify().violations, IsEmpty());
        for (auto& each : *places) {
            survivor.deallocate(survivor.at(each.exchange(0)));
        }
        survivor.collect();
        ASSERT_THAT(survivor.verify().violations, IsEmpty());
        // A block in hand when it was allocated, and one when it was freed: of each rank.
        ASSERT_LE(survivor.stats().n_blocks, 2U * n);
    }
}

} // namespace
} // namespace shmwin
