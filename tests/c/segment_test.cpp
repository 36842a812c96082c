// SPDX-License-Identifier: MIT
// Nodes and segments by the C interface.
#include "shmwin/c/segment.h"
#include "shmwin/segment/segment.hpp"

#include "support/c_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::StartsWith;

using CSegment = open_c_segment;

TEST(CNode, IsThatOfTheCommunicator) {
    shmwin_node* node = nullptr;
    ASSERT_EQ(shmwin_node_open_f(MPI_Comm_c2f(MPI_COMM_WORLD), &node), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_node_rank(node), rank_in(MPI_COMM_WORLD));
    EXPECT_EQ(shmwin_node_size(node), size_of(MPI_COMM_WORLD));
    EXPECT_EQ(shmwin_node_index(node), 0);
    EXPECT_EQ(shmwin_node_count(node), 1);
    EXPECT_EQ(size_of(shmwin_node_comm(node)), size_of(MPI_COMM_WORLD));
    EXPECT_EQ(shmwin_node_leaders(node) == MPI_COMM_NULL, rank_in(MPI_COMM_WORLD) != 0);
    EXPECT_EQ(shmwin_node_close(node), SHMWIN_SUCCESS);
    shmwin_node_free_handle(node);
    ASSERT_EQ(shmwin_node_open_unsplit(MPI_COMM_WORLD, &node), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_node_close(node), SHMWIN_SUCCESS);
    shmwin_node_free_handle(node);
}

