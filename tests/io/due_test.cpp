// SPDX-License-Identifier: MIT
// due(): the same answer on all ranks, whenever each comes. When which answer is right:
// due_policy_test.
#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_store.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <gmock/gmock.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using std::chrono::milliseconds;

struct Due : store_fixture {
    // The answers of a loop; the same on all ranks, or the test fails.
    std::vector<std::string>
    ask(checkpoint_store& store, std::int64_t first, std::int64_t end) const {
        std::vector<std::string> said;
        for (auto step = first; step < end; ++step) {
            said.push_back(store.due(step).text());
        }
        same_everywhere(said);
        return said;
    }
    void same_everywhere(std::vector<std::string> const& said) const {
        auto const mine = testing::PrintToString(said);
        for (auto const& other : gather(world, mine)) {
            EXPECT_EQ(other, mine);
        }
    }
    // Asks until something is due, at most so often. As in any loop, no rank is far ahead.
    due_reason next(checkpoint_store& store, std::int64_t first, std::int64_t limit) {
        for (auto step = first; step < first + limit; ++step) {
            if (auto const why = store.due(step)) return why;
            seg.fence();
        }
        return {};
    }
};

static_assert(!due_reason());
static_assert(due_reason(due_kind::steps) && !due_reason(due_kind::steps).stop());
static_assert(due_reason(due_kind::wall_clock).stop() && due_reason(due_kind::signal, 10).stop());
static_assert(due_reason(due_kind::signal, 64).signal() == 64);

TEST_F(Due, ReasonsHaveTexts) {
    EXPECT_EQ(due_reason().text(), "no");
    EXPECT_EQ(due_reason(due_kind::failure_interval).text(), "failure interval");
    EXPECT_EQ(due_reason(due_kind::signal, 10).text(), "signal 10");
}

TEST_F(Due, NeverUnlessAsked) {
    checkpoint_store store(world, path);
    EXPECT_EQ(ask(store, 0, 20), std::vector<std::string>(20, "no"));
}

TEST_F(Due, StepsAreTheSameOnAllRanks) {
    checkpoint_store store(world, path, {.every_steps = 3});
    EXPECT_THAT(ask(store, 0, 7), ElementsAre("no", "no", "steps", "no", "no", "steps", "no"));
}

// As the documentation has it.
TEST_F(Due, LoopSavesAndGoesOnWhereItStopped) {
    {
        checkpoint_store store(world, path, {.keep = 9, .every_steps = 4});
        for (std::int64_t step = 0; step < 10; ++step) {
            if (store.due(step)) store.save(seg, {.step = step + 1});
        }
        EXPECT_THAT(store.list(), SizeIs(2));
    }
    checkpoint_store store(world, path, {.keep = 9, .every_steps = 4});
    auto const at = store.restore_latest(seg);
    ASSERT_TRUE(at);
    EXPECT_EQ(at->step, 8);
    EXPECT_THAT(ask(store, at->step, 13), ElementsAre("no", "no", "no", "steps", "no"));
}

TEST_F(Due, RanksMayComeAtVeryDifferentTimes) {
    checkpoint_store store(world, path, {.every_steps = 5});
    for (int late = 0; late < size; ++late) {
        std::vector<std::string> said;
        for (std::int64_t step = 0; step < 40; ++step) {
            if (rank == late && step % 20 == 3) std::this_thread::sleep_for(milliseconds(30));
            said.push_back(store.due(40 * late + step).text());
        }
        same_everywhere(said);
        EXPECT_EQ(std::ranges::count(said, "steps"), 8);
    }
}

TEST_F(Due, RankZeroWaitsForNobodyWhenNothingIsDue) {
    checkpoint_store store(world, path);
    static_cast<void>(store.due(0));
    if (rank == 0) {
        for (std::int64_t step = 1; step < 1000; ++step) {
            EXPECT_FALSE(store.due(step));
        }
    }
    MPI_Barrier(world); // the others are at step 0 until here
    if (rank != 0) {
        for (std::int64_t step = 1; step < 1000; ++step) {
            EXPECT_FALSE(store.due(step));
        }
    }
    EXPECT_FALSE(store.due(1000));
}

// A yes is followed by a save, usually; nothing says that it must be.
TEST_F(Due, NoYesIsMissedBySlowRanks) {
    checkpoint_store store(world, path, {.every_steps = 1});
    auto const n_calls = 2000 * soak_factor();
    std::int64_t n_yes = 0;
    for (std::int64_t step = 0; step < n_calls; ++step) {
        if (rank != 0 && step % 97 == rank) std::this_thread::yield();
        if (store.due(step)) ++n_yes;
    }
    EXPECT_EQ(n_yes, n_calls);
}

