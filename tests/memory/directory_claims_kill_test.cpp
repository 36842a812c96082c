// SPDX-License-Identifier: MIT
// A process that dies while it constructs or ends a named object: at every store of the call, and
// at random under load. Others take its claim over; no name is half there, and at most the block
// that it had in hand is lost.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/crash_states.hpp"
#include "support/longest_wait.hpp"
#include "support/named_objects.hpp"
#include "support/shared_pages.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::directory;
using test::child;
using test::find_or_construct;
using testing::ElementsAre;
using testing::IsEmpty;

void expect_well(directory const& names, heap const& memory) {
    EXPECT_THAT(test::violations_of(names), IsEmpty());
    EXPECT_THAT(memory.verify().violations, IsEmpty());
}

// --- at a moment of the constructor --------------------------------------------------------------

struct DirectoryClaimsOfTheDead : testing::Test {
    test::shared_pages pages{{.capacity = 4_MiB, .n_ranks = 3}};
    directory names = pages.names(0);
    heap memory = pages.memory(0);

    DirectoryClaimsOfTheDead() { find_or_construct(names, "warm"); }

    // Rank 1 stays in the constructor of "u", for ever.
    [[nodiscard]] std::unique_ptr<child> start_claimant() const {
        test::shared_object<std::atomic<bool>> began;
        auto made = std::make_unique<child>([&] {
            pages.who(1).attach();
            find_or_construct(pages.names(1), "u", 1, [&] {
                *began = true;
                for (;;) {
                    ::pause();
                }
            });
            return false;
        });
        EXPECT_TRUE(test::eventually([&] { return began->load(); }));
        return made;
    }
    // "u" is made by rank 0; the dead one's half-made block was freed.
    void expect_only_one_more_than(heap_stats const& before) const {
        auto const found = names.find("u");
        ASSERT_TRUE(found);
        EXPECT_TRUE(test::is_whole(memory, *found));
        EXPECT_EQ(test::object_at(memory, *found).number(), 0U);
        memory.collect();
        EXPECT_EQ(memory.stats().n_blocks, before.n_blocks + 1);
        EXPECT_THAT(test::names_in(names), ElementsAre("u", "warm"));
        expect_well(names, memory);
    }
};

TEST_F(DirectoryClaimsOfTheDead, AreTakenOverByWhoWaits) {
    SHMWIN_NEEDS_FORK();
    auto const before = memory.stats();
    auto const claimant = start_claimant();
    std::array<std::thread, 2> waiting;
    std::atomic<int> n_created{0};
    for (auto& each : waiting) {
        each = std::thread([&] {
            auto const made = find_or_construct(names, "u", 0);
            EXPECT_TRUE(test::is_whole(memory, made.entry));
            if (made.created) ++n_created;
        });
    }
    EXPECT_TRUE(test::eventually([&] { return test::somebody_is_parked(pages); }));
    EXPECT_FALSE(names.find("u"));
    claimant->kill(); // nobody waits for it: a zombie counts as dead
    for (auto& each : waiting) {
        each.join();
    }
    EXPECT_EQ(n_created, 1);
    expect_only_one_more_than(before);
}

TEST_F(DirectoryClaimsOfTheDead, AreTakenOverByWhoComesLater) {
    SHMWIN_NEEDS_FORK();
    auto const before = memory.stats();
    {
        auto const claimant = start_claimant();
        claimant->kill();
        EXPECT_EQ(claimant->wait(), -SIGKILL);
    }
    EXPECT_FALSE(names.find("u"));
    EXPECT_EQ(names.size(), 1U);
    expect_well(names, memory);
    EXPECT_TRUE(find_or_construct(names, "u", 0).created);
    expect_only_one_more_than(before);
}

TEST_F(DirectoryClaimsOfTheDead, EndWhenTheNameIsEntered) {
    SHMWIN_NEEDS_FORK();
    auto const before = memory.stats();
    auto const claimant = start_claimant();
    auto record = test::record_of("u");
    EXPECT_THROW(names.check_free("u"), argument_error);
    EXPECT_THROW(names.insert(record), argument_error);
    claimant->kill();
    claimant->wait_for_zombie();
    EXPECT_NO_THROW(names.check_free("u"));
    auto* const block = memory.allocate(sizeof(test::named_object));
    test::construct_object(block, "u", 0);
    record.offset = memory.offset_of(block);
    EXPECT_NO_THROW(names.insert(record));
    expect_only_one_more_than(before);
}

