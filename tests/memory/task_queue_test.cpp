// SPDX-License-Identifier: MIT
// What ranks push is leased in order, comes back if it was not done, and ends for all at once.
// Deaths: task_queue_kill_test.cpp. Threads: task_queue_together_test.cpp.
#include "shmwin/base/error.hpp"

#include "support/queue_fixture.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <gmock/gmock.h>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using detail::pop_outcome;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::numbers;
using test::via;
using testing::ElementsAre;
using testing::IsEmpty;

struct TaskQueue : testing::Test, test::queue_pages<std::int64_t> {
    test::queue_user<std::int64_t> mine = user(0);
    test::queue_user<std::int64_t> other = user(1, via::second);

    void TearDown() override {
        EXPECT_EQ(mine->violation(), "");
        EXPECT_THAT(pages.memory(0).verify().violations, IsEmpty());
    }
    [[nodiscard]] std::size_t used() const { return pages.memory(0).stats().used; }
};

TEST_F(TaskQueue, NothingQueuedAndNothingLeasedIsTheEnd) {
    EXPECT_FALSE(mine.pop());
    EXPECT_EQ(mine.outcome(), pop_outcome::end);
    EXPECT_FALSE(mine.try_pop());
    EXPECT_EQ(mine.outcome(), pop_outcome::end);
}

TEST_F(TaskQueue, TasksComeInTheOrderOfPush) {
    for (std::int64_t i = 0; i < 1000; ++i) {
        (i % 2 == 0 ? mine : other).push(i);
    }
    EXPECT_EQ(mine->n_queued(), 1000U);
    for (std::int64_t i = 0; i < 1000; ++i) {
        auto& by = i % 3 == 0 ? mine : other;
        auto const got = by.pop();
        ASSERT_TRUE(got);
        EXPECT_EQ(got->task, i);
        EXPECT_EQ(got->ticket.attempts(), 1);
        EXPECT_EQ(mine->n_leased(), 1U);
        EXPECT_TRUE(by->done(got->ticket));
    }
    EXPECT_FALSE(other.pop());
    EXPECT_EQ(other.outcome(), pop_outcome::end);
}

TEST_F(TaskQueue, ManyTasksPushedTogetherStayTogether) {
    mine.push(-1);
    mine.push(numbers(63, 0));    // fit
    mine.push(numbers(1, 63));    // begins a chunk
    other.push(numbers(500, 64)); // fit no more: chunks of their own
    other.push(std::vector<std::int64_t>{});
    mine.push(564);
    EXPECT_EQ(mine->n_queued(), 566U);
    EXPECT_EQ(mine->violation(), "");
    EXPECT_EQ(mine.drain(), numbers(566, -1));
}

TEST_F(TaskQueue, WhatIsLeasedMayComeBackToItsPlace) {
    mine.push({1, 2, 3});
    auto const first = mine.pop();
    auto const second = other.pop();
    EXPECT_EQ(mine->n_leased(), 2U);
    EXPECT_TRUE(mine->put_back(first->ticket));
    EXPECT_EQ(mine->n_leased(), 1U);
    auto const again = other.pop();
    EXPECT_EQ(again->task, 1);
    EXPECT_EQ(again->ticket.attempts(), 2);
    EXPECT_TRUE(other->put_back(again->ticket));
    EXPECT_TRUE(other->put_back(second->ticket));
    for (std::int64_t i = 1; i <= 3; ++i) {
        auto const got = mine.pop();
        EXPECT_EQ(got->task, i);
        EXPECT_EQ(got->ticket.attempts(), (std::array{0, 3, 2, 1}.at(static_cast<size_t>(i))));
        mine->done(got->ticket);
    }
}

TEST_F(TaskQueue, ALeaseThatIsOutIsNotTheEnd) {
    mine.push(1);
    auto const got = mine.pop();
    EXPECT_FALSE(other.try_pop());
    EXPECT_EQ(other.outcome(), pop_outcome::none);
    auto const begin = steady_clock::now();
    EXPECT_FALSE(other.pop(begin + milliseconds(30)));
    EXPECT_EQ(other.outcome(), pop_outcome::none);
    EXPECT_GE(steady_clock::now() - begin, milliseconds(30));
    mine->done(got->ticket);
    EXPECT_FALSE(other.pop(begin)); // the deadline has passed, yet it is told
    EXPECT_EQ(other.outcome(), pop_outcome::end);
}

// As a thread of a rank may, while another one closes.
TEST_F(TaskQueue, AfterCloseNobodyWaits) {
    for (bool const leaves : {false, true}) {
        test::queue_pages<std::int64_t> const own;
        auto user = own.user(0);
        user.push(1);
        auto const held = user.pop();
        ASSERT_TRUE(held);
        if (leaves) {
            user.waits().meeting().leave("fence", "it had enough");
        } else {
            own.pages.who(0).close();
        }
        try {
            user.pop(steady_clock::now() + std::chrono::seconds(10));
            ADD_FAILURE() << "the wait returned";
        } catch (runtime_failure const& e) {
            EXPECT_EQ(e.code(), errc::closed);
        }
    }
}

