// SPDX-License-Identifier: MIT
#include "shmwin/sync/barrier.hpp"
#include "shmwin/sync/deadline.hpp"

#include "support/barrier_fixture.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <thread>

namespace shmwin {
namespace {

using namespace test;
using detail::deadline_after;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

// What meeting throws; nothing if it is met.
template <typename Call>
error_info broken_by(Call const& call) {
    try {
        call();
    } catch (barrier_broken const& thrown) {
        return thrown.info();
    } catch (error const& other) {
        ADD_FAILURE() << "another error: " << other.what();
    }
    return {};
}

wait_policy spinning() {
    wait_policy how;
    how.spin = 2000; // the lowest member leads
    how.yield = 20;
    return how;
}

// --- who its members are -------------------------------------------------------------------------

struct BarrierMembers : testing::Test {
    barrier_world world;

    [[nodiscard]] error_info error_of(std::vector<int> const& members) const {
        try {
            world.make(members);
        } catch (argument_error const& thrown) {
            return thrown.info();
        }
        return {};
    }
};

TEST_F(BarrierMembers, NoneIsRefused) {
    EXPECT_THAT(error_of({}).text, HasSubstr("no ranks are given"));
}

TEST_F(BarrierMembers, ARankThatIsNoneIsNamed) {
    EXPECT_THAT(error_of({0, 8}).text, HasSubstr("no such rank (8; the ranks are 0 to 7)"));
    EXPECT_THAT(error_of({-1}).text, HasSubstr("no such rank (-1"));
}

TEST_F(BarrierMembers, TheSameTwiceIsNamed) {
    EXPECT_THAT(error_of({3, 1, 3}).text, HasSubstr("rank 3 is given twice"));
}

TEST_F(BarrierMembers, OtherRanksAreRefused) {
    world.make({1, 4});
    try {
        world.meet(2);
        FAIL() << "the call returned";
    } catch (argument_error const& thrown) {
        EXPECT_EQ(thrown.code(), errc::invalid_argument);
        EXPECT_THAT(thrown.what(), HasSubstr("rank 2 is not among 1, 4"));
    }
    EXPECT_FALSE(detail::is_broken(world.state().state));
}

TEST(BarrierBytes, AreEnoughForABitEach) {
    for (int const n : {1, 64, 65, 1536, 1537, 32767}) {
        auto const n_bytes = detail::barrier_bytes(n);
        EXPECT_GE(n_bytes, sizeof(detail::barrier_state) + static_cast<std::size_t>(n + 7) / 8);
        EXPECT_EQ(n_bytes % sizeof(detail::barrier_state), 0U);
    }
}

TEST(BarrierBytes, HoldTheHighestRankOfMany) {
    constexpr int n_ranks = 5000;
    std::vector<detail::barrier_state> room(detail::barrier_bytes(n_ranks)
                                            / sizeof(detail::barrier_state));
    detail::make_barrier(room.data(), n_ranks, std::vector{4999, 64});
    auto const members = room.front().members();
    EXPECT_TRUE(detail::contains(members, 4999));
    EXPECT_TRUE(detail::contains(members, 64));
    EXPECT_FALSE(detail::contains(members, 4998));
    EXPECT_FALSE(detail::contains(members, 0));
    EXPECT_EQ(room.front().n_members, 2U);
    EXPECT_EQ(room.front().lowest_member, 64);
}

// --- meeting -------------------------------------------------------------------------------------

struct Barrier : testing::TestWithParam<bool> {
    barrier_world world{GetParam() ? spinning() : shared_pages::policy()};

