// SPDX-License-Identifier: MIT
// Meetings that are met without the centre, and those for which all go there; step by step, by
// the words of the ranks.
#include "shmwin/base/error.hpp"
#include "shmwin/sync/arrivals.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "support/rendezvous_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>

namespace shmwin {
namespace {

using detail::arrivals;
using detail::meeting_values;
using test::eventually;
using test::no_completion;
using test::outcome_of;
using testing::HasSubstr;
using how_it_is = arrivals::outcome;

constexpr int n = 3;
constexpr std::uint32_t fence_tag = 5;
constexpr std::uint32_t other_tag = 6;

struct Arrivals : testing::Test {
    Arrivals() : pages({.capacity = 4096, .n_ranks = n}) {}

    [[nodiscard]] std::span<detail::meeting_slot> slots() const {
        return pages.where().as<detail::meeting_slot>(detail::section_id::meeting_slots);
    }
    [[nodiscard]] arrivals of(int rank) const {
        return {slots(), rank, pages.meeting_state().bell};
    }
    // One look: a wait that may not sleep.
    [[nodiscard]] how_it_is now(int rank, std::uint64_t word) const {
        struct would_sleep {};
        wait_policy once;
        once.spin = 1;
        once.yield = 0;
        once.slice = wait_policy::min_slice;
        try {
            return of(rank).wait(word, once, [](bool) { throw would_sleep(); });
        } catch (would_sleep const&) {
            return how_it_is::open;
        }
    }
    void begin_with(std::uint32_t number) const {
        for (auto& each : slots()) {
            each.word = number;
        }
    }

