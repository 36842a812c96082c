// SPDX-License-Identifier: MIT
// Waits that somebody else ends: wait_policy::interrupt.
#include "shmwin/sync/wait.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace {

using shmwin::wait_interrupted;
using shmwin::wait_policy;
using namespace shmwin::detail;

int n_calls = 0; // NOLINT(*-avoid-non-const-global-variables): the hook has no context

void interrupt_at_the_third() {
    if (++n_calls == 3) throw wait_interrupted();
}

wait_policy policy_with(void (*interrupt)()) {
    wait_policy policy;
    policy.progress = [](void* /*context*/) {};
    policy.interrupt = interrupt;
    return policy;
}

TEST(WaitInterrupt, EndsAWaitAndLeavesNoSleeper) {
    n_calls = 0;
    waitable word{};
    EXPECT_THROW(wait_while(word, 0, policy_with(interrupt_at_the_third), [](bool) {}),
                 wait_interrupted);
    EXPECT_EQ(n_calls, 3);
    EXPECT_EQ(word.n_sleepers.load(), 0U);
}

TEST(WaitInterrupt, IsNotAskedWhereAWaitIsOverAtOnce) {
    n_calls = 0;
    waitable word{};
    word.word = 1;
    EXPECT_TRUE(wait_while(word, 0, policy_with(interrupt_at_the_third), [](bool) {}));
    EXPECT_EQ(n_calls, 0);
}

TEST(WaitInterrupt, IsNotAskedInShortWaitsThatDriveNoMpi) {
    n_calls = 0;
    waitable word{};
    auto policy = policy_with(interrupt_at_the_third);
    policy.progress = nullptr;
    auto const until = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
    policy.slice = std::chrono::milliseconds(1);
    EXPECT_FALSE(wait_while(
        word, 0, policy, [](bool) {}, until));
    EXPECT_EQ(n_calls, 0);
}

} // namespace
