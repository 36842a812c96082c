// SPDX-License-Identifier: MIT
// A segment over all ranks for one test, closed at its end.
#pragma once

#include "shmwin/base/literals.hpp"
#include "shmwin/segment/segment.hpp"

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cstddef>

namespace shmwin::test {

template <typename Base, std::size_t Capacity = std::size_t{64} << 20U>
struct open_segment_as : Base {
    void TearDown() override {
        seg.close();
        on.close();
    }

    MPI_Comm const world = MPI_COMM_WORLD;
    node on{MPI_COMM_WORLD};
    segment seg{on, {.capacity = Capacity}};
    int const rank = on.rank();
    int const size = on.size();
    int const last = size - 1;
};

using open_segment = open_segment_as<testing::Test>;

// Node, collective. verify() on each rank, while no rank changes anything.
inline void expect_sound(segment& seg) {
    seg.fence();
    auto const report = seg.verify();
    EXPECT_TRUE(report.ok()) << testing::PrintToString(report.violations);
    seg.fence();
}

} // namespace shmwin::test
