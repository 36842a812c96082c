// SPDX-License-Identifier: MIT
#include "shmwin/sync/process.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace shmwin {
namespace {

using test::child;
using test::shared_object;

struct told {
    process_identity who;
    std::atomic<bool> done;
};

// A child that says who it is, then does `then`.
template <typename Then>
child introduced(shared_object<told> const& to, Then const& then) {
    child made([&] {
        to->who = this_process();
        to->done = true;
        then();
        return true;
    });
    EXPECT_TRUE(test::eventually([&] { return to->done.load(); }));
    return made;
}

void sleep_for_ever() {
    for (;;) {
        ::pause();
    }
}

TEST(ProcessIdentity, NamesTheCallingProcessTheSameInAllThreads) {
    auto const me = this_process();
    EXPECT_EQ(me.pid, ::getpid());
    EXPECT_NE(me.start_time, 0U);
    struct stat about {};
    ASSERT_EQ(::stat("/proc/self/ns/pid", &about), 0);
    EXPECT_EQ(me.pid_namespace, about.st_ino);
    process_identity in_thread;
    std::thread([&] { in_thread = this_process(); }).join();
    EXPECT_EQ(in_thread, me);
}

TEST(ProcessIdentity, OfAChildIsAnother) {
    SHMWIN_NEEDS_FORK();
    shared_object<told> told_by;
    auto const other = introduced(told_by, sleep_for_ever);
    EXPECT_EQ(told_by->who.pid, other.pid());
    EXPECT_NE(told_by->who, this_process());
    EXPECT_GE(told_by->who.start_time, this_process().start_time);
    EXPECT_EQ(told_by->who.pid_namespace, this_process().pid_namespace);
}

TEST(Liveness, OfTheCallerIsAlive) {
    EXPECT_EQ(liveness_of(this_process()), liveness::alive);
}

TEST(Liveness, OfALivingChildIsAlive) {
    SHMWIN_NEEDS_FORK();
    shared_object<told> told_by;
    auto const other = introduced(told_by, sleep_for_ever);
    EXPECT_EQ(liveness_of(told_by->who), liveness::alive);
}

TEST(Liveness, OfAStoppedChildIsAlive) {
    SHMWIN_NEEDS_FORK();
    shared_object<told> told_by;
    auto const other = introduced(told_by, sleep_for_ever);
    ASSERT_EQ(::kill(other.pid(), SIGSTOP), 0);
    siginfo_t about{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(other.pid()), &about, WSTOPPED | WNOWAIT), 0);
    EXPECT_EQ(liveness_of(told_by->who), liveness::alive);
}

TEST(Liveness, OfAKilledChildThatNobodyReapedIsDead) {
    SHMWIN_NEEDS_FORK();
    shared_object<told> told_by;
    auto const other = introduced(told_by, sleep_for_ever);
    other.kill();
    other.wait_for_zombie();
    EXPECT_EQ(::kill(other.pid(), 0), 0) << "the zombie must still be there";
    EXPECT_EQ(liveness_of(told_by->who), liveness::dead);
}

TEST(Liveness, OfAReapedChildIsDead) {
    SHMWIN_NEEDS_FORK();
    shared_object<told> told_by;
    auto other = introduced(told_by, [] {});
    EXPECT_EQ(other.wait(), 0);
    EXPECT_EQ(liveness_of(told_by->who), liveness::dead);
}

TEST(Liveness, OfAPidThatAnotherProcessHasNowIsDead) {
    SHMWIN_NEEDS_FORK();
    shared_object<told> told_by;
    auto const other = introduced(told_by, sleep_for_ever);
    auto before = told_by->who;
    before.start_time -= 1;
    EXPECT_EQ(liveness_of(before), liveness::dead);
}

TEST(Liveness, InAnotherPidNamespaceIsUnknown) {
    SHMWIN_NEEDS_FORK();
    shared_object<told> told_by;
    auto other = introduced(told_by, [] {});
    EXPECT_EQ(other.wait(), 0);
    auto elsewhere = told_by->who;
    elsewhere.pid_namespace += 1;
    EXPECT_EQ(liveness_of(elsewhere), liveness::unknown);
}

// The kernel shows such a process as a zombie: Z (zombie) in /proc/PID/stat.
TEST(Liveness, OfAProcessWhoseFirstThreadEndedIsAliveWhileAnotherLives) {
    SHMWIN_NEEDS_FORK();
    shared_object<told> told_by;
    shared_object<std::atomic<bool>> may_end;
    auto other = introduced(told_by, [&] {
        std::thread([&] {
            while (!*may_end) {
                ::usleep(1000);
            }
            ::_exit(0);
        }).detach();
        // As pthread_exit(), but without unwinding the test's frames.
        ::syscall(SYS_exit, 0);
    });
    auto const shown_as = [&] {
        std::array<char, 512> text{};
        auto* const file =
            std::fopen(("/proc/" + std::to_string(other.pid()) + "/stat").c_str(), "r");
        if (file == nullptr) return '?';
        auto const n = std::fread(text.data(), 1, text.size() - 1, file);
        std::fclose(file);
        auto const whole = std::string_view(text.data(), n);
        return whole[whole.rfind(')') + 2];
    };
    ASSERT_TRUE(test::eventually([&] { return shown_as() == 'Z'; }));
    EXPECT_EQ(liveness_of(told_by->who), liveness::alive);
    *may_end = true;
    other.wait_for_zombie();
    EXPECT_EQ(liveness_of(told_by->who), liveness::dead);
}

} // namespace
} // namespace shmwin
