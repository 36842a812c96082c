// SPDX-License-Identifier: MIT
// Ranks on several nodes. Started by support/fake_nodes.sh, which makes one machine look like
// SHMWIN_TEST_NODES of them; without it there is one.
#include "shmwin/segment/segment.hpp"

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

MPI_Comm const world = MPI_COMM_WORLD;

int n_nodes_expected() {
    char const* const told = std::getenv("SHMWIN_TEST_NODES"); // NOLINT(concurrency-mt-unsafe)
    return told == nullptr ? 1 : std::stoi(told);
}

int sum_over(MPI_Comm comm, int mine) {
    int sum = mine;
    MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, comm);
    return sum;
}

struct SeveralNodes : testing::Test {
    int const rank = rank_in(world);
    int const size = size_of(world);
    int const n_nodes = n_nodes_expected();
};

TEST_F(SeveralNodes, NodeTellsWhoSharesMemory) {
    node on(world);
    EXPECT_EQ(on.n_nodes(), n_nodes);
    EXPECT_EQ(on.size() * n_nodes, size);
    EXPECT_EQ(sum_over(world, on.rank() == 0 ? 1 : 0), n_nodes);
    EXPECT_EQ(on.leaders() != MPI_COMM_NULL, on.rank() == 0);
    if (on.rank() == 0) {
        EXPECT_EQ(size_of(on.leaders()), n_nodes);
        EXPECT_EQ(rank_in(on.leaders()), on.index());
    }
    EXPECT_EQ(size_of(on.all()), size);
    // All of a node give the same number, and each number belongs to one node.
    EXPECT_EQ(sum_over(on.comm(), on.index()), on.index() * on.size());
    EXPECT_EQ(sum_over(world, on.rank() == 0 ? on.index() : 0), n_nodes * (n_nodes - 1) / 2);
    on.close();
}

TEST_F(SeveralNodes, WithoutASplitTheyAreRefusedOnAllRanks) {
    if (n_nodes == 1) {
        node on(world, node_split::none);
        EXPECT_EQ(on.size(), size);
        on.close();
        return;
    }
    auto const thrown = agreed_error_of(world, [&] { node const on(world, node_split::none); });
    EXPECT_EQ(thrown.code, errc::not_shared);
    EXPECT_GT(thrown.rank, 0);
    EXPECT_THAT(thrown.text,
                AllOf(HasSubstr(std::to_string(n_nodes) + " nodes"),
                      HasSubstr("rank " + std::to_string(thrown.rank)),
                      HasSubstr("rank 0"),
                      HasSubstr("by_shared_memory")));
    node on(world); // and the communicator is as good as before
    on.close();
}

TEST_F(SeveralNodes, EachHasASegmentOfItsOwn) {
    node on(world);
    segment seg(on, {.capacity = std::size_t{1} << 20U});
    EXPECT_EQ(seg.n_ranks(), on.size());
    auto const sum = seg.create_value<std::int64_t>("sum", std::int64_t{1000} * on.index());
    sum.fetch_add(1);
    seg.fence();
    EXPECT_EQ(sum.load(), 1000 * on.index() + on.size());
    auto const grid = seg.create_array<double>("grid", shape(300, 300));
    for (auto i : grid.rows()) {
        for (std::int64_t j = 0; j < 300; ++j) {
            grid(i, j) = on.index() + 0.5;
        }
    }
    seg.fence();
    EXPECT_EQ(grid(0, 0) + grid(299, 299), 2.0 * on.index() + 1.0);
    seg.close();
    on.close();
}

TEST_F(SeveralNodes, SegmentThatOneNodeCannotMakeIsNobodys) {
    if (n_nodes == 1) return;
    node on(world);
    // The ranks of one node agree among themselves; those of the other one have room.
    auto const capacity =
        on.index() == n_nodes - 1 ? std::size_t{15} << 40U : std::size_t{1} << 20U;
    auto const thrown =
        agreed_error_of(world, [&] { segment const seg(on, {.capacity = capacity}); });
    EXPECT_EQ(thrown.code, errc::no_space);
    segment seg(on, {.capacity = std::size_t{1} << 20U}); // the next one is made
    seg.fence();
    seg.close();
    on.close();
}

} // namespace
} // namespace shmwin
