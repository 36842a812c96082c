// SPDX-License-Identifier: MIT
// Readers and writers that are killed, or leave: what the others get, and how soon.
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/shared_mutex.hpp"

#include "support/longest_wait.hpp"
#include "support/shared_mutex_fixture.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <gmock/gmock.h>
#include <random>
#include <thread>
#include <unistd.h>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using detail::deadline_after;
using detail::no_deadline;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct SharedMutexDeath : SharedMutex {
    // A process as `rank` that calls f(user), says so, and stays.
    template <typename F>
    child start(int rank, F f) {
        auto const before = state.n_ready.load();
        child made([&, rank] {
            world.pages.who(rank).attach();
            auto me = user(rank, via::second);
            f(me);
            state.n_ready.fetch_add(1);
            for (;;) {
                ::pause();
            }
            return true;
        });
        EXPECT_TRUE(eventually([&] { return state.n_ready > before; }));
        return made;
    }
    // As start(), of what does not return.
    template <typename F>
    child start_waiting(int rank, F f) {
        return start(rank, [f](pair_user& me) {
            me.state.n_ready.fetch_add(1);
            f(me);
        });
    }
};

TEST_F(SharedMutexDeath, DeadReadersAreClearedByWhoWaits) {
    auto victim = start(1, [](pair_user& me) {
        for (int thread = 0; thread < 3; ++thread) {
            static_cast<void>(me.lock().try_lock_shared());
        }
    });
    auto other = start(2, [](pair_user& me) { static_cast<void>(me.lock().try_lock_shared()); });
    auto me = user(0);
    ASSERT_TRUE(me.lock().try_lock_shared());
    EXPECT_EQ(me.lock().n_readers(), 5U);
    me.lock().unlock_shared();
    EXPECT_FALSE(me.lock().lock_until(deadline_after(300ms))); // they live
    victim.kill();
    other.kill();
    auto const begin = steady_clock::now();
    EXPECT_TRUE(me.lock().lock_until(deadline_after(60s)));
    EXPECT_LT(steady_clock::now() - begin, longest_wait_for_the_dead());
    EXPECT_EQ(me.lock().n_readers(), 0U);
    me.lock().unlock();
}

TEST_F(SharedMutexDeath, DeadReaderDoesNotKeepATryFromSucceeding) {
    auto victim = start(1, [](pair_user& me) { static_cast<void>(me.lock().try_lock_shared()); });
    victim.kill();
    victim.wait_for_zombie();
    auto me = user(0);
    auto const begin = steady_clock::now();
    EXPECT_TRUE(eventually([&] { return me.lock().try_lock(); }));
    EXPECT_LT(steady_clock::now() - begin, longest_wait_for_the_dead());
}

TEST_F(SharedMutexDeath, DeadWriterIsAnErrorForAllUntilSomebodyRepairs) {
    auto victim = start(1, [](pair_user& me) {
        static_cast<void>(me.lock().try_lock());
        me.state.first += 1; // half of it
    });
    auto me = user(0);
    EXPECT_FALSE(me.lock().lock_shared_until(deadline_after(300ms))); // it lives
    victim.kill();
    auto const begin = steady_clock::now();
    auto const thrown =
        error_of([&] { static_cast<void>(me.lock().lock_shared_until(no_deadline)); });
    EXPECT_LT(steady_clock::now() - begin, longest_wait_for_the_dead());
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::owner_died);
    EXPECT_EQ(thrown->rank, 1);
    EXPECT_THAT(thrown->text,
                AllOf(HasSubstr("test"), HasSubstr("rank 1 died"), HasSubstr("lock_to_repair")));
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(code_of([&] { static_cast<void>(me.lock().lock_until(no_deadline)); }),
                  errc::owner_died);
        EXPECT_EQ(code_of([&] { static_cast<void>(me.lock().try_lock()); }), errc::owner_died);
        EXPECT_EQ(code_of([&] { static_cast<void>(me.lock().try_lock_shared()); }),
                  errc::owner_died);
    }
    EXPECT_TRUE(me.lock().lock_to_repair());
    auto other = user(2);
    EXPECT_FALSE(other.lock().try_lock_shared()); // it is being repaired
    state.second = state.first;
    me.lock().mark_consistent();
    me.lock().unlock();
    EXPECT_TRUE(other.lock().try_lock_shared());
    other.lock().unlock_shared();
    EXPECT_FALSE(me.lock().lock_to_repair()); // nothing to repair
    me.lock().unlock();
}

TEST_F(SharedMutexDeath, TriesFindTheDeadWriterToo) {
    auto victim = start(1, [](pair_user& me) { static_cast<void>(me.lock().try_lock()); });
    victim.kill();
    victim.wait_for_zombie();
    auto me = user(0);
    EXPECT_TRUE(eventually([&] {
        return code_of([&] { static_cast<void>(me.lock().try_lock_shared()); }) == errc::owner_died;
    }));
}

TEST_F(SharedMutexDeath, UnlockWithoutRepairIsForEver) {
    auto victim = start(1, [](pair_user& me) { static_cast<void>(me.lock().try_lock()); });
    victim.kill();
    auto me = user(0);
    EXPECT_TRUE(me.lock().lock_to_repair());
    me.lock().unlock();
    auto other = user(2);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(code_of([&] { static_cast<void>(other.lock().lock_until(no_deadline)); }),
                  errc::not_recoverable);
        EXPECT_EQ(code_of([&] { static_cast<void>(other.lock().lock_shared_until(no_deadline)); }),
                  errc::not_recoverable);
        EXPECT_EQ(code_of([&] { static_cast<void>(other.lock().lock_to_repair()); }),
                  errc::not_recoverable);
    }
}

