// SPDX-License-Identifier: MIT
// The directory while nobody dies. Those who do: directory_kill_test.
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/crash_states.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <gmock/gmock.h>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::directory;
using detail::directory_entry;
using detail::object_record;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

template <std::size_t N>
void put(std::array<char, N>& field, std::string_view text) {
    field.fill(0);
    std::copy_n(text.data(), std::min(text.size(), N - 1), field.data());
}

// A record all of whose fields follow from its name and a number: half of one is found out.
object_record record_of(std::string_view name, std::uint64_t number = 0) {
    auto const mark = detail::hash_with(detail::hash(name), number);
    object_record record{};
    record.name_hash = detail::hash(name);
    record.type_hash = number;
    record.created_ns = static_cast<std::int64_t>(mark);
    record.creator = static_cast<std::int32_t>(mark);
    record.line = static_cast<std::uint32_t>(mark >> 32U);
    record.kind = object_kind::array;
    record.n_extents = 8;
    for (std::size_t i = 0; i < 8; ++i) {
        record.extents.at(i) = static_cast<std::int64_t>(detail::hash_with(mark, i));
    }
    put(record.type, std::to_string(mark));
    put(record.file, std::to_string(~mark));
    put(record.name, name);
    return record;
}

// Equal but for what insert() sets.
bool is_whole(object_record const& found, std::string_view name) {
    auto expected = record_of(name, found.type_hash);
    expected.generation = found.generation;
    return std::memcmp(&found, &expected, sizeof found) == 0;
}

std::vector<std::string> violations_of(directory const& names) {
    std::vector<std::string> all;
    names.verify(all, 20);
    return all;
}

std::string numbered(std::uint64_t i) {
    return detail::text("fields/u", i);
}

struct Directory : testing::Test {
    test::shared_pages pages{{.capacity = 64_MiB, .n_ranks = 8}};
    directory names = pages.names(0);

    void expect_well() const {
        EXPECT_THAT(violations_of(names), IsEmpty());
        EXPECT_THAT(pages.memory(0).verify().violations, IsEmpty());
    }
    [[nodiscard]] std::string text_of_taken(object_record const& record) const {
        try {
            names.insert(record);
        } catch (argument_error const& failed) {
            EXPECT_EQ(failed.code(), errc::already_exists);
            return failed.what();
        }
        ADD_FAILURE() << "inserted twice";
        return {};
    }
};

TEST_F(Directory, IsEmptyAtFirst) {
    EXPECT_FALSE(names.find("u"));
    EXPECT_THAT(names.list(), IsEmpty());
    EXPECT_EQ(names.size(), 0U);
    EXPECT_FALSE(names.contains(0, 0));
    EXPECT_FALSE(names.contains(0, 1));
    EXPECT_FALSE(names.erase(0, 1));
    expect_well();
}

TEST_F(Directory, FindsWhatWasInserted) {
    auto const [index, generation] = names.insert(record_of("fields/u", 7));
    auto const found = names.find("fields/u");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->index, index);
    EXPECT_EQ(found->record.type_hash, 7U);
    EXPECT_TRUE(is_whole(found->record, "fields/u"));
    EXPECT_TRUE(names.contains(index, found->record.generation));
    EXPECT_EQ(generation, found->record.generation);
    EXPECT_EQ(names.generation_of(index), found->record.generation);
    EXPECT_EQ(names.size(), 1U);
    expect_well();
}

TEST_F(Directory, FindsWholeNamesOnly) {
    names.insert(record_of("fields/u"));
    for (auto const* const other : {"", "fields", "fields/", "fields/v", "fields/uu", "u"}) {
        EXPECT_FALSE(names.find(other)) << other;
    }
    EXPECT_FALSE(names.find(std::string_view("fields/u\0", 9)));
}

TEST_F(Directory, HoldsTheLongestNames) {
    std::string const name(255, 'n');
    std::string const other = std::string(254, 'n') + 'm';
    names.insert(record_of(name));
    EXPECT_FALSE(names.find(other));
    names.insert(record_of(other));
    EXPECT_TRUE(is_whole(names.find(name)->record, name));
    EXPECT_TRUE(is_whole(names.find(other)->record, other));
    EXPECT_FALSE(names.find(std::string(256, 'n')));
}

TEST_F(Directory, ATakenNameTellsWhoWhereAndWhen) {
    auto record = record_of("u");
    record.creator = 3;
    record.line = 42;
    record.created_ns = 1'700'000'000'123'456'789;
    put(record.file, "src/solver.cpp");
    names.insert(record);
    EXPECT_EQ(text_of_taken(record_of("u", 1)),
              "name is taken (\"u\" was created by rank 3 at src/solver.cpp:42, "
              "2023-11-14T22:13:20Z; use find or find_or_create)");
    EXPECT_EQ(names.find("u")->record.line, 42U) << "the first one stays";
    EXPECT_EQ(names.size(), 1U);
    expect_well();
}

