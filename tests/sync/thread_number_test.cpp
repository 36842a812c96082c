// SPDX-License-Identifier: MIT
#include "shmwin/sync/thread_number.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <set>

namespace shmwin {
namespace {

using detail::this_thread_number;

TEST(ThreadNumber, IsWhatTheSystemSays) {
    EXPECT_EQ(this_thread_number(), static_cast<std::uint32_t>(::syscall(SYS_gettid)));
    EXPECT_EQ(this_thread_number(), this_thread_number());
}

TEST(ThreadNumber, DiffersBetweenThreads) {
    std::array<std::uint32_t, 4> numbers{};
    std::atomic<int> n_here{0};
    test::as_threads(4, [&](int i) {
        numbers.at(static_cast<std::size_t>(i)) = this_thread_number();
        ++n_here;
        while (n_here < 4) { // none ends before all have asked: numbers are used again
            std::this_thread::yield();
        }
    });
    EXPECT_EQ(std::set<std::uint32_t>(numbers.begin(), numbers.end()).size(), 4U);
}

TEST(ThreadNumber, IsAnotherInAChild) {
    SHMWIN_NEEDS_FORK();
    auto const mine = this_thread_number();
    test::child forked([&] {
        return this_thread_number() != mine
               && this_thread_number() == static_cast<std::uint32_t>(::getpid());
    });
    EXPECT_EQ(forked.wait(), 0);
    EXPECT_EQ(this_thread_number(), mine);
}

} // namespace
} // namespace shmwin
