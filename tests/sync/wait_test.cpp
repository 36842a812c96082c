// SPDX-License-Identifier: MIT
#include "shmwin/sync/futex.hpp"
#include "shmwin/sync/wait.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <sched.h>
#include <stdexcept>
#include <thread>

namespace shmwin {
namespace {

using detail::futex_wait;
using detail::futex_wake_one;
using detail::wait_while;
using detail::waitable;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Sleeps at once: what is tested comes after the spin.
wait_policy sleepy(microseconds slice) {
    wait_policy policy;
    policy.spin = 0;
    policy.yield = 0;
    policy.slice = slice;
    return policy;
}

constexpr auto never = [](bool) {};

TEST(Futex, WaitReturnsAtOnceIfTheWordIsAnother) {
    detail::futex_word word{5};
    auto const before = steady_clock::now();
    futex_wait(word, 4, std::chrono::minutes(10));
    EXPECT_LT(steady_clock::now() - before, std::chrono::minutes(5));
}

TEST(Futex, WaitEndsWithItsTimeout) {
    detail::futex_word word{5};
    auto const before = steady_clock::now();
    // May return early for any reason, so it is asked again as a caller would.
    while (steady_clock::now() - before < milliseconds(5)) {
        futex_wait(word, 5, milliseconds(5));
    }
    EXPECT_EQ(word.load(), 5U);
}

TEST(Futex, WakesAcrossProcesses) {
    SHMWIN_NEEDS_FORK();
    test::shared_object<waitable> shared;
    test::child sleeper([&] {
        shared->n_sleepers = 1; // "about to sleep"
        while (shared->word.load() == 0) {
            futex_wait(shared->word, 0, std::chrono::minutes(10));
        }
        return true;
    });
    ASSERT_TRUE(test::eventually([&] { return shared->n_sleepers.load() == 1; }));
    shared->word = 1;
    // It may be between its look and its sleep: then the kernel sees the new word.
    futex_wake_one(shared->word);
    EXPECT_EQ(sleeper.wait(), 0);
}

TEST(WaitWhile, ReturnsAtOnceIfTheWordChangedAlready) {
    waitable w{};
    w.word = 1;
    int n_checks = 0;
    wait_while(w, 0, sleepy(milliseconds(1)), [&](bool) { ++n_checks; });
    EXPECT_EQ(n_checks, 0);
}

TEST(WaitWhile, EndsWhenTheWordIsPublished) {
    waitable w{};
    int value = 0; // plain: published by the word
    std::thread other([&] {
        while (w.n_sleepers.load() == 0) {
            std::this_thread::yield();
        }
        value = 42;
        w.publish(1);
    });
    wait_while(w, 0, sleepy(std::chrono::seconds(50)), never);
    EXPECT_EQ(value, 42);
    other.join();
    EXPECT_EQ(w.n_sleepers.load(), 0U);
}

TEST(WaitWhile, WakesEverySleeper) {
    constexpr int n = 6;
    waitable w{};
    test::as_threads(n + 1, [&](int rank) {
        if (rank == n) {
            while (w.n_sleepers.load() < n) {
                std::this_thread::yield();
            }
            w.publish(1);
        } else {
            wait_while(w, 0, sleepy(std::chrono::minutes(10)), never);
        }
    });
    EXPECT_EQ(w.n_sleepers.load(), 0U);
}

// Whoever waits looks again by itself, now and then: so a lost wake-up is seen only by a sleeper
// that does not.
TEST(Waitable, PublishWakesAllSleepers) {
    waitable w{};
    test::sleeper const a(w);
    test::sleeper const b(w);
    EXPECT_FALSE(a.is_awake());
    w.publish(1);
    EXPECT_TRUE(a.wakes_up());
    EXPECT_TRUE(b.wakes_up());
    EXPECT_EQ(w.word.load(), 1U);
}

TEST(Waitable, WakeWakesAllSleepersAndChangesNothing) {
    waitable w{};
    test::sleeper const a(w);
    test::sleeper const b(w);
    w.wake();
    EXPECT_TRUE(a.wakes_up());
    EXPECT_TRUE(b.wakes_up());
    EXPECT_EQ(w.word.load(), 0U);
}

TEST(WaitWhile, ChecksEachSlice) {
    waitable w{};
    int n_checks = 0;
    wait_while(w, 0, sleepy(milliseconds(1)), [&](bool) {
        if (++n_checks == 5) w.word = 1;
    });
    EXPECT_EQ(n_checks, 5);
}

TEST(WaitWhile, LooksThoroughlyNowAndThen) {
    waitable w{};
    int n_checks = 0;
    wait_while(w, 0, sleepy(milliseconds(1)), [&](bool thorough) {
        ++n_checks;
        if (thorough) w.word = 1;
    });
    EXPECT_GT(n_checks, 1) << "not every look is a thorough one";
}

TEST(WaitWhile, EndsWithTheExceptionOfItsCheck) {
    waitable w{};
    int n_checks = 0;
    auto const check = [&](bool) {
        if (++n_checks == 3) throw std::domain_error("gone");
    };
    EXPECT_THROW(wait_while(w, 0, sleepy(milliseconds(1)), check), std::domain_error);
    EXPECT_EQ(w.n_sleepers.load(), 0U);
}

TEST(WaitWhile, ChecksSoonAfterAWakeWithoutAChange) {
    waitable w{};
    std::atomic<bool> left{false};
    std::thread other([&] {
        while (w.n_sleepers.load() == 0) {
            std::this_thread::yield();
        }
        left = true;
        // It may be between counting itself and sleeping: so not only once.
        while (w.n_sleepers.load() != 0) {
            w.wake();
            std::this_thread::yield();
        }
    });
    auto const check = [&](bool) {
        if (left) throw std::domain_error("gone");
    };
    EXPECT_THROW(wait_while(w, 0, sleepy(std::chrono::minutes(10)), check), std::domain_error);
    other.join();
}

TEST(WaitWhile, DrivesProgressBetweenSlices) {
    struct transfer {
        waitable w{};
        int n_left = 7;
    } pending;
    auto policy = sleepy(milliseconds(1));
    policy.progress_context = &pending;
    policy.progress = [](void* context) {
        auto& each = *static_cast<transfer*>(context);
        if (--each.n_left == 0) each.w.word = 1; // what it waits for needs the progress
    };
    wait_while(pending.w, 0, policy, never);
    EXPECT_EQ(pending.n_left, 0);
}

TEST(WaitWhile, DrivesProgressManyTimesWithinALongSlice) {
    struct transfer {
        waitable w{};
        int n = 0;
    } pending;
    auto policy = sleepy(std::chrono::minutes(10));
    policy.progress_context = &pending;
    policy.progress = [](void* context) {
        auto& each = *static_cast<transfer*>(context);
        if (++each.n == 50) each.w.word = 1;
    };
    wait_while(pending.w, 0, policy, never);
    EXPECT_EQ(pending.n, 50);
}

struct WaitPolicy : testing::Test {
    WaitPolicy() { clear(); }
    ~WaitPolicy() override { clear(); }
    WaitPolicy(WaitPolicy const&) = delete;
    WaitPolicy(WaitPolicy&&) = delete;
    WaitPolicy& operator=(WaitPolicy const&) = delete;
    WaitPolicy& operator=(WaitPolicy&&) = delete;
    static void clear() {
        ::unsetenv("SHMWIN_SPIN");
        ::unsetenv("SHMWIN_WAIT_SLICE_US");
        ::unsetenv("SHMWIN_WAIT_WARN");
    }
};

TEST_F(WaitPolicy, SpinsLessWithMoreRanksThanCores) {
    EXPECT_EQ(wait_policy::for_ranks(1).spin, wait_policy{}.spin);
    auto const many = wait_policy::for_ranks(CPU_SETSIZE + 1);
    EXPECT_LT(many.spin, wait_policy{}.spin);
    EXPECT_EQ(many.slice, wait_policy{}.slice);
}

TEST_F(WaitPolicy, ComparesRanksWithTheCoresThatItIsTold) {
    EXPECT_EQ(wait_policy::for_ranks(64, 64).spin, wait_policy{}.spin);
    EXPECT_LT(wait_policy::for_ranks(65, 64).spin, wait_policy{}.spin);
    EXPECT_LT(wait_policy::for_ranks(2, 1).spin, wait_policy{}.spin);
}

TEST_F(WaitPolicy, CountsTheCoresThatTheProcessMayUse) {
    cpu_set_t before;
    ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
    auto const n_cores = CPU_COUNT(&before);
    EXPECT_EQ(wait_policy::for_ranks(n_cores).spin, wait_policy{}.spin);
    EXPECT_LT(wait_policy::for_ranks(n_cores + 1).spin, wait_policy{}.spin);
}

TEST_F(WaitPolicy, TakesTheEnvironment) {
    ::setenv("SHMWIN_SPIN", "17", 1);
    ::setenv("SHMWIN_WAIT_SLICE_US", "1234", 1);
    EXPECT_EQ(wait_policy::for_ranks(1).spin, 17);
    EXPECT_EQ(wait_policy::for_ranks(1).slice, microseconds(1234));
}

TEST_F(WaitPolicy, WarnsOnlyIfTheEnvironmentSaysAfterHowLong) {
    EXPECT_EQ(wait_policy::for_ranks(1).warn_after.count(), 0);
    ::setenv("SHMWIN_WAIT_WARN", "90", 1);
    EXPECT_EQ(wait_policy::for_ranks(1).warn_after, std::chrono::seconds(90));
    ::setenv("SHMWIN_WAIT_WARN", "9000000000000000000", 1); // in ns, that would be no number
    EXPECT_EQ(wait_policy::for_ranks(1).warn_after, std::chrono::seconds(1'000'000'000));
}

TEST_F(WaitPolicy, LimitsWhatTheEnvironmentAsksFor) {
    ::setenv("SHMWIN_SPIN", "99999999999", 1);
    ::setenv("SHMWIN_WAIT_SLICE_US", "0", 1);
    EXPECT_EQ(wait_policy::for_ranks(1).spin, 1'000'000);
    EXPECT_EQ(wait_policy::for_ranks(1).slice, microseconds(10));
    ::setenv("SHMWIN_WAIT_SLICE_US", "99999999999", 1);
    EXPECT_EQ(wait_policy::for_ranks(1).slice, std::chrono::seconds(1));
}

} // namespace
} // namespace shmwin