TEST_F(Directory, ATakenNameOfACollectiveCallTellsSo) {
    auto record = record_of("u");
    record.creator = -1;
    names.insert(record);
    EXPECT_THAT(text_of_taken(record_of("u")), HasSubstr("created by all ranks at"));
}

TEST_F(Directory, ForgetsWhatWasErased) {
    auto const index = names.insert(record_of("u", 5)).index;
    auto const generation = names.generation_of(index);
    auto const erased = names.erase(index, generation);
    ASSERT_TRUE(erased);
    EXPECT_TRUE(is_whole(*erased, "u"));
    EXPECT_FALSE(names.find("u"));
    EXPECT_FALSE(names.contains(index, generation));
    EXPECT_FALSE(names.erase(index, generation)) << "twice";
    EXPECT_EQ(names.size(), 0U);
    EXPECT_THAT(names.list(), IsEmpty());
    expect_well();
}

TEST_F(Directory, AnErasedNameCanBeInsertedAgain) {
    auto const first = names.insert(record_of("u", 1)).index;
    auto const generation = names.generation_of(first);
    names.erase(first, generation);
    auto const second = names.insert(record_of("u", 2)).index;
    EXPECT_EQ(names.find("u")->record.type_hash, 2U);
    EXPECT_EQ(second, first) << "records are used again";
    EXPECT_NE(names.generation_of(second), generation);
    EXPECT_FALSE(names.contains(first, generation)) << "a handle of the first one is stale";
    EXPECT_FALSE(names.erase(first, generation));
    EXPECT_TRUE(names.find("u"));
}

// A handle finds out at once, not only when its record is used again.
TEST_F(Directory, NoObjectHasTheGenerationOfAnErasedOne) {
    auto const index = names.insert(record_of("u")).index;
    auto const generation = names.generation_of(index);
    names.erase(index, generation);
    EXPECT_NE(names.generation_of(index), generation);
}

