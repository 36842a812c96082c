// SPDX-License-Identifier: MIT
// The directory when processes die in it.
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/crash_states.hpp"
#include "support/directory_fixture.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <gmock/gmock.h>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::directory;
using detail::directory_state;
using test::child;
using test::generation_of;
using test::is_whole;
using test::numbered;
using test::record_of;
using test::violations_of;
using testing::IsEmpty;

struct DirectoryUnderKills : testing::TestWithParam<unsigned> {
    static constexpr int n_workers = 3;
    test::shared_pages pages{{.capacity = 8_MiB, .n_ranks = n_workers + 1}};
    directory names = pages.names(n_workers); // the survivor's
    directory_state& state = pages.names_state();
    test::shared_object<std::array<std::atomic<std::uint64_t>, n_workers>> n_steps;

    // Half of the names there are, at each moment some others.
    [[nodiscard]] child worker(int rank, unsigned seed) const {
        return child([this, rank, seed] {
            pages.who(rank).attach();
            auto const mine = pages.names(rank);
            std::minstd_rand random(seed);
            for (;;) {
                auto const name = numbered(random() % 300);
                if (auto const found = mine.find(name)) {
                    if (!is_whole(found->record, name)) return false;
                    mine.erase(found->index, found->record.generation);
                } else {
                    try {
                        mine.insert(record_of(name, random()));
                    } catch (argument_error const&) { // another was quicker
                    }
                }
                ++(*n_steps).at(static_cast<std::size_t>(rank));
            }
        });
    }
    // No record is lost: as many names as there are records fit without a new one.
    void expect_no_record_lost() const {
        for (auto const& each : names.list()) {
            EXPECT_TRUE(names.erase(each.index, each.record.generation));
        }
        EXPECT_EQ(names.size(), 0U);
        auto const n_records = state.n_records;
        for (std::uint64_t i = 0; i < n_records; ++i) {
            names.insert(record_of(numbered(i), i));
        }
        EXPECT_EQ(state.n_records, n_records);
        EXPECT_THAT(violations_of(names), IsEmpty());
    }
};

INSTANTIATE_TEST_SUITE_P(Seed, DirectoryUnderKills, testing::Range(0U, 3U));

TEST_P(DirectoryUnderKills, SurvivorsRepairIt) {
    SHMWIN_NEEDS_FORK();
    constexpr int n_kills = 40;
    std::minstd_rand random(500 + GetParam());
    unsigned seed = 100 * GetParam();
    std::vector<std::unique_ptr<child>> workers;
    for (int rank = 0; rank < n_workers; ++rank) {
        workers.push_back(std::make_unique<child>(worker(rank, ++seed)));
    }
    auto const none_held_it = [&] { return state.mutex.n_takeovers() == 0; };
    for (int i = 0; i < n_kills || (none_held_it() && i < 100 * n_kills); ++i) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
        auto const which = random() % n_workers;
        workers.at(which)->kill();
        ASSERT_EQ(workers.at(which)->wait(), -SIGKILL) << "it saw half a record";
        ASSERT_THAT(violations_of(names), IsEmpty()) << "after kill " << i;
        ASSERT_THAT(pages.memory(n_workers).verify().violations, IsEmpty());
        for (auto const& each : names.list()) {
            ASSERT_TRUE(is_whole(each.record, each.record.name_text()));
        }
        workers.at(which) = std::make_unique<child>(worker(static_cast<int>(which), ++seed));
        auto const other = (which + 1) % n_workers;
        auto const before = (*n_steps).at(other).load();
        ASSERT_TRUE(test::eventually([&] { return (*n_steps).at(other).load() > before; }));
    }
    for (auto& each : workers) {
        each->kill();
        EXPECT_EQ(each->wait(), -SIGKILL);
    }
    EXPECT_THAT(violations_of(names), IsEmpty());
    EXPECT_FALSE(none_held_it()) << "no kill hit a holder: this test shows little";
    expect_no_record_lost();
}

struct DirectoryAfterDeath : DirectoryUnderKills {
    // A process takes the lock, does `change`, and dies.
    template <typename Change>
    void die_after(Change const& change) const {
        child holder([&] {
            pages.who(0).attach();
            static_cast<void>(state.mutex.lock(pages.who(0), test::shared_pages::policy()));
            change();
            return true;
        });
        EXPECT_EQ(holder.wait(), 0);
        EXPECT_EQ(state.mutex.holder(), 0);
    }
    // The near part of a record: the next free one, then the record's first words.
    [[nodiscard]] std::uint64_t* slot(std::uint64_t index) const {
        return reinterpret_cast<std::uint64_t*>(pages.where().at(state.chunks[0]) + 64 * index);
    }
};
INSTANTIATE_TEST_SUITE_P(Once, DirectoryAfterDeath, testing::Values(0U));

