// SPDX-License-Identifier: MIT
// What ranks wait at, through the C interface: condition variables, semaphores, events, barriers,
// latches, counters.
#include "shmwin/c/sync.h"

#include "support/c_handle.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <vector>

namespace shmwin::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using CConditionVariable = c_test;
using CSemaphore = c_test;
using CEvent = c_test;
using CBarrier = c_test;
using CLatch = c_test;
using CCounter = c_test;

using condition = c_handle<shmwin_condition_variable, shmwin_condition_variable_free_handle>;
using data = c_handle<shmwin_synchronized, shmwin_synchronized_free_handle>;

TEST_F(CConditionVariable, AllSeeWhatWasNotified) {
    condition changed;
    data word;
    SHMWIN_ASSERT_OK(shmwin_condition_variable_create(seg, "changed", changed.out()));
    SHMWIN_ASSERT_OK(
        shmwin_synchronized_create(seg, "word", shmwin_dtype_int(), nullptr, word.out()));
    void* bytes = nullptr;
    SHMWIN_ASSERT_OK(shmwin_synchronized_lock(word, -1, &bytes));
    auto* const seen = static_cast<int*>(bytes);
    // Each waits for its turn, so that all notify and all but the first wait.
    while (*seen != rank)
        SHMWIN_ASSERT_OK(shmwin_condition_variable_wait_synchronized(changed, word, -1));
    *seen += 1;
    SHMWIN_EXPECT_OK(shmwin_condition_variable_notify_all(changed));
    SHMWIN_ASSERT_OK(shmwin_synchronized_unlock(word));
    fence();
    EXPECT_EQ(*seen, size);
    fence();
}

