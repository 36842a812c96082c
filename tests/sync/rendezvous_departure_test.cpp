// SPDX-License-Identifier: MIT
// Meetings that cannot be met: a rank left, or died.
#include "shmwin/base/error.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using detail::meeting_values;
using detail::rendezvous;
using std::chrono::steady_clock;
using test::child;
using testing::AllOf;
using testing::HasSubstr;

// The peer_left that a meeting ended with; nothing if it did not.
std::optional<error_info> missed(rendezvous const& meeting, collective_call const& call) {
    try {
        meeting.meet(call);
    } catch (peer_left const& failed) {
        return failed.info();
    }
    return std::nullopt;
}

struct RendezvousDeparture : testing::Test {
    static constexpr int n = 4;
    test::shared_pages pages{{.capacity = 4096, .n_ranks = n}};
    std::array<std::optional<error_info>, n> got;
    // Ranks that wait; in pages that children see too.
    test::shared_object<std::atomic<int>> n_waiting;

    static_assert(sizeof(detail::waitable) == 8);

    // Rank `rank` waits in a fence for what does not come.
    void wait_in_fence(int rank, wait_policy policy = test::shared_pages::policy()) {
        policy.progress_context = &*n_waiting;
        policy.progress = [](void* count) {
            thread_local bool counted = false;
            if (!counted) ++*static_cast<std::atomic<int>*>(count);
            counted = true;
        };
        got.at(static_cast<std::size_t>(rank)) =
            missed(pages.meeting(rank, policy), {operation::fence});
    }
    [[nodiscard]] bool all_wait(int how_many) const {
        return test::eventually([&] { return n_waiting->load() == how_many; });
    }
    void expect_all_but(int who, std::string const& text) const {
        for (int rank = 0; rank < n; ++rank) {
            auto const& mine = got.at(static_cast<std::size_t>(rank));
            if (rank == who) continue;
            ASSERT_TRUE(mine) << rank;
            EXPECT_EQ(mine->code, errc::peer_left);
            EXPECT_EQ(mine->rank, who);
            EXPECT_TRUE(mine->agreed);
            EXPECT_EQ(mine->text, text);
        }
    }
};

TEST_F(RendezvousDeparture, BeforeTheOthersCome) {
    pages.meeting(2).leave("create_array", "a bug");
    test::as_threads(n, [&](int rank) {
        if (rank != 2) wait_in_fence(rank);
    });
    expect_all_but(2, "fence cannot be met (rank 2 left (in create_array: a bug))");
}

TEST_F(RendezvousDeparture, WhileTheOthersWait) {
    // Whatever else the machine does: one of three tries is as quick as promised.
    auto quickest = steady_clock::duration::max();
    for (int attempt = 0; attempt < 3; ++attempt) {
        test::shared_pages const fresh({.capacity = 4096, .n_ranks = n});
        std::atomic<int> n_missed{0};
        steady_clock::time_point left;
        std::mutex one_at_a_time;
        auto longest = steady_clock::duration::zero();
        test::as_threads(n, [&](int rank) {
            if (rank == 1) {
                // Somebody is asleep.
                auto& state = fresh.meeting_state();
                EXPECT_TRUE(
                    test::eventually([&] { return state.generation.n_sleepers.load() == n - 1; }));
                left = steady_clock::now();
                fresh.meeting(1).leave("fence", "an exception");
                return;
            }
            auto const mine = missed(fresh.meeting(rank), {operation::fence});
            ASSERT_TRUE(mine);
            EXPECT_EQ(mine->text, "fence cannot be met (rank 1 left (in fence: an exception))");
            std::lock_guard const hold(one_at_a_time);
            ++n_missed;
            longest = std::max(longest, steady_clock::now() - left);
        });
        EXPECT_EQ(n_missed, n - 1);
        quickest = std::min(quickest, longest);
    }
    EXPECT_LT(quickest, std::chrono::seconds(1));
}

TEST_F(RendezvousDeparture, SaysTheCallThatCannotBeMet) {
    pages.meeting(0).leave("after create_array", "it returned");
    std::array<std::int64_t, 2> const extents{3, 4};
    auto const mine =
        missed(pages.meeting(1), {operation::create_array, "u", "float64", extents, 0});
    ASSERT_TRUE(mine);
    EXPECT_THAT(mine->text,
                AllOf(HasSubstr("create_array(\"u\", float64, 3 x 4) cannot be met"),
                      HasSubstr("rank 0 left (in after create_array: it returned)")));
}