TEST_F(TaskQueue, ALeaseEndsOnce) {
    mine.push({1, 2});
    auto const first = mine.pop();
    EXPECT_TRUE(mine->done(first->ticket));
    EXPECT_FALSE(mine->done(first->ticket));
    EXPECT_FALSE(mine->put_back(first->ticket));
    auto const second = mine.pop();
    EXPECT_TRUE(mine->put_back(second->ticket));
    auto const again = mine.pop(); // the same slot, the same rank
    EXPECT_FALSE(mine->done(second->ticket));
    EXPECT_EQ(mine->n_leased(), 1U);
    EXPECT_TRUE(mine->done(again->ticket));
    for (int i = 0; i < 200; ++i) { // through slots and chunks that are used again
        mine.push(i);
        auto const next = mine.pop();
        EXPECT_FALSE(mine->done(first->ticket));
        EXPECT_FALSE(mine->done(again->ticket));
        EXPECT_TRUE(mine->done(next->ticket));
    }
}

TEST_F(TaskQueue, AttemptsStopCountingAtTheirLimit) {
    mine.push(7);
    for (int i = 1; i < 33'000; ++i) {
        auto const got = mine.pop();
        ASSERT_EQ(got->ticket.attempts(), std::min(i, 32'767));
        mine->put_back(got->ticket);
    }
    EXPECT_EQ(mine.drain(), numbers(1, 7));
}

// A lease held for long keeps one chunk, not all that came behind it.
TEST_F(TaskQueue, MemoryIsGivenBackAsTasksAreDone) {
    mine.push(0);
    auto const held = mine.pop();
    auto const before = used();
    mine.push(numbers(10'000));
    EXPECT_GT(used(), before + 80'000);
    EXPECT_THAT(mine.drain(), testing::SizeIs(10'000));
    EXPECT_LE(used(), before + 4096);
    EXPECT_TRUE(mine->done(held->ticket));
    auto& all = *static_cast<detail::task_queue_state*>(mine.memory().at(state));
    mine.push(numbers(1000));
    auto const leased = mine.pop();
    EXPECT_TRUE(leased);
    detail::task_queue::destroy(all, mine.memory());
    mine.memory().deallocate(&all);
    EXPECT_EQ(mine.memory().stats().n_blocks, 0U);
    detail::task_queue::create(mine.memory().allocate(sizeof all, 64), 8, 8);
}

TEST_F(TaskQueue, OneChunkServesAQueueThatIsNeverLong) {
    mine.push(0);
    auto const n_blocks = mine.memory().stats().n_blocks;
    for (int i = 0; i < 1000; ++i) {
        auto const got = mine.pop();
        if (i % 3 == 0) mine.push(i);
        mine->done(got->ticket);
        if (i % 3 != 0) mine.push(i);
    }
    EXPECT_LE(mine.memory().stats().n_blocks, n_blocks + 1);
}

TEST_F(TaskQueue, WithoutRoomNothingIsPushed) {
    std::vector<std::int64_t> const many(1'000'000);
    auto const before = used();
    mine.push({1, 2});
    EXPECT_THROW(mine.push(many), out_of_memory);
    EXPECT_EQ(mine->n_queued(), 2U);
    EXPECT_LE(used(), before + 4096);
    std::int64_t n = 3;
    try {
        for (;;) {
            mine.push(n);
            ++n;
        }
    } catch (out_of_memory const&) {
    }
    EXPECT_GT(n, 150'000);
    EXPECT_EQ(mine->violation(), "");
    EXPECT_EQ(mine.drain(), numbers(n - 1, 1));
}

TEST_F(TaskQueue, ClearTakesWhatIsQueuedAndLeavesLeases) {
    mine.push(numbers(200));
    auto const first = mine.pop();
    auto const second = mine.pop();
    EXPECT_EQ(mine->clear(), 198U);
    EXPECT_EQ(mine->violation(), "");
    EXPECT_EQ(mine->clear(), 0U);
    EXPECT_EQ(mine->n_leased(), 2U);
    EXPECT_TRUE(mine->put_back(second->ticket));
    mine.push(5);
    EXPECT_EQ(mine.pop()->task, 1);
    EXPECT_EQ(mine.pop()->task, 5);
    EXPECT_TRUE(mine->done(first->ticket));
}

TEST_F(TaskQueue, ACheckpointSeesLeasedTasksInTheirPlaces) {
    EXPECT_THAT(mine.saved(), IsEmpty());
    mine.push(numbers(300));
    auto const a = mine.pop();
    static_cast<void>(mine.pop());
    for (int i = 2; i < 100; ++i) {
        mine->done(mine.pop()->ticket);
    }
    mine->done(a->ticket);
    auto wanted = numbers(200, 100);
    wanted.insert(wanted.begin(), 1);
    EXPECT_EQ(other.saved(), wanted);
}

TEST_F(TaskQueue, ARestoreReplacesTasksAndEndsLeases) {
    mine.push(numbers(300));
    auto const held = mine.pop();
    for (std::int64_t const n : {1000, 1, 0, 64, 65}) {
        mine->make_incoming(static_cast<std::size_t>(n));
        auto next = std::int64_t{5};
        for (auto const piece : other->incoming()) {
            for (std::size_t at = 0; at < piece.size(); at += 8, ++next) {
                std::memcpy(&piece[at], &next, 8);
            }
        }
        EXPECT_EQ(next, 5 + n);
        mine->take_incoming();
        EXPECT_EQ(mine->violation(), "");
        EXPECT_EQ(mine->n_queued(), static_cast<std::size_t>(n));
        EXPECT_EQ(mine->n_leased(), 0U);
        EXPECT_FALSE(mine->done(held->ticket));
        EXPECT_EQ(other.saved(), numbers(n, 5));
    }
    auto const before = used();
    mine->make_incoming(1000);
    mine->drop_incoming();
    EXPECT_THAT(mine->incoming(), IsEmpty());
    EXPECT_EQ(used(), before);
    EXPECT_THROW(mine->make_incoming(1'000'000), out_of_memory);
    EXPECT_EQ(used(), before);
    EXPECT_EQ(mine.drain(), numbers(65, 5));
    EXPECT_EQ(mine.outcome(), pop_outcome::end);
}

// --- waiting -------------------------------------------------------------------------------------

// A thread of rank 1 that pops once; what came, 0 for the end.
class TaskQueueWaits : public TaskQueue {
  protected:
    void start() {
        held_ = mine.pop();
        waiter_ = std::thread([this] {
            auto const got = other.pop();
            found_ = got ? got->task : 0;
        });
        auto& line = pages.lot().line(state).sequence;
        ASSERT_TRUE(test::eventually([&] { return line.n_sleepers != 0; }));
    }
    [[nodiscard]] std::int64_t found() {
        waiter_.join();
        return found_;
    }
    std::optional<test::queue_user<std::int64_t>::popped> held_;

  private:
    std::int64_t found_ = -1;
    std::thread waiter_;
};

TEST_F(TaskQueueWaits, UntilSomethingIsPushed) {
    mine.push(1);
    start();
    mine.push(2);
    EXPECT_EQ(found(), 2);
}

TEST_F(TaskQueueWaits, UntilSomethingComesBack) {
    mine.push(1);
    start();
    mine->put_back(held_->ticket);
    EXPECT_EQ(found(), 1);
}

TEST_F(TaskQueueWaits, UntilTheLastLeaseIsDone) {
    mine.push(1);
    start();
    mine->done(held_->ticket);
    EXPECT_EQ(found(), 0);
}

TEST_F(TaskQueueWaits, UntilARestoreBringsTasks) {
    mine.push(1);
    start();
    mine->make_incoming(1);
    std::int64_t const nine = 9;
    std::memcpy(mine->incoming().front().data(), &nine, 8);
    mine->take_incoming();
    EXPECT_EQ(found(), 9);
}

TEST_F(TaskQueueWaits, UntilTheHolderHasLeft) {
    mine.push(1);
    start();
    auto const begin = steady_clock::now();
    pages.who(0).leave("here", "for a test");
    EXPECT_EQ(found(), 1);
    EXPECT_LT(steady_clock::now() - begin, test::longest_wait_for_the_dead());
    EXPECT_FALSE(mine->done(held_->ticket)) << "it is another rank's now";
    EXPECT_EQ(mine->n_leased(), 1U);
}

// --- tasks of all sizes --------------------------------------------------------------------------

template <typename T>
struct TaskQueueOf : testing::Test, test::queue_pages<T> {};

template <std::size_t N>
struct task_of {
    std::array<unsigned char, N> bytes;
    friend bool operator==(task_of const&, task_of const&) = default;
};
struct alignas(256) aligned_task {
    std::array<unsigned char, 256> bytes;
    friend bool operator==(aligned_task const&, aligned_task const&) = default;
};
using task_types = testing::
    Types<task_of<1>, task_of<3>, task_of<500>, task_of<16'384>, task_of<100'001>, aligned_task>;
TYPED_TEST_SUITE(TaskQueueOf, task_types);

TYPED_TEST(TaskQueueOf, ComesBackWhole) {
    auto mine = this->user(0);
    auto other = this->user(1, via::second);
    std::vector<TypeParam> tasks(20);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        for (std::size_t b = 0; b < sizeof(TypeParam); ++b) {
            tasks[i].bytes.at(b) = static_cast<unsigned char>(i * 31 + b % 251);
        }
    }
    mine.push(tasks);
    for (auto const& each : tasks) {
        mine.push(each);
    }
    EXPECT_EQ(mine->violation(), "");
    for (auto const piece : mine->tasks()) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece.data()) % alignof(TypeParam), 0U);
    }
    auto twice = tasks;
    twice.insert(twice.end(), tasks.begin(), tasks.end());
    EXPECT_EQ(mine.saved(), twice);
    EXPECT_EQ(other.drain(), twice);
}

} // namespace
} // namespace shmwin
