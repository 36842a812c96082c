// SPDX-License-Identifier: MIT
#include "shmwin/mpi/node.hpp"

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <gmock/gmock.h>
#include <type_traits>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

MPI_Comm const world = MPI_COMM_WORLD;

static_assert(std::is_copy_constructible_v<node> && std::is_nothrow_move_constructible_v<node>);

int compare(MPI_Comm one, MPI_Comm other) {
    int result = MPI_UNEQUAL;
    MPI_Comm_compare(one, other, &result);
    return result;
}

struct Node : testing::Test {
    int const rank = rank_in(world);
    int const size = size_of(world);
};

TEST_F(Node, OfOneHostHoldsAllRanksInOrder) {
    node on(world);
    EXPECT_EQ(on.rank(), rank);
    EXPECT_EQ(on.size(), size);
    EXPECT_EQ(on.index(), 0);
    EXPECT_EQ(on.n_nodes(), 1);
    on.close();
}

TEST_F(Node, CommunicatorsAreItsOwn) {
    node on(world);
    EXPECT_EQ(compare(on.comm(), world), MPI_CONGRUENT);
    EXPECT_EQ(compare(on.all(), world), MPI_CONGRUENT);
    if (rank == 0) {
        EXPECT_EQ(size_of(on.leaders()), 1);
    } else {
        EXPECT_EQ(on.leaders(), MPI_COMM_NULL);
    }
    on.close();
}

TEST_F(Node, MessagesOfTheHostDoNotMeetItsOwn) {
    // Open receives of anything, on the host's communicator: making and closing takes nothing.
    int received = -1;
    MPI_Request open = MPI_REQUEST_NULL;
    MPI_Irecv(&received, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, world, &open);
    node on(world);
    on.close();
    int done = 0;
    MPI_Test(&open, &done, MPI_STATUS_IGNORE);
    EXPECT_EQ(done, 0);
    MPI_Barrier(world); // all have looked
    MPI_Send(&rank, 1, MPI_INT, (rank + 1) % size, 3, world);
    if (done == 0) MPI_Wait(&open, MPI_STATUS_IGNORE);
    EXPECT_EQ(received, (rank + size - 1) % size);
}

TEST_F(Node, ErrorHandlerOfTheHostStaysAsItIs) {
    MPI_Comm mine = MPI_COMM_NULL;
    MPI_Comm_dup(world, &mine);
    MPI_Comm_set_errhandler(mine, MPI_ERRORS_ARE_FATAL);
    node on(mine);
    MPI_Errhandler seen = MPI_ERRHANDLER_NULL;
    MPI_Comm_get_errhandler(mine, &seen);
    EXPECT_EQ(seen, MPI_ERRORS_ARE_FATAL);
    on.close();
    MPI_Comm_free(&mine);
}

TEST_F(Node, OutlivesTheCommunicatorThatItWasMadeFrom) {
    MPI_Comm mine = MPI_COMM_NULL;
    MPI_Comm_dup(world, &mine);
    node on(mine);
    MPI_Comm_free(&mine);
    EXPECT_EQ(size_of(on.all()), size);
    on.close();
}

TEST_F(Node, OfOneRankIsAsGoodAsAny) {
    node on(MPI_COMM_SELF);
    EXPECT_EQ(on.rank(), 0);
    EXPECT_EQ(on.size(), 1);
    EXPECT_EQ(on.index(), 0);
    EXPECT_EQ(on.n_nodes(), 1);
    EXPECT_EQ(size_of(on.leaders()), 1);
    on.close();
}

TEST_F(Node, OfASplitCommunicatorHasItsRanksInItsOrder) {
    // Even and odd ranks apart, each in reverse.
    MPI_Comm part = MPI_COMM_NULL;
    MPI_Comm_split(world, rank % 2, -rank, &part);
    node on(part);
    EXPECT_EQ(on.rank(), rank_in(part));
    EXPECT_EQ(on.size(), size_of(part));
    EXPECT_EQ(on.rank(), (size - 1 - rank) / 2);
    on.close();
    MPI_Comm_free(&part);
}

TEST_F(Node, WithoutASplitAcceptsOneHost) {
    node on(world, node_split::none);
    EXPECT_EQ(on.size(), size);
    EXPECT_EQ(on.n_nodes(), 1);
    on.close();
}

TEST_F(Node, RanksThatWantAnotherSplitDisagree) {
    if (size == 1) return;
    auto const how = rank == size - 1 ? node_split::none : node_split::by_shared_memory;
    auto const thrown = agreed_error_of(world, [&] { node const on(world, how); });
    EXPECT_EQ(thrown.code, errc::disagreement);
    EXPECT_EQ(thrown.rank, size - 1);
}

TEST_F(Node, NullCommunicatorIsRefused) {
    auto const thrown = error_of([] { node const on(MPI_COMM_NULL); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::invalid_argument);
    EXPECT_THAT(thrown->text, HasSubstr("MPI_COMM_NULL"));
}

TEST_F(Node, IntercommunicatorIsRefused) {
    if (size == 1) return;
    MPI_Comm half = MPI_COMM_NULL;
    MPI_Comm between = MPI_COMM_NULL;
    MPI_Comm_split(world, rank == 0 ? 0 : 1, rank, &half);
    MPI_Intercomm_create(half, 0, world, rank == 0 ? 1 : 0, 5, &between);
    auto const thrown = error_of([&] { node const on(between); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::invalid_argument);
    EXPECT_THAT(thrown->text, HasSubstr("intercommunicator"));
    MPI_Comm_free(&between);
    MPI_Comm_free(&half);
}

TEST_F(Node, CopiesReferToTheSame) {
    node on(world);
    node const copy = on; // NOLINT(*-unnecessary-copy-initialization): that is the test
    EXPECT_EQ(copy.comm(), on.comm());
    on.close();
    EXPECT_EQ(copy.comm(), MPI_COMM_NULL);
}

TEST_F(Node, CloseGivesTheCommunicatorsBackAndASecondCloseDoesNothing) {
    // More than MPI has communicators for, if they were kept.
    for (int i = 0; i < 800; ++i) {
        node on(world);
        on.close();
        on.close();
        ASSERT_EQ(on.comm(), MPI_COMM_NULL);
        ASSERT_EQ(on.size(), size);
    }
}

} // namespace
} // namespace shmwin
