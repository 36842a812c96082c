// SPDX-License-Identifier: MIT
// Blocks and objects by the C interface.
#include "shmwin/c/heap.h"
#include "shmwin/segment/segment.hpp"

#include "support/c_segment.hpp"
#include "support/described_types.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdint>
#include <cstring>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

using CHeap = open_c_segment;
using CObject = open_c_segment;

TEST_F(CHeap, IsGivenBackByAnyRank) {
    void* block = nullptr;
    ASSERT_EQ(shmwin_heap_allocate_zeroed(seg, 4 * sizeof(int), 64, &block), SHMWIN_SUCCESS);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0U);
    auto* const mine = static_cast<int*>(block);
    EXPECT_EQ(mine[3], 0);
    mine[3] = 30 + rank;
    EXPECT_EQ(shmwin_heap_owns(seg, block), 1);
    EXPECT_EQ(shmwin_heap_owns(seg, &block), 0);
    EXPECT_GE(shmwin_heap_usable_size(seg, block), 4 * sizeof(int));
    EXPECT_EQ(shmwin_heap_usable_size(seg, &block), 0U);
    auto offset = shmwin_heap_offset_of(seg, block);
    EXPECT_EQ(shmwin_heap_at(seg, offset), block);
    int const to = (rank + 1) % size;
    int const from = (rank + last) % size;
    MPI_Sendrecv_replace(&offset, 1, MPI_UINT64_T, to, 0, from, 0, world, MPI_STATUS_IGNORE);
    auto* const other = static_cast<int*>(shmwin_heap_at(seg, offset));
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(other[3], 30 + from);
    EXPECT_EQ(shmwin_heap_deallocate(seg, other), SHMWIN_SUCCESS);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_heap_deallocate(seg, nullptr), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_segment_verify(seg, 20, nullptr), SHMWIN_SUCCESS);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
}

TEST_F(CHeap, ReportsBadPointers) {
    int here = 0;
    EXPECT_EQ(shmwin_heap_deallocate(seg, &here), SHMWIN_ERR_BAD_POINTER);
    void* block = nullptr;
    ASSERT_EQ(shmwin_heap_allocate(seg, 100, 0, &block), SHMWIN_SUCCESS);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t), 0U);
    EXPECT_EQ(shmwin_heap_deallocate(seg, static_cast<char*>(block) + 16), SHMWIN_ERR_BAD_POINTER);
    EXPECT_EQ(shmwin_heap_deallocate(seg, block), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_heap_deallocate(seg, block), SHMWIN_ERR_BAD_POINTER);
    EXPECT_EQ(shmwin_heap_allocate(seg, 8, 3, &block), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(block, nullptr);
    EXPECT_EQ(shmwin_heap_allocate(seg, std::size_t{1} << 40U, 0, &block),
              SHMWIN_ERR_OUT_OF_MEMORY);
    EXPECT_EQ(shmwin_heap_allocate(nullptr, 8, 0, &block), SHMWIN_ERR_INVALID_ARGUMENT);
}

TEST_F(CHeap, ChangesTheSizeOfBlocks) {
    void* block = nullptr;
    ASSERT_EQ(shmwin_heap_allocate(seg, 1U << 20U, 0, &block), SHMWIN_SUCCESS);
    std::size_t usable = 0;
    ASSERT_EQ(shmwin_heap_shrink(seg, block, 100000, &usable), SHMWIN_SUCCESS);
    EXPECT_GE(usable, 100000U);
    EXPECT_LT(usable, 200000U);
    EXPECT_EQ(usable, shmwin_heap_usable_size(seg, block));
    int is_expanded = -1;
    ASSERT_EQ(shmwin_heap_try_expand(seg, block, usable, &is_expanded), SHMWIN_SUCCESS);
    EXPECT_EQ(is_expanded, 1);
    ASSERT_EQ(shmwin_heap_try_expand(seg, block, std::size_t{1} << 40U, &is_expanded),
              SHMWIN_SUCCESS);
    EXPECT_EQ(is_expanded, 0);
    EXPECT_EQ(shmwin_heap_deallocate(seg, block), SHMWIN_SUCCESS);
}