TEST_P(DirectoryAfterDeath, CountsAndFreeRecordsAreRebuiltFromTheTable) {
    SHMWIN_NEEDS_FORK();
    for (std::uint64_t i = 0; i < 100; ++i) {
        names.insert(record_of(numbered(i), i));
    }
    for (std::uint64_t i = 0; i < 100; i += 3) {
        auto const index = names.find(numbered(i))->index;
        names.erase(index, generation_of(names, index));
    }
    die_after([&] {
        state.n_live = 12345;
        state.n_used_slots = 54321;
        state.first_free[0] = 77; // a record in use
        for (std::uint64_t i = 0; i < 100; ++i) {
            *slot(i) = 99;
        }
    });
    EXPECT_EQ(names.size(), 66U);
    for (std::uint64_t i = 0; i < 100; ++i) {
        EXPECT_EQ(names.find(numbered(i)).has_value(), i % 3 != 0) << i;
    }
    expect_no_record_lost();
}

// A record was taken and half written, but not yet named by the table.
TEST_P(DirectoryAfterDeath, AHalfInsertedObjectIsNone) {
    SHMWIN_NEEDS_FORK();
    auto const index = names.insert(record_of("u1", 1)).index;
    auto const generation = generation_of(names, index);
    names.erase(index, generation);
    names.insert(record_of("u2", 2)); // has the record of u1
    auto const free = names.insert(record_of("u3", 3)).index;
    names.erase(free, generation_of(names, free));
    auto const stale = generation_of(names, index);
    die_after([&] {
        state.first_free.fill(0);
        slot(free)[1] = detail::hash("u9"); // its name's hash: it looks alive
        ++state.n_live;
    });
    EXPECT_EQ(names.size(), 1U);
    EXPECT_FALSE(names.find("u9"));
    EXPECT_EQ(generation_of(names, free), 0U);
    EXPECT_EQ(generation_of(names, index), stale) << "the others are as they were";
    EXPECT_EQ(names.insert(record_of("u4", 4)).index, free);
    EXPECT_THAT(violations_of(names), IsEmpty());
    expect_no_record_lost();
}

// Handles of erased objects stay stale through a repair.
TEST_P(DirectoryAfterDeath, StaleHandlesStayStale) {
    SHMWIN_NEEDS_FORK();
    auto const index = names.insert(record_of("u", 1)).index;
    auto const generation = generation_of(names, index);
    names.erase(index, generation);
    for (std::uint64_t i = 0; i < 5; ++i) {
        die_after([] {});
        EXPECT_EQ(names.size(), 0U); // repairs
        EXPECT_EQ(state.mutex.n_takeovers(), i + 1);
        EXPECT_FALSE(names.contains(index, generation));
        EXPECT_EQ(names.insert(record_of("u", 2)).index, index);
        EXPECT_FALSE(names.contains(index, generation));
        names.erase(index, generation_of(names, index));
    }
}

// At each store of an insert that makes a chunk and a table, one that does not, and an erase.
TEST_P(DirectoryAfterDeath, ADeathAtAnyStoreLeavesTheCallDoneOrNotDone) {
    SHMWIN_NEEDS_FORK();
    detail::layout_request const request{.capacity = 256_KiB, .n_ranks = 2};
    test::shared_pages const small(request);
    test::crash_states states(small, request, small.n_bytes());
    auto const mine = small.names(1);
    std::array<std::function<void()>, 4> const calls = {[&] { mine.insert(record_of("u1", 1)); },
                                                        [&] { mine.insert(record_of("u2", 2)); },
                                                        [&] { mine.erase(0, 1); },
                                                        [&] { mine.insert(record_of("u3", 3)); }};
    std::array<std::vector<std::string>, 5> const expected = {
        {{}, {"u1"}, {"u1", "u2"}, {"u2"}, {"u2", "u3"}}};
    for (std::size_t call = 0; call < calls.size(); ++call) {
        SCOPED_TRACE(call);
        bool done = false;
        bool const stepped =
            states.each(calls.at(call), [&](test::shared_pages const& image, std::size_t i) {
                auto const survivor = image.names(0);
                ASSERT_THAT(violations_of(survivor), IsEmpty()) << "state " << i;
                ASSERT_THAT(image.memory(0).verify().violations, IsEmpty()) << "state " << i;
                std::vector<std::string> found;
                for (auto const& each : survivor.list()) {
                    ASSERT_TRUE(is_whole(each.record, each.record.name_text()));
                    found.emplace_back(each.record.name_text());
                }
                done = done || found == expected.at(call + 1);
                ASSERT_EQ(found, expected.at(call + (done ? 1 : 0))) << "state " << i;
                // It is good for more.
                ASSERT_TRUE(test::erase(survivor, survivor.insert(record_of("more", i))));
            });
        if (!stepped) GTEST_SKIP() << "no ptrace() here";
        EXPECT_TRUE(done);
    }
}

TEST_P(DirectoryAfterDeath, LooksNeedNoLock) {
    SHMWIN_NEEDS_FORK();
    auto const index = names.insert(record_of("u", 1)).index;
    die_after([] {});
    EXPECT_TRUE(names.find("u"));
    EXPECT_TRUE(names.contains(index, generation_of(names, index)));
    EXPECT_EQ(names.list().size(), 1U);
    EXPECT_EQ(state.mutex.holder(), 0) << "nobody had to take it over";
}

} // namespace
} // namespace shmwin