TEST_F(Due, TimeIsDueUntilSaved) {
    checkpoint_store store(world, path, {.every_time = milliseconds(1)});
    std::this_thread::sleep_for(milliseconds(5));
    EXPECT_THAT(ask(store, 0, 2), ElementsAre("time", "time"));
    store.save(seg, {.step = 2});
    if (rank == 0) std::this_thread::sleep_for(milliseconds(5));
    EXPECT_THAT(ask(store, 2, 3), ElementsAre("time"));
}

TEST_F(Due, CostsAreMeasured) {
    for (auto const& options : {checkpoint_options{.overhead = 1e-9},
                                checkpoint_options{.failure_interval = std::chrono::hours(1000)}}) {
        checkpoint_store store(world, path, options);
        EXPECT_TRUE(store.due(0)) << "to find the cost out";
        EXPECT_TRUE(store.due(1));
        store.save(seg, {.step = 2});
        EXPECT_FALSE(next(store, 2, 50)) << "not for hours";
    }
}

TEST_F(Due, WallClockStopsTheJob) {
    checkpoint_store store(world, path, {.wall_clock = std::chrono::duration<double>(0.1)});
    if (rank == 0) std::this_thread::sleep_for(milliseconds(100));
    auto const why = store.due(0);
    EXPECT_EQ(why.kind(), due_kind::wall_clock);
    EXPECT_TRUE(why.stop());
    EXPECT_EQ(why.signal(), 0);
}

TEST_F(Due, WallClockIsReadFromTheEnvironmentOfRankZero) {
    {
        scoped_variable const over("SLURM_JOB_END_TIME", rank == 0 ? "1700000000" : "");
        checkpoint_store store(world, path);
        EXPECT_THAT(ask(store, 0, 1), ElementsAre("wall clock"));
    }
    scoped_variable const bad("SHMWIN_WALL_CLOCK", rank == 0 ? "soon" : "");
    auto const refused = agreed_error_of(world, [&] { checkpoint_store store(world, path); });
    EXPECT_EQ(refused.code, errc::invalid_argument);
    EXPECT_THAT(refused.text, HasSubstr("SHMWIN_WALL_CLOCK"));
}

std::atomic<int> n_handled{0};

TEST_F(Due, SignalAtAnyRankIsSaidOnAll) {
    n_handled = 0;
    auto* const before = std::signal(SIGUSR1, [](int) { ++n_handled; });
    {
        checkpoint_store store(world, path, {.signals = {SIGUSR2, SIGUSR1}});
        std::int64_t step = 0;
        for (int hit = 0; hit < size; ++hit) {
            if (rank == hit) ::raise(SIGUSR1);
            EXPECT_EQ(n_handled, rank >= hit ? (rank == hit ? 1 : 0) : 1) << "the host's, too";
            auto const why = next(store, step, 3);
            same_everywhere({why.text()});
            EXPECT_EQ(why.signal(), SIGUSR1);
            EXPECT_TRUE(why.stop());
            step += 3;
            EXPECT_THAT(ask(store, step, step + 3), ElementsAre("no", "no", "no")) << "once";
            step += 3;
            MPI_Barrier(world);
        }
        ::raise(SIGUSR2); // at all
        EXPECT_EQ(next(store, step, 3).signal(), SIGUSR2);
    }
    EXPECT_NE(std::signal(SIGUSR1, before), SIG_DFL) << "the host's came back";
}

TEST_F(Due, SignalIsKeptForTheNextCall) {
    checkpoint_store store(world, path, {.signals = {SIGUSR1}});
    store.save(seg, {.step = 0});
    if (rank == last) ::raise(SIGUSR1);
    store.save(seg, {.step = 1}); // meanwhile
    EXPECT_EQ(next(store, 1, 4).signal(), SIGUSR1);
}

TEST_F(Due, TwoStoresWatchTheSameSignal) {
    checkpoint_store a(world, directory / "a", {.signals = {SIGUSR1}});
    checkpoint_store b(world, directory / "b", {.signals = {SIGUSR1}});
    if (rank == 0) ::raise(SIGUSR1);
    EXPECT_EQ(a.due(0).signal(), SIGUSR1);
    EXPECT_EQ(b.due(0).signal(), SIGUSR1);
    EXPECT_FALSE(a.due(1));
}

