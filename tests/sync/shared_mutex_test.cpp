// SPDX-License-Identifier: MIT
// One writer or many readers: who may enter, who waits for whom, and that nobody waits for ever.
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/shared_mutex.hpp"

#include "support/shared_mutex_fixture.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace shmwin {
namespace {

using namespace test;
using detail::deadline_after;
using detail::no_deadline;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

TEST_F(SharedMutex, ReadersShareAndWritersDoNot) {
    auto a = user(0);
    auto b = user(1, via::second);
    EXPECT_TRUE(a.lock().try_lock_shared());
    EXPECT_TRUE(b.lock().try_lock_shared());
    EXPECT_TRUE(b.lock().try_lock_shared()); // another thread of the rank
    EXPECT_EQ(a.lock().n_readers(), 3U);
    EXPECT_FALSE(a.lock().try_lock());
    EXPECT_FALSE(a.lock().holder());
    a.lock().unlock_shared();
    b.lock().unlock_shared();
    EXPECT_FALSE(a.lock().try_lock());
    b.lock().unlock_shared();
    EXPECT_TRUE(a.lock().try_lock());
    EXPECT_EQ(b.lock().holder().rank, 0);
    EXPECT_FALSE(b.lock().try_lock());
    EXPECT_FALSE(b.lock().try_lock_shared());
    a.lock().unlock();
    EXPECT_TRUE(b.lock().try_lock());
    b.lock().unlock();
    EXPECT_FALSE(b.lock().holder());
}

TEST_F(SharedMutex, WriterThatWaitsKeepsNewReadersOut) {
    auto reader = user(0);
    ASSERT_TRUE(reader.lock().try_lock_shared());
    std::thread writer([&] {
        auto me = user(1);
        EXPECT_TRUE(me.lock().lock_until(no_deadline));
        me.lock().unlock();
    });
    ASSERT_TRUE(eventually([&] { return reader.lock().holder().rank == 1; }));
    auto other = user(2);
    EXPECT_FALSE(other.lock().try_lock_shared());
    EXPECT_FALSE(other.lock().lock_shared_until(deadline_after(10ms)));
    reader.lock().unlock_shared();
    writer.join();
    EXPECT_TRUE(other.lock().try_lock_shared());
    other.lock().unlock_shared();
}

TEST_F(SharedMutex, DeadlinesEndWaitsAndLeaveNothingBehind) {
    auto a = user(0);
    auto b = user(1);
    ASSERT_TRUE(a.lock().try_lock_shared());
    auto const begin = steady_clock::now();
    EXPECT_FALSE(b.lock().lock_until(deadline_after(20ms)));
    EXPECT_GE(steady_clock::now() - begin, 20ms);
    EXPECT_FALSE(b.lock().lock_until(begin));
    EXPECT_TRUE(b.lock().try_lock_shared()); // readers come and go again
    b.lock().unlock_shared();
    a.lock().unlock_shared();
    ASSERT_TRUE(a.lock().lock_until(begin)); // tries once
    EXPECT_FALSE(b.lock().lock_until(deadline_after(10ms)));
    EXPECT_FALSE(b.lock().lock_shared_until(deadline_after(10ms)));
    EXPECT_FALSE(b.lock().lock_shared_until(begin));
    a.lock().unlock();
    EXPECT_TRUE(b.lock().lock_shared_until(begin));
    EXPECT_EQ(a.lock().n_readers(), 1U);
    for (auto const& line : state.lines) {
        EXPECT_EQ(line.n_waiting, 0U);
        EXPECT_EQ(line.turn.n_sleepers, 0U);
        EXPECT_EQ(line.drained.n_sleepers, 0U);
    }
}

TEST_F(SharedMutex, MisuseIsAnError) {
    auto a = user(0);
    auto b = user(1);
    EXPECT_EQ(code_of([&] { a.lock().unlock(); }), errc::invalid_argument);
    EXPECT_EQ(code_of([&] { a.lock().unlock_shared(); }), errc::invalid_argument);
    EXPECT_EQ(code_of([&] { a.lock().mark_consistent(); }), errc::invalid_argument);
    ASSERT_TRUE(a.lock().try_lock());
    EXPECT_EQ(code_of([&] { static_cast<void>(a.lock().lock_until(no_deadline)); }),
              errc::would_deadlock);
    EXPECT_EQ(code_of([&] { static_cast<void>(a.lock().lock_shared_until(no_deadline)); }),
              errc::would_deadlock);
    EXPECT_FALSE(a.lock().try_lock());
    EXPECT_FALSE(a.lock().try_lock_shared());
    EXPECT_EQ(code_of([&] { b.lock().unlock(); }), errc::invalid_argument);
    std::thread([&] {
        EXPECT_EQ(code_of([&] { a.lock().unlock(); }), errc::invalid_argument); // another thread
    }).join();
    a.lock().unlock();
    EXPECT_TRUE(b.lock().try_lock());
    b.lock().unlock();
}

TEST_F(SharedMutex, StreamOfReadersStarvesNoWriter) {
    std::atomic<bool> done{false};
    as_threads(4, [&](int rank) {
        auto me = user(rank);
        if (rank == 0) {
            EXPECT_TRUE(eventually([&] { return state.n_ready == 3; }));
            for (int i = 0; i < 50; ++i) {
                EXPECT_TRUE(me.lock().lock_until(deadline_after(60s)));
                me.write();
                me.lock().unlock();
            }
            done = true;
        }
        for (int n = 0; !done;) { // one of them reads at any time
            EXPECT_TRUE(me.lock().lock_shared_until(deadline_after(60s)));
            me.read();
            if (n++ == 0) state.n_ready.fetch_add(1);
            std::this_thread::sleep_for(100us);
            me.lock().unlock_shared();
        }
    });
    EXPECT_EQ(state.first, 50U);
    EXPECT_EQ(state.n_torn, 0U);
}

TEST_F(SharedMutex, StreamOfWritersStarvesNoReader) {
    std::atomic<bool> done{false};
    as_threads(4, [&](int rank) {
        auto me = user(rank);
        if (rank == 0) {
            EXPECT_TRUE(eventually([&] { return state.n_ready == 3; }));
            for (int i = 0; i < 50; ++i) {
                EXPECT_TRUE(me.lock().lock_shared_until(deadline_after(60s)));
                me.read();
                me.lock().unlock_shared();
            }
            done = true;
        }
        for (int n = 0; !done;) {
            EXPECT_TRUE(me.lock().lock_until(deadline_after(60s)));
            me.write();
            if (n++ == 0) state.n_ready.fetch_add(1);
            std::this_thread::sleep_for(100us);
            me.lock().unlock();
        }
    });
    EXPECT_EQ(state.n_torn, 0U);
}

// One operation in `one_in` writes; the others read. Some give up early.
struct mix {
    int n_ranks;
    int one_in;
};
struct SharedMutexStress : SharedMutex, testing::WithParamInterface<mix> {
    // False if a wait took a minute.
    static bool work(pair_user me, int rank, int n, int one_in, std::uint64_t& n_written) {
        for (int i = 0; i < n; ++i) {
            bool const writes = (i + rank) % one_in == 0;
            auto const until = deadline_after(i % 13 == 0 ? 10us : 60'000'000us);
            bool const got =
                writes ? me.lock().lock_until(until) : me.lock().lock_shared_until(until);
            if (!got && i % 13 != 0) return false;
            if (!got) continue;
            if (writes) {
                me.write();
                ++n_written;
                me.lock().unlock();
            } else {
                me.read();
                me.lock().unlock_shared();
            }
        }
        return true;
    }
};

TEST_P(SharedMutexStress, ThreadsTearNothingAndLoseNothing) {
    auto const [n_ranks, one_in] = GetParam();
    int const n = 20'000 * soak_factor();
    std::atomic<std::uint64_t> n_written{0};
    as_threads(n_ranks, [&, one = one_in](int rank) {
        std::uint64_t mine = 0;
        EXPECT_TRUE(work(user(rank, rank % 2 == 0 ? via::first : via::second), rank, n, one, mine));
        n_written += mine;
    });
    EXPECT_EQ(state.first, n_written);
    EXPECT_EQ(state.n_torn, 0U);
    EXPECT_TRUE(user(0).lock().try_lock());
}

TEST_P(SharedMutexStress, ProcessesTearNothingAndLoseNothing) {
    auto const [n_ranks, one_in] = GetParam();
    int const n = 20'000 * soak_factor();
    EXPECT_TRUE(as_processes(world.pages, n_ranks, [&, one = one_in](int rank) {
        std::uint64_t mine = 0;
        bool const whole = work(user(rank), rank, n, one, mine);
        state.n_done.at(static_cast<std::size_t>(rank)) = static_cast<int>(mine);
        return whole;
    }));
    std::uint64_t n_written = 0;
    for (auto const& each : state.n_done) {
        n_written += static_cast<std::uint64_t>(each.load());
    }
    EXPECT_EQ(state.first, n_written);
    EXPECT_EQ(state.n_torn, 0U);
}

INSTANTIATE_TEST_SUITE_P(Mixes,
                         SharedMutexStress,
                         testing::Values(mix{2, 2}, mix{4, 1}, mix{4, 10}, mix{8, 3}),
                         [](auto const& about) {
                             return "Ranks" + std::to_string(about.param.n_ranks) + "OneIn"
                                    + std::to_string(about.param.one_in);
                         });

} // namespace
} // namespace shmwin
