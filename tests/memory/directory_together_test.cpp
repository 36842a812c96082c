// SPDX-License-Identifier: MIT
// The directory of several threads and processes at once.
#include "shmwin/base/error.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/crash_states.hpp"
#include "support/directory_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <random>
#include <thread>

namespace shmwin {
namespace {

using detail::directory;
using test::is_whole;
using test::numbered;
using test::record_of;

using Directory = test::directory_fixture;

// Makes and ends objects of a few names, so that records and slots are used again all the time.
void churn(directory const& names, unsigned seed, int n_steps) {
    std::minstd_rand random(seed);
    for (int step = 0; step < n_steps; ++step) {
        auto const name = numbered(random() % 40);
        if (auto const found = names.find(name)) {
            names.erase(found->index, found->record.generation); // another may be quicker
        } else {
            try {
                names.insert(record_of(name, random()));
            } catch (argument_error const& failed) {
                if (failed.code() != errc::already_exists) throw;
            }
        }
    }
}

// False if a look-up ever shows what no insert() entered.
template <typename More>
bool looks_are_whole(directory const& names, unsigned seed, More const& more) {
    std::minstd_rand random(seed);
    bool whole = true;
    while (more()) {
        auto const name = numbered(random() % 40);
        if (auto const found = names.find(name)) whole = whole && is_whole(found->record, name);
        auto const stays = names.find("stays");
        whole = whole && stays && is_whole(stays->record, "stays");
        if (random() % 16 != 0) continue;
        for (auto const& each : names.list()) {
            whole = whole && is_whole(each.record, each.record.name_text());
        }
    }
    return whole;
}

TEST_F(Directory, LooksOfThreadsNeverShowHalfARecord) {
    names.insert(record_of("stays"));
    std::atomic<int> n_churning{2};
    test::as_threads(4, [&](int rank) {
        auto const mine = pages.names(rank);
        auto const seed = static_cast<unsigned>(rank);
        if (rank < 2) {
            churn(mine, seed, 8000);
            --n_churning;
        } else {
            EXPECT_TRUE(looks_are_whole(mine, seed, [&] { return n_churning != 0; }));
        }
    });
    expect_well();
}

// A look is stopped at some instruction, the object ends and another of its name is made, in the
// same record; then the look goes on. What it finds is one of the two, or nothing.
TEST_F(Directory, LooksNeverMixTwoLivesOfAName) {
    SHMWIN_NEEDS_FORK();
    names.insert(record_of("u", 0));
    test::stepped_child whole([&] { return names.find("u").has_value(); });
    if (!whole.can_step()) GTEST_SKIP() << "no ptrace() here";
    int n_all = 0;
    while (whole.step()) {
        ++n_all;
    }
    ASSERT_TRUE(whole.finish());
    constexpr int n_stops = 12; // from where the name was found on
    for (int i = 1; i <= n_stops; ++i) {
        auto const old = names.find("u").value();
        test::stepped_child look([&] {
            auto const found = names.find("u");
            if (!found) return true;
            bool const is_old = found->record.generation == old.record.generation;
            return is_whole(found->record, "u")
                   && is_old == (found->record.type_hash == old.record.type_hash);
        });
        auto const n_steps = n_all / 3 + n_all / 3 * 2 * i / n_stops;
        for (int n_done = 0; n_done < n_steps && look.step();) {
            ++n_done;
        }
        names.erase(old.index, old.record.generation);
        ASSERT_EQ(names.insert(record_of("u", old.record.type_hash + 1)).index, old.index);
        EXPECT_TRUE(look.finish()) << "stopped after " << n_steps << " instructions";
    }
}

TEST_F(Directory, LooksOfProcessesNeverShowHalfARecord) {
    SHMWIN_NEEDS_FORK();
    names.insert(record_of("stays"));
    test::shared_object<std::atomic<int>> n_churning;
    *n_churning = 2;
    EXPECT_TRUE(test::as_processes(pages, 4, [&](int rank) {
        auto const mine = pages.names(rank);
        auto const seed = static_cast<unsigned>(rank);
        if (rank >= 2) return looks_are_whole(mine, seed, [&] { return *n_churning != 0; });
        churn(mine, seed, 8000);
        --*n_churning;
        return true;
    }));
    expect_well();
}

TEST_F(Directory, LooksGoOnWhileTheTableGrows) {
    names.insert(record_of("stays"));
    std::atomic<bool> over{false};
    std::thread looker(
        [&] { EXPECT_TRUE(looks_are_whole(pages.names(1), 3, [&] { return !over; })); });
    for (std::uint64_t i = 100; i < 5000; ++i) {
        names.insert(record_of(numbered(i)));
    }
    over = true;
    looker.join();
    expect_well();
}

TEST_F(Directory, OneOfManyThreadsGetsAName) {
    std::array<std::atomic<int>, 200> n_made{};
    test::as_threads(8, [&](int rank) {
        auto const mine = pages.names(rank);
        for (std::uint64_t i = 0; i < n_made.size(); ++i) {
            try {
                mine.insert(record_of(numbered(i), static_cast<std::uint64_t>(rank)));
                ++n_made.at(i);
            } catch (argument_error const& failed) {
                EXPECT_EQ(failed.code(), errc::already_exists);
            }
        }
    });
    for (auto const& each : n_made) {
        EXPECT_EQ(each, 1);
    }
    expect_well();
}

// An erased object's handle must be stale for ever, also while its record is written anew.
TEST_F(Directory, AStaleHandleIsStaleAtEveryMoment) {
    std::atomic<std::uint64_t> stale{0}; // index and generation of what was erased last
    std::atomic<bool> over{false};
    std::thread asker([&] {
        auto const mine = pages.names(1);
        while (!over) {
            auto const what = stale.load();
            if (what == 0) continue;
            ASSERT_FALSE(mine.contains(static_cast<std::uint32_t>(what >> 32U),
                                       static_cast<std::uint32_t>(what)));
        }
    });
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        auto const [index, generation] = names.insert(record_of("u", i));
        names.erase(index, generation);
        stale = std::uint64_t{index} << 32U | generation;
    }
    over = true;
    asker.join();
}

} // namespace
} // namespace shmwin
