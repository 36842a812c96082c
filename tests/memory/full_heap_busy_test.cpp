// SPDX-License-Identifier: MIT
// A segment that is full while others change the directory all the time: the error names the
// largest objects, and whoever gets it must not pass for another rank.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/directory.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/directory_fixture.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace shmwin {
namespace {

using namespace literals;

TEST(FullHeapWhileNamesChange, IsOutOfMemoryAndNothingElse) {
    SHMWIN_NEEDS_FORK();
    test::shared_pages pages{{.capacity = 8_MiB, .n_ranks = 2}};
    for (std::uint64_t i = 0; i < 1000; ++i) {
        static_cast<void>(pages.names(0).insert(test::record_of(test::numbered(i))));
    }
    // As rank 0 in the middle of a change, for longer than others wait before they ask who it is.
    auto& state = pages.names_state();
    ASSERT_EQ(state.mutex.lock(pages.who(0), test::shared_pages::policy()),
              detail::lock_outcome::locked);
    std::atomic<bool> done{false};
    std::thread changing([&] {
        while (!done) {
            ++state.n_changes;
        }
    });
    test::child asking([&] {
        pages.who(1).attach();
        try {
            static_cast<void>(pages.memory(1).allocate(1_GiB));
        } catch (error const& failed) {
            return failed.code() == errc::out_of_memory;
        }
        return false;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_EQ(state.mutex.holder(), 0);
    done = true;
    changing.join();
    state.mutex.unlock();
    EXPECT_EQ(asking.wait(), 0);
}

} // namespace
} // namespace shmwin
