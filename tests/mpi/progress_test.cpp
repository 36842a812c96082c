// SPDX-License-Identifier: MIT
// A rank that waits in shared memory has to drive MPI: run also with transports that need it
// (tests.cmake), where a large message does not move while its sender is not inside MPI.
#include "shmwin/mpi/progress.hpp"
#include "shmwin/mpi/window.hpp"

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

MPI_Comm const world = MPI_COMM_WORLD;

struct Progress : testing::Test {
    Progress() = default;
    Progress(Progress const&) = delete;
    Progress(Progress&&) = delete;
    Progress& operator=(Progress const&) = delete;
    Progress& operator=(Progress&&) = delete;
    ~Progress() override {
        memory.free();
        on.close();
    }

    node on{world};
    int const rank = on.rank();
    int const size = on.size();
    window memory{on, std::size_t{1} << 20U};
    wait_policy const policy = detail::with_progress(wait_policy::for_ranks(size), on);
};

TEST_F(Progress, MessageMovesWhileItsSenderWaits) {
    // Pairs: the even rank sends, and waits for a word that its partner sets after the receive.
    int const partner = rank ^ 1;
    auto& word =
        reinterpret_cast<detail::waitable*>(memory.bytes().data())[std::ptrdiff_t{16} * (rank / 2)];
    std::vector<char> message(1'000'000, rank % 2 == 0 ? 'x' : ' ');
    for (std::uint32_t round = 0; round < 20 && partner < size; ++round) {
        if (rank % 2 == 0) {
            MPI_Request sent = MPI_REQUEST_NULL;
            MPI_Isend(message.data(), 1'000'000, MPI_CHAR, partner, 0, world, &sent);
            detail::wait_while(word, round, policy, [](bool) {});
            MPI_Wait(&sent, MPI_STATUS_IGNORE);
        } else {
            std::ranges::fill(message, ' ');
            MPI_Recv(message.data(), 1'000'000, MPI_CHAR, partner, 0, world, MPI_STATUS_IGNORE);
            word.publish(round + 1);
            ASSERT_EQ(std::ranges::count(message, 'x'), 1'000'000);
        }
    }
    MPI_Barrier(world);
}

TEST_F(Progress, MessagesOfTheHostStayWhereTheyAre) {
    // The hook looks for messages on a private communicator: it must take none.
    int const next = (rank + 1) % size;
    MPI_Request sent = MPI_REQUEST_NULL;
    MPI_Isend(&rank, 1, MPI_INT, next, 9, world, &sent);
    for (int i = 0; i < 1000; ++i) {
        policy.progress(policy.progress_context);
    }
    int got = -1;
    MPI_Recv(&got, 1, MPI_INT, (rank + size - 1) % size, 9, world, MPI_STATUS_IGNORE);
    MPI_Wait(&sent, MPI_STATUS_IGNORE);
    EXPECT_EQ(got, (rank + size - 1) % size);
}

TEST_F(Progress, DoesNothingWhenTheCommunicatorIsGone) {
    node other(world);
    auto const hook = detail::with_progress(wait_policy{}, other);
    other.close();
    hook.progress(hook.progress_context);
}

} // namespace
} // namespace shmwin
