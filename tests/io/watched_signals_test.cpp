// SPDX-License-Identifier: MIT
#include "shmwin/base/log.hpp"

#include "io/watched_signals.hpp"
#include "support/ranks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <gmock/gmock.h>
#include <optional>
#include <pthread.h>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace shmwin::detail {
namespace {

using test::error_of;

std::atomic<int> n_plain{0};
std::atomic<int> n_informed{0};
std::atomic<int> last_value{0};
std::atomic<bool> usr2_was_blocked{false};

void plain(int /*signal*/) {
    ++n_plain;
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    usr2_was_blocked = sigismember(&blocked, SIGUSR2) == 1;
    errno = EDOM;
}

void informed(int /*signal*/, siginfo_t* info, void* context) {
    ++n_informed;
    last_value = info->si_value.sival_int;
    if (context == nullptr) last_value = -1;
}

struct sigaction action_of(int signal) {
    struct sigaction now {};
    ::sigaction(signal, nullptr, &now);
    return now;
}

constexpr std::uint64_t bit(int signal) {
    return std::uint64_t{1} << (signal - 1);
}

struct WatchedSignals : testing::Test {
    void SetUp() override {
        n_plain = 0;
        n_informed = 0;
        last_value = 0;
    }
    void TearDown() override {
        for (int const each : {SIGUSR1, SIGUSR2}) {
            struct sigaction none {};
            none.sa_handler = SIG_DFL;
            ::sigaction(each, &none, nullptr);
        }
    }
    static void host_handles(int signal, void (*handler)(int), std::vector<int> const& mask = {}) {
        struct sigaction host {};
        host.sa_handler = handler;
        for (int const each : mask) {
            sigaddset(&host.sa_mask, each);
        }
        ::sigaction(signal, &host, nullptr);
    }
};

TEST_F(WatchedSignals, NothingIsWatchedUnlessAsked) {
    watched_signals none;
    EXPECT_EQ(none.take(), 0U);
    EXPECT_EQ(action_of(SIGUSR1).sa_handler, SIG_DFL);
}

TEST_F(WatchedSignals, EachIsTakenOnce) {
    watched_signals signals({SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMAX});
    EXPECT_EQ(signals.take(), 0U);
    ::raise(SIGUSR1);
    ::raise(SIGUSR1);
    EXPECT_EQ(signals.take(), bit(SIGUSR1));
    EXPECT_EQ(signals.take(), 0U);
    ::raise(SIGUSR2);
    ::raise(SIGRTMIN);
    ::raise(SIGRTMAX); // 64: the last bit
    EXPECT_EQ(signals.take(), bit(SIGUSR2) | bit(SIGRTMIN) | bit(SIGRTMAX));
    EXPECT_EQ(signals.take(), 0U);
}

TEST_F(WatchedSignals, WhatCameBeforeIsNotSeen) {
    watched_signals early({SIGUSR1});
    ::raise(SIGUSR1);
    watched_signals late({SIGUSR1});
    EXPECT_EQ(late.take(), 0U);
    EXPECT_EQ(early.take(), bit(SIGUSR1));
}

TEST_F(WatchedSignals, SeveralMayWatchTheSame) {
    host_handles(SIGUSR1, plain);
    {
        watched_signals a({SIGUSR1});
        {
            watched_signals b({SIGUSR1, SIGUSR1});
            ::raise(SIGUSR1);
            EXPECT_EQ(n_plain, 1) << "chained once, whoever watches";
            EXPECT_EQ(a.take(), bit(SIGUSR1));
            EXPECT_EQ(b.take(), bit(SIGUSR1));
        }
        EXPECT_NE(action_of(SIGUSR1).sa_handler, plain) << "one still watches";
        ::raise(SIGUSR1);
        EXPECT_EQ(a.take(), bit(SIGUSR1));
    }
    EXPECT_EQ(action_of(SIGUSR1).sa_handler, plain);
    ::raise(SIGUSR1);
    EXPECT_EQ(n_plain, 3);
}

TEST_F(WatchedSignals, HostsHandlerIsCalledWithItsMaskAndErrnoStays) {
    host_handles(SIGUSR1, plain, {SIGUSR2});
    watched_signals signals({SIGUSR1});
    errno = ERANGE;
    ::raise(SIGUSR1);
    EXPECT_EQ(errno, ERANGE);
    EXPECT_EQ(n_plain, 1);
    EXPECT_TRUE(usr2_was_blocked);
    EXPECT_EQ(signals.take(), bit(SIGUSR1));
}

TEST_F(WatchedSignals, HostsHandlerGetsItsInformation) {
    struct sigaction host {};
    host.sa_sigaction = informed;
    host.sa_flags = SA_SIGINFO;
    ::sigaction(SIGUSR1, &host, nullptr);
    watched_signals signals({SIGUSR1});
    sigval value{};
    value.sival_int = 42; // NOLINT(*-union-access): the system's
    ASSERT_EQ(::sigqueue(::getpid(), SIGUSR1, value), 0);
    EXPECT_EQ(n_informed, 1);
    EXPECT_EQ(last_value, 42);
    EXPECT_EQ(signals.take(), bit(SIGUSR1));
}

TEST_F(WatchedSignals, IgnoredAndDefaultAreSurvivedAndComeBack) {
    host_handles(SIGUSR1, SIG_IGN);
    host_handles(SIGUSR2, SIG_DFL);
    {
        watched_signals signals({SIGUSR1, SIGUSR2});
        ::raise(SIGUSR1);
        ::raise(SIGUSR2); // without us, the end
        EXPECT_EQ(signals.take(), bit(SIGUSR1) | bit(SIGUSR2));
    }
    EXPECT_EQ(action_of(SIGUSR1).sa_handler, SIG_IGN);
    EXPECT_EQ(action_of(SIGUSR2).sa_handler, SIG_DFL);
}

void pass_on(int signal);
struct sigaction behind {};
void pass_on(int signal) {
    ++n_plain;
    if ((behind.sa_flags & SA_SIGINFO) != 0) behind.sa_sigaction(signal, nullptr, nullptr);
}

// A circle of handlers would end the test by a stack that is full.
TEST_F(WatchedSignals, HandlerThatWasPutBeforeOursStays) {
    std::optional<watched_signals> first(std::in_place, std::vector{SIGUSR1});
    struct sigaction host {};
    host.sa_handler = pass_on;
    ::sigaction(SIGUSR1, &host, &behind);
    auto const before = set_log_sink([](log_level, std::string_view) {});
    first.reset();
    set_log_sink(before);
    EXPECT_EQ(action_of(SIGUSR1).sa_handler, pass_on);
    watched_signals second({SIGUSR1});
    EXPECT_EQ(action_of(SIGUSR1).sa_handler, pass_on);
    ::raise(SIGUSR1);
    EXPECT_EQ(n_plain, 1);
    EXPECT_EQ(second.take(), bit(SIGUSR1));
    // The host takes all of it away: then we begin anew.
    host_handles(SIGUSR1, SIG_DFL);
    watched_signals third({SIGUSR1});
    ::raise(SIGUSR1);
    EXPECT_EQ(third.take(), bit(SIGUSR1));
    EXPECT_EQ(n_plain, 1);
}

TEST_F(WatchedSignals, ImpossibleSignalIsNamedAndLeavesNothing) {
    auto const refused = error_of([] { watched_signals signals({SIGUSR1, 32}); }); // glibc's own
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, errc::system_failure);
    EXPECT_THAT(refused->text, testing::HasSubstr("signal 32"));
    EXPECT_EQ(action_of(SIGUSR1).sa_handler, SIG_DFL);
}