TEST(CNode, OfNoCommunicatorIsAnError) {
    shmwin_node* node = nullptr;
    EXPECT_EQ(shmwin_node_open(MPI_COMM_NULL, &node), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(node, nullptr);
    EXPECT_EQ(shmwin_node_open(MPI_COMM_WORLD, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_node_rank(nullptr), -1);
    EXPECT_EQ(shmwin_node_comm(nullptr), MPI_COMM_NULL);
    shmwin_node_free_handle(nullptr);
}

TEST_F(CSegment, SaysWhatItIs) {
    EXPECT_EQ(shmwin_segment_rank(seg), rank);
    EXPECT_EQ(shmwin_segment_size(seg), size);
    EXPECT_GE(shmwin_segment_capacity(seg), std::size_t{64} << 20U);
    EXPECT_EQ(shmwin_segment_is_open(seg), 1);
    EXPECT_EQ(shmwin_segment_abandoned(seg), SHMWIN_SUCCESS);
    EXPECT_STREQ(shmwin_segment_prefix(seg), "");
    auto const backing = shmwin_segment_backing(seg);
    EXPECT_TRUE(backing == SHMWIN_BACKING_MPI_WINDOW || backing == SHMWIN_BACKING_MEMFD);
    MPI_Win window = MPI_WIN_NULL;
    MPI_Aint base = -1;
    ASSERT_EQ(shmwin_segment_rma(seg, &window, &base), SHMWIN_SUCCESS);
    EXPECT_EQ(window == MPI_WIN_NULL, backing == SHMWIN_BACKING_MEMFD);
    EXPECT_GE(base, 0);
}

TEST_F(CSegment, TakesItsOptions) {
    shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
    options.capacity = std::size_t{8} << 20U;
    options.backing = SHMWIN_BACKING_MEMFD;
    options.spin = -1;
    options.wait_slice = 0.002;
    shmwin_segment* other = nullptr;
    ASSERT_EQ(shmwin_segment_open(on, &options, &other), SHMWIN_SUCCESS) << shmwin_last_error();
    EXPECT_EQ(shmwin_segment_backing(other), SHMWIN_BACKING_MEMFD);
    int spin = -1;
    double slice = 0;
    ASSERT_EQ(shmwin_segment_wait_policy(other, &spin, &slice), SHMWIN_SUCCESS);
    EXPECT_EQ(spin, 0);
    EXPECT_DOUBLE_EQ(slice, 0.002);
    EXPECT_EQ(shmwin_segment_close(other), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_segment_is_open(other), 0);
    EXPECT_EQ(shmwin_segment_fence(other), SHMWIN_ERR_CLOSED);
    shmwin_segment_free_handle(other);
}

TEST_F(CSegment, RefusesOptionsThatAreNone) {
    shmwin_segment* other = nullptr;
    shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
    options.backing = 9;
    EXPECT_EQ(shmwin_segment_open(on, &options, &other), SHMWIN_ERR_INVALID_ARGUMENT);
    options.backing = 0;
    options.wait_slice = -1;
    EXPECT_EQ(shmwin_segment_open(on, &options, &other), SHMWIN_ERR_INVALID_ARGUMENT);
    options = shmwin_segment_options{};
    EXPECT_EQ(shmwin_segment_open(on, &options, &other), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(shmwin_last_error(), HasSubstr("SHMWIN_SEGMENT_OPTIONS_INIT"));
    EXPECT_EQ(other, nullptr);
}

// As a program that was compiled with an older header, and with a newer one.
TEST_F(CSegment, TakesOptionsOfOtherVersions) {
    shmwin_segment* other = nullptr;
    shmwin_segment_options shorter = SHMWIN_SEGMENT_OPTIONS_INIT;
    shorter.capacity = std::size_t{8} << 20U;
    shorter.backing = 99; // beyond what it has
    shorter.struct_bytes = offsetof(shmwin_segment_options, backing);
    ASSERT_EQ(shmwin_segment_open(on, &shorter, &other), SHMWIN_SUCCESS) << shmwin_last_error();
    EXPECT_EQ(shmwin_segment_close(other), SHMWIN_SUCCESS);
    shmwin_segment_free_handle(other);

    struct newer {
        shmwin_segment_options known;
        std::int64_t more;
    } longer{SHMWIN_SEGMENT_OPTIONS_INIT, 0};
    longer.known.struct_bytes = sizeof longer;
    longer.known.capacity = std::size_t{8} << 20U;
    ASSERT_EQ(shmwin_segment_open(on, &longer.known, &other), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_segment_close(other), SHMWIN_SUCCESS);
    shmwin_segment_free_handle(other);
    longer.more = 1;
    EXPECT_EQ(shmwin_segment_open(on, &longer.known, &other), SHMWIN_ERR_UNSUPPORTED);
}

TEST_F(CSegment, FencesSomeRanks) {
    std::vector<int> pair{0, last};
    if (size == 1) pair = {0};
    bool const takes_part = rank == 0 || rank == last;
    if (takes_part) {
        EXPECT_EQ(shmwin_segment_fence_ranks(seg, pair.data(), pair.size()), SHMWIN_SUCCESS);
    }
    std::array const twice{rank, rank};
    EXPECT_EQ(shmwin_segment_fence_ranks(seg, twice.data(), 2), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_segment_fence_ranks(seg, nullptr, 2), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
}

TEST_F(CSegment, GivesMemoryBack) {
    std::size_t n_bytes = 1;
    EXPECT_EQ(shmwin_segment_collect(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_segment_trim(seg, &n_bytes), SHMWIN_SUCCESS);
    EXPECT_EQ(n_bytes % 4096, 0U);
    EXPECT_EQ(shmwin_segment_trim(seg, nullptr), SHMWIN_SUCCESS);
}

TEST_F(CSegment, TellsWhereItsMemoryWent) {
    seg->whole->create_array<double>("table", shape(10, 20));
    char* text = nullptr;
    ASSERT_EQ(shmwin_segment_memory_map_text(seg, 10, &text), SHMWIN_SUCCESS);
    EXPECT_THAT(text, HasSubstr("table"));
    shmwin_text_free(text);
    ASSERT_EQ(shmwin_segment_memory_map_json(seg, &text), SHMWIN_SUCCESS);
    EXPECT_THAT(text, StartsWith("{"));
    EXPECT_THAT(text, HasSubstr("\"float64\""));
    shmwin_text_free(text);
    ASSERT_EQ(shmwin_segment_report(seg, &text), SHMWIN_SUCCESS);
    EXPECT_THAT(text, HasSubstr("table"));
    shmwin_text_free(text);
    EXPECT_EQ(shmwin_segment_report(seg, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
}

TEST_F(CSegment, IsVerified) {
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    char* report = nullptr;
    EXPECT_EQ(shmwin_segment_verify(seg, 20, &report), SHMWIN_SUCCESS) << report;
    EXPECT_EQ(report, nullptr);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    // A name whose block was given back behind its back.
    auto const found = seg->whole->create_value<int>("spoiled");
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    if (rank == 0) seg->whole->heap().deallocate(found.where().address);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_segment_verify(seg, 20, &report), SHMWIN_ERR_CORRUPTED);
    EXPECT_THAT(report, HasSubstr("spoiled"));
    EXPECT_THAT(shmwin_last_error(), HasSubstr("not sound"));
    shmwin_text_free(report);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
}

TEST_F(CSegment, ListsItsNames) {
    shmwin_set_call_line("here.c", 12);
    auto const extents = std::array<std::int64_t, 2>{3, 4};
    seg->whole->create_array("fields/u",
                             dtype_of<float>,
                             extents,
                             memory_order_kind::left,
                             {.saved = false},
                             {"here.c", 12});
    seg->whole->create_value<int>("hits", 1);
    shmwin_object_list* list = nullptr;
    ASSERT_EQ(shmwin_segment_list(seg, &list), SHMWIN_SUCCESS);
    ASSERT_EQ(shmwin_object_list_size(list), 2U);
    auto const& u = *shmwin_object_list_at(list, 0);
    EXPECT_EQ(u.struct_bytes, sizeof(shmwin_object_info));
    EXPECT_STREQ(u.name, "fields/u");
    EXPECT_EQ(u.kind, SHMWIN_OBJECT_ARRAY);
    EXPECT_EQ(u.order, SHMWIN_ORDER_FORTRAN);
    EXPECT_STREQ(u.type, "float32");
    EXPECT_EQ(u.dtype, shmwin_dtype_float());
    EXPECT_EQ(std::vector(u.shape, u.shape + u.n_dims), (std::vector<std::int64_t>{3, 4}));
    EXPECT_EQ(u.n_bytes, 48U);
    EXPECT_GT(u.offset, 0U);
    EXPECT_STREQ(u.where, "here.c:12");
    EXPECT_EQ(u.creator, -1);
    EXPECT_EQ(u.is_saved, 0);
    EXPECT_EQ(u.is_foreign, 0);
    EXPECT_GT(u.created_ns, 0);
    EXPECT_STREQ(shmwin_object_list_at(list, 1)->name, "hits");
    EXPECT_EQ(shmwin_object_list_at(list, 2), nullptr);
    shmwin_object_list_free(list);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
}

TEST_F(CSegment, HasGroups) {
    seg->whole->create_value<int>("solver/hits", 1);
    shmwin_segment* group = nullptr;
    ASSERT_EQ(shmwin_segment_group(seg, "solver", &group), SHMWIN_SUCCESS);
    EXPECT_STREQ(shmwin_segment_prefix(group), "solver");
    int is_there = -1;
    EXPECT_EQ(shmwin_segment_contains(group, "hits", &is_there), SHMWIN_SUCCESS);
    EXPECT_EQ(is_there, 1);
    EXPECT_EQ(shmwin_segment_contains(seg, "hits", &is_there), SHMWIN_SUCCESS);
    EXPECT_EQ(is_there, 0);
    shmwin_object_info* info = nullptr;
    ASSERT_EQ(shmwin_segment_info(group, "hits", &info), SHMWIN_SUCCESS);
    EXPECT_STREQ(info->name, "solver/hits");
    EXPECT_EQ(info->kind, SHMWIN_OBJECT_VALUE);
    shmwin_object_info_free(info);
    EXPECT_EQ(shmwin_segment_info(seg, "hits", &info), SHMWIN_ERR_NOT_FOUND);
    EXPECT_EQ(info, nullptr);
    EXPECT_EQ(shmwin_segment_fence(group), SHMWIN_SUCCESS); // the whole segment's
    EXPECT_EQ(shmwin_segment_destroy(group, "hits"), SHMWIN_SUCCESS);
    EXPECT_FALSE(seg->whole->contains("solver/hits"));
    shmwin_segment_free_handle(group);
    EXPECT_EQ(shmwin_segment_is_open(seg), 1);
    EXPECT_EQ(shmwin_segment_destroy(seg, "absent"), SHMWIN_ERR_NOT_FOUND);
    EXPECT_EQ(shmwin_last_error_is_agreed(), 1);
}

TEST_F(CSegment, KnowsWhoHoldsALock) {
    auto lock = seg->whole->create_mutex("m");
    int holder = 7;
    std::uint32_t thread = 7;
    EXPECT_EQ(shmwin_segment_who_holds(seg, "m", &holder, &thread), SHMWIN_SUCCESS);
    EXPECT_EQ(holder, -1);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    if (rank == last) lock.lock();
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_segment_who_holds(seg, "m", &holder, nullptr), SHMWIN_SUCCESS);
    EXPECT_EQ(holder, last);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    if (rank == last) lock.unlock();
    EXPECT_EQ(shmwin_segment_who_holds(seg, "absent", &holder, nullptr), SHMWIN_ERR_NOT_FOUND);
}

TEST_F(CSegment, EndsForAllWhenARankLeaves) {
    shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
    options.capacity = std::size_t{8} << 20U;
    shmwin_segment* left = nullptr;
    ASSERT_EQ(shmwin_segment_open(on, &options, &left), SHMWIN_SUCCESS);
    if (rank == last) {
        EXPECT_EQ(shmwin_segment_leave(left, "enough of it"), SHMWIN_SUCCESS);
    } else {
        EXPECT_EQ(shmwin_segment_fence(left), SHMWIN_ERR_PEER_LEFT);
        EXPECT_THAT(shmwin_last_error(), HasSubstr("enough of it"));
        EXPECT_EQ(shmwin_last_error_rank(), last);
        EXPECT_EQ(shmwin_segment_abandoned(left), SHMWIN_ERR_PEER_LEFT);
    }
    shmwin_segment_free_handle(left);
}

TEST_F(CSegment, IsLeftWithItsLastHandle) {
    shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
    options.capacity = std::size_t{8} << 20U;
    shmwin_segment* left = nullptr;
    shmwin_segment* group = nullptr;
    ASSERT_EQ(shmwin_segment_open(on, &options, &left), SHMWIN_SUCCESS);
    ASSERT_EQ(shmwin_segment_group(left, "g", &group), SHMWIN_SUCCESS);
    shmwin_segment_free_handle(left);
    EXPECT_EQ(shmwin_segment_is_open(group), 1);
    EXPECT_EQ(shmwin_segment_fence(group), SHMWIN_SUCCESS);
    if (rank != last) {
        EXPECT_EQ(shmwin_segment_fence(group), SHMWIN_ERR_PEER_LEFT);
    }
    shmwin_segment_free_handle(group);
}

TEST_F(CSegment, ReportsAMissingHandle) {
    EXPECT_EQ(shmwin_segment_fence(nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(shmwin_last_error(), HasSubstr("'segment' is NULL"));
    EXPECT_EQ(shmwin_segment_rank(nullptr), -1);
    EXPECT_EQ(shmwin_segment_is_open(nullptr), 0);
    EXPECT_EQ(shmwin_segment_destroy(seg, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    shmwin_segment_free_handle(nullptr);
    shmwin_object_list_free(nullptr);
    shmwin_object_info_free(nullptr);
    EXPECT_EQ(shmwin_object_list_size(nullptr), 0U);
}

} // namespace
} // namespace shmwin