TEST_F(RendezvousDeparture, IsFinal) {
    pages.meeting(2).leave("fence", "a bug");
    for (int i = 0; i < 3; ++i) {
        for (int const rank : {0, 1, 3}) {
            EXPECT_TRUE(missed(pages.meeting(rank), {operation::fence}));
        }
    }
}

// The arrivals' count has 15 bits: attempts after the end must not run over into its neighbours.
TEST_F(RendezvousDeparture, IsFinalHoweverOftenOthersTry) {
    pages.meeting(2).leave("fence", "a bug");
    auto const meeting = pages.meeting(0);
    for (int i = 0; i < 70'000; ++i) {
        auto const mine = missed(meeting, {operation::fence});
        ASSERT_TRUE(mine) << i;
        if (i % 10'000 == 0) {
            ASSERT_EQ(mine->rank, 2) << i;
        }
    }
    auto const& state = pages.meeting_state();
    EXPECT_EQ(state.arrivals & 0x7fffU, 0U) << "who cannot meet has not arrived";
}

TEST_F(RendezvousDeparture, AsAgreedIsNone) {
    test::as_threads(n, [&](int rank) {
        pages.meeting(rank).meet({operation::close});
        pages.who(rank).close();
        pages.meeting(rank).leave("close", "too late");
    });
    EXPECT_FALSE(pages.who(0).missing(true));
}

// A rank that throws makes the others throw, and they leave too. All must name the first.
TEST_F(RendezvousDeparture, OfTheFirstIsNamedEvenIfLowerRanksFollow) {
    pages.meeting(3).leave("fence", "the cause");
    for (int const rank : {0, 2, 1}) {
        wait_in_fence(rank);
        pages.meeting(rank).leave("fence", "a consequence");
    }
    expect_all_but(3, "fence cannot be met (rank 3 left (in fence: the cause))");
    try {
        pages.meeting(1).check_peers({operation::fence}, true);
        FAIL() << "somebody is missing";
    } catch (peer_left const& failed) {
        EXPECT_EQ(failed.rank(), 3);
    }
}

TEST_F(RendezvousDeparture, OfTheFirstIsNamedEvenIfNobodyLookedBetween) {
    pages.meeting(3).leave("fence", "the first");
    pages.meeting(0).leave("fence", "the second");
    auto const mine = missed(pages.meeting(1), {operation::fence});
    ASSERT_TRUE(mine);
    EXPECT_EQ(mine->rank, 3);
    EXPECT_THAT(mine->text, HasSubstr("the first"));
}

TEST_F(RendezvousDeparture, WakesEverySleeperInTheSegment) {
    auto& state = pages.meeting_state();
    auto const lines = pages.where().as<detail::parking_line>(detail::section_id::parking_lot);
    test::sleeper const in_meeting(state.generation);
    test::sleeper const on_first(lines.front().sequence);
    test::sleeper const on_last(lines.back().sequence);
    pages.meeting(1).leave("fence", "a bug");
    EXPECT_TRUE(in_meeting.wakes_up());
    EXPECT_TRUE(on_first.wakes_up());
    EXPECT_TRUE(on_last.wakes_up());
}

TEST_F(RendezvousDeparture, ByDeathIsNamedEvenIfLowerRanksFollow) {
    SHMWIN_NEEDS_FORK();
    child doomed([&] {
        pages.who(3).attach();
        return true;
    });
    EXPECT_EQ(doomed.wait(), 0);
    for (int const rank : {0, 2, 1}) {
        wait_in_fence(rank);
        pages.meeting(rank).leave("fence", "a consequence");
    }
    expect_all_but(3, "fence cannot be met (rank 3 is gone (its process died))");
}