TEST_F(SharedMutexDeath, WhoRepairsMayDieToo) {
    auto first = start(1, [](pair_user& me) { static_cast<void>(me.lock().try_lock()); });
    first.kill();
    auto second = start(2, [](pair_user& me) { static_cast<void>(me.lock().lock_to_repair()); });
    second.kill();
    auto me = user(0);
    EXPECT_EQ(code_of([&] { static_cast<void>(me.lock().lock_until(no_deadline)); }),
              errc::owner_died);
    EXPECT_TRUE(me.lock().lock_to_repair());
    me.lock().mark_consistent();
    me.lock().unlock();
    EXPECT_TRUE(me.lock().try_lock_shared());
}

TEST_F(SharedMutexDeath, WriterThatDiesWhileItWaitsLeavesNothingBehind) {
    auto me = user(0);
    ASSERT_TRUE(me.lock().try_lock_shared());
    auto victim = start_waiting(
        1, [](pair_user& who) { static_cast<void>(who.lock().lock_until(no_deadline)); });
    ASSERT_TRUE(eventually([&] { return me.lock().holder().rank == 1; }));
    victim.kill();
    auto other = user(2);
    auto const begin = steady_clock::now();
    EXPECT_TRUE(other.lock().lock_shared_until(deadline_after(60s)));
    EXPECT_LT(steady_clock::now() - begin, longest_wait_for_the_dead());
    other.lock().unlock_shared();
    me.lock().unlock_shared();
    EXPECT_TRUE(me.lock().lock_until(deadline_after(60s)));
}

TEST_F(SharedMutexDeath, ReaderThatDiesWhileItWaitsSlowsNoWriterForEver) {
    auto me = user(0);
    ASSERT_TRUE(me.lock().try_lock());
    auto victim = start_waiting(
        1, [](pair_user& who) { static_cast<void>(who.lock().lock_shared_until(no_deadline)); });
    ASSERT_TRUE(eventually([&] { return state.lines[2].n_waiting != 0; }));
    victim.kill();
    victim.wait_for_zombie();
    me.lock().unlock();
    EXPECT_TRUE(me.lock().lock_until(deadline_after(60s)));
    EXPECT_EQ(state.lines[2].n_waiting, 0U); // whom the writer let pass is gone
    EXPECT_EQ(me.lock().n_readers(), 0U);
    me.lock().unlock();
}

TEST_F(SharedMutexDeath, WhoLeftWithTheLockAndLivesIsNamed) {
    auto holder = user(1);
    ASSERT_TRUE(holder.lock().try_lock_shared());
    world.pages.meeting(1, world.how).leave("fence", "its own reason");
    auto me = user(0);
    auto const thrown = error_of([&] { static_cast<void>(me.lock().lock_until(no_deadline)); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::peer_left);
    EXPECT_EQ(thrown->rank, 1);
    EXPECT_THAT(thrown->text, HasSubstr("its own reason"));
    EXPECT_TRUE(me.lock().try_lock_shared()); // readers come and go as before
    me.lock().unlock_shared();
    holder.lock().unlock_shared();
    ASSERT_TRUE(holder.lock().try_lock());
    EXPECT_EQ(code_of([&] { static_cast<void>(me.lock().lock_shared_until(no_deadline)); }),
              errc::peer_left);
    holder.lock().unlock();
    EXPECT_TRUE(me.lock().try_lock());
}

// Mends what a dead writer left, and goes on.
void repair(pair_user& me) {
    if (me.lock().lock_to_repair()) {
        me.state.second = me.state.first;
        me.lock().mark_consistent();
    }
    me.lock().unlock();
}

bool work_on(pair_user& me, int n_rounds) {
    for (int i = 0; i < n_rounds; ++i) {
        auto const until = deadline_after(10s);
        bool const writes = i % 2 == 0;
        bool got = false;
        auto const thrown = error_of([&] {
            got = writes ? me.lock().lock_until(until) : me.lock().lock_shared_until(until);
        });
        if (thrown && thrown->code != errc::owner_died) return false;
        if (thrown) {
            repair(me);
            continue;
        }
        if (!got) return false; // nothing may take that long
        if (writes) {
            me.write();
            me.lock().unlock();
        } else {
            me.read();
            me.lock().unlock_shared();
        }
    }
    return true;
}

TEST_F(SharedMutexDeath, KillsAtRandomMomentsHangNobodyAndTearNothing) {
    std::mt19937 random(20240611);
    longest_wait survivors;
    for (int round = 0; round < 10 * soak_factor(); ++round) {
        new (&state) guarded_pair{};
        child victim([&] {
            world.pages.who(1).attach();
            auto me = user(1, via::second);
            state.n_ready.fetch_add(1);
            for (;;) {
                static_cast<void>(work_on(me, 1000));
            }
            return false;
        });
        std::vector<child> others;
        for (int rank = 2; rank < 4; ++rank) {
            others.emplace_back([&, rank] {
                world.pages.who(rank).attach();
                auto me = user(rank);
                while (state.n_done[1] == 0) { // it lives
                    if (!work_on(me, 100)) return false;
                }
                return work_on(me, 100);
            });
        }
        ASSERT_TRUE(eventually([&] { return state.n_ready != 0; }));
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
        victim.kill();
        victim.wait_for_zombie();
        state.n_done[1] = 1;
        auto const begin = steady_clock::now();
        for (auto& each : others) {
            EXPECT_EQ(each.wait(), 0);
        }
        survivors.note_since(begin);
        EXPECT_EQ(state.n_torn, 0U) << round;
        auto me = user(0);
        EXPECT_TRUE(work_on(me, 10));
    }
}

} // namespace
} // namespace shmwin