TEST_F(DirectoryClaimsOfTheDead, OfALivingOneStay) {
    SHMWIN_NEEDS_FORK();
    auto const claimant = start_claimant();
    claimant->stop(); // for longer than those who wait take to look
    std::atomic<bool> over{false};
    std::thread waiting([&] {
        EXPECT_TRUE(find_or_construct(names, "u", 0).created);
        over = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_FALSE(over) << "it took what a living process constructs";
    claimant->kill();
    waiting.join();
    expect_well(names, memory);
}

// --- at each store -------------------------------------------------------------------------------

// Rank 1 dies at each store of a call; rank 0 looks at what it left, and goes on. Rank 2 has died
// before, with a claim.
struct DirectoryClaimsAtEachStore : testing::Test {
    detail::layout_request request{.capacity = 192_KiB, .n_ranks = 3};
    test::shared_pages pages{request};
    directory names = pages.names(0);
    heap memory = pages.memory(0);
    directory dying = pages.names(1);
    heap dying_heap = pages.memory(1);
    // Blocks that are no objects: tables and chunks.
    std::uint64_t n_other_blocks = 0;
    bool seen_before = false;
    bool seen_after = false;

    DirectoryClaimsAtEachStore() {
        find_or_construct(names, "warm");
        n_other_blocks = memory.stats().n_blocks - 1;
    }

    void die_with_a_claim(std::string_view name) const {
        child claimant([&] {
            pages.who(2).attach();
            find_or_construct(pages.names(2), name, 2, [] { ::_exit(0); });
            return false;
        });
        EXPECT_EQ(claimant.wait(), 0);
    }

    // In each state the names are those of before or of after; then "u" can be had by rank 0.
    template <typename Call>
    void at_each_store_of(Call const& call,
                          std::vector<std::string> const& before,
                          std::vector<std::string> const& after) {
        test::crash_states states(pages, request, pages.n_bytes());
        bool const stepped =
            states.each(call, [&](test::shared_pages const& image, std::size_t state) {
                SCOPED_TRACE(state);
                expect_recovered(image, before, after);
            });
        if (!stepped) GTEST_SKIP() << "no ptrace() here";
        EXPECT_TRUE(seen_before && seen_after);
    }
    void expect_recovered(test::shared_pages const& image,
                          std::vector<std::string> const& before,
                          std::vector<std::string> const& after) {
        auto const survivor = image.names(0);
        auto const its_heap = image.memory(0);
        expect_well(survivor, its_heap);
        auto const found = test::names_in(survivor);
        seen_before = seen_before || found == before;
        seen_after = seen_after || found == after;
        ASSERT_TRUE(found == before || found == after) << testing::PrintToString(found);
        for (auto const& each : survivor.list()) {
            ASSERT_TRUE(test::is_whole(its_heap, each));
        }
        bool const is_there = std::ranges::count(found, "u") != 0;
        auto const made = find_or_construct(survivor, "u", 0);
        ASSERT_EQ(made.created, !is_there);
        ASSERT_TRUE(test::is_whole(its_heap, made.entry));
        expect_at_most_one_lost(survivor, its_heap);
        // It is good for more: of its own, and of that name.
        ASSERT_TRUE(test::destroy(survivor, its_heap, made.entry));
        ASSERT_TRUE(find_or_construct(survivor, "u", 3).created);
        ASSERT_TRUE(find_or_construct(survivor, "more", 4).created);
        expect_well(survivor, its_heap);
    }
    void expect_at_most_one_lost(directory const& survivor, heap const& its_heap) const {
        its_heap.collect();
        auto const n_blocks = its_heap.stats().n_blocks;
        auto const n_objects = survivor.size();
        ASSERT_GE(n_blocks, n_other_blocks + n_objects);
        ASSERT_LE(n_blocks, n_other_blocks + n_objects + 1);
    }
};

TEST_F(DirectoryClaimsAtEachStore, ConstructedOrNotConstructed) {
    SHMWIN_NEEDS_FORK();
    at_each_store_of([&] { find_or_construct(dying, "u", 1); }, {"warm"}, {"u", "warm"});
}

TEST_F(DirectoryClaimsAtEachStore, AClaimGivenBackByAConstructorThatThrows) {
    SHMWIN_NEEDS_FORK();
    auto const call = [&] {
        try {
            find_or_construct(dying, "u", 1, [] { throw std::runtime_error("no reason"); });
        } catch (std::runtime_error const&) { // it goes on
        }
    };
    at_each_store_of(call, {"warm"}, {"warm"});
}

TEST_F(DirectoryClaimsAtEachStore, TakingAClaimOver) {
    SHMWIN_NEEDS_FORK();
    die_with_a_claim("u");
    at_each_store_of([&] { find_or_construct(dying, "u", 1); }, {"warm"}, {"u", "warm"});
}

TEST_F(DirectoryClaimsAtEachStore, EnteringANameThatADeadOneClaimed) {
    SHMWIN_NEEDS_FORK();
    die_with_a_claim("u");
    at_each_store_of([&] { dying.check_free("u"); }, {"warm"}, {"warm"});
}

TEST_F(DirectoryClaimsAtEachStore, DestroyedOrNotDestroyed) {
    SHMWIN_NEEDS_FORK();
    auto const made = find_or_construct(names, "u", 1);
    at_each_store_of(
        [&] { test::destroy(dying, dying_heap, made.entry); }, {"u", "warm"}, {"warm"});
}

TEST_F(DirectoryClaimsAtEachStore, DestroyingOnesOwn) {
    SHMWIN_NEEDS_FORK();
    child maker([&] {
        pages.who(1).attach();
        return find_or_construct(dying, "u", 1).created;
    });
    ASSERT_EQ(maker.wait(), 0);
    auto const made = names.find("u").value();
    at_each_store_of([&] { test::destroy(dying, dying_heap, made); }, {"u", "warm"}, {"warm"});
}

// --- under load ----------------------------------------------------------------------------------

struct DirectoryClaimsUnderLoad : testing::TestWithParam<unsigned> {
    static constexpr int n_workers = 3;
    static constexpr std::uint64_t n_names = 30;
    test::shared_pages pages{{.capacity = 4_MiB, .n_ranks = n_workers + 1}};
    directory names = pages.names(n_workers); // the survivor's
    heap memory = pages.memory(n_workers);
    test::shared_object<std::array<std::atomic<std::uint64_t>, n_workers>> n_steps;
    test::shared_object<std::array<std::atomic<bool>, n_workers>> constructs;

    static std::string numbered(std::uint64_t i) { return detail::text("u", i); }

    // Constructs and destroys all the time; now and then a constructor fails, or is long.
    [[nodiscard]] child worker(int rank, unsigned seed) const {
        return child([this, rank, seed] {
            pages.who(rank).attach();
            auto const mine = pages.names(rank);
            auto const its_heap = pages.memory(rank);
            auto& in_constructor = constructs->at(static_cast<std::size_t>(rank));
            std::minstd_rand random(seed);
            for (;;) {
                auto const how = random() % 16;
                try {
                    auto const made = find_or_construct(mine, numbered(random() % n_names), 1, [&] {
                        in_constructor = true;
                        if (how < 4) std::this_thread::sleep_for(std::chrono::microseconds(100));
                        in_constructor = false;
                        if (how == 0) throw std::runtime_error("no reason");
                    });
                    if (how % 2 == 0) test::destroy(mine, its_heap, made.entry);
                } catch (std::runtime_error const&) { // it goes on
                }
                ++n_steps->at(static_cast<std::size_t>(rank));
            }
            return false;
        });
    }
    // Before another process has the dead one's rank, and with it what it claimed.
    void end_claims_of_the_dead() const {
        for (std::uint64_t i = 0; i < n_names; ++i) {
            try {
                names.check_free(numbered(i));
            } catch (argument_error const&) { // it is there, or a living one makes it
            }
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Seed,
                         DirectoryClaimsUnderLoad,
                         testing::Range(0U, 2U * static_cast<unsigned>(test::soak_factor())));

TEST_P(DirectoryClaimsUnderLoad, OthersGoOnAndLoseNoMoreThanABlockADeath) {
    SHMWIN_NEEDS_FORK();
    constexpr std::uint64_t least_kills = 60;
    std::uint64_t n_kills = 0;
    find_or_construct(names, numbered(0));
    auto const n_other_blocks = memory.stats().n_blocks - 1;
    std::minstd_rand random(700 + GetParam());
    unsigned seed = 1000 * (1 + GetParam());
    int n_in_constructor = 0;
    test::longest_wait survivors;
    std::vector<std::unique_ptr<child>> workers;
    for (int rank = 0; rank < n_workers; ++rank) {
        workers.push_back(std::make_unique<child>(worker(rank, ++seed)));
    }
    auto const none_constructed = [&] { return n_in_constructor == 0; };
    for (; n_kills < least_kills || (none_constructed() && n_kills < 100 * least_kills);
         ++n_kills) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
        auto const which = random() % n_workers;
        workers.at(which)->kill();
        auto const killed_at = std::chrono::steady_clock::now();
        ASSERT_EQ(workers.at(which)->wait(), -SIGKILL);
        if (constructs->at(which).exchange(false)) ++n_in_constructor;
        ASSERT_THAT(test::violations_of(names), IsEmpty()) << "after kill " << n_kills;
        end_claims_of_the_dead();
        workers.at(which) = std::make_unique<child>(worker(static_cast<int>(which), ++seed));
        auto const other = (which + 1) % n_workers;
        auto const before = n_steps->at(other).load();
        ASSERT_TRUE(test::eventually([&] { return n_steps->at(other).load() > before; }));
        survivors.note_since(killed_at);
    }
    for (auto& each : workers) {
        each->kill();
        EXPECT_EQ(each->wait(), -SIGKILL);
    }
    EXPECT_FALSE(none_constructed()) << "no kill hit a constructor: this test shows little";
    for (std::uint64_t i = 0; i < n_names; ++i) {
        auto const made = find_or_construct(names, numbered(i), 5);
        EXPECT_TRUE(test::is_whole(memory, made.entry));
    }
    memory.collect();
    expect_well(names, memory);
    auto const n_blocks = memory.stats().n_blocks;
    EXPECT_GE(n_blocks, n_other_blocks + n_names);
    EXPECT_LE(n_blocks, n_other_blocks + n_names + n_kills + n_workers);
}

} // namespace
} // namespace shmwin
