// SPDX-License-Identifier: MIT
// Queues through the C interface.
#include "shmwin/c/queue.h"
#include "shmwin/segment/segment.hpp"

#include "c/handles.hpp"
#include "support/c_handle.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace shmwin::test {
namespace {

using CQueue = c_test;
using tasks_handle = c_handle<shmwin_queue, shmwin_queue_free_handle>;

std::int64_t task_of(shmwin_lease const* lease) {
    return *static_cast<std::int64_t const*>(shmwin_lease_task(lease));
}

std::size_t size_of_queue(shmwin_queue const* queue) {
    std::size_t n = 77;
    EXPECT_EQ(shmwin_queue_size(queue, &n), SHMWIN_SUCCESS);
    return n;
}

TEST_F(CQueue, EachTaskIsDoneOnce) {
    tasks_handle tasks;
    SHMWIN_ASSERT_OK(shmwin_queue_create(seg, "tasks", shmwin_dtype_int64(), nullptr, tasks.out()));
    EXPECT_EQ(shmwin_queue_dtype(tasks), shmwin_dtype_int64());
    std::array<std::int64_t, 25> mine{};
    std::iota(mine.begin(), mine.end(), 25 * rank);
    SHMWIN_ASSERT_OK(shmwin_queue_push(tasks, mine.data(), mine.size()));
    fence();
    std::int64_t sum = 0;
    for (;;) {
        shmwin_lease* lease = nullptr;
        SHMWIN_ASSERT_OK(shmwin_queue_pop(tasks, -1, &lease));
        if (lease == nullptr) break; // all work is done
        EXPECT_EQ(shmwin_lease_attempts(lease), 1);
        sum += task_of(lease);
        SHMWIN_EXPECT_OK(shmwin_lease_done(lease));
    }
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    EXPECT_EQ(sum, std::int64_t{25} * size * (25 * size - 1) / 2);
    EXPECT_EQ(size_of_queue(tasks), 0U);
    fence();
    SHMWIN_ASSERT_OK(shmwin_queue_destroy(seg, tasks));
    EXPECT_EQ(shmwin_queue_destroy(seg, tasks), SHMWIN_ERR_NOT_FOUND);
    EXPECT_EQ(shmwin_queue_find(seg, "tasks", tasks.out()), SHMWIN_ERR_NOT_FOUND);
}

TEST_F(CQueue, TasksComeBackAndEnd) {
    tasks_handle tasks;
    SHMWIN_ASSERT_OK(shmwin_queue_create(seg, "tasks", shmwin_dtype_int64(), nullptr, tasks.out()));
    SHMWIN_ASSERT_OK(shmwin_queue_find(seg, "tasks", tasks.out()));
    if (rank == last) {
        std::array<std::int64_t, 2> const two{5, 6};
        SHMWIN_ASSERT_OK(shmwin_queue_push(tasks, two.data(), two.size()));
        shmwin_lease* five = nullptr;
        shmwin_lease* six = nullptr;
        SHMWIN_ASSERT_OK(shmwin_queue_pop(tasks, 0, &five));
        SHMWIN_ASSERT_OK(shmwin_queue_pop(tasks, 0, &six));
        EXPECT_EQ(task_of(six), 6);
        std::size_t n = 0;
        SHMWIN_EXPECT_OK(shmwin_queue_n_leased(tasks, &n));
        EXPECT_EQ(n, 2U);
        shmwin_lease* none = five;
        EXPECT_EQ(shmwin_queue_pop(tasks, 0, &none), SHMWIN_ERR_TIMED_OUT);
        EXPECT_EQ(none, nullptr);
        EXPECT_EQ(shmwin_queue_pop(tasks, 0.005, &none), SHMWIN_ERR_TIMED_OUT);
        SHMWIN_EXPECT_OK(shmwin_lease_put_back(five));
        SHMWIN_ASSERT_OK(shmwin_queue_pop(tasks, -1, &five));
        EXPECT_EQ(task_of(five), 5);
        EXPECT_EQ(shmwin_lease_attempts(five), 2);
        SHMWIN_EXPECT_OK(shmwin_lease_done(five));
        SHMWIN_EXPECT_OK(shmwin_lease_done(six));
        SHMWIN_ASSERT_OK(shmwin_queue_pop(tasks, -1, &none));
        EXPECT_EQ(none, nullptr) << "all is done";
        SHMWIN_ASSERT_OK(shmwin_queue_push(tasks, two.data(), two.size()));
        SHMWIN_EXPECT_OK(shmwin_queue_clear(tasks, &n));
        EXPECT_EQ(n, 2U);
        SHMWIN_EXPECT_OK(shmwin_queue_clear(tasks, nullptr));
    }
    fence();
}

TEST_F(CQueue, RefusesWhatCannotBe) {
    tasks_handle tasks;
    shmwin_container_options options = SHMWIN_CONTAINER_OPTIONS_INIT;
    options.is_unsaved = 1;
    SHMWIN_ASSERT_OK(
        shmwin_queue_create(seg, "tasks", shmwin_dtype_double(), &options, tasks.out()));
    EXPECT_FALSE(seg->names.info("tasks")->saved);
    shmwin_lease* lease = nullptr;
    EXPECT_EQ(shmwin_queue_push(tasks, nullptr, 1), SHMWIN_ERR_INVALID_ARGUMENT);
    SHMWIN_EXPECT_OK(shmwin_queue_push(tasks, nullptr, 0));
    EXPECT_EQ(shmwin_queue_pop(tasks, -1, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_queue_pop(tasks, std::nan(""), &lease), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_queue_pop(nullptr, -1, &lease), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_queue_size(nullptr, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    SHMWIN_EXPECT_OK(shmwin_lease_done(nullptr));
    EXPECT_EQ(shmwin_lease_task(nullptr), nullptr);
    tasks_handle other;
    EXPECT_EQ(shmwin_queue_create(seg, "tasks", shmwin_dtype_double(), nullptr, other.out()),
              SHMWIN_ERR_ALREADY_EXISTS);
    EXPECT_EQ(shmwin_queue_create(seg, "x", nullptr, nullptr, other.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    options.struct_bytes = 0;
    EXPECT_EQ(shmwin_queue_create(seg, "x", shmwin_dtype_double(), &options, other.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    seg->names.create_value<int>("v");
    EXPECT_EQ(shmwin_queue_find(seg, "v", other.out()), SHMWIN_ERR_TYPE_MISMATCH);
    EXPECT_EQ(other, nullptr);
    fence();
}

// The task of a lease that ended under it is nobody's.
TEST_F(CQueue, ALeaseOfADestroyedQueueIsNone) {
    tasks_handle tasks;
    SHMWIN_ASSERT_OK(shmwin_queue_create(seg, "tasks", shmwin_dtype_int64(), nullptr, tasks.out()));
    shmwin_lease* lease = nullptr;
    if (rank == 0) {
        std::int64_t const task = 9;
        SHMWIN_ASSERT_OK(shmwin_queue_push(tasks, &task, 1));
        SHMWIN_ASSERT_OK(shmwin_queue_pop(tasks, 0, &lease));
    }
    fence();
    SHMWIN_ASSERT_OK(shmwin_queue_destroy(seg, tasks));
    if (rank == 0) {
        EXPECT_EQ(task_of(lease), 9);
        EXPECT_EQ(shmwin_lease_done(lease), SHMWIN_ERR_NOT_FOUND);
    }
    fence();
}

} // namespace
} // namespace shmwin::test