TEST_F(CHeap, HasStatistics) {
    shmwin_heap_stats stats = SHMWIN_HEAP_STATS_INIT;
    ASSERT_EQ(shmwin_heap_get_stats(seg, &stats), SHMWIN_SUCCESS);
    EXPECT_EQ(stats.capacity, shmwin_segment_capacity(seg));
    EXPECT_EQ(stats.used + stats.available, stats.capacity);
    EXPECT_GE(stats.largest_free, std::size_t{32} << 20U);
    // What was compiled with fewer members gets no more.
    shmwin_heap_stats older = SHMWIN_HEAP_STATS_INIT;
    older.struct_bytes = offsetof(shmwin_heap_stats, available);
    older.available = 7;
    ASSERT_EQ(shmwin_heap_get_stats(seg, &older), SHMWIN_SUCCESS);
    EXPECT_EQ(older.capacity, stats.capacity);
    EXPECT_EQ(older.available, 7U);
    older.struct_bytes = 0;
    EXPECT_EQ(shmwin_heap_get_stats(seg, &older), SHMWIN_ERR_INVALID_ARGUMENT);
}

TEST_F(CObject, IsTheOneOfCpp) {
    auto const* const type = [] {
        shmwin_dtype const* made = nullptr;
        static_cast<void>(shmwin_dtype_of_signature(dtype_of<particle>.signature().c_str(), &made));
        return made;
    }();
    auto const name = "p" + std::to_string(rank);
    particle const initial{{1, 2}, 0.5F, true, rank};
    void* object = nullptr;
    ASSERT_EQ(SHMWIN_HERE(shmwin_object_construct(
                  seg, name.c_str(), type, &initial, SHMWIN_OBJECT_UNSAVED, &object)),
              SHMWIN_SUCCESS)
        << shmwin_last_error();
    EXPECT_EQ(shmwin_object_construct(seg, name.c_str(), type, nullptr, 0, &object),
              SHMWIN_ERR_ALREADY_EXISTS);
    EXPECT_EQ(shmwin_object_construct(seg, "x", type, nullptr, 2, &object), SHMWIN_ERR_UNSUPPORTED);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(*seg->whole->find<particle>("p" + std::to_string(last)),
              (particle{{1, 2}, 0.5F, true, last}));
    EXPECT_FALSE(seg->whole->info(name)->saved);
    EXPECT_THAT(seg->whole->info(name)->where, HasSubstr("heap_test.cpp:"));
    ASSERT_EQ(shmwin_object_find(seg, name.c_str(), type, &object), SHMWIN_SUCCESS);
    EXPECT_EQ(static_cast<particle*>(object)->id, rank);
    EXPECT_EQ(shmwin_object_find(seg, name.c_str(), shmwin_dtype_int(), &object),
              SHMWIN_ERR_TYPE_MISMATCH);
    EXPECT_EQ(object, nullptr);
    EXPECT_EQ(shmwin_object_find(seg, name.c_str(), nullptr, &object), SHMWIN_SUCCESS);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_object_destroy(seg, name.c_str()), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_object_destroy(seg, name.c_str()), SHMWIN_ERR_NOT_FOUND);
}

TEST_F(CObject, IsMadeByExactlyOneOfAllWhoAsk) {
    shmwin_segment* group = nullptr;
    ASSERT_EQ(shmwin_segment_group(seg, "g", &group), SHMWIN_SUCCESS);
    double const initial = 2.5;
    void* object = nullptr;
    int n_created = -1;
    ASSERT_EQ(shmwin_object_find_or_construct(
                  group, "one", shmwin_dtype_double(), &initial, 0, &object, &n_created),
              SHMWIN_SUCCESS);
    EXPECT_EQ(*static_cast<double*>(object), 2.5);
    MPI_Allreduce(MPI_IN_PLACE, &n_created, 1, MPI_INT, MPI_SUM, world);
    EXPECT_EQ(n_created, 1);
    EXPECT_EQ(*seg->whole->find<double>("g/one"), 2.5);
    void* again = nullptr;
    ASSERT_EQ(shmwin_object_find(group, "one", shmwin_dtype_double(), &again), SHMWIN_SUCCESS);
    EXPECT_EQ(again, object);
    shmwin_segment_free_handle(group);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
}

} // namespace
} // namespace shmwin
