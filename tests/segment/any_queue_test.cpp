// SPDX-License-Identifier: MIT
// Queues of a type known at run time: the same queues as those of the template.
#include "shmwin/segment/any_queue.hpp"

#include "support/described_types.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <utility>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

using AnyQueue = open_segment;

particle task_of(any_lease const& lease) {
    return *static_cast<particle const*>(lease.data());
}

TEST_F(AnyQueue, EachTaskIsDoneOnceByTheRanksTogether) {
    auto const tasks = seg.create_queue("tasks", dtype_of<particle>);
    std::array<particle, 20> mine;
    for (int i = 0; i < 20; ++i)
        mine.at(static_cast<std::size_t>(i)) = {{1.0, 2.0}, 0.5F, true, 20 * rank + i};
    tasks.push(mine.data(), mine.size());
    seg.fence();
    auto const sum = seg.create_value<std::int64_t>("sum");
    while (auto task = tasks.pop().value()) {
        EXPECT_EQ(task.attempts(), 1);
        sum.fetch_add(task_of(task).id);
        EXPECT_TRUE(task.done());
        EXPECT_FALSE(task.done()) << "it ends once";
        EXPECT_NE(task.data(), nullptr) << "the copy stays";
    }
    seg.fence();
    EXPECT_EQ(sum.load(), std::int64_t{20} * size * (20 * size - 1) / 2);
    EXPECT_EQ(tasks.size(), 0U);
}

TEST_F(AnyQueue, IsThatOfTheTemplate) {
    auto const theirs = seg.create_queue<particle>("tasks");
    auto const found = seg.find_any_queue("tasks");
    EXPECT_EQ(found.type(), dtype_of<particle>);
    if (rank == 0) {
        theirs.push({{3.0, 4.0}, 1.0F, false, 7});
        auto task = found.try_pop().value();
        EXPECT_EQ(task_of(task), (particle{{3.0, 4.0}, 1.0F, false, 7}));
        EXPECT_EQ(found.n_leased(), 1U);
        any_lease moved(std::move(task));
        moved = any_lease(); // ends it
        auto again = theirs.try_pop().value();
        EXPECT_EQ(again.attempts(), 2);
        EXPECT_FALSE(found.try_pop()) << "it is leased";
        EXPECT_FALSE(found.pop(std::chrono::steady_clock::now() + std::chrono::milliseconds(5)));
        again.done();
        auto const end = found.try_pop().value();
        EXPECT_FALSE(end);
        EXPECT_EQ(end.data(), nullptr);
        found.push(std::array<particle, 3>{}.data(), 3);
        EXPECT_EQ(found.clear(), 3U);
    }
    seg.fence();
    seg.destroy(found);
    EXPECT_FALSE(theirs.is_valid());
    expect_sound(seg);
}

TEST_F(AnyQueue, RefusesWhatItIsNot) {
    seg.create_value<int>("v");
    auto const other = error_of([&] { static_cast<void>(seg.find_any_queue("v")); });
    ASSERT_TRUE(other);
    EXPECT_EQ(other->code, errc::type_mismatch);
    EXPECT_THAT(other->text, HasSubstr("kind value"));
    auto const taken = agreed_error_of(world, [&] { seg.create_queue("v", dtype_of<int>); });
    EXPECT_EQ(taken.code, errc::already_exists);
    auto const tasks = seg.create_queue("tasks", dtype_of<double>, {.saved = false});
    EXPECT_FALSE(seg.info("tasks")->saved);
    double const one = 1;
    EXPECT_EQ(error_of([&] { tasks.push(&one, ~std::size_t{0}); })->code, errc::invalid_argument);
    EXPECT_EQ(tasks.size(), 0U);
}

} // namespace
} // namespace shmwin