    test::shared_pages pages;
};

TEST_F(Arrivals, AreMetWhenAllHaveComeToTheSame) {
    auto const first = of(0).arrive(fence_tag, false);
    EXPECT_EQ(now(0, first), how_it_is::open);
    auto const second = of(1).arrive(fence_tag, false);
    EXPECT_EQ(now(0, first), how_it_is::open);
    EXPECT_EQ(now(1, second), how_it_is::open);
    auto const third = of(2).arrive(fence_tag, false);
    EXPECT_EQ(now(2, third), how_it_is::met);
    EXPECT_EQ(now(1, second), how_it_is::met);
    EXPECT_EQ(now(0, first), how_it_is::met);
}

TEST_F(Arrivals, AreMetForTheLateWhenOthersAreInTheNext) {
    auto const late = of(0).arrive(fence_tag, false);
    for (int const rank : {1, 2}) {
        EXPECT_NE(of(rank).arrive(fence_tag, false), 0U);
    }
    EXPECT_EQ(arrivals::number_of(of(1).arrive(other_tag, true)), 2U);
    EXPECT_EQ(now(0, late), how_it_is::met);
}

TEST_F(Arrivals, OfAnyoneAtTheCentreTakeAllThere) {
    for (int centre = 0; centre < n; ++centre) {
        std::array<std::uint64_t, n> words{};
        for (int rank = 0; rank < n; ++rank) {
            words.at(static_cast<std::size_t>(rank)) = of(rank).arrive(fence_tag, rank == centre);
        }
        for (int rank = 0; rank < n; ++rank) {
            if (rank == centre) continue;
            EXPECT_EQ(now(rank, words.at(static_cast<std::size_t>(rank))), how_it_is::differs)
                << rank << " and " << centre;
        }
    }
}

TEST_F(Arrivals, InAnotherCallTakeAllToTheCentre) {
    for (int different = 0; different < n; ++different) {
        std::array<std::uint64_t, n> words{};
        for (int rank = 0; rank < n; ++rank) {
            words.at(static_cast<std::size_t>(rank)) =
                of(rank).arrive(rank == different ? other_tag : fence_tag, false);
        }
        for (int rank = 0; rank < n; ++rank) {
            EXPECT_EQ(now(rank, words.at(static_cast<std::size_t>(rank))), how_it_is::differs)
                << rank << " and " << different;
        }
    }
}

TEST_F(Arrivals, AreDecidedOnce) {
    auto const mine = of(0).arrive(fence_tag, false);
    auto const theirs = of(1).arrive(fence_tag, false);
    of(0).abandon(mine); // rank 2
    EXPECT_EQ(now(0, mine), how_it_is::abandoned);
    EXPECT_EQ(now(1, theirs), how_it_is::abandoned);
    EXPECT_EQ(of(2).arrive(fence_tag, false), 0U) << "it is too late";
    EXPECT_EQ(of(2).arrive(fence_tag, false), 0U) << "for ever";
    EXPECT_EQ(of(1).mine().load(), theirs) << "who has come has come";
}

// Rank 1 is in the next meeting already; rank 0 only now sees that somebody is missing.
TEST_F(Arrivals, OfWhoIsFurtherAreLeftAlone) {
    auto const mine = of(0).arrive(fence_tag, false);
    for (int const rank : {1, 2}) {
        EXPECT_NE(of(rank).arrive(fence_tag, false), 0U);
    }
    auto const next = of(1).arrive(fence_tag, false);
    of(0).abandon(mine);
    EXPECT_EQ(of(1).mine().load(), next);
    EXPECT_EQ(now(0, mine), how_it_is::met);
    EXPECT_EQ(now(1, next), how_it_is::open);
}

TEST_F(Arrivals, OfAllCannotBeAbandoned) {
    auto const mine = of(0).arrive(fence_tag, false);
    for (int const rank : {1, 2}) {
        EXPECT_NE(of(rank).arrive(fence_tag, false), 0U);
    }
    of(0).abandon(mine);
    EXPECT_EQ(now(0, mine), how_it_is::met);
    EXPECT_NE(of(1).arrive(fence_tag, false), 0U);
}

// Rank 1 is in the next meeting, in which it finds that rank 2 does not come any more.
TEST_F(Arrivals, AbandonedInTheNextMeetingWereThereInThisOne) {
    auto const late = of(0).arrive(fence_tag, false);
    for (int const rank : {1, 2}) {
        EXPECT_NE(of(rank).arrive(fence_tag, false), 0U);
    }
    auto const next = of(1).arrive(fence_tag, false);
    of(1).abandon(next);
    EXPECT_EQ(now(0, late), how_it_is::met) << "though its own word is abandoned there, too";
    EXPECT_EQ(of(0).arrive(fence_tag, false), 0U);
    EXPECT_EQ(now(1, next), how_it_is::abandoned);
}

TEST_F(Arrivals, NumbersMayWrap) {
    begin_with(0xffff'fffeU);
    for (std::uint32_t const expected : {0xffff'ffffU, 0U, 1U}) {
        auto const first = of(0).arrive(fence_tag, false);
        EXPECT_EQ(arrivals::number_of(first), expected);
        EXPECT_EQ(now(0, first), how_it_is::open) << expected;
        EXPECT_EQ(of(0).last_number(), expected);
        auto const second = of(1).arrive(fence_tag, false);
        EXPECT_EQ(now(1, second), how_it_is::open) << expected;
        EXPECT_EQ(of(2).last_number(), expected) << "of a rank that has not come";
        EXPECT_NE(of(2).arrive(fence_tag, false), 0U);
        EXPECT_EQ(now(0, first), how_it_is::met) << expected;
        EXPECT_EQ(now(1, second), how_it_is::met) << expected;
    }
}

TEST_F(Arrivals, OfTheLateAreAbandonedAcrossTheWrap) {
    begin_with(0xffff'ffffU);
    auto const mine = of(0).arrive(fence_tag, false);
    of(0).abandon(mine);
    EXPECT_EQ(now(0, mine), how_it_is::abandoned);
    EXPECT_EQ(of(1).arrive(fence_tag, false), 0U);
}

TEST_F(Arrivals, WakeThoseWhoSleep) {
    for (bool const at_centre : {false, true}) {
        test::sleeper const asleep(pages.meeting_state().bell);
        EXPECT_NE(of(1).arrive(fence_tag, at_centre), 0U);
        EXPECT_TRUE(asleep.wakes_up()) << at_centre;
    }
    test::sleeper const asleep(pages.meeting_state().bell);
    of(1).abandon(of(1).mine().load());
    EXPECT_TRUE(asleep.wakes_up()) << "it waits for what does not come any more";
}

TEST_F(Arrivals, SayWhoIsInTheMeeting) {
    EXPECT_FALSE(of(0).is_in(0, 0)) << "there was none yet";
    auto const mine = of(1).arrive(fence_tag, false);
    EXPECT_EQ(of(0).last_number(), 1U);
    EXPECT_TRUE(of(0).is_in(1, 1));
    EXPECT_FALSE(of(0).is_in(0, 1));
    of(1).abandon(mine);
    EXPECT_FALSE(of(2).is_in(0, 1)) << "abandoned";
    of(1).withdraw(mine);
    EXPECT_FALSE(of(2).is_in(1, 1)) << "it gave up";
}

} // namespace
} // namespace shmwin
