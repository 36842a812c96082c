// SPDX-License-Identifier: MIT
// Containers of several threads and processes at once.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/sync/robust_mutex.hpp"

#include "support/allocator_fixture.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string>

namespace shmwin {
namespace {

using test::via;

using Allocator = test::allocator_fixture;

TEST_F(Allocator, VectorIsPushedToByThreadsUnderALock) {
    auto* const v = make<vector<int>>();
    std::mutex lock;
    test::as_threads(4, [&](int thread) {
        for (int i = 0; i < 500; ++i) {
            std::lock_guard const held(lock);
            (thread % 2 == 0 ? v : through_second(v))->push_back(thread);
        }
    });
    for (int thread = 0; thread < 4; ++thread) {
        EXPECT_EQ(std::ranges::count(*v, thread), 500);
    }
    end(through_second(v));
}

struct shared_list {
    explicit shared_list(allocator<> const& from) : items(from) {}
    detail::robust_mutex lock;
    vector<string> items;
};

TEST_F(Allocator, ContainersAreSharedByProcessesAtOtherAddresses) {
    SHMWIN_NEEDS_FORK();
    auto* const list = make<shared_list>();
    bool const all = test::as_processes(pages, 4, [&](int rank) {
        auto const mine = pages.memory(rank, via::second);
        at_first.reset();
        at_second.emplace(mine);
        auto const who = pages.who(rank, via::second);
        auto* const here = through_second(list);
        hide_first();
        for (int i = 0; i < 300; ++i) {
            if (here->lock.lock(who, test::shared_pages::policy()) != detail::lock_outcome::locked)
                return false;
            here->items.emplace_back(std::to_string(rank) + std::string(40, '.'));
            if (i % 3 == 0) here->items.erase(here->items.begin()); // another's, often
            here->lock.unlock();
        }
        return true;
    });
    ASSERT_TRUE(all);
    EXPECT_EQ(list->items.size(), 800U);
    for (auto const& each : list->items) {
        ASSERT_EQ(each.size(), 41U);
        ASSERT_TRUE(each[0] >= '0' && each[0] <= '3');
    }
    end(through_second(list));
}

} // namespace
} // namespace shmwin