TEST_F(Due, HandlersGoWithTheStore) {
    {
        checkpoint_store store(world, path, {.signals = {SIGUSR1}});
        checkpoint_store moved(std::move(store));
        struct sigaction now {};
        ::sigaction(SIGUSR1, nullptr, &now);
        EXPECT_NE(now.sa_handler, SIG_DFL);
        if (rank == last) ::raise(SIGUSR1);
        EXPECT_EQ(next(moved, 0, 4).signal(), SIGUSR1);
    }
    struct sigaction now {};
    ::sigaction(SIGUSR1, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST_F(Due, NegativeStepIsRefused) {
    checkpoint_store store(world, path);
    EXPECT_EQ(error_of([&] { static_cast<void>(store.due(-1)); })->code, errc::invalid_argument);
}

TEST_F(Due, OtherStepIsADisagreement) {
    if (size == 1) GTEST_SKIP() << "takes two ranks";
    for (bool const is_due : {false, true}) {
        checkpoint_store store(world, path, {.every_steps = is_due ? 1 : 0});
        static_cast<void>(store.due(0));
        MPI_Barrier(world); // rank 0 is not ahead
        auto const thrown = error_of([&] {
            static_cast<void>(store.due(rank == last ? 7 : 1));
            for (std::int64_t step = 2; step < 50; ++step) { // the others
                MPI_Barrier(world);
                static_cast<void>(store.due(step));
            }
        });
        ASSERT_TRUE(thrown);
        EXPECT_EQ(thrown->code, rank == last ? errc::disagreement : errc::peer_left);
        EXPECT_THAT(thrown->text, AllOf(HasSubstr("step 1"), HasSubstr("step 7")));
        if (rank == last) MPI_Barrier(world);
    }
}

TEST_F(Due, StoreThatIsGoneIsToldToThoseWhoWait) {
    if (size == 1) GTEST_SKIP() << "takes two ranks";
    auto const begin = std::chrono::steady_clock::now();
    checkpoint_store store(world, path);
    static_cast<void>(store.due(0));
    MPI_Barrier(world);
    if (rank == 0) {
        checkpoint_store const gone(std::move(store));
    } else {
        auto const thrown = error_of([&] { static_cast<void>(store.due(1)); });
        ASSERT_TRUE(thrown);
        EXPECT_EQ(thrown->code, errc::peer_left);
        EXPECT_EQ(thrown->rank, 0);
        EXPECT_THAT(thrown->text, HasSubstr("destroyed"));
        EXPECT_LT(seconds_since(begin), 60);
    }
}

TEST_F(Due, WithoutSharedMemoryItSendsMessages) {
    if (size == 1) GTEST_SKIP() << "takes two ranks";
    checkpoint_store store(world, path, {.every_steps = 3, .signals = {SIGUSR1}});
    {
        logged_lines const log;
        scoped_variable const full("SHMWIN_RESERVE", "100000TiB");
        EXPECT_FALSE(store.due(0));
        EXPECT_THAT(log.lines(), SizeIs(rank == 0 ? 1 : 0)) << testing::PrintToString(log.lines());
    }
    EXPECT_THAT(ask(store, 1, 6), ElementsAre("no", "steps", "no", "no", "steps"));
    for (int hit = 0; hit < size; ++hit) {
        if (rank == hit) ::raise(SIGUSR1);
        EXPECT_THAT(ask(store, 6, 8), ElementsAre("signal 10", "no"));
    }
    auto const refused =
        agreed_error_of(world, [&] { static_cast<void>(store.due(rank == last ? 9 : 8)); });
    EXPECT_EQ(refused.code, errc::disagreement);
    EXPECT_THAT(refused.text, AllOf(HasSubstr("step 8"), HasSubstr("step 9")));
    EXPECT_THAT(ask(store, 8, 9), ElementsAre("steps")) << "nothing was counted";
}

// A message that is on its way moves only while both sides are in MPI.
TEST_F(Due, WaitDrivesMpi) {
    if (size == 1) GTEST_SKIP() << "takes two ranks";
    checkpoint_store store(world, path);
    static_cast<void>(store.due(0));
    std::vector<double> message(1 << 20, rank); // too large to be buffered
    MPI_Request request = MPI_REQUEST_NULL;
    auto const length = static_cast<int>(message.size());
    if (rank == last) MPI_Isend(message.data(), length, MPI_DOUBLE, 0, 1, world, &request);
    if (rank == 0) MPI_Recv(message.data(), length, MPI_DOUBLE, last, 1, world, MPI_STATUS_IGNORE);
    static_cast<void>(store.due(1)); // rank 0 comes here when it has the message
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    EXPECT_EQ(message.back(), rank == 0 ? last : rank);
}

} // namespace
} // namespace shmwin
