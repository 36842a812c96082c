// SPDX-License-Identifier: MIT
// The lines that ranks called from, as other ranks read them.
#include "shmwin/base/error.hpp"
#include "shmwin/sync/call_sites.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "support/rendezvous_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using detail::call_site;
using detail::call_sites;
using detail::meeting_values;

struct CallSites : testing::Test {
    std::vector<call_site> pages = std::vector<call_site>(2 * call_sites::sites_of_rank);
    call_sites first{pages, 0};
    call_sites second{pages, 1};
};

TEST_F(CallSites, AreReadByOthersAsFileAndLine) {
    auto const mine = first.enter({"/home/someone/solver.cpp", 120});
    auto const yours = second.enter({"init.cpp", 33});
    EXPECT_EQ(second.text(0, mine), " at solver.cpp:120");
    EXPECT_EQ(first.text(1, yours), " at init.cpp:33");
}

TEST_F(CallSites, NoLineHasNoText) {
    auto const none = first.enter({});
    EXPECT_EQ(none, 0);
    EXPECT_EQ(second.text(0, none), "");
}

TEST_F(CallSites, TheSameLineKeepsItsPlace) {
    char const* const file = "a.cpp";
    auto const before = first.enter({file, 7});
    first.enter({file, 8});
    EXPECT_EQ(first.enter({file, 7}), before);
    EXPECT_EQ(first.text(0, before), " at a.cpp:7");
}

// More lines than places: the last one that was entered is always right.
TEST_F(CallSites, TheLastLineIsRightHoweverManyThereAre) {
    char const* const file = "a.cpp";
    char const* const other = "b.cpp";
    for (unsigned round = 0; round < 3; ++round) {
        for (unsigned line = 1; line < 1000; ++line) {
            EXPECT_EQ(second.text(0, first.enter({file, line})),
                      " at a.cpp:" + std::to_string(line));
            EXPECT_EQ(second.text(0, first.enter({other, line})),
                      " at b.cpp:" + std::to_string(line));
        }
    }
}

// An interpreter's names: gone after the call, and another one in their place.
TEST_F(CallSites, KeptNamesMayComeAndGo) {
    std::string buffer = "first.py";
    auto const before = first.enter(source_line::kept(buffer, 7));
    EXPECT_EQ(second.text(0, before), " at first.py:7");
    EXPECT_EQ(first.enter(source_line::kept("first.py", 7)), before);
    buffer = "other.py";
    EXPECT_EQ(second.text(0, first.enter(source_line::kept(buffer, 7))), " at other.py:7");
    buffer = "first.py";
    EXPECT_EQ(second.text(0, first.enter(source_line::kept(buffer, 7))), " at first.py:7");
    EXPECT_EQ(source_line::kept("first.py", 1).file, source_line::kept(buffer, 2).file);
}

TEST_F(CallSites, LongFileNamesAreCutAndShorterOnesLeaveNothingOfThem) {
    std::string const name = std::string(100, 'x') + ".cpp";
    auto const before = first.enter({name.c_str(), 3});
    EXPECT_EQ(first.text(0, before), " at " + std::string(59, 'x') + ":3");
    // Another file at the same place of the table.
    auto const after = first.enter({name.c_str(), 3 + call_sites::sites_of_rank});
    ASSERT_EQ(after, before);
    char const* const brief = "y.cpp";
    std::uint16_t brief_one = 0;
    for (unsigned line = 1; brief_one != before; ++line) {
        brief_one = first.enter({brief, line});
    }
    EXPECT_THAT(first.text(0, brief_one), testing::StartsWith(" at y.cpp:"));
}

// --- in meetings ---------------------------------------------------------------------------------

struct MeetingsWithSites : test::rendezvous_fixture {
    // Each rank meets once, and tells what it got.
    template <typename Body>
    std::vector<test::outcome> meet_with_sites(int n, Body const& body) {
        test::shared_pages const own({.capacity = 4096, .n_ranks = n});
        std::vector<test::outcome> all(static_cast<std::size_t>(n));
        test::as_threads(n, [&](int rank) {
            call_sites sites(own.where().as<call_site>(detail::section_id::call_sites), rank);
            auto const meeting = own.meeting(rank, how, test::via::first, &sites);
            all[static_cast<std::size_t>(rank)] =
                test::outcome_of([&] { return body(meeting, rank); });
        });
        return all;
    }
};

TEST_F(MeetingsWithSites, NameTheLinesOfRanksInDifferentCalls) {
    auto const all = meet_with_sites(4, [&](auto const& meeting, int rank) {
        std::array<std::int64_t, 2> const extents{4, 5};
        collective_call const fences{operation::fence, {}, {}, {}, 0, {"src/solver.cpp", 120}};
        collective_call const creates{
            operation::create_array, "u", "float64", extents, 7, {"init.cpp", 33}};
        return meeting.meet(rank == 2 ? creates : fences, nullptr, test::no_completion);
    });
    test::expect_error(all,
                       errc::disagreement,
                       2,
                       "ranks are in different collective calls (rank 0: fence at solver.cpp:120; "
                       "rank 2: create_array(\"u\", float64, 4 x 5) at init.cpp:33)");
}

TEST_F(MeetingsWithSites, NameTheLinesOfOtherOptions) {
    auto const all = meet_with_sites(3, [&](auto const& meeting, int rank) {
        auto const line = 10U + static_cast<unsigned>(rank);
        return meeting.meet({operation::flip, {}, {}, {}, rank == 1 ? 1U : 0U, {"step.cpp", line}},
                            nullptr,
                            test::no_completion);
    });
    test::expect_error(all,
                       errc::disagreement,
                       1,
                       "(rank 0: flip at step.cpp:10; rank 1: flip at step.cpp:11, with other "
                       "options)");
}

TEST_F(MeetingsWithSites, DoNotAskThatRanksCallFromOneLine) {
    auto const all = meet_with_sites(3, [&](auto const& meeting, int rank) {
        return meeting.meet(
            {operation::fence, {}, {}, {}, 0, {"a.cpp", 1U + static_cast<unsigned>(rank)}},
            nullptr,
            test::no_completion);
    });
    for (auto const& each : all) {
        EXPECT_FALSE(each.error) << each.error->text;
    }
}

TEST_F(MeetingsWithSites, KnowTheLastCallOfARank) {
    test::shared_pages const own({.capacity = 4096, .n_ranks = 1});
    call_sites sites(own.where().as<call_site>(detail::section_id::call_sites), 0);
    auto const meeting = own.meeting(0, how, test::via::first, &sites);
    EXPECT_EQ(meeting.last_call(0), "");
    meeting.meet({operation::fence, {}, {}, {}, 0, {"a.cpp", 5}});
    EXPECT_EQ(meeting.last_call(0), "fence at a.cpp:5");
    meeting.meet({operation::trim});
    EXPECT_EQ(meeting.last_call(0), "trim");
}

} // namespace
} // namespace shmwin
