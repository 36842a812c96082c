// SPDX-License-Identifier: MIT
// Queues by name, and leases as ranks hold them. What a queue does with tasks, also when ranks
// die: tests/memory/task_queue*_test.cpp.
#include "shmwin/base/describe.hpp"
#include "shmwin/segment/queue.hpp"

#include "support/open_segment.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace app {
struct interval {
    std::int64_t first;
    std::int64_t last;
};
struct unit { // known by a name alone
    std::array<int, 5> words;
    unit() = delete;
    explicit unit(int word) : words{word, word, word, word, word} {}
};
} // namespace app
SHMWIN_DESCRIBE(app::interval, first, last);
SHMWIN_NAME(app::unit, "app.unit/1");

namespace shmwin {
namespace {

using namespace test;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::IsEmpty;

static_assert(
    std::is_copy_constructible_v<queue<int>> && std::is_default_constructible_v<queue<int>>);
static_assert(
    !std::is_copy_constructible_v<lease<int>> && std::is_nothrow_move_constructible_v<lease<int>>);
static_assert(
    !std::is_copy_assignable_v<lease<int>> && std::is_nothrow_move_assignable_v<lease<int>>);

using Queue = open_segment;

TEST_F(Queue, IsFoundByNameAndType) {
    auto const made = seg.create_queue<app::interval>("tasks");
    auto const found = seg.find_queue<app::interval>("tasks");
    EXPECT_TRUE(made && found && found.is_valid());
    EXPECT_FALSE(queue<int>());
    auto const wrong = error_of([&] { static_cast<void>(seg.find_queue<double>("tasks")); });
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->code, errc::type_mismatch);
    EXPECT_THAT(wrong->text, HasSubstr("of 16 bytes"));
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_value<double>("tasks")); })->code,
              errc::type_mismatch);
    EXPECT_THAT(error_of([&] { static_cast<void>(seg.find_any("tasks")); })->text,
                HasSubstr("find_queue"));
    EXPECT_EQ(agreed_error_of(world, [&] { seg.create_queue<int>("tasks"); }).code,
              errc::already_exists);
    auto const info = *seg.info("tasks");
    EXPECT_EQ(info.kind, object_kind::queue);
    EXPECT_STREQ(name(info.kind), "queue");
    EXPECT_EQ(info.element->signature(), dtype_of<app::interval>.signature());
    EXPECT_TRUE(info.saved);
    EXPECT_FALSE(seg.create_queue<int>("scrap", {.saved = false}).where().address == nullptr);
    EXPECT_FALSE(seg.info("scrap")->saved);
    seg.create_queue<app::unit>("units");
    EXPECT_FALSE(seg.info("units")->saved) << "no file can hold them";
}

// Each rank takes intervals, halves them, and pushes the halves: until nothing is left anywhere.
TEST_F(Queue, AllRanksWorkUntilAllIsDone) {
    constexpr std::int64_t n = 4000;
    auto const tasks = seg.create_queue<app::interval>("tasks");
    auto const hits = seg.create_array<std::int32_t>("hits", shape(n));
    auto const total = seg.create_value<std::int64_t>("total");
    if (rank == 0) tasks.push({0, n});
    seg.fence();
    while (auto task = tasks.pop()) {
        auto const [first, end] = *task;
        if (end - first == 1) {
            ++hits(first);
            total.fetch_add(1);
        } else {
            auto const middle = first + (end - first) / 2;
            tasks.push({first, middle});
            tasks.push({middle, end});
        }
        EXPECT_EQ(task.attempts(), 1);
        EXPECT_TRUE(task.done());
    }
    EXPECT_EQ(total.load(), n) << "the end was told too early";
    for (std::int64_t i = 0; i < n; ++i) {
        ASSERT_EQ(hits(i), 1) << i;
    }
    EXPECT_EQ(tasks.size() + tasks.n_leased(), 0U);
    expect_sound(seg);
    seg.destroy(tasks);
    seg.destroy(hits);
    seg.destroy(total);
}

