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
template <typename Meet>
std::optional<error_info> peer_left_of(Meet const& meet) {
    try {
        meet();
    } catch (peer_left const& failed) {
        return failed.info();
    }
    return std::nullopt;
}

std::optional<error_info> missed(rendezvous const& meeting, collective_call const& call) {
    return peer_left_of([&] { meeting.meet(call); });
}

void meet_with_work(rendezvous const& meeting, collective_call const& call) {
    meeting.meet(call, nullptr, [](meeting_values&) {});
}

// How the ranks wait: with few looks before they sleep they meet at the centre, else without it.
struct RendezvousDeparture : testing::TestWithParam<int> {
    static constexpr int n = 4;
    test::shared_pages pages{{.capacity = 4096, .n_ranks = n}};
    std::array<std::optional<error_info>, n> got;
    // Ranks that wait; in pages that children see too.
    test::shared_object<std::atomic<int>> n_waiting;

    static_assert(sizeof(detail::waitable) == 8);

    [[nodiscard]] static wait_policy policy() {
        auto how = test::shared_pages::policy();
        how.spin = GetParam();
        return how;
    }
    [[nodiscard]] static rendezvous meeting_in(test::shared_pages const& pages, int rank) {
        return pages.meeting(rank, policy());
    }
    [[nodiscard]] rendezvous meeting(int rank) const { return meeting_in(pages, rank); }
    // Who sleeps in a meeting.
    [[nodiscard]] static std::uint32_t n_asleep(test::shared_pages const& pages) {
        auto const& state = pages.meeting_state();
        return state.generation.n_sleepers.load() + state.bell.n_sleepers.load();
    }