// Rank 0 is slow: it first looks when the number that arrived seems to be full again.
TEST_F(RendezvousDeparture, AWaiterIsNotMisledByAttemptsAfterIt) {
    struct slow {
        std::atomic<bool> waits{false};
        std::atomic<bool> may_go{false};
        steady_clock::time_point end{};
    } rank_0;
    auto policy = test::shared_pages::policy();
    policy.progress_context = &rank_0;
    policy.progress = [](void* context) {
        auto& each = *static_cast<slow*>(context);
        each.waits = true;
        if (!test::eventually([&] { return each.may_go.load(); })) throw std::runtime_error("late");
        if (each.end == steady_clock::time_point{}) {
            each.end = steady_clock::now() + std::chrono::seconds(20);
        }
        if (steady_clock::now() > each.end) throw std::runtime_error("the wait did not end");
    };
    std::thread waiter([&] {
        try {
            got[0] = missed(pages.meeting(0, policy), {operation::fence});
        } catch (std::exception const& failed) {
            ADD_FAILURE() << failed.what();
        }
    });
    ASSERT_TRUE(test::eventually([&] { return rank_0.waits.load(); }));
    pages.meeting(2).leave("fence", "a bug");
    for (int const rank : {1, 3, 1}) { // with rank 0, as many as there are ranks
        got.at(static_cast<std::size_t>(rank)) = missed(pages.meeting(rank), {operation::fence});
    }
    rank_0.may_go = true;
    waiter.join();
    expect_all_but(2, "fence cannot be met (rank 2 left (in fence: a bug))");
}

TEST_F(RendezvousDeparture, ChecksOfOtherWaitsFindIt) {
    auto const meeting = pages.meeting(0);
    EXPECT_NO_THROW(meeting.check_peers({operation::fence}, true));
    pages.meeting(1).leave("fence", "a bug");
    EXPECT_THROW(meeting.check_peers({operation::create_value, "n"}, false), peer_left);
}

TEST_F(RendezvousDeparture, WakesThoseInTheParkingLot) {
    std::thread waiter([&] {
        auto const meeting = pages.meeting(0);
        auto policy = test::shared_pages::policy();
        auto const check = [&](bool look) { meeting.check_peers({operation::fence}, look); };
        EXPECT_THROW(pages.lot().park(
                         7, policy, [] { return false; }, check),
                     peer_left);
    });
    pages.meeting(1).leave("fence", "a bug");
    waiter.join();
}

TEST_F(RendezvousDeparture, ByDeathWhileTheOthersWait) {
    SHMWIN_NEEDS_FORK();
    auto quickest = steady_clock::duration::max();
    for (int attempt = 0; attempt < 3; ++attempt) {
        test::shared_pages const fresh({.capacity = 4096, .n_ranks = n});
        test::shared_object<std::atomic<int>> ready;
        auto& state = fresh.meeting_state();
        std::vector<child> waiters;
        for (int const rank : {0, 1, 3}) {
            waiters.emplace_back([&, rank] {
                fresh.who(rank).attach();
                ++*ready;
                auto const mine = missed(fresh.meeting(rank), {operation::fence});
                return mine && mine->rank == 2
                       && mine->text == "fence cannot be met (rank 2 is gone (its process died))";
            });
        }
        child doomed([&] {
            fresh.who(2).attach();
            ++*ready;
            for (;;) {
                ::pause();
            }
            return true;
        });
        ASSERT_TRUE(test::eventually(
            [&] { return ready->load() == n && state.generation.n_sleepers.load() == n - 1; }));
        auto const before = steady_clock::now();
        doomed.kill();
        for (auto& each : waiters) {
            EXPECT_EQ(each.wait(), 0);
        }
        quickest = std::min(quickest, steady_clock::now() - before);
    }
    EXPECT_LT(quickest, std::chrono::seconds(1));
}

// It had arrived already: this meeting may still succeed, the next one cannot.
TEST_F(RendezvousDeparture, ByDeathInTheMeetingItself) {
    SHMWIN_NEEDS_FORK();
    child const doomed([&] {
        pages.who(3).attach();
        pages.meeting(3).meet({operation::fence});
        return true;
    });
    auto& state = pages.meeting_state();
    ASSERT_TRUE(test::eventually([&] { return state.generation.n_sleepers.load() == 1; }));
    doomed.kill();
    doomed.wait_for_zombie();
    test::as_threads(3, [&](int rank) {
        auto const meeting = pages.meeting(rank);
        auto mine = missed(meeting, {operation::fence});
        if (!mine) mine = missed(meeting, {operation::fence});
        got.at(static_cast<std::size_t>(rank)) = mine;
    });
    expect_all_but(3, "fence cannot be met (rank 3 is gone (its process died))");
}