#ifndef NDEBUG
TEST_F(Queue, AnEmptyLeaseHasNoTaskToRead) {
    auto const tasks = seg.create_queue<int>("tasks");
    if (rank == 0) {
        auto const end = tasks.pop();
        EXPECT_DEATH(static_cast<void>(*end), "precondition");
        tasks.push(1);
        auto task = tasks.pop();
        auto const moved = std::move(task);
        EXPECT_EQ(*moved, 1);
        // NOLINTNEXTLINE(bugprone-use-after-move): it is empty
        EXPECT_DEATH(static_cast<void>(*task), "precondition");
    }
    seg.fence();
}
#endif

TEST_F(Queue, DestroyGivesAllMemoryBack) {
    seg.create_queue<double>("other"); // the directory has its own memory from here on
    auto const before = seg.heap().stats().n_blocks;
    seg.fence();
    auto const tasks = seg.create_queue<double>("tasks");
    tasks.push_range(std::vector<double>(1000, rank));
    auto held = tasks.pop();
    seg.fence();
    EXPECT_EQ(tasks.size() + tasks.n_leased(), 1000U * static_cast<unsigned>(size));
    seg.destroy(tasks);
    EXPECT_EQ(seg.heap().stats().n_blocks, before);
    EXPECT_FALSE(tasks.is_valid());
    EXPECT_FALSE(held.done());
    EXPECT_FALSE(held);
    expect_sound(seg);
}

TEST_F(Queue, ALeaseThatUnwindsPutsItsTaskBack) {
    auto const tasks = seg.create_queue<app::unit>("units");
    if (rank == 0) tasks.push(app::unit(7));
    seg.fence();
    auto const fails = [&](int attempt) {
        auto const task = tasks.pop();
        EXPECT_EQ(task.attempts(), attempt);
        EXPECT_EQ(task->words.back(), 7);
        throw std::runtime_error("it failed");
    };
    if (rank == last) {
        EXPECT_THROW(fails(1), std::runtime_error);
        EXPECT_EQ(tasks.size(), 1U);
        EXPECT_THROW(fails(2), std::runtime_error);
    }
    seg.fence();
    if (rank == 0) {
        auto task = tasks.pop();
        EXPECT_EQ(task.attempts(), 3);
        auto const moved = std::move(task);
        EXPECT_FALSE(task); // NOLINT(bugprone-use-after-move): it is empty
        EXPECT_TRUE(moved);
        EXPECT_EQ(tasks.n_leased(), 1U);
    }
    seg.fence();
    EXPECT_EQ(tasks.size(), 1U);
    seg.fence();
    if (rank == 0) {
        auto task = tasks.pop();
        EXPECT_EQ(task.attempts(), 4);
        EXPECT_TRUE(task.put_back());
        EXPECT_FALSE(task || task.put_back() || task.done());
        task = tasks.pop();
        EXPECT_TRUE(task.done());
        EXPECT_EQ(task->words.front(), 7) << "what was done may be read";
    }
    seg.fence();
    EXPECT_FALSE(tasks.pop());
}

TEST_F(Queue, TellsTimeFromTheEnd) {
    auto const tasks = seg.create_queue<int>("tasks");
    if (rank == 0) tasks.push(1);
    seg.fence();
    lease<int> held;
    if (rank == 0) held = tasks.pop();
    seg.fence();
    EXPECT_FALSE(tasks.try_pop().has_value());
    auto const begin = steady_clock::now();
    EXPECT_FALSE(tasks.pop_for(milliseconds(5)).has_value());
    EXPECT_FALSE(tasks.pop_until(begin + milliseconds(20)).has_value());
    EXPECT_FALSE(tasks.pop_until(std::chrono::system_clock::now() + milliseconds(1)).has_value());
    EXPECT_GE(steady_clock::now() - begin, milliseconds(20));
    seg.fence();
    if (rank == 0) held.done();
    auto const end = tasks.pop_for(std::chrono::hours(1));
    ASSERT_TRUE(end.has_value());
    EXPECT_FALSE(*end);
    ASSERT_TRUE(tasks.try_pop().has_value());
    EXPECT_FALSE(*tasks.try_pop());
    seg.fence();
    if (rank == last) tasks.push(2);
    seg.fence();
    if (rank == 0) {
        auto task = tasks.try_pop();
        ASSERT_TRUE(task && *task);
        EXPECT_EQ(**task, 2);
    }
    seg.fence();
    if (rank == last) {
        EXPECT_EQ(tasks.clear(), 1U);
    }
    seg.fence();
    EXPECT_FALSE(tasks.pop());
}