TEST_F(Directory, IndicesThatNeverWereAreNoObjects) {
    names.insert(record_of("u"));
    for (auto const index : {1U, 127U, 128U, 100'000U, ~0U}) {
        EXPECT_FALSE(names.contains(index, 0));
        EXPECT_FALSE(names.contains(index, 1));
        EXPECT_FALSE(names.erase(index, 1));
        EXPECT_EQ(names.generation_of(index), 0U);
    }
    expect_well();
}

TEST_F(Directory, ListsByName) {
    for (auto const* const name : {"v", "a/b", "u", "a", "B", "\xc3\xa4"}) {
        names.insert(record_of(name));
    }
    std::vector<std::string> found;
    for (auto const& each : names.list()) {
        EXPECT_TRUE(is_whole(each.record, each.record.name_text()));
        EXPECT_TRUE(names.contains(each.index, each.record.generation));
        found.emplace_back(each.record.name_text());
    }
    EXPECT_EQ(found, (std::vector<std::string>{"B", "a", "a/b", "u", "v", "\xc3\xa4"}));
}

TEST_F(Directory, Holds10000Names) {
    constexpr std::uint64_t n = 10'000;
    std::vector<std::uint32_t> indices;
    for (std::uint64_t i = 0; i < n; ++i) {
        indices.push_back(names.insert(record_of(numbered(i), i)).index);
    }
    EXPECT_EQ(names.size(), n);
    EXPECT_EQ(std::set<std::uint32_t>(indices.begin(), indices.end()).size(), n);
    for (std::uint64_t i = 0; i < n; ++i) {
        auto const found = names.find(numbered(i));
        ASSERT_TRUE(found) << i;
        ASSERT_EQ(found->index, indices[i]);
        ASSERT_TRUE(is_whole(found->record, numbered(i)));
    }
    EXPECT_FALSE(names.find(numbered(n)));
    auto const all = names.list();
    EXPECT_EQ(all.size(), n);
    EXPECT_TRUE(std::ranges::is_sorted(
        all, {}, [](directory_entry const& each) { return each.record.name_text(); }));
    expect_well();
    for (std::uint64_t i = 0; i < n; i += 2) {
        ASSERT_TRUE(names.erase(indices[i], names.generation_of(indices[i])));
    }
    EXPECT_EQ(names.size(), n / 2);
    for (std::uint64_t i = 0; i < n; ++i) {
        ASSERT_EQ(names.find(numbered(i)).has_value(), i % 2 == 1) << i;
    }
    expect_well();
}

// Gone names leave no trace that grows: a program that makes and ends objects for days.
TEST_F(Directory, DoesNotGrowWithNamesThatAreGone) {
    for (std::uint64_t i = 0; i < 100; ++i) {
        names.insert(record_of(detail::text("stays", i)));
    }
    auto const before = pages.memory(0).stats().used;
    for (std::uint64_t i = 0; i < 30'000; ++i) {
        auto const index = names.insert(record_of(numbered(i))).index;
        names.erase(index, names.generation_of(index));
    }
    EXPECT_LE(pages.memory(0).stats().used, before + 64_KiB);
    expect_well();
}

// Against the simplest thing that could be right.
TEST_F(Directory, BehavesAsAMap) {
    std::minstd_rand random(9);
    std::map<std::string, std::pair<std::uint32_t, std::uint64_t>> known;
    for (std::uint64_t step = 0; step < 20'000; ++step) {
        auto const name = numbered(random() % 700);
        auto const each = known.find(name);
        switch (random() % 3) {
        case 0:
            if (each == known.end()) {
                known[name] = {names.insert(record_of(name, step)).index, step};
            } else {
                ASSERT_THROW(names.insert(record_of(name, step)), argument_error);
            }
            break;
        case 1:
            if (each != known.end()) {
                auto const index = each->second.first;
                auto const erased = names.erase(index, names.generation_of(index));
                ASSERT_TRUE(erased);
                ASSERT_EQ(erased->type_hash, each->second.second);
                known.erase(each);
            }
            break;
        default: {
            auto const found = names.find(name);
            ASSERT_EQ(found.has_value(), each != known.end());
            if (!found) break;
            ASSERT_EQ(found->record.type_hash, each->second.second);
            ASSERT_EQ(found->index, each->second.first);
        }
        }
        ASSERT_EQ(names.size(), known.size());
    }
    ASSERT_EQ(names.list().size(), known.size());
    expect_well();
}

TEST(DirectoryOfAFullSegment, SaysSoAndStaysAsItWas) {
    test::shared_pages const pages({.capacity = 256_KiB, .n_ranks = 1});
    auto const names = pages.names(0);
    std::uint64_t n = 0;
    auto const fill = [&] {
        for (;; ++n) {
            names.insert(record_of(numbered(n)));
        }
    };
    EXPECT_THROW(fill(), out_of_memory);
    EXPECT_GE(n, 128U);
    EXPECT_EQ(names.size(), n);
    EXPECT_THROW(names.insert(record_of(numbered(n))), out_of_memory);
    for (std::uint64_t i = 0; i < n; ++i) {
        ASSERT_TRUE(names.find(numbered(i)));
    }
    EXPECT_FALSE(names.find(numbered(n)));
    EXPECT_THAT(violations_of(names), IsEmpty());
    auto const index = names.find(numbered(0))->index;
    EXPECT_TRUE(names.erase(index, names.generation_of(index)));
    EXPECT_NO_THROW(names.insert(record_of("takes the place")));
    EXPECT_THAT(violations_of(names), IsEmpty());
}

TEST(DirectoryOfAFullSegment, SaysThatATakenNameIsTaken) {
    // A table, two chunks, and one page: too little for the next table.
    test::shared_pages const pages({.capacity = 200_KiB, .n_ranks = 1});
    auto const names = pages.names(0);
    auto const fill = [&] {
        for (std::uint64_t n = 0;; ++n) {
            names.insert(record_of(numbered(n)));
        }
    };
    EXPECT_THROW(fill(), out_of_memory);
    EXPECT_THROW(names.insert(record_of(numbered(0))), argument_error);
}

// --- verify
// ---------------------------------------------------------------------------------------

TEST_F(Directory, VerifyFindsATornRecord) {
    auto const index = names.insert(record_of("u")).index;
    auto& state = pages.where().as<detail::directory_state>(detail::section_id::directory)[0];
    auto* const chunk = pages.where().at(state.chunks[0]);
    chunk[512 * index + 8 + offsetof(object_record, name)] = std::byte{'v'};
    EXPECT_THAT(violations_of(names), Contains(HasSubstr("torn")));
}

TEST_F(Directory, VerifyFindsAMiscount) {
    names.insert(record_of("u"));
    ++pages.where().as<detail::directory_state>(detail::section_id::directory)[0].n_live;
    EXPECT_THAT(violations_of(names), Contains(HasSubstr("miscounted (2, found 1)")));
}

TEST_F(Directory, VerifyFindsAnObjectWithoutItsBlock) {
    auto const memory = pages.memory(0);
    auto* const block = memory.allocate(10'000);
    auto record = record_of("u");
    record.offset = memory.offset_of(block);
    record.n_bytes = 10'000;
    names.insert(record);
    expect_well();
    memory.deallocate(block);
    EXPECT_THAT(violations_of(names), Contains(HasSubstr("has no block of 10000 bytes")));
}

// --- together
// -------------------------------------------------------------------------------------

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
        auto const index = names.insert(record_of("u", i)).index;
        auto const generation = names.generation_of(index);
        names.erase(index, generation);
        stale = std::uint64_t{index} << 32U | generation;
    }
    over = true;
    asker.join();
}

} // namespace
} // namespace shmwin