    // What each wrote before a meeting is there for all after it.
    static void meet_often(barrier_world const& world, int rank, int n, int n_rounds) {
        for (int round = 0; round < n_rounds; ++round) {
            world.state().plain.at(static_cast<std::size_t>(rank)) = round;
            world.meet(rank);
            for (std::size_t other = 0; other < static_cast<std::size_t>(n); ++other) {
                ASSERT_EQ(world.state(via_of(1)).plain.at(other), round);
            }
            world.meet(rank);
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Waiting, Barrier, testing::Bool(), [](auto const& how) {
    return how.param ? "Spinning" : "Sleeping";
});

TEST_P(Barrier, OfOneNeverWaits) {
    world.make({5});
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(world.meet(5));
    }
}

TEST_P(Barrier, PublishesWhatThreadsWroteBefore) {
    for (int const n : {2, 3, 8}) {
        world.make_first(n);
        auto const n_rounds = 300 * soak_factor();
        as_threads(n, [&](int rank) { meet_often(world, rank, n, n_rounds); });
        EXPECT_EQ(world.state().state.fate.word, static_cast<std::uint32_t>(4 * n_rounds));
    }
}

TEST_P(Barrier, PublishesWhatProcessesWroteBefore) {
    SHMWIN_NEEDS_FORK();
    for (int const n : {2, 4, 8}) {
        barrier_world const own(world.how);
        own.make_first(n);
        EXPECT_TRUE(as_processes(own.pages, n, [&](int rank) {
            meet_often(own, rank, n, 300 * soak_factor());
            return !testing::Test::HasFailure();
        }));
    }
}

TEST_P(Barrier, OfSomeDoesNotWaitForTheRest) {
    world.make({1, 6});
    as_threads(2, [&](int i) {
        for (int round = 0; round < 100; ++round) {
            EXPECT_TRUE(world.meet(i == 0 ? 1 : 6));
        }
    });
}

TEST_P(Barrier, LetsNobodyPassBeforeTheLast) {
    world.make_first(3);
    std::atomic<int> n_passed{0};
    std::thread first([&] { n_passed += world.meet(0) ? 1 : 0; });
    std::thread second([&] { n_passed += world.meet(1) ? 1 : 0; });
    // Both sleep: they would have passed.
    EXPECT_TRUE(eventually([&] { return world.state().state.fate.n_sleepers == 2; }));
    EXPECT_EQ(n_passed, 0);
    EXPECT_TRUE(world.meet(2));
    first.join();
    second.join();
    EXPECT_EQ(n_passed, 2);
}

// Those who wait look again by themselves, now and then; this one does not.
TEST_P(Barrier, WakesASleeperAtOnce) {
    world.make({3});
    sleeper const sleeps(world.state().state.fate);
    EXPECT_TRUE(world.meet(3));
    EXPECT_TRUE(sleeps.wakes_up());
}

TEST_P(Barrier, WakesASleeperAtOnceWhenItBreaks) {
    world.make({3, 4});
    sleeper const sleeps(world.state().state.fate);
    EXPECT_FALSE(world.meet(3, steady_clock::now()));
    EXPECT_TRUE(sleeps.wakes_up());
}

TEST_P(Barrier, GoesOnWhenItsCountsWrapAround) {
    world.make_first(2);
    auto& state = world.state().state;
    state.fate.word = 0xffff'fffc; // two meetings before
    state.arrivals = state.arrivals_before = UINT64_MAX - 2;
    as_threads(2, [&](int rank) { meet_often(world, rank, 2, 3); });
    EXPECT_EQ(state.fate.word, 8U);
}

// --- deadlines -----------------------------------------------------------------------------------

TEST_P(Barrier, IsMetBeforeADeadline) {
    world.make_first(2);
    as_threads(2, [&](int rank) { EXPECT_TRUE(world.meet(rank, deadline_after(1min))); });
    EXPECT_FALSE(detail::is_broken(world.state().state));
}

TEST_P(Barrier, AMemberThatGivesUpBreaksItForAll) {
    world.make_first(3);
    error_info seen;
    std::thread waits([&] { seen = broken_by([&] { world.meet(0); }); });
    auto const until = deadline_after(20ms);
    EXPECT_FALSE(world.meet(1, until));
    EXPECT_GE(steady_clock::now(), until);
    waits.join();
    EXPECT_EQ(seen.code, errc::barrier_broken);
    EXPECT_EQ(seen.rank, 1);
    EXPECT_THAT(
        seen.text,
        HasSubstr("barrier::arrive_and_wait cannot be met (rank 1 gave up at its deadline)"));
    // For good: for who comes late, and for who gave up.
    for (int rank = 0; rank < 3; ++rank) {
        EXPECT_EQ(broken_by([&] { world.meet(rank); }).text, seen.text);
    }
}

TEST_P(Barrier, ADeadlineThatHasPassedIsEnoughForTheLast) {
    world.make_first(2);
    std::thread waits([&] { EXPECT_TRUE(world.meet(0)); });
    EXPECT_TRUE(eventually([&] { return world.state().state.arrivals == 1; }));
    EXPECT_TRUE(world.meet(1, steady_clock::now() - 1s));
    waits.join();
}

TEST_P(Barrier, IsMetByAllOrNoneWhenDeadlinesPass) {
    auto const n_rounds = 300 * soak_factor();
    for (int round = 0; round < n_rounds; ++round) {
        world.make_first(3);
        std::array<std::atomic<int>, 3> n_met{};
        as_threads(3, [&](int rank) {
            auto& mine = n_met.at(static_cast<std::size_t>(rank));
            try {
                while (mine < 20 && world.meet(rank, deadline_after(round % 50 * 4us))) {
                    ++mine;
                }
            } catch (barrier_broken const&) { // by another one
            }
        });
        ASSERT_EQ(n_met[0], n_met[1]);
        ASSERT_EQ(n_met[0], n_met[2]);
    }
}

// --- members that are missing --------------------------------------------------------------------

TEST_P(Barrier, AMemberThatLeftIsNamedByAllNowAndLater) {
    world.make_first(4);
    std::array<error_info, 3> seen;
    std::thread leaver([&] {
        EXPECT_TRUE(eventually([&] { return world.state().state.arrivals >= 2; }));
        world.pages.meeting(3, world.how).leave("fence", "it threw");
    });
    as_threads(3, [&](int rank) {
        seen.at(static_cast<std::size_t>(rank)) = broken_by([&] { world.meet(rank); });
    });
    leaver.join();
    for (auto const& each : seen) {
        EXPECT_EQ(each.rank, 3);
        EXPECT_THAT(each.text, HasSubstr("rank 3 left (in fence: it threw)"));
    }
    EXPECT_EQ(broken_by([&] { world.meet(0); }).text, seen[0].text);
    EXPECT_TRUE(detail::is_broken(world.state().state));
}

TEST_P(Barrier, AllWhoAreMissingAreNamed) {
    SHMWIN_NEEDS_FORK();
    world.make_first(5);
    { // gone without a word
        child const dead([&] {
            world.pages.who(2).attach();
            world.count(0) = 1;
            ::pause();
            return true;
        });
        ASSERT_TRUE(eventually([&] { return world.count(0) == 1; }));
    }
    world.pages.meeting(4, world.how).leave("fence", "it threw");
    auto const seen = broken_by([&] { world.meet(0); });
    EXPECT_THAT(seen.text, HasSubstr("rank 4 left (in fence: it threw)"));
    EXPECT_THAT(seen.text, HasSubstr("rank 2 is gone (its process died)"));
    EXPECT_THAT(seen.text, AllOf(Not(HasSubstr("rank 1")), Not(HasSubstr("rank 3"))));
    EXPECT_EQ(seen.rank, 4) << "that was known without a look";
    EXPECT_EQ(broken_by([&] { world.meet(3); }).rank, 4) << "the same for all";
}

TEST_P(Barrier, WhoClosedIsMissingToo) {
    world.make_first(2);
    world.pages.who(1).close();
    EXPECT_THAT(broken_by([&] { world.meet(0); }).text, HasSubstr("rank 1 closed the segment"));
}

TEST_P(Barrier, RanksThatAreNoMembersMayLeave) {
    world.make({0, 2});
    world.pages.meeting(1, world.how).leave("fence", "it threw");
    as_threads(2, [&](int i) { EXPECT_TRUE(world.meet(2 * i)); });
}

// The first meeting was met before the second one broke, whoever looks late.
TEST_P(Barrier, AMeetingThatWasMetStaysMet) {
    auto const n_rounds = 100 * soak_factor();
    for (int round = 0; round < n_rounds; ++round) {
        world.make_first(4);
        std::atomic<int> n_met{0};
        as_threads(4, [&](int rank) {
            if (!world.meet(rank)) return;
            ++n_met;
            if (rank != 1) return;
            EXPECT_FALSE(world.meet(rank, steady_clock::now() - 1s));
        });
        ASSERT_EQ(n_met, 4);
    }
}

} // namespace
} // namespace shmwin