TEST_F(CConditionVariable, TakesEachLockAndHoldsItAfterwards) {
    condition changed;
    SHMWIN_ASSERT_OK(shmwin_condition_variable_create(seg, "changed", changed.out()));
    c_handle<shmwin_mutex, shmwin_mutex_free_handle> mutex;
    c_handle<shmwin_recursive_mutex, shmwin_recursive_mutex_free_handle> recursive;
    c_handle<shmwin_shared_mutex, shmwin_shared_mutex_free_handle> shared;
    SHMWIN_ASSERT_OK(shmwin_mutex_create(seg, "m", mutex.out()));
    SHMWIN_ASSERT_OK(shmwin_recursive_mutex_create(seg, "r", recursive.out()));
    SHMWIN_ASSERT_OK(shmwin_shared_mutex_create(seg, "s", shared.out()));
    SHMWIN_EXPECT_OK(shmwin_mutex_lock(mutex, -1));
    EXPECT_EQ(shmwin_condition_variable_wait(changed, mutex, 0.005), SHMWIN_ERR_TIMED_OUT);
    SHMWIN_EXPECT_OK(shmwin_mutex_unlock(mutex));
    SHMWIN_EXPECT_OK(shmwin_recursive_mutex_lock(recursive, -1));
    EXPECT_EQ(shmwin_condition_variable_wait_recursive(changed, recursive, 0.005),
              SHMWIN_ERR_TIMED_OUT);
    SHMWIN_EXPECT_OK(shmwin_recursive_mutex_unlock(recursive));
    SHMWIN_EXPECT_OK(shmwin_shared_mutex_lock(shared, -1));
    EXPECT_EQ(shmwin_condition_variable_wait_shared(changed, shared, 0.005), SHMWIN_ERR_TIMED_OUT);
    SHMWIN_EXPECT_OK(shmwin_shared_mutex_unlock(shared));
    EXPECT_EQ(shmwin_condition_variable_wait(changed, nullptr, -1), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_condition_variable_wait(nullptr, mutex, -1), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_condition_variable_notify_one(nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    fence(); // nobody waits any more
    SHMWIN_EXPECT_OK(shmwin_condition_variable_notify_one(changed));
    EXPECT_EQ(shmwin_condition_variable_find(seg, "m", changed.out()), SHMWIN_ERR_TYPE_MISMATCH);
    fence();
}

TEST_F(CSemaphore, UnitsAreTakenAndGivenBack) {
    c_handle<shmwin_semaphore, shmwin_semaphore_free_handle> units;
    SHMWIN_ASSERT_OK(shmwin_semaphore_create(seg, "units", 0, size, units.out()));
    SHMWIN_ASSERT_OK(shmwin_semaphore_find(seg, "units", units.out()));
    EXPECT_EQ(shmwin_semaphore_acquire(units, 0), SHMWIN_ERR_TIMED_OUT);
    EXPECT_EQ(shmwin_semaphore_acquire(units, 0.005), SHMWIN_ERR_TIMED_OUT);
    fence();
    if (rank == last) {
        EXPECT_EQ(shmwin_semaphore_release(units, size + 1), SHMWIN_ERR_INVALID_ARGUMENT);
        EXPECT_EQ(shmwin_semaphore_release(units, -1), SHMWIN_ERR_INVALID_ARGUMENT);
        SHMWIN_EXPECT_OK(shmwin_semaphore_release(units, size));
    }
    SHMWIN_EXPECT_OK(shmwin_semaphore_acquire(units, -1));
    fence();
    std::int64_t left = -1;
    SHMWIN_EXPECT_OK(shmwin_semaphore_units(units, &left));
    EXPECT_EQ(left, 0);
    EXPECT_EQ(shmwin_semaphore_create(seg, "odd", 3, 2, units.out()), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_last_error_is_agreed(), 1);
    SHMWIN_ASSERT_OK(shmwin_semaphore_create(seg, "unbounded", 1, -1, units.out()));
    SHMWIN_EXPECT_OK(shmwin_semaphore_release(units, 1'000'000));
    fence();
}

TEST_F(CEvent, IsSetForAll) {
    c_handle<shmwin_event, shmwin_event_free_handle> event;
    SHMWIN_ASSERT_OK(shmwin_event_create(seg, "go", event.out()));
    int is_set = 1;
    SHMWIN_EXPECT_OK(shmwin_event_is_set(event, &is_set));
    EXPECT_EQ(is_set, 0);
    EXPECT_EQ(shmwin_event_wait(event, 0.005), SHMWIN_ERR_TIMED_OUT);
    fence();
    if (rank == last) {
        SHMWIN_EXPECT_OK(shmwin_event_set(event));
    }
    SHMWIN_EXPECT_OK(shmwin_event_wait(event, -1));
    SHMWIN_EXPECT_OK(shmwin_event_is_set(event, &is_set));
    EXPECT_EQ(is_set, 1);
    fence();
    if (rank == 0) {
        SHMWIN_EXPECT_OK(shmwin_event_clear(event));
    }
    fence();
    EXPECT_EQ(shmwin_event_wait(event, 0), SHMWIN_ERR_TIMED_OUT);
    EXPECT_EQ(shmwin_event_is_set(event, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    fence();
}

TEST_F(CBarrier, MeetsAllOrSomeAndBreaksAtADeadline) {
    c_handle<shmwin_barrier, shmwin_barrier_free_handle> all;
    SHMWIN_ASSERT_OK(shmwin_barrier_create(seg, "all", all.out()));
    for (int i = 0; i < 20; ++i)
        SHMWIN_ASSERT_OK(shmwin_barrier_arrive_and_wait(all, -1));
    std::size_t n = 0;
    std::vector<int> members(static_cast<std::size_t>(size) + 1, -1);
    SHMWIN_EXPECT_OK(shmwin_barrier_members(all, members.data(), members.size(), &n));
    EXPECT_EQ(n, static_cast<std::size_t>(size));
    EXPECT_EQ(members.at(n - 1), last);
    EXPECT_EQ(members.at(n), -1);
    SHMWIN_EXPECT_OK(shmwin_barrier_members(all, nullptr, 0, &n));

    c_handle<shmwin_barrier, shmwin_barrier_free_handle> ends;
    std::array const both{last, 0};
    std::size_t const n_both = last == 0 ? 1 : 2;
    SHMWIN_ASSERT_OK(shmwin_barrier_create_of(seg, "ends", both.data(), n_both, ends.out()));
    if (rank == 0 || rank == last) {
        SHMWIN_EXPECT_OK(shmwin_barrier_arrive_and_wait(ends, 30));
    } else {
        EXPECT_EQ(shmwin_barrier_arrive_and_wait(ends, -1), SHMWIN_ERR_INVALID_ARGUMENT);
    }
    fence();
    int is_broken = 1;
    SHMWIN_EXPECT_OK(shmwin_barrier_is_broken(all, &is_broken));
    EXPECT_EQ(is_broken, 0);
    fence();
    if (size > 1 && rank == 0) {
        EXPECT_EQ(shmwin_barrier_arrive_and_wait(all, 0.005), SHMWIN_ERR_TIMED_OUT);
    }
    fence();
    if (size > 1 && rank != 0) {
        EXPECT_EQ(shmwin_barrier_arrive_and_wait(all, -1), SHMWIN_ERR_BARRIER_BROKEN);
        EXPECT_THAT(shmwin_last_error(), HasSubstr("rank 0"));
        SHMWIN_EXPECT_OK(shmwin_barrier_is_broken(all, &is_broken));
        EXPECT_EQ(is_broken, 1);
    }
    EXPECT_EQ(shmwin_barrier_create_of(seg, "odd", both.data(), 0, ends.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(ends, nullptr);
    EXPECT_EQ(shmwin_last_error_is_agreed(), 1);
}

TEST_F(CLatch, OpensOnce) {
    c_handle<shmwin_latch, shmwin_latch_free_handle> latch;
    SHMWIN_ASSERT_OK(shmwin_latch_create(seg, "done", 2 * size, latch.out()));
    EXPECT_EQ(shmwin_latch_wait(latch, 0.005), SHMWIN_ERR_TIMED_OUT);
    fence();
    SHMWIN_EXPECT_OK(shmwin_latch_count_down(latch, 2));
    SHMWIN_EXPECT_OK(shmwin_latch_wait(latch, -1));
    std::int64_t left = -1;
    SHMWIN_EXPECT_OK(shmwin_latch_count(latch, &left));
    EXPECT_EQ(left, 0);
    EXPECT_EQ(shmwin_latch_count_down(latch, 1), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_latch_create(seg, "odd", -1, latch.out()), SHMWIN_ERR_INVALID_ARGUMENT);
    fence();
}

struct part {
    std::int64_t first;
    std::int64_t last;
    friend bool operator==(part const&, part const&) = default;
};

std::vector<part> taken_from(shmwin_counter const* counter) {
    std::vector<part> all;
    for (;;) {
        part next{-1, -1};
        EXPECT_EQ(shmwin_counter_next(counter, &next.first, &next.last), SHMWIN_SUCCESS);
        if (next.first == next.last) return all;
        all.push_back(next);
    }
}

TEST_F(CCounter, HandsEachIndexOutOnce) {
    for (int const how : {SHMWIN_SCHEDULE_STATIC_BLOCKS,
                          SHMWIN_SCHEDULE_STATIC_CHUNKS,
                          SHMWIN_SCHEDULE_DYNAMIC,
                          SHMWIN_SCHEDULE_GUIDED}) {
        c_handle<shmwin_counter, shmwin_counter_free_handle> counter;
        SHMWIN_ASSERT_OK(shmwin_counter_create(seg, "loop", 1000, how, 3, counter.out()));
        std::int64_t sum = 0;
        for (auto const& each : taken_from(counter)) {
            for (auto i = each.first; i < each.last; ++i)
                sum += i;
        }
        MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
        EXPECT_EQ(sum, 999 * 500);
        std::int64_t n = -1;
        SHMWIN_EXPECT_OK(shmwin_counter_remaining(counter, &n));
        EXPECT_EQ(n, 0);
        SHMWIN_ASSERT_OK(shmwin_counter_reset(counter, 7));
        SHMWIN_EXPECT_OK(shmwin_counter_size(counter, &n));
        EXPECT_EQ(n, 7);
        fence();
        SHMWIN_ASSERT_OK(shmwin_segment_destroy(seg, "loop"));
    }
}

TEST_F(CCounter, SchedulesAreThoseOfTheirNames) {
    c_handle<shmwin_counter, shmwin_counter_free_handle> counter;
    SHMWIN_ASSERT_OK(shmwin_counter_create(
        seg, "chunks", 4 * size, SHMWIN_SCHEDULE_STATIC_CHUNKS, 2, counter.out()));
    part const first{2 * rank, 2 * rank + 2};
    part const second{2 * size + first.first, 2 * size + first.last};
    EXPECT_THAT(taken_from(counter), ElementsAre(first, second));
    SHMWIN_ASSERT_OK(shmwin_counter_create(
        seg, "blocks", 4 * size, SHMWIN_SCHEDULE_STATIC_BLOCKS, 0, counter.out()));
    EXPECT_THAT(taken_from(counter), ElementsAre(part{4 * rank, 4 * rank + 4}));
    EXPECT_EQ(shmwin_counter_create(seg, "x", 1, 4, 1, counter.out()), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_counter_create(seg, "x", 1, SHMWIN_SCHEDULE_DYNAMIC, -1, counter.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_counter_create(seg, "x", -1, SHMWIN_SCHEDULE_DYNAMIC, 1, counter.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(counter, nullptr);
    fence();
}

} // namespace
} // namespace shmwin::test