TEST_F(RendezvousDeparture, ByDeathInTheCompletion) {
    SHMWIN_NEEDS_FORK();
    test::shared_object<std::atomic<bool>> completing;
    child const doomed([&] {
        pages.who(3).attach();
        *completing = true;
        // The last to come: the others sleep.
        auto& state = pages.meeting_state();
        if (!test::eventually([&] { return state.generation.n_sleepers.load() == 3; })) {
            return false;
        }
        pages.meeting(3).meet({operation::create_array}, nullptr, [&](meeting_values&) {
            for (;;) {
                ::pause();
            }
        });
        return true;
    });
    ASSERT_TRUE(test::eventually([&] { return completing->load(); }));
    std::thread killer([&] {
        auto& arrivals = pages.meeting_state().arrivals;
        EXPECT_TRUE(test::eventually([&] { return (arrivals.load() & 0x7fffU) == n; }));
        doomed.kill();
    });
    test::as_threads(3, [&](int rank) {
        got.at(static_cast<std::size_t>(rank)) =
            missed(pages.meeting(rank), {operation::create_array});
    });
    killer.join();
    expect_all_but(3, "create_array cannot be met (rank 3 is gone (its process died))");
}

// Rank 0 spins, and does not even add that it is there; then it is killed.
TEST_F(RendezvousDeparture, ByDeathOfRank0ThatWasToComplete) {
    SHMWIN_NEEDS_FORK();
    auto& state = pages.meeting_state();
    test::shared_object<std::atomic<bool>> comes;
    child const leader([&] {
        pages.who(0).attach();
        *comes = true;
        auto policy = test::shared_pages::policy();
        policy.spin = 100'000'000;
        pages.meeting(0, policy).meet({operation::fence});
        return true;
    });
    ASSERT_TRUE(test::eventually([&] { return comes->load(); }));
    leader.stop();
    std::thread killer([&] {
        EXPECT_TRUE(test::eventually([&] { return state.generation.n_sleepers.load() == n - 1; }));
        leader.kill();
    });
    test::as_threads(n, [&](int rank) {
        if (rank != 0) wait_in_fence(rank);
    });
    killer.join();
    expect_all_but(0, "fence cannot be met (rank 0 is gone (its process died))");
}

// All had arrived, then one died: the others get what they came for, however long it takes.
TEST_F(RendezvousDeparture, DoesNotEndAMeetingThatIsBeingCompleted) {
    SHMWIN_NEEDS_FORK();
    child const doomed([&] {
        pages.who(3).attach();
        pages.meeting(3).meet({operation::fence});
        return true;
    });
    auto& state = pages.meeting_state();
    ASSERT_TRUE(test::eventually([&] { return state.generation.n_sleepers.load() == 1; }));
    std::atomic<int> n_slices{0}; // of 2 ms at most; each waiter looks every 100 ms
    auto policy = test::shared_pages::policy();
    policy.progress_context = &n_slices;
    policy.progress = [](void* count) { ++*static_cast<std::atomic<int>*>(count); };
    test::as_threads(3, [&](int rank) {
        EXPECT_NO_THROW(
            pages.meeting(rank, policy).meet({operation::fence}, nullptr, [&](meeting_values&) {
                doomed.kill();
                doomed.wait_for_zombie();
                EXPECT_TRUE(test::eventually([&] { return n_slices.load() > 800; }));
            }));
    });
}

TEST_F(RendezvousDeparture, AtRandomMomentsEndsEveryWaitOfTheOthers) {
    SHMWIN_NEEDS_FORK();
    std::minstd_rand random(11);
    for (int round = 0; round < 25; ++round) {
        test::shared_pages const fresh({.capacity = 4096, .n_ranks = n});
        std::vector<child> ranks;
        test::shared_object<std::atomic<int>> ready;
        auto const victim = static_cast<int>(random() % n);
        for (int rank = 0; rank < n; ++rank) {
            ranks.emplace_back([&, rank] {
                fresh.who(rank).attach();
                ++*ready;
                auto const meeting = fresh.meeting(rank);
                while (ready->load() < n) {
                    ::usleep(100);
                }
                auto mine = missed(meeting, {operation::fence});
                while (!mine) {
                    mine = missed(meeting, {operation::fence});
                }
                // Its segment is left as an exception unwinds.
                meeting.leave("fence", mine->text);
                return mine->rank == victim;
            });
        }
        ASSERT_TRUE(test::eventually([&] { return ready->load() == n; }));
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
        ranks.at(static_cast<std::size_t>(victim)).kill();
        for (int rank = 0; rank < n; ++rank) {
            auto const status = ranks.at(static_cast<std::size_t>(rank)).wait();
            EXPECT_EQ(status, rank == victim ? -SIGKILL : 0) << "rank " << rank;
        }
    }
}

} // namespace
} // namespace shmwin
