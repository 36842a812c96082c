// SPDX-License-Identifier: MIT
// The directory while nobody dies: names and records. Several processes and threads:
// directory_together_test; those who die: directory_kill_test; broken words:
// directory_verify_test.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/directory_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <gmock/gmock.h>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;
using detail::directory_entry;
using detail::object_record;
using test::generation_of;
using test::is_whole;
using test::numbered;
using test::put;
using test::record_of;
using test::violations_of;
using testing::HasSubstr;
using testing::IsEmpty;

struct Directory : test::directory_fixture {
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
    EXPECT_EQ(generation_of(names, index), found->record.generation);
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
    auto const generation = generation_of(names, index);
    auto const erased = names.erase(index, generation);
    ASSERT_TRUE(erased);
    EXPECT_EQ(erased->name_hash, detail::hash("u"));
    EXPECT_EQ(erased->type_hash, 5U);
    EXPECT_EQ(erased->generation, generation);
    EXPECT_FALSE(names.find("u"));
    EXPECT_FALSE(names.contains(index, generation));
    EXPECT_FALSE(names.erase(index, generation)) << "twice";
    EXPECT_EQ(names.size(), 0U);
    EXPECT_THAT(names.list(), IsEmpty());
    expect_well();
}

TEST_F(Directory, AnErasedNameCanBeInsertedAgain) {
    auto const first = names.insert(record_of("u", 1)).index;
    auto const generation = generation_of(names, first);
    names.erase(first, generation);
    auto const second = names.insert(record_of("u", 2)).index;
    EXPECT_EQ(names.find("u")->record.type_hash, 2U);
    EXPECT_EQ(second, first) << "records are used again";
    EXPECT_NE(generation_of(names, second), generation);
    EXPECT_FALSE(names.contains(first, generation)) << "a handle of the first one is stale";
    EXPECT_FALSE(names.erase(first, generation));
    EXPECT_TRUE(names.find("u"));
}

// A handle finds out at once, not only when its record is used again.
TEST_F(Directory, NoObjectHasTheGenerationOfAnErasedOne) {
    auto const index = names.insert(record_of("u")).index;
    auto const generation = generation_of(names, index);
    names.erase(index, generation);
    EXPECT_NE(generation_of(names, index), generation);
}

TEST_F(Directory, IndicesThatNeverWereAreNoObjects) {
    names.insert(record_of("u"));
    for (auto const index : {1U, 127U, 128U, 100'000U, ~0U}) {
        EXPECT_FALSE(names.contains(index, 0));
        EXPECT_FALSE(names.contains(index, 1));
        EXPECT_FALSE(names.erase(index, 1));
        EXPECT_EQ(generation_of(names, index), 0U);
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
    std::vector<detail::directory_place> places;
    for (std::uint64_t i = 0; i < n; ++i) {
        places.push_back(names.insert(record_of(numbered(i), i)));
    }
    EXPECT_EQ(names.size(), n);
    std::set<std::uint32_t> indices;
    for (auto const& each : places) {
        indices.insert(each.index);
    }
    EXPECT_EQ(indices.size(), n);
    for (std::uint64_t i = 0; i < n; ++i) {
        auto const found = names.find(numbered(i));
        ASSERT_TRUE(found) << i;
        ASSERT_EQ(found->index, places[i].index);
        ASSERT_TRUE(is_whole(found->record, numbered(i)));
    }
    EXPECT_FALSE(names.find(numbered(n)));
    auto const all = names.list();
    EXPECT_EQ(all.size(), n);
    EXPECT_TRUE(std::ranges::is_sorted(
        all, {}, [](directory_entry const& each) { return each.record.name_text(); }));
    expect_well();
    for (std::uint64_t i = 0; i < n; i += 2) {
        ASSERT_TRUE(test::erase(names, places[i]));
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
        test::erase(names, names.insert(record_of(numbered(i))));
    }
    EXPECT_LE(pages.memory(0).stats().used, before + 64_KiB);
    expect_well();
}

// Against the simplest thing that could be right.
TEST_F(Directory, BehavesAsAMap) {
    std::minstd_rand random(9);
    std::map<std::string, std::pair<detail::directory_place, std::uint64_t>> known;
    for (std::uint64_t step = 0; step < 20'000; ++step) {
        auto const name = numbered(random() % 700);
        auto const each = known.find(name);
        switch (random() % 3) {
        case 0:
            if (each == known.end()) {
                known[name] = {names.insert(record_of(name, step)), step};
            } else {
                ASSERT_THROW(names.insert(record_of(name, step)), argument_error);
            }
            break;
        case 1:
            if (each != known.end()) {
                auto const [index, generation] = each->second.first;
                auto const erased = names.erase(index, generation);
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
            ASSERT_EQ(found->index, each->second.first.index);
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
    EXPECT_TRUE(names.erase(index, generation_of(names, index)));
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
} // namespace
} // namespace shmwin
