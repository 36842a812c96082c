// SPDX-License-Identifier: MIT
// Locks through the C interface: the three kinds, what they refuse, who holds them. What locks do
// under load and when holders die: tests/sync and tests/c/killed_holder.c.
#include "shmwin/c/sync.h"

#include "support/c_handle.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <gmock/gmock.h>

namespace shmwin::test {
namespace {

using testing::HasSubstr;

template <typename Lock>
struct CLock : c_test {};

// NOLINTBEGIN(cppcoreguidelines-macro-usage): the functions of each kind of lock
#define SHMWIN_LOCK_FUNCTIONS(kind)                                                                \
    struct kind##_functions {                                                                      \
        using type = shmwin_##kind;                                                                \
        static constexpr auto create = shmwin_##kind##_create;                                     \
        static constexpr auto find = shmwin_##kind##_find;                                         \
        static constexpr auto lock = shmwin_##kind##_lock;                                         \
        static constexpr auto unlock = shmwin_##kind##_unlock;                                     \
        static constexpr auto lock_to_repair = shmwin_##kind##_lock_to_repair;                     \
        static constexpr auto mark_consistent = shmwin_##kind##_mark_consistent;                   \
        static constexpr auto holder = shmwin_##kind##_holder;                                     \
        using handle = c_handle<type, shmwin_##kind##_free_handle>;                                \
        static constexpr char const* name = #kind;                                                 \
    }
// NOLINTEND(cppcoreguidelines-macro-usage)
SHMWIN_LOCK_FUNCTIONS(mutex);
SHMWIN_LOCK_FUNCTIONS(recursive_mutex);
SHMWIN_LOCK_FUNCTIONS(shared_mutex);

using kinds = testing::Types<mutex_functions, recursive_mutex_functions, shared_mutex_functions>;
TYPED_TEST_SUITE(CLock, kinds);

TYPED_TEST(CLock, IsHeldByOneRankAtATime) {
    using f = TypeParam;
    typename f::handle made;
    typename f::handle lock;
    SHMWIN_ASSERT_OK(f::create(this->seg, "lock", made.out()));
    SHMWIN_ASSERT_OK(f::find(this->seg, "lock", lock.out()));
    int holder = 7;
    SHMWIN_EXPECT_OK(f::holder(lock, &holder, nullptr));
    EXPECT_EQ(holder, -1);
    this->fence();
    if (this->rank == 0) {
        SHMWIN_EXPECT_OK(f::lock(made, -1));
    }
    this->fence();
    std::uint32_t thread = 0;
    SHMWIN_EXPECT_OK(f::holder(lock, &holder, &thread));
    EXPECT_EQ(holder, 0);
    EXPECT_NE(thread, 0U);
    if (this->rank != 0) {
        EXPECT_EQ(f::lock(lock, 0), SHMWIN_ERR_TIMED_OUT);
        EXPECT_EQ(f::lock(lock, 0.005), SHMWIN_ERR_TIMED_OUT);
        EXPECT_THAT(shmwin_last_error(), HasSubstr(f::name));
        EXPECT_EQ(f::unlock(lock), SHMWIN_ERR_INVALID_ARGUMENT);
        EXPECT_EQ(f::mark_consistent(lock), SHMWIN_ERR_INVALID_ARGUMENT);
    }
    this->fence();
    if (this->rank == 0) {
        SHMWIN_EXPECT_OK(f::unlock(lock)); // by another handle of the thread
    }
    int died = 7;
    SHMWIN_EXPECT_OK(f::lock_to_repair(lock, &died));
    EXPECT_EQ(died, 0);
    SHMWIN_EXPECT_OK(f::mark_consistent(lock));
    SHMWIN_EXPECT_OK(f::unlock(lock));
}

TYPED_TEST(CLock, RefusesWhatCannotBe) {
    using f = TypeParam;
    typename f::handle lock;
    SHMWIN_ASSERT_OK(f::create(this->seg, "lock", lock.out()));
    typename f::handle other;
    EXPECT_EQ(f::create(this->seg, "lock", other.out()), SHMWIN_ERR_ALREADY_EXISTS);
    EXPECT_EQ(shmwin_last_error_is_agreed(), 1);
    EXPECT_EQ(other, nullptr);
    EXPECT_EQ(f::find(this->seg, "none", other.out()), SHMWIN_ERR_NOT_FOUND);
    c_handle<shmwin_event, shmwin_event_free_handle> event;
    EXPECT_EQ(shmwin_event_find(this->seg, "lock", event.out()), SHMWIN_ERR_TYPE_MISMATCH);
    EXPECT_EQ(f::find(this->seg, nullptr, other.out()), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(f::find(nullptr, "lock", other.out()), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(f::find(this->seg, "lock", nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(f::lock(nullptr, -1), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(f::lock(lock, std::nan("")), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(f::lock_to_repair(lock, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(f::holder(lock, nullptr, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    int holder = 0;
    SHMWIN_EXPECT_OK(f::holder(lock, &holder, nullptr));
    EXPECT_EQ(holder, -1) << "nobody locked";
    this->fence();
}

using CLocks = c_test;

TEST_F(CLocks, OnlyTheRecursiveOneIsLockedTwice) {
    c_handle<shmwin_mutex, shmwin_mutex_free_handle> mutex;
    c_handle<shmwin_recursive_mutex, shmwin_recursive_mutex_free_handle> recursive;
    SHMWIN_ASSERT_OK(shmwin_mutex_create(seg, "m", mutex.out()));
    SHMWIN_ASSERT_OK(shmwin_recursive_mutex_create(seg, "r", recursive.out()));
    SHMWIN_EXPECT_OK(shmwin_mutex_lock(mutex, -1));
    EXPECT_EQ(shmwin_mutex_lock(mutex, -1), SHMWIN_ERR_WOULD_DEADLOCK);
    EXPECT_THAT(shmwin_last_error(), HasSubstr("mutex::lock "));
    EXPECT_EQ(shmwin_mutex_lock(mutex, 0), SHMWIN_ERR_WOULD_DEADLOCK);
    SHMWIN_EXPECT_OK(shmwin_mutex_unlock(mutex));
    SHMWIN_EXPECT_OK(shmwin_recursive_mutex_lock(recursive, -1));
    SHMWIN_EXPECT_OK(shmwin_recursive_mutex_lock(recursive, 0));
    SHMWIN_EXPECT_OK(shmwin_recursive_mutex_unlock(recursive));
    int holder = -1;
    SHMWIN_EXPECT_OK(shmwin_recursive_mutex_holder(recursive, &holder, nullptr));
    EXPECT_EQ(holder, rank) << "once more";
    SHMWIN_EXPECT_OK(shmwin_recursive_mutex_unlock(recursive));
    fence();
}

TEST_F(CLocks, AllReadTogether) {
    c_handle<shmwin_shared_mutex, shmwin_shared_mutex_free_handle> mutex;
    SHMWIN_ASSERT_OK(shmwin_shared_mutex_create(seg, "s", mutex.out()));
    EXPECT_EQ(shmwin_shared_mutex_unlock_shared(mutex), SHMWIN_ERR_INVALID_ARGUMENT);
    fence();
    SHMWIN_EXPECT_OK(shmwin_shared_mutex_lock_shared(mutex, -1));
    fence();
    std::uint64_t n = 0;
    SHMWIN_EXPECT_OK(shmwin_shared_mutex_n_readers(mutex, &n));
    EXPECT_EQ(n, static_cast<std::uint64_t>(size));
    fence();
    if (rank != 0) {
        SHMWIN_EXPECT_OK(shmwin_shared_mutex_unlock_shared(mutex));
    }
    if (rank != 0) {
        EXPECT_EQ(shmwin_shared_mutex_lock(mutex, 0.005), SHMWIN_ERR_TIMED_OUT);
    }
    fence();
    if (rank == 0) {
        SHMWIN_EXPECT_OK(shmwin_shared_mutex_unlock_shared(mutex));
    }
    fence();
    if (rank == last) {
        SHMWIN_EXPECT_OK(shmwin_shared_mutex_lock(mutex, 0));
    }
    fence();
    if (rank != last) {
        EXPECT_EQ(shmwin_shared_mutex_lock_shared(mutex, 0), SHMWIN_ERR_TIMED_OUT);
    }
    fence();
    if (rank == last) {
        SHMWIN_EXPECT_OK(shmwin_shared_mutex_unlock(mutex));
    }
}

TEST_F(CLocks, DataTellTheirTypeAndTheirHolder) {
    c_handle<shmwin_synchronized, shmwin_synchronized_free_handle> made;
    c_handle<shmwin_synchronized, shmwin_synchronized_free_handle> found;
    double const begin = 2.5;
    SHMWIN_ASSERT_OK(
        shmwin_synchronized_create(seg, "d", shmwin_dtype_double(), &begin, made.out()));
    SHMWIN_ASSERT_OK(shmwin_synchronized_find(seg, "d", found.out()));
    EXPECT_EQ(shmwin_synchronized_dtype(found), shmwin_dtype_double());
    EXPECT_EQ(shmwin_synchronized_n_dims(found), 0U);
    fence();
    void* bytes = nullptr;
    if (rank == last) {
        SHMWIN_EXPECT_OK(shmwin_synchronized_lock(made, 0, &bytes));
        EXPECT_EQ(*static_cast<double*>(bytes), 2.5);
    }
    fence();
    int holder = -1;
    SHMWIN_EXPECT_OK(shmwin_synchronized_holder(found, &holder, nullptr));
    EXPECT_EQ(holder, last);
    SHMWIN_EXPECT_OK(shmwin_segment_who_holds(seg, "d", &holder, nullptr));
    EXPECT_EQ(holder, last);
    if (rank != last) {
        bytes = &holder;
        EXPECT_EQ(shmwin_synchronized_lock(found, 0.005, &bytes), SHMWIN_ERR_TIMED_OUT);
        EXPECT_EQ(bytes, nullptr);
        EXPECT_EQ(shmwin_synchronized_unlock(found), SHMWIN_ERR_INVALID_ARGUMENT);
    }
    fence();
    if (rank == last) {
        SHMWIN_EXPECT_OK(shmwin_synchronized_unlock(found));
    }
    EXPECT_EQ(shmwin_synchronized_create(seg, "e", nullptr, nullptr, found.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_synchronized_lock(nullptr, 0, &bytes), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_synchronized_dtype(nullptr), nullptr);
    SHMWIN_ASSERT_OK(shmwin_synchronized_destroy(seg, made));
    EXPECT_EQ(shmwin_synchronized_destroy(seg, made), SHMWIN_ERR_NOT_FOUND);
    EXPECT_EQ(shmwin_synchronized_find(seg, "d", found.out()), SHMWIN_ERR_NOT_FOUND);
}

TEST_F(CLocks, ArraysHaveOneLock) {
    std::array<std::int64_t, 2> const shape{3, 5};
    c_handle<shmwin_synchronized, shmwin_synchronized_free_handle> table;
    SHMWIN_ASSERT_OK(shmwin_synchronized_create_array(
        seg, "table", shmwin_dtype_float(), 2, shape.data(), nullptr, table.out()));
    ASSERT_EQ(shmwin_synchronized_n_dims(table), 2U);
    EXPECT_EQ(shmwin_synchronized_shape(table)[1], 5);
    void* bytes = nullptr;
    SHMWIN_ASSERT_OK(shmwin_synchronized_lock(table, -1, &bytes));
    static_cast<float*>(bytes)[14] += 1.0F;
    SHMWIN_ASSERT_OK(shmwin_synchronized_unlock(table));
    fence();
    SHMWIN_ASSERT_OK(shmwin_synchronized_lock(table, -1, &bytes));
    EXPECT_EQ(static_cast<float*>(bytes)[14], static_cast<float>(size));
    EXPECT_EQ(static_cast<float*>(bytes)[13], 0.0F);
    SHMWIN_ASSERT_OK(shmwin_synchronized_unlock(table));
    shmwin_array_options options = SHMWIN_ARRAY_OPTIONS_INIT;
    options.order = SHMWIN_ORDER_FORTRAN;
    EXPECT_EQ(shmwin_synchronized_create_array(
                  seg, "f", shmwin_dtype_float(), 2, shape.data(), &options, table.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    std::array<std::int64_t, 1> const negative{-1};
    EXPECT_EQ(shmwin_synchronized_create_array(
                  seg, "n", shmwin_dtype_float(), 1, negative.data(), nullptr, table.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_synchronized_create_array(
                  seg, "n", shmwin_dtype_float(), 1, nullptr, nullptr, table.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    fence();
}

// A plain count under the lock, by all ranks.
TEST_F(CLocks, NoAdditionIsLost) {
    c_handle<shmwin_synchronized, shmwin_synchronized_free_handle> count;
    SHMWIN_ASSERT_OK(
        shmwin_synchronized_create(seg, "count", shmwin_dtype_int64(), nullptr, count.out()));
    for (int i = 0; i < 300; ++i) {
        void* bytes = nullptr;
        SHMWIN_ASSERT_OK(shmwin_synchronized_lock(count, -1, &bytes));
        *static_cast<std::int64_t*>(bytes) += 1;
        SHMWIN_ASSERT_OK(shmwin_synchronized_unlock(count));
    }
    fence();
    void* bytes = nullptr;
    SHMWIN_ASSERT_OK(shmwin_synchronized_lock(count, -1, &bytes));
    EXPECT_EQ(*static_cast<std::int64_t*>(bytes), 300 * size);
    SHMWIN_ASSERT_OK(shmwin_synchronized_unlock(count));
}

} // namespace
} // namespace shmwin::test
