// SPDX-License-Identifier: MIT
// A child that a rank forks: it has the memory, the locks and the heap, and nothing of the rank's
// part in collective calls. However it ends, the rank and the others go on.
#include "shmwin/mpi/finalize.hpp"
#include "shmwin/segment/mutex.hpp"
#include "shmwin/segment/scratch_array.hpp"
#include "shmwin/segment/shared_mutex.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <gmock/gmock.h>
#include <mutex>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace shmwin {
namespace {

using test::error_of;
using testing::HasSubstr;

struct ForkedChild : test::open_segment {
    // The child's exit code is what f returns.
    template <typename F>
    static pid_t start(F f) {
        pid_t const child = ::fork();
        if (child == 0) ::_exit(f());
        return child;
    }
    static int end_of(pid_t child) {
        int status = -1;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
};

TEST_F(ForkedChild, LocksAndChangesWhatTheRankSees) {
    auto const lock = seg.create_mutex("lock");
    auto* const count = seg.create_object<std::int64_t>("count", 0);
    auto const add = [&] {
        for (int i = 0; i < 300; ++i) {
            std::lock_guard const held(lock);
            *count += 1;
        }
        return 0;
    };
    auto const child = start(add);
    add();
    EXPECT_EQ(end_of(child), 0);
    seg.fence();
    EXPECT_EQ(*count, 2 * 300 * size);
}

TEST_F(ForkedChild, UsesTheHeapAndFindsNames) {
    auto* const count = seg.create_object<std::int64_t>("count", 5);
    auto const child = start([&] {
        seg.heap().deallocate(seg.heap().allocate(24));
        return seg.find<std::int64_t>("count") == count ? 0 : 1;
    });
    EXPECT_EQ(end_of(child), 0);
    EXPECT_TRUE(seg.verify().violations.empty());
}

TEST_F(ForkedChild, IsRefusedCollectiveCalls) {
    auto const refused = [&](char const* call, auto const& f) {
        auto const thrown = error_of(f);
        return thrown && thrown->code == errc::unsupported
               && thrown->text.find(std::string(call) + " is not possible (in a child that rank ")
                      == 0;
    };
    auto const child = start([&] {
        if (!refused("fence", [&] { seg.fence(); })) return 1;
        if (!refused("create_array",
                     [&] { static_cast<void>(seg.create_array<double>("u", shape(3))); })) {
            return 2;
        }
        if (!refused("close", [&] { seg.close(); })) return 3;
        return detail::mpi_is_up() ? 4 : 0;
    });
    EXPECT_EQ(end_of(child), 0);
    seg.fence(); // and all ranks meet as ever
}

TEST_F(ForkedChild, EndsWithoutTheRank) {
    for (int const how : {0, 1, 2}) {
        pid_t const child = ::fork();
        if (child == 0) {
            if (how == 0) std::exit(0); // NOLINT(concurrency-mt-unsafe): runs what is at exit
            if (how == 1) seg.leave("the child's end");
            if (how == 2) {
                ::raise(SIGKILL);
            }
            ::_exit(0);
        }
        EXPECT_EQ(end_of(child), how == 2 ? -1 : 0) << how;
        seg.fence();
        EXPECT_FALSE(seg.abandoned()) << how;
        EXPECT_TRUE(seg.is_open());
    }
}

TEST_F(ForkedChild, GivesNoHoldOfTheRankUp) {
    auto const before = seg.heap().stats().used;
    seg.fence();
    std::optional<shmwin::scratch_array<double, 1>> made(seg.scratch_array<double>(shape(1000)));
    auto const child = start([&] {
        made.reset();
        return 0;
    });
    EXPECT_EQ(end_of(child), 0);
    seg.fence();
    (*made)(7) = 1.5;
    EXPECT_GT(seg.heap().stats().used, before);
    seg.fence();
    made.reset();
    seg.fence();
    EXPECT_EQ(seg.heap().stats().used, before);
}

// Nobody is told to look: whoever waits notices.
TEST_F(ForkedChild, KilledWithALockInHandIsNoticed) {
    auto const lock = seg.create_mutex("lock");
    auto const both = seg.create_shared_mutex("both");
    if (rank == last) {
        auto const child = start([&] {
            lock.lock();
            both.lock();
            ::raise(SIGKILL);
            return 0;
        });
        end_of(child);
    }
    seg.fence();
    if (rank == 0) {
        EXPECT_EQ(error_of([&] { lock.lock(); })->code, errc::owner_died);
        EXPECT_EQ(error_of([&] { both.lock(); })->code, errc::owner_died);
        EXPECT_TRUE(lock.lock_to_repair());
        lock.mark_consistent();
        lock.unlock();
        EXPECT_TRUE(both.lock_to_repair());
        both.mark_consistent();
        both.unlock();
    }
    seg.fence();
    { std::lock_guard const held(lock); }
}

TEST_F(ForkedChild, AThreadThatEndsWithALockInHandIsNoticed) {
    auto const lock = seg.create_mutex("lock");
    if (rank == last) std::thread([&] { lock.lock(); }).join();
    seg.fence();
    if (rank == 0) {
        EXPECT_EQ(error_of([&] { lock.lock(); })->code, errc::owner_died);
        EXPECT_TRUE(lock.lock_to_repair());
        lock.mark_consistent();
        lock.unlock();
    }
    seg.fence();
}

} // namespace
} // namespace shmwin
