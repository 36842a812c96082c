// SPDX-License-Identifier: MIT
#include "shmwin/sync/participants.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <thread>
#include <type_traits>

namespace shmwin {
namespace {

using test::child;

// Part of the segment's layout.
static_assert(offsetof(participant_slot, state) == 0);
static_assert(offsetof(participant_slot, pid) == 4);
static_assert(offsetof(participant_slot, start_time) == 8);
static_assert(offsetof(participant_slot, pid_namespace) == 16);
static_assert(offsetof(participant_slot, call) == 64);
static_assert(offsetof(participant_slot, text) == 128);
static_assert(std::is_trivially_copyable_v<participants>, "a handle is cheap to copy");

struct Participants : testing::Test {
    static constexpr int n = 3;
    test::shared_object<std::array<participant_slot, n>> slots;

    [[nodiscard]] participants as(int rank) const { return {*slots, rank}; }

    // A child that attaches as `rank`, then sleeps until it is killed.
    [[nodiscard]] child attached(int rank) const {
        child made([&] {
            as(rank).attach();
            for (;;) {
                ::pause();
            }
            return true;
        });
        EXPECT_TRUE(
            test::eventually([&] { return as(0).state(rank) == participant_state::active; }));
        return made;
    }
};

TEST_F(Participants, AreAbsentAndNotMissingAtFirst) {
    EXPECT_EQ(as(0).size(), n);
    EXPECT_EQ(as(2).self(), 2);
    for (int rank = 0; rank < n; ++rank) {
        EXPECT_EQ(as(0).state(rank), participant_state::absent);
        EXPECT_TRUE(as(0).alive(rank, true));
    }
    EXPECT_FALSE(as(0).missing(true));
}

TEST_F(Participants, ThatAttachAreActive) {
    as(1).attach();
    EXPECT_EQ(as(0).state(1), participant_state::active);
    EXPECT_TRUE(as(0).alive(1, true));
    EXPECT_EQ((*slots)[1].pid, ::getpid());
    EXPECT_EQ(as(0).state(0), participant_state::absent) << "only the caller's slot";
}

TEST_F(Participants, ThatCloseAreNotMissing) {
    as(1).attach();
    as(1).close();
    EXPECT_EQ(as(0).state(1), participant_state::closed);
    EXPECT_FALSE(as(0).alive(1, false));
    EXPECT_FALSE(as(0).missing(true));
}

TEST_F(Participants, ThatLeaveAreMissingWithCallAndText) {
    as(2).attach();
    EXPECT_TRUE(as(2).leave("create_array", "a bug"));
    EXPECT_FALSE(as(0).alive(2, false));
    auto const who = as(0).missing(false);
    ASSERT_TRUE(who);
    EXPECT_EQ(who->rank, 2);
    EXPECT_EQ(who->how, participant_state::left);
    EXPECT_EQ(who->call, "create_array");
    EXPECT_EQ(who->text, "a bug");
}

TEST_F(Participants, LeaveOnceAndOnlyWhenActive) {
    EXPECT_FALSE(as(0).leave("fence", "not attached"));
    EXPECT_EQ(as(0).state(0), participant_state::absent);
    as(0).attach();
    EXPECT_TRUE(as(0).leave("fence", "first"));
    EXPECT_FALSE(as(0).leave("close", "second"));
    EXPECT_EQ(as(1).missing(false)->text, "first");
    as(0).close();
    EXPECT_EQ(as(1).state(0), participant_state::left) << "who left cannot close";
    as(1).attach();
    as(1).close();
    EXPECT_FALSE(as(1).leave("close", "after it"));
    EXPECT_EQ(as(1).state(1), participant_state::closed);
}

TEST_F(Participants, CutCallAndTextToTheirFields) {
    as(0).attach();
    std::string const call(1000, 'c');
    std::string const text(1000, 't');
    EXPECT_TRUE(as(0).leave(call, text));
    auto const who = as(1).missing(false);
    ASSERT_TRUE(who);
    EXPECT_EQ(who->call, std::string(63, 'c'));
    EXPECT_EQ(who->text, std::string(383, 't'));
}

TEST_F(Participants, TextsThatFillTheirFieldsAreWhole) {
    as(0).attach();
    EXPECT_TRUE(as(0).leave(std::string(63, 'c'), std::string(383, 't')));
    EXPECT_EQ(as(1).missing(false)->call.size(), 63U);
    EXPECT_EQ(as(1).missing(false)->text.size(), 383U);
}

TEST_F(Participants, TheLowestMissingOneIsNamed) {
    for (int rank = 0; rank < n; ++rank) {
        as(rank).attach();
    }
    EXPECT_TRUE(as(2).leave("fence", "two"));
    EXPECT_TRUE(as(1).leave("fence", "one"));
    EXPECT_EQ(as(0).missing(false)->rank, 1);
}

TEST_F(Participants, ThatDieAreFoundByALookAndOnlyThen) {
    SHMWIN_NEEDS_FORK();
    auto const other = attached(1);
    EXPECT_FALSE(as(0).missing(true));
    other.kill();
    other.wait_for_zombie();
    EXPECT_FALSE(as(0).missing(false)) << "nobody looked";
    EXPECT_TRUE(as(0).alive(1, false));
    auto const who = as(0).missing(true);
    ASSERT_TRUE(who);
    EXPECT_EQ(who->rank, 1);
    EXPECT_EQ(who->how, participant_state::died);
    EXPECT_EQ(as(2).state(1), participant_state::died);
    EXPECT_TRUE(as(2).missing(false)) << "the finder marked it for all";
}

TEST_F(Participants, ThatCloseAndEndAreNotTakenForDead) {
    SHMWIN_NEEDS_FORK();
    child other([&] {
        as(1).attach();
        as(1).close();
        return true;
    });
    EXPECT_EQ(other.wait(), 0);
    EXPECT_FALSE(as(0).missing(true));
    EXPECT_EQ(as(0).state(1), participant_state::closed);
}

TEST_F(Participants, ThatLeftAreGoneOnlyWhenTheirProcessIs) {
    SHMWIN_NEEDS_FORK();
    EXPECT_FALSE(as(0).gone(1)) << "absent";
    child other([&] {
        as(1).attach();
        as(1).leave("fence", "an exception");
        ::pause();
        return true;
    });
    ASSERT_TRUE(test::eventually([&] { return as(0).state(1) == participant_state::left; }));
    EXPECT_FALSE(as(0).gone(1));
    other.kill();
    other.wait_for_zombie();
    EXPECT_TRUE(as(0).gone(1));
    EXPECT_EQ(as(0).state(1), participant_state::left) << "why it left is not forgotten";
}

TEST_F(Participants, AThreadThatAttachedAndEndedIsNotDead) {
    std::thread([&] { as(1).attach(); }).join();
    EXPECT_TRUE(as(0).alive(1, true));
    EXPECT_FALSE(as(0).missing(true));
}

TEST_F(Participants, DescribeNamesRankCallAndText) {
    auto const left =
        participants::describe({2, participant_state::left, "create_array", "no room"});
    EXPECT_EQ(left.code, errc::peer_left);
    EXPECT_EQ(left.rank, 2);
    EXPECT_EQ(left.text, "rank 2 left (in create_array: no room)");
    auto const died = participants::describe({3, participant_state::died, {}, {}});
    EXPECT_EQ(died.code, errc::peer_left);
    EXPECT_EQ(died.rank, 3);
    EXPECT_EQ(died.text, "rank 3 is gone (its process died)");
}

} // namespace
} // namespace shmwin
