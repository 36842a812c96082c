// SPDX-License-Identifier: MIT
// The reporter of mpi_main.cpp, tested on tests that fail on purpose: ctest runs each
// of them by name and looks for the report (tests/CMakeLists.txt).
#include <gtest/gtest.h>
#include <mpi.h>

#include <stdexcept>

namespace {

int rank_of_this_process() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

TEST(DISABLED_MpiMain, FailureOnOneRankIsReported) {
    EXPECT_NE(rank_of_this_process(), 1);
}

TEST(DISABLED_MpiMain, RankThatLeavesEarlyDoesNotHangTheRun) {
    ASSERT_NE(rank_of_this_process(), 0);
    MPI_Barrier(MPI_COMM_WORLD);
}

TEST(DISABLED_MpiMain, RankThatThrowsIsReported) {
    if (rank_of_this_process() == 1) throw std::runtime_error("thrown on rank 1");
}

} // namespace