TEST_F(WatchedSignals, MoveTakesTheWatchAlong) {
    watched_signals a({SIGUSR1});
    watched_signals b(std::move(a));
    ::raise(SIGUSR1);
    watched_signals c;
    c = std::move(b);
    EXPECT_EQ(c.take(), bit(SIGUSR1));
    c = watched_signals();
    EXPECT_EQ(action_of(SIGUSR1).sa_handler, SIG_DFL);
}

TEST_F(WatchedSignals, SignalsAtOtherThreadsCount) {
    watched_signals signals({SIGUSR1});
    std::thread other([] { ::pthread_kill(::pthread_self(), SIGUSR1); });
    other.join();
    EXPECT_EQ(signals.take(), bit(SIGUSR1));
}

TEST_F(WatchedSignals, ReadsThatAreInterruptedGoOn) {
    watched_signals signals({SIGUSR1});
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe(ends), 0);
    auto const reader = ::pthread_self();
    std::thread other([&] {
        ::usleep(20'000);
        ::pthread_kill(reader, SIGUSR1);
        ::usleep(20'000);
        EXPECT_EQ(::write(ends[1], "x", 1), 1);
    });
    char c = 0;
    EXPECT_EQ(::read(ends[0], &c, 1), 1);
    other.join();
    EXPECT_EQ(signals.take(), bit(SIGUSR1));
    ::close(ends[0]);
    ::close(ends[1]);
}

} // namespace
} // namespace shmwin::detail
