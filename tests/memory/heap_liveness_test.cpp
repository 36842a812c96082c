// SPDX-License-Identifier: MIT
// Who counts as alive, and who as dead: a rank is a process, whatever its threads and children do.
// What a living rank has is never adopted, what a dead one had is.
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "memory/run_word.hpp"
#include "memory/slab.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <gmock/gmock.h>
#include <random>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace shmwin {
namespace {

using namespace literals;
using test::child;
using testing::IsEmpty;

constexpr int threads_per_rank = 2;
constexpr std::size_t n_blocks = 200;
constexpr std::size_t n_bytes = 120;

// What the test and a child tell each other.
struct notes {
    std::atomic<int> stage;
    std::array<std::uint64_t, n_blocks> blocks;
    std::array<std::uint64_t, n_blocks> more;
};

struct HeapLiveness : testing::Test {
    test::shared_pages pages{
        {.capacity = 8_MiB, .n_ranks = 3, .threads_per_rank = threads_per_rank}};
    heap memory = pages.memory(0);
    test::shared_object<notes> told;

    // --- in a child that is rank 1
    void say(int stage) const { told->stage = stage; }
    [[nodiscard]] bool heard(int stage) const {
        return test::eventually([&] { return told->stage >= stage; });
    }
    void take(std::array<std::uint64_t, n_blocks>& blocks, unsigned char mark, int rank = 1) const {
        auto const mine = pages.memory(rank);
        for (auto& each : blocks) {
            auto* const block = mine.allocate(n_bytes);
            std::memset(block, mark, n_bytes);
            each = mine.offset_of(block);
        }
    }

