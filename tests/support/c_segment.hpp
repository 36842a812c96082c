// SPDX-License-Identifier: MIT
// A segment of the C interface over all ranks for one test, closed at its end. Tests look into the
// handle: `seg->whole` is the segment of C++.
#pragma once

#include "shmwin/c/segment.h"

#include "c/handles.hpp"
#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cstddef>

namespace shmwin::test {

struct open_c_segment : testing::Test {
    void SetUp() override {
        ASSERT_EQ(shmwin_node_open(MPI_COMM_WORLD, &on), SHMWIN_SUCCESS) << shmwin_last_error();
        shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
        options.capacity = std::size_t{64} << 20U;
        ASSERT_EQ(shmwin_segment_open(on, &options, &seg), SHMWIN_SUCCESS) << shmwin_last_error();
    }
    void TearDown() override {
        EXPECT_EQ(shmwin_segment_close(seg), SHMWIN_SUCCESS) << shmwin_last_error();
        shmwin_segment_free_handle(seg);
        EXPECT_EQ(shmwin_node_close(on), SHMWIN_SUCCESS) << shmwin_last_error();
        shmwin_node_free_handle(on);
    }

    MPI_Comm const world = MPI_COMM_WORLD;
    int const rank = rank_in(MPI_COMM_WORLD);
    int const size = size_of(MPI_COMM_WORLD);
    int const last = size - 1;
    shmwin_node* on = nullptr;
    shmwin_segment* seg = nullptr;
};

} // namespace shmwin::test