// Who leaves with a lease loses it; the others work on, though no collective call would.
TEST_F(Queue, OutlivesARankThatLeaves) {
    segment other(on, {.capacity = 8_MiB});
    auto const tasks = other.create_queue<int>("tasks");
    if (rank == 0) tasks.push_range(std::vector<int>{1, 2, 3});
    other.fence();
    lease<int> held;
    if (rank == last) held = tasks.pop();
    MPI_Barrier(world);
    if (rank == last) {
        other.leave("it had enough");
        EXPECT_EQ(error_of([&] { static_cast<void>(tasks.pop()); })->code, errc::closed);
        EXPECT_EQ(error_of([&] { tasks.push(1); })->code, errc::closed);
    } else {
        auto const begin = steady_clock::now();
        while (auto task = tasks.pop()) {
            EXPECT_EQ(task.attempts(), *task == 1 ? 2 : 1);
            task.done();
        }
        EXPECT_LT(steady_clock::now() - begin, test::longest_wait_for_the_dead());
    }
    MPI_Barrier(world);
    EXPECT_EQ(held.done(), size == 1 && rank == last) << "others did it";
    MPI_Barrier(world);
    other.leave("for a test");
}

// MPI goes on while a rank waits: a large message may need its receiver's next step.
TEST_F(Queue, DrivesMpiWhileItWaits) {
    auto const tasks = seg.create_queue<int>("tasks");
    std::vector<double> out(200'000, rank);
    std::vector<double> in(out.size());
    MPI_Request sent = MPI_REQUEST_NULL;
    if (rank == 0) tasks.push(1);
    seg.fence();
    lease<int> held;
    if (rank == 0) held = tasks.pop();
    seg.fence();
    if (rank != 0) {
        MPI_Isend(out.data(), static_cast<int>(out.size()), MPI_DOUBLE, 0, 0, world, &sent);
        EXPECT_FALSE(tasks.pop()); // ends when rank 0 has received
    } else {
        for (int r = 1; r < size; ++r) {
            MPI_Recv(
                in.data(), static_cast<int>(in.size()), MPI_DOUBLE, r, 0, world, MPI_STATUS_IGNORE);
            EXPECT_EQ(in.back(), r);
        }
        held.done();
    }
    MPI_Wait(&sent, MPI_STATUS_IGNORE);
    seg.fence();
}

TEST_F(Queue, AfterCloseIsRefused) {
    segment other(on, {.capacity = 8_MiB});
    auto const tasks = other.create_queue<int>("tasks");
    tasks.push(1);
    other.close();
    auto const thrown = error_of([&] { static_cast<void>(tasks.clear()); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::closed);
    EXPECT_THAT(thrown->text, HasSubstr("queue::clear"));
    EXPECT_EQ(error_of([&] { static_cast<void>(tasks.try_pop()); })->code, errc::closed);
    EXPECT_EQ(tasks.size(), static_cast<std::size_t>(size));
}

TEST_F(Queue, SaysWhenMemoryIsOut) {
    auto const tasks = seg.create_queue<std::array<double, 1000>>("tasks");
    seg.fence();
    if (rank == 0) {
        auto const thrown = error_of([&] {
            for (;;)
                tasks.push({});
        });
        EXPECT_EQ(thrown->code, errc::out_of_memory);
        EXPECT_GT(tasks.size(), 5000U);
        auto const n = tasks.size();
        EXPECT_EQ(tasks.clear(), n);
    }
    expect_sound(seg);
}

} // namespace
} // namespace shmwin