    // --- in the test, rank 0
    [[nodiscard]] int rank_that_has(std::uint64_t block) const {
        auto const pages_begin = pages.where().header()[detail::section_id::pages].offset;
        auto const word = pages.runs(0).word_of((block - pages_begin) / detail::page_bytes);
        auto const& which = *reinterpret_cast<detail::slab const*>(
            pages.where().at(detail::descriptor_offset_of(word)));
        return static_cast<int>(which.owner.load()) / (threads_per_rank + 1);
    }
    void expect_all_of(std::array<std::uint64_t, n_blocks> const& blocks, int rank) const {
        for (auto const each : blocks) {
            ASSERT_EQ(rank_that_has(each), rank);
        }
    }
    void give_back(std::array<std::uint64_t, n_blocks> const& blocks, unsigned char mark) const {
        for (auto const each : blocks) {
            auto* const block = static_cast<unsigned char*>(memory.at(each));
            ASSERT_TRUE(std::all_of(block, block + n_bytes, [&](auto b) { return b == mark; }))
                << "a block was handed out twice";
            memory.deallocate(block);
        }
    }
    // Rank 1 is in that state, and has what it took; nobody adopts it. Then it goes on.
    void expect_kept_while(participant_state state) const {
        memory.collect();
        EXPECT_EQ(pages.who(0).state(1), state);
        expect_all_of(told->blocks, 1);
        say(2);
    }
    // What rank 1 took before and after it went on.
    void expect_all_comes_back() const {
        give_back(told->blocks, 0x11);
        give_back(told->more, 0x22);
        expect_empty();
    }
    void expect_empty() const {
        memory.collect();
        EXPECT_THAT(memory.verify().violations, IsEmpty());
        EXPECT_EQ(memory.stats().in_pages, 0U);
        EXPECT_EQ(memory.stats().n_lock_takeovers, 0U);
    }
};

TEST_F(HeapLiveness, ARankGoesOnWhenTheThreadThatAttachedHasEnded) {
    SHMWIN_NEEDS_FORK();
    child other([&] {
        std::thread([&] {
            pages.who(1).attach();
            take(told->blocks, 0x11);
        }).join();
        say(1);
        if (!heard(2)) return false;
        take(told->more, 0x22);
        return true;
    });
    ASSERT_TRUE(heard(1));
    expect_kept_while(participant_state::active);
    other.wait_for_zombie();
    expect_all_comes_back();
}

// The kernel shows such a process as a zombie.
TEST_F(HeapLiveness, ARankGoesOnWhenItsFirstThreadHasEnded) {
    SHMWIN_NEEDS_FORK();
    child other([&] {
        pages.who(1).attach();
        take(told->blocks, 0x11);
        std::thread([&] {
            if (heard(2)) take(told->more, 0x22);
            ::_exit(0); // the process
        }).detach();
        say(1);
        ::syscall(SYS_exit, 0); // the thread
        return false;
    });
    ASSERT_TRUE(heard(1));
    auto const stat = "/proc/" + std::to_string(other.pid()) + "/stat";
    ASSERT_TRUE(test::eventually([&] {
        std::string line;
        std::getline(std::ifstream(stat), line);
        return line.find(") Z") != std::string::npos;
    }));
    expect_kept_while(participant_state::active);
    other.wait_for_zombie();
    expect_all_comes_back();
}

// It is out of the others' collective calls, but may give back what it has.
TEST_F(HeapLiveness, ARankThatClosedFromAnotherThreadKeepsWhatItHas) {
    SHMWIN_NEEDS_FORK();
    child other([&] {
        pages.who(1).attach();
        take(told->blocks, 0x11);
        std::thread([&] { pages.who(1).close(); }).join();
        say(1);
        if (!heard(2)) return false;
        take(told->more, 0x22);
        return true;
    });
    ASSERT_TRUE(heard(1));
    expect_kept_while(participant_state::closed);
    EXPECT_EQ(other.wait(), 0);
    memory.collect();
    expect_all_of(told->more, 0);
    expect_all_comes_back();
}

TEST_F(HeapLiveness, AZombieIsDead) {
    SHMWIN_NEEDS_FORK();
    child other([&] {
        pages.who(1).attach();
        take(told->blocks, 0x11);
        return true;
    });
    other.wait_for_zombie();
    memory.collect();
    EXPECT_EQ(pages.who(0).state(1), participant_state::died);
    expect_all_of(told->blocks, 0);
    give_back(told->blocks, 0x11);
    expect_empty();
}

TEST_F(HeapLiveness, AZombieThatHeldTheLockIsNotWaitedFor) {
    SHMWIN_NEEDS_FORK();
    child other([&] {
        pages.who(1).attach();
        static_cast<void>(pages.control().mutex.lock(pages.who(1), test::shared_pages::policy()));
        return true;
    });
    other.wait_for_zombie();
    memory.deallocate(memory.allocate(100'000));
    EXPECT_EQ(memory.stats().n_lock_takeovers, 1U);
}

TEST_F(HeapLiveness, AProcessWithThePidOfARankIsNotThatRank) {
    SHMWIN_NEEDS_FORK();
    child other([&] {
        pages.who(1).attach();
        take(told->blocks, 0x11);
        say(1);
        return heard(2);
    });
    ASSERT_TRUE(heard(1));
    memory.collect();
    expect_all_of(told->blocks, 1);
    // As if the rank had died, and this process were a later one.
    --pages.where().as<participant_slot>(detail::section_id::participants)[1].start_time;
    memory.collect();
    EXPECT_EQ(pages.who(0).state(1), participant_state::died);
    expect_all_of(told->blocks, 0);
    say(2);
    EXPECT_EQ(other.wait(), 0);
    give_back(told->blocks, 0x11);
    expect_empty();
}

// --- children of ranks ---------------------------------------------------------------------------

TEST_F(HeapLiveness, ARankIsNotDeadWhenAChildOfItExits) {
    SHMWIN_NEEDS_FORK();
    child other([&] {
        pages.who(1).attach();
        take(told->blocks, 0x11);
        child idle([] { return true; });
        child busy([&] { // its own, and one of its parent's
            auto const mine = pages.memory(1);
            mine.deallocate(mine.allocate(n_bytes));
            mine.deallocate(mine.at(
                std::exchange(told->blocks[0],
                              mine.offset_of(std::memset(mine.allocate(n_bytes), 0x11, n_bytes)))));
            return true;
        });
        bool const good = idle.wait() == 0 && busy.wait() == 0;
        say(1);
        if (!heard(2)) return false;
        take(told->more, 0x22);
        return good;
    });
    ASSERT_TRUE(heard(1));
    expect_kept_while(participant_state::active);
    EXPECT_EQ(other.wait(), 0);
    expect_all_comes_back();
}

// Takes blocks, swaps them with whoever uses the same places, and frees what it gets.
template <std::size_t N>
bool swaps_blocks(heap const& memory,
                  std::array<std::atomic<std::uint64_t>, N>& places,
                  unsigned seed,
                  int n_steps) {
    std::minstd_rand random(seed);
    bool whole = true;
    for (int i = 0; i < n_steps; ++i) {
        auto const n_words = 2 + random() % (random() % 50 == 0 ? 6000 : 40);
        auto* const block = static_cast<std::uint64_t*>(memory.allocate(8 * n_words, 8));
        auto const offset = memory.offset_of(block);
        std::fill(block, block + n_words, offset);
        block[1] = n_words;
        auto& place = places.at(random() % N);
        auto* const other = static_cast<std::uint64_t*>(memory.at(place.exchange(offset)));
        if (other == nullptr) continue;
        auto const n_others = other[1];
        whole = whole && other[0] == memory.offset_of(other)
                && std::all_of(other + 2, other + n_others, [&](auto w) { return w == other[0]; });
        std::fill(other, other + n_others, 0);
        memory.deallocate(other);
    }
    return whole;
}

using swap_places = std::array<std::atomic<std::uint64_t>, 32>;

TEST_F(HeapLiveness, AChildOfARankAllocatesBesideIt) {
    SHMWIN_NEEDS_FORK();
    test::shared_object<swap_places> places;
    memory.deallocate(memory.allocate(n_bytes)); // so that the children are born with a slot
    {
        child first([&] { return swaps_blocks(memory, *places, 1, 20'000); });
        child second([&] { return swaps_blocks(memory, *places, 2, 20'000); });
        child third([&] { // more than there are slots
            return swaps_blocks(memory, *places, 3, 20'000);
        });
        EXPECT_TRUE(swaps_blocks(memory, *places, 4, 20'000));
        EXPECT_EQ(first.wait(), 0);
        EXPECT_EQ(second.wait(), 0);
        EXPECT_EQ(third.wait(), 0);
    }
    EXPECT_TRUE(swaps_blocks(memory, *places, 5, 1000));
    for (auto& each : *places) {
        memory.deallocate(memory.at(each));
    }
    expect_empty();
}

// --- threads of a rank ---------------------------------------------------------------------------

TEST_F(HeapLiveness, MoreThreadsThanSlotsKeepTheirBlocksApart) {
    swap_places places{};
    test::as_threads(7, [&](int id) {
        EXPECT_TRUE(swaps_blocks(memory, places, static_cast<unsigned>(id), 10'000));
    });
    for (auto& each : places) {
        memory.deallocate(memory.at(each));
    }
    EXPECT_TRUE(test::eventually([&] { // until the kernel knows no such thread any more
        memory.collect();
        return memory.stats().in_pages == 0;
    }));
    expect_empty();
}

// What a thread that ended left is looked at each time, not only once.
TEST_F(HeapLiveness, BlocksOfAThreadThatEndedComeBackWheneverTheyAreFreed) {
    void* small = nullptr;
    std::array<void*, 2> others{memory.allocate(8), nullptr}; // the first slot is this thread's
    std::thread([&] {
        small = memory.allocate(n_bytes);
        others[1] = memory.allocate(3000);
    }).join();
    memory.collect();
    memory.deallocate(small);
    memory.collect();
    for (auto* const each : others) {
        memory.deallocate(each);
    }
    EXPECT_TRUE(test::eventually([&] {
        memory.collect();
        return memory.stats().in_pages == 0;
    })) << memory.stats().in_pages
        << " bytes of pages stay in use";
    expect_empty();
}

} // namespace
} // namespace shmwin
