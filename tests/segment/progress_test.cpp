// SPDX-License-Identifier: MIT
// Collective calls of a segment between the halves of an ordinary exchange of messages. Run also
// with transports that move a large message only while both sides are inside MPI (tests.cmake).
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

struct ProgressInCalls : open_segment {
    static constexpr int n_bytes = 1'000'000;

    // Even ranks: Isend, the call, Wait. Odd ranks: Recv, the call.
    void exchange_around(std::function<void(int)> const& call) {
        int const partner = rank ^ 1;
        for (int round = 0; round < 10; ++round) {
            if (partner >= size) {
                call(round);
            } else if (rank % 2 == 0) {
                std::vector<char> const message(n_bytes, static_cast<char>('a' + round));
                MPI_Request sent = MPI_REQUEST_NULL;
                MPI_Isend(message.data(), n_bytes, MPI_CHAR, partner, 0, world, &sent);
                call(round);
                MPI_Wait(&sent, MPI_STATUS_IGNORE);
            } else {
                std::vector<char> message(n_bytes);
                MPI_Recv(message.data(), n_bytes, MPI_CHAR, partner, 0, world, MPI_STATUS_IGNORE);
                call(round);
                ASSERT_EQ(std::ranges::count(message, static_cast<char>('a' + round)), n_bytes);
            }
        }
    }
};

TEST_F(ProgressInCalls, Fence) {
    exchange_around([&](int) { seg.fence(); });
}

TEST_F(ProgressInCalls, CreateArray) {
    exchange_around([&](int round) {
        static_cast<void>(seg.create_array<int>("small" + std::to_string(round), shape(100)));
        static_cast<void>(seg.create_array<int>("large" + std::to_string(round), shape(100'000)));
    });
}

TEST_F(ProgressInCalls, Flip) {
    auto u = seg.create_levels<int>("u", shape(10));
    exchange_around([&](int) { u.flip(); });
}

TEST_F(ProgressInCalls, Close) {
    exchange_around([&](int round) {
        if (round == 9) seg.close();
    });
}

} // namespace
} // namespace shmwin
