// SPDX-License-Identifier: MIT
// Exactly-once construction: by whom, and what the others see meanwhile. Those who wait, fail or
// die: directory_claims_wait_test, _failure_test, _kill_test.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"

#include "support/claims_fixture.hpp"
#include "support/named_objects.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <span>
#include <string>
#include <thread>

namespace shmwin {
namespace {

using detail::directory;
using test::find_or_construct;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::string numbered(std::uint64_t i) {
    return detail::text("objects/", i);
}

bool all_are_1(std::span<std::atomic<int> const> counts) {
    return std::ranges::all_of(counts, [](auto const& each) { return each == 1; });
}

struct DirectoryClaims : test::claims_fixture {
    // The text of the already_exists that `call` throws.
    template <typename Call>
    static std::string taken(Call const& call) {
        try {
            call();
        } catch (argument_error const& failed) {
            EXPECT_EQ(failed.code(), errc::already_exists);
            return failed.what();
        }
        ADD_FAILURE() << "nothing was thrown";
        return {};
    }
};

TEST_F(DirectoryClaims, WhatIsNotThereIsConstructed) {
    auto const made = find_or_construct(names, "u", 3);
    EXPECT_TRUE(made.created);
    EXPECT_TRUE(test::is_whole(memory, made.entry));
    auto const found = names.find("u");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->index, made.entry.index);
    EXPECT_EQ(found->record.generation, made.entry.record.generation);
    EXPECT_EQ(found->record.offset, made.entry.record.offset);
    EXPECT_TRUE(names.contains(found->index, found->record.generation));
    EXPECT_EQ(names.size(), 1U);
    expect_well();
}

TEST_F(DirectoryClaims, WhatIsThereIsFoundAndNotConstructed) {
    auto const made = find_or_construct(names, "u", 3);
    auto const found = find_or_construct(names, "u", 4, [] { FAIL() << "constructed twice"; });
    EXPECT_FALSE(found.created);
    EXPECT_EQ(found.entry.record.offset, made.entry.record.offset);
    EXPECT_EQ(test::object_at(memory, found.entry).number(), 3U);
    // However it came there.
    names.insert(test::record_of("v"));
    EXPECT_FALSE(find_or_construct(names, "v", 0, [] { FAIL(); }).created);
}

TEST_F(DirectoryClaims, WhatWasDestroyedIsConstructedAnew) {
    auto const first = find_or_construct(names, "u", 1);
    EXPECT_TRUE(test::destroy(names, memory, first.entry));
    auto const second = find_or_construct(names, "u", 2);
    EXPECT_TRUE(second.created);
    EXPECT_FALSE(names.contains(first.entry.index, first.entry.record.generation));
    EXPECT_EQ(test::object_at(memory, second.entry).number(), 2U);
    expect_well();
}

// --- who constructs ------------------------------------------------------------------------------

// Each of 8 asks for all names, in the same order. True if all got whole objects.
bool ask_for_all(directory const& mine,
                 heap const& memory,
                 std::uint64_t rank,
                 std::span<std::atomic<int>> n_made) {
    bool whole = true;
    for (std::uint64_t i = 0; i < n_made.size(); ++i) {
        auto const made = find_or_construct(mine, numbered(i), rank, [&] {
            ++n_made[i];
            if (i % 4 == 0) std::this_thread::yield(); // the others come meanwhile
            if (i % 16 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        });
        auto const& object = test::object_at(memory, made.entry);
        whole = whole && test::is_whole(memory, made.entry)
                && made.created == (object.number() == rank);
    }
    return whole;
}

TEST_F(DirectoryClaims, ExactlyOneOfManyThreadsConstructs) {
    std::array<std::atomic<int>, 400> n_made{};
    test::as_threads(8, [&](int rank) {
        EXPECT_TRUE(ask_for_all(
            pages.names(rank), pages.memory(rank), static_cast<std::uint64_t>(rank), n_made));
    });
    EXPECT_TRUE(all_are_1(n_made));
    EXPECT_EQ(names.size(), n_made.size());
    expect_well();
}

TEST_F(DirectoryClaims, ExactlyOneOfManyThreadsOfARankConstructs) {
    std::array<std::atomic<int>, 200> n_made{};
    std::atomic<int> n_created{0};
    test::as_threads(8, [&](int) {
        for (std::uint64_t i = 0; i < n_made.size(); ++i) {
            auto const made = find_or_construct(names, numbered(i), 1, [&] { ++n_made.at(i); });
            EXPECT_TRUE(test::is_whole(memory, made.entry));
            if (made.created) ++n_created;
        }
    });
    EXPECT_TRUE(all_are_1(n_made));
    EXPECT_EQ(n_created, 200);
    expect_well();
}

TEST_F(DirectoryClaims, ExactlyOneOfManyProcessesConstructs) {
    SHMWIN_NEEDS_FORK();
    test::shared_object<std::array<std::atomic<int>, 400>> n_made;
    EXPECT_TRUE(test::as_processes(pages, 4, [&](int rank) {
        return ask_for_all(
            pages.names(rank), pages.memory(rank), static_cast<std::uint64_t>(rank), *n_made);
    }));
    EXPECT_TRUE(all_are_1(*n_made));
    EXPECT_EQ(names.size(), n_made->size());
    expect_well();
}

// --- while it is constructed ---------------------------------------------------------------------

TEST_F(DirectoryClaims, WhatIsBeingConstructedIsNotShown) {
    auto const other = pages.names(1);
    ASSERT_EQ(find_or_construct(names, "a").entry.index, 0U);
    auto const made = find_or_construct(names, "u", 0, [&] {
        EXPECT_FALSE(names.find("u"));
        EXPECT_FALSE(other.find("u"));
        EXPECT_THAT(test::names_in(other), ElementsAre("a"));
        EXPECT_EQ(other.size(), 1U);
        for (std::uint32_t generation = 0; generation < 4; ++generation) {
            EXPECT_FALSE(other.contains(1, generation));
            EXPECT_FALSE(other.erase(1, generation));
        }
        expect_well();
    });
    EXPECT_TRUE(made.created);
    EXPECT_EQ(made.entry.index, 1U);
    EXPECT_EQ(made.entry.record.generation, 1U);
    EXPECT_THAT(test::names_in(other), ElementsAre("a", "u"));
}

TEST_F(DirectoryClaims, WhoInsertsTheNameIsToldWhoConstructsIt) {
    auto const other = pages.names(1);
    auto record = test::record_of("u");
    record.creator = 5;
    record.line = 42;
    record.created_ns = 1'700'000'000'123'456'789;
    auto const made =
        names.find_or_construct(record, 8, test::shared_pages::policy(), [&](void* at) {
            auto const* const expected =
                "name is taken (\"u\" is being constructed by rank 5 at "
                "here.cpp:42, 2023-11-14T22:13:20Z; find_or_construct waits "
                "for it)";
            EXPECT_EQ(taken([&] { other.insert(test::record_of("u")); }), expected);
            EXPECT_EQ(taken([&] { other.check_free("u"); }), expected);
            EXPECT_NO_THROW(other.check_free("v"));
            test::construct_object(at, "u", 0);
        });
    EXPECT_TRUE(made.created);
    EXPECT_THAT(taken([&] { other.check_free("u"); }), HasSubstr("was created by rank 5"));
}

TEST_F(DirectoryClaims, AConstructorMayUseTheDirectoryAndTheHeap) {
    int n_inside = 0;
    auto const made = find_or_construct(names, "outer", 0, [&] {
        for (std::uint64_t i = 0; i < 600; ++i) { // the table grows
            n_inside += find_or_construct(names, numbered(i), i).created ? 1 : 0;
        }
        memory.deallocate(memory.allocate(100));
        auto const gone = names.find(numbered(7));
        EXPECT_TRUE(test::destroy(names, memory, *gone));
    });
    EXPECT_TRUE(made.created);
    EXPECT_EQ(n_inside, 600);
    EXPECT_EQ(names.size(), 600U);
    EXPECT_TRUE(test::is_whole(memory, *names.find("outer")));
    expect_well();
}

TEST_F(DirectoryClaims, AConstructorThatAsksForItselfIsAnErrorAndNoDeadLock) {
    EXPECT_THAT(taken([&] {
                    find_or_construct(
                        names, "u", 0, [&] { find_or_construct(pages.names(0), "u", 1); });
                }),
                AllOf(HasSubstr("wait for itself"), HasSubstr("\"u\""), HasSubstr("here.cpp:0")));
    EXPECT_FALSE(names.find("u"));
    // Also through another's constructor; and who catches it may go on.
    auto const made = find_or_construct(names, "u", 0, [&] {
        find_or_construct(names, "v", 0, [&] {
            EXPECT_THAT(taken([&] { find_or_construct(names, "u", 1); }), HasSubstr("\"u\""));
        });
    });
    EXPECT_TRUE(made.created);
    EXPECT_THAT(test::names_in(names), ElementsAre("u", "v"));
    expect_well();
}

// The constructor of "a" ends only when "b" is there, which another thread constructs.
TEST_F(DirectoryClaims, WhoConstructsHoldsUpNoOtherName) {
    std::atomic<bool> a_began{false};
    test::as_threads(2, [&](int rank) {
        auto const mine = pages.names(rank);
        if (rank == 0) {
            find_or_construct(mine, "a", 0, [&] {
                a_began = true;
                EXPECT_TRUE(test::eventually([&] { return mine.find("b").has_value(); }));
            });
        } else {
            ASSERT_TRUE(test::eventually([&] { return a_began.load(); }));
            EXPECT_TRUE(find_or_construct(mine, "b", 1).created);
        }
    });
    EXPECT_THAT(test::names_in(names), ElementsAre("a", "b"));
}

// --- verify --------------------------------------------------------------------------------------

TEST_F(DirectoryClaims, VerifyFindsAClaimOfNobody) {
    auto const made = find_or_construct(names, "u");
    auto const& state = pages.where().as<detail::directory_state>(detail::section_id::directory)[0];
    auto* const slots = pages.where().at(state.chunks[0]);
    *reinterpret_cast<std::uint64_t*>(slots + 64 * made.entry.index) = 1ULL << 63U | 99ULL << 32U;
    EXPECT_THAT(test::violations_of(names), Contains(HasSubstr("\"u\" is claimed by nobody")));
}

} // namespace
} // namespace shmwin
