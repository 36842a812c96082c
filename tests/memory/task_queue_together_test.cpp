// SPDX-License-Identifier: MIT
// Many threads as ranks that push, lease, give back and finish at once: no task is lost, none is
// done twice, and all learn of the end.
#include "support/queue_fixture.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <gmock/gmock.h>
#include <random>
#include <vector>

namespace shmwin {
namespace {

using detail::pop_outcome;

// A node of a binary tree: its number, as in a heap's order from 1 on.
struct tree_task {
    std::int64_t number;
    std::int64_t check; ///< its complement: half a task is noticed
};

struct TaskQueueTogether : testing::TestWithParam<int>, test::queue_pages<tree_task> {};
INSTANTIATE_TEST_SUITE_P(Ranks, TaskQueueTogether, testing::Values(2, 4, 8));

TEST_P(TaskQueueTogether, ATreeIsWalkedOnceAndAllLearnOfTheEnd) {
    int const n_ranks = GetParam();
    std::int64_t const n_tasks = 20'000 * test::soak_factor();
    std::vector<std::atomic<int>> n_done(static_cast<std::size_t>(n_tasks) + 1);
    std::atomic<int> n_ended = 0;
    std::atomic<bool> torn = false;
    user(0).push(tree_task{1, ~std::int64_t{1}});
    test::as_threads(n_ranks, [&](int rank) {
        auto mine = user(rank, rank % 2 == 0 ? test::via::first : test::via::second);
        std::minstd_rand random(static_cast<unsigned>(rank) + 1);
        for (;;) {
            auto const got = random() % 4 == 0 ? mine.try_pop() : mine.pop();
            if (!got && mine.outcome() == pop_outcome::end) break;
            if (!got) continue;
            auto const number = got->task.number;
            if (got->task.check != ~number) torn = true;
            if (random() % 8 == 0) {
                mine->put_back(got->ticket);
                continue;
            }
            std::vector<tree_task> more;
            for (auto const child : {2 * number, 2 * number + 1}) {
                if (child <= n_tasks) more.push_back({child, ~child});
            }
            mine.push(more);
            ++n_done.at(static_cast<std::size_t>(number));
            if (!mine->done(got->ticket)) torn = true;
        }
        ++n_ended;
    });
    EXPECT_EQ(n_ended, n_ranks);
    EXPECT_FALSE(torn);
    for (std::size_t i = 1; i < n_done.size(); ++i) {
        ASSERT_EQ(n_done[i], 1) << i;
    }
    EXPECT_EQ(user(0)->violation(), "");
    EXPECT_THAT(pages.memory(0).verify().violations, testing::IsEmpty());
    EXPECT_LE(pages.memory(0).stats().n_blocks, 2U);
}

} // namespace
} // namespace shmwin