    // Rank `rank` waits in a fence for what does not come.
    void wait_in_fence(int rank, wait_policy policy = RendezvousDeparture::policy()) {
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

INSTANTIATE_TEST_SUITE_P(Spin,
                         RendezvousDeparture,
                         testing::Values(20, 200),
                         testing::PrintToStringParamName());

TEST_P(RendezvousDeparture, BeforeTheOthersCome) {
    meeting(2).leave("create_array", "a bug");
    test::as_threads(n, [&](int rank) {
        if (rank != 2) wait_in_fence(rank);
    });
    expect_all_but(2, "fence cannot be met (rank 2 left (in create_array: a bug))");
}

TEST_P(RendezvousDeparture, WhileTheOthersWait) {
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
                EXPECT_TRUE(test::eventually([&] { return n_asleep(fresh) == n - 1; }));
                left = steady_clock::now();
                meeting_in(fresh, 1).leave("fence", "an exception");
                return;
            }
            auto const mine = missed(meeting_in(fresh, rank), {operation::fence});
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

TEST_P(RendezvousDeparture, SaysTheCallThatCannotBeMet) {
    meeting(0).leave("after create_array", "it returned");
    std::array<std::int64_t, 2> const extents{3, 4};
    auto const mine = missed(meeting(1), {operation::create_array, "u", "float64", extents, 0});
    ASSERT_TRUE(mine);
    EXPECT_THAT(mine->text,
                AllOf(HasSubstr("create_array(\"u\", float64, 3 x 4) cannot be met"),
                      HasSubstr("rank 0 left (in after create_array: it returned)")));
}

TEST_P(RendezvousDeparture, IsFinal) {
    meeting(2).leave("fence", "a bug");
    for (int i = 0; i < 3; ++i) {
        for (int const rank : {0, 1, 3}) {
            EXPECT_TRUE(missed(meeting(rank), {operation::fence}));
        }
    }
}

// The arrivals' count has 15 bits: attempts after the end must not run over into its neighbours.
TEST_P(RendezvousDeparture, IsFinalHoweverOftenOthersTry) {
    meeting(2).leave("fence", "a bug");
    auto const here = meeting(0);
    for (int i = 0; i < 70'000; ++i) {
        auto const mine = missed(here, {operation::fence});
        ASSERT_TRUE(mine) << i;
        if (i % 10'000 == 0) {
            ASSERT_EQ(mine->rank, 2) << i;
        }
    }
    auto const& state = pages.meeting_state();
    EXPECT_EQ(state.arrivals & 0x7fffU, 0U) << "who cannot meet has not arrived";
}

TEST_P(RendezvousDeparture, AsAgreedIsNone) {
    test::as_threads(n, [&](int rank) {
        meeting(rank).meet({operation::close});
        pages.who(rank).close();
        meeting(rank).leave("close", "too late");
    });
    EXPECT_FALSE(pages.who(0).missing(true));
}

// A rank that throws makes the others throw, and they leave too. All must name the first.
TEST_P(RendezvousDeparture, OfTheFirstIsNamedEvenIfLowerRanksFollow) {
    meeting(3).leave("fence", "the cause");
    for (int const rank : {0, 2, 1}) {
        wait_in_fence(rank);
        meeting(rank).leave("fence", "a consequence");
    }
    expect_all_but(3, "fence cannot be met (rank 3 left (in fence: the cause))");
    try {
        meeting(1).check_peers({operation::fence}, true);
        FAIL() << "somebody is missing";
    } catch (peer_left const& failed) {
        EXPECT_EQ(failed.rank(), 3);
    }
}

TEST_P(RendezvousDeparture, OfTheFirstIsNamedEvenIfNobodyLookedBetween) {
    meeting(3).leave("fence", "the first");
    meeting(0).leave("fence", "the second");
    auto const mine = missed(meeting(1), {operation::fence});
    ASSERT_TRUE(mine);
    EXPECT_EQ(mine->rank, 3);
    EXPECT_THAT(mine->text, HasSubstr("the first"));
}

TEST_P(RendezvousDeparture, WakesEverySleeperInTheSegment) {
    auto& state = pages.meeting_state();
    auto const lines = pages.where().as<detail::parking_line>(detail::section_id::parking_lot);
    test::sleeper const in_meeting(state.generation);
    test::sleeper const before_it(state.bell);
    test::sleeper const on_first(lines.front().sequence);
    test::sleeper const on_last(lines.back().sequence);
    meeting(1).leave("fence", "a bug");
    EXPECT_TRUE(in_meeting.wakes_up());
    EXPECT_TRUE(before_it.wakes_up());
    EXPECT_TRUE(on_first.wakes_up());
    EXPECT_TRUE(on_last.wakes_up());
}

TEST_P(RendezvousDeparture, ByDeathIsNamedEvenIfLowerRanksFollow) {
    SHMWIN_NEEDS_FORK();
    child doomed([&] {
        pages.who(3).attach();
        return true;
    });
    EXPECT_EQ(doomed.wait(), 0);
    for (int const rank : {0, 2, 1}) {
        wait_in_fence(rank);
        meeting(rank).leave("fence", "a consequence");
    }
    expect_all_but(3, "fence cannot be met (rank 3 is gone (its process died))");
}

// Rank 0 is slow: it first looks when the number that arrived seems to be full again.
TEST_P(RendezvousDeparture, AWaiterIsNotMisledByAttemptsAfterIt) {
    struct slow {
        std::atomic<bool> waits{false};
        std::atomic<bool> may_go{false};
        steady_clock::time_point end{};
    } rank_0;
    auto policy = RendezvousDeparture::policy();
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
    meeting(2).leave("fence", "a bug");
    for (int const rank : {1, 3, 1}) { // with rank 0, as many as there are ranks
        got.at(static_cast<std::size_t>(rank)) = missed(meeting(rank), {operation::fence});
    }
    rank_0.may_go = true;
    waiter.join();
    expect_all_but(2, "fence cannot be met (rank 2 left (in fence: a bug))");
}

TEST_P(RendezvousDeparture, ChecksOfOtherWaitsFindIt) {
    auto const here = meeting(0);
    EXPECT_NO_THROW(here.check_peers({operation::fence}, true));
    meeting(1).leave("fence", "a bug");
    EXPECT_THROW(here.check_peers({operation::create_value, "n"}, false), peer_left);
}

TEST_P(RendezvousDeparture, WakesThoseInTheParkingLot) {
    std::thread waiter([&] {
        auto const here = meeting(0);
        auto policy = test::shared_pages::policy();
        auto const check = [&](bool look) { here.check_peers({operation::fence}, look); };
        EXPECT_THROW(pages.lot().park(
                         7, policy, [] { return false; }, check),
                     peer_left);
    });
    meeting(1).leave("fence", "a bug");
    waiter.join();
}

TEST_P(RendezvousDeparture, ByDeathWhileTheOthersWait) {
    SHMWIN_NEEDS_FORK();
    auto quickest = steady_clock::duration::max();
    for (int attempt = 0; attempt < 3; ++attempt) {
        test::shared_pages const fresh({.capacity = 4096, .n_ranks = n});
        test::shared_object<std::atomic<int>> ready;
        std::vector<child> waiters;
        for (int const rank : {0, 1, 3}) {
            waiters.emplace_back([&, rank] {
                fresh.who(rank).attach();
                ++*ready;
                auto const mine = missed(meeting_in(fresh, rank), {operation::fence});
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
        ASSERT_TRUE(
            test::eventually([&] { return ready->load() == n && n_asleep(fresh) == n - 1; }));
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
TEST_P(RendezvousDeparture, ByDeathInTheMeetingItself) {
    SHMWIN_NEEDS_FORK();
    child const doomed([&] {
        pages.who(3).attach();
        meeting(3).meet({operation::fence});
        return true;
    });
    ASSERT_TRUE(test::eventually([&] { return n_asleep(pages) == 1; }));
    doomed.kill();
    doomed.wait_for_zombie();
    test::as_threads(3, [&](int rank) {
        auto const here = meeting(rank);
        auto mine = missed(here, {operation::fence});
        if (!mine) mine = missed(here, {operation::fence});
        got.at(static_cast<std::size_t>(rank)) = mine;
    });
    expect_all_but(3, "fence cannot be met (rank 3 is gone (its process died))");
}

TEST_P(RendezvousDeparture, ByDeathInTheCompletion) {
    SHMWIN_NEEDS_FORK();
    test::shared_object<std::atomic<bool>> completing;
    child const doomed([&] {
        pages.who(3).attach();
        *completing = true;
        // The last to come: the others sleep.
        if (!test::eventually([&] { return n_asleep(pages) == 3; })) return false;
        meeting(3).meet({operation::create_array}, nullptr, [&](meeting_values&) {
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
            peer_left_of([&] { meet_with_work(meeting(rank), {operation::create_array}); });
    });
    killer.join();
    expect_all_but(3, "create_array cannot be met (rank 3 is gone (its process died))");
}

// Rank 0 spins, and does not even add that it is there; then it is killed.
TEST_P(RendezvousDeparture, ByDeathOfRank0ThatWasToComplete) {
    SHMWIN_NEEDS_FORK();
    test::shared_object<std::atomic<bool>> comes;
    child const leader([&] {
        pages.who(0).attach();
        *comes = true;
        auto policy = RendezvousDeparture::policy();
        policy.spin = 100'000'000;
        meet_with_work(pages.meeting(0, policy), {operation::fence});
        return true;
    });
    ASSERT_TRUE(test::eventually([&] { return comes->load(); }));
    leader.stop();
    std::thread killer([&] {
        EXPECT_TRUE(test::eventually([&] { return n_asleep(pages) == n - 1; }));
        leader.kill();
    });
    test::as_threads(n, [&](int rank) {
        if (rank != 0) wait_in_fence(rank);
    });
    killer.join();
    expect_all_but(0, "fence cannot be met (rank 0 is gone (its process died))");
}

// All had arrived, then one died: the others get what they came for, however long it takes.
TEST_P(RendezvousDeparture, DoesNotEndAMeetingThatIsBeingCompleted) {
    SHMWIN_NEEDS_FORK();
    child const doomed([&] {
        pages.who(3).attach();
        meet_with_work(meeting(3), {operation::fence});
        return true;
    });
    ASSERT_TRUE(test::eventually([&] { return n_asleep(pages) == 1; }));
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

TEST_P(RendezvousDeparture, AtRandomMomentsEndsEveryWaitOfTheOthers) {
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
                auto const here = meeting_in(fresh, rank);
                while (ready->load() < n) {
                    ::usleep(100);
                }
                auto mine = missed(here, {operation::fence});
                while (!mine) {
                    mine = missed(here, {operation::fence});
                }
                // Its segment is left as an exception unwinds.
                here.leave("fence", mine->text);
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
