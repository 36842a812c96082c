// SPDX-License-Identifier: MIT
#include "shmwin/mpi/agreement.hpp"

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <gmock/gmock.h>
#include <new>
#include <stdexcept>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using detail::agree;
using detail::agree_on;
using detail::failure_of;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

MPI_Comm const world = MPI_COMM_WORLD;

struct Agreement : testing::Test {
    int const rank = rank_in(world);
    int const size = size_of(world);
};

TEST_F(Agreement, ReturnsWhenAllAreWell) {
    EXPECT_FALSE(error_of([] { agree(world, "call", 7, nullptr); }));
    EXPECT_FALSE(error_of([] { agree(MPI_COMM_SELF, "call", 7, nullptr); }));
}

TEST_F(Agreement, OneRanksFailureIsEveryRanksError) {
    for (int culprit = 0; culprit < size; ++culprit) {
        error_info const failure{errc::no_space, false, -1, "disk is full (for a test)"};
        auto const thrown = agreed_error_of(
            world, [&] { agree(world, "call", 0, rank == culprit ? &failure : nullptr); });
        EXPECT_EQ(thrown.code, errc::no_space);
        EXPECT_EQ(thrown.rank, culprit);
        EXPECT_EQ(thrown.text, "disk is full (for a test)");
    }
}

TEST_F(Agreement, LowestFailingRankSpeaksForAll) {
    // All but rank 0 fail, each with a text of its own length.
    error_info const failure{
        errc::io_failure, false, -1, std::string(static_cast<std::size_t>(100 * rank + 1), 'x')};
    if (size == 1) return;
    auto const thrown =
        agreed_error_of(world, [&] { agree(world, "call", 0, rank > 0 ? &failure : nullptr); });
    EXPECT_EQ(thrown.rank, 1);
    EXPECT_EQ(thrown.text, std::string(101, 'x'));
}

TEST_F(Agreement, FailureGoesBeforeDisagreement) {
    error_info const failure{errc::not_found, false, -1, "not there"};
    auto const thrown = agreed_error_of(world, [&] {
        agree(
            world, "call", static_cast<std::uint64_t>(rank), rank == size - 1 ? &failure : nullptr);
    });
    EXPECT_EQ(thrown.code, errc::not_found);
}

TEST_F(Agreement, OtherArgumentsAreADisagreementThatShowsBothCalls) {
    if (size == 1) return;
    auto const last = size - 1;
    // Texts of unequal length: each rank must get each whole.
    auto const call = rank == last ? std::string("open(\"a much longer name\", 17)") : "open(3)";
    auto const thrown =
        agreed_error_of(world, [&] { agree(world, call, rank == last ? 1 : 0, nullptr); });
    EXPECT_EQ(thrown.code, errc::disagreement);
    EXPECT_EQ(thrown.rank, last);
    EXPECT_THAT(
        thrown.text,
        AllOf(HasSubstr("rank 0: open(3)"),
              HasSubstr("rank " + std::to_string(last) + ": open(\"a much longer name\", 17)"),
              Not(HasSubstr("other options"))));
}

TEST_F(Agreement, CallsThatLookAlikeDifferInOptions) {
    if (size == 1) return;
    auto const thrown = agreed_error_of(
        world, [&] { agree(world, "open", static_cast<std::uint64_t>(rank), nullptr); });
    EXPECT_EQ(thrown.rank, 1);
    EXPECT_THAT(thrown.text, HasSubstr("with other options"));
}

TEST_F(Agreement, EmptyTextsAreNoTrouble) {
    error_info const failure{errc::timed_out, false, -1, ""};
    auto const thrown = agreed_error_of(world, [&] { agree(world, "", 0, &failure); });
    EXPECT_EQ(thrown.code, errc::timed_out);
    EXPECT_EQ(thrown.rank, 0);
}

TEST_F(Agreement, CommunicatorIsUsableAfterAnError) {
    for (int round = 0; round < 3; ++round) {
        error_info const failure{errc::busy, false, -1, "busy"};
        EXPECT_EQ(agreed_error_of(world, [&] { agree(world, "call", 0, &failure); }).rank, 0);
        EXPECT_FALSE(error_of([] { agree(world, "call", 0, nullptr); }));
    }
}

TEST_F(Agreement, AStepIsRunOnEachRankAndItsErrorsAreShared) {
    bool ran = false;
    auto const thrown = agreed_error_of(world, [&] {
        agree_on(world, "call", [&] {
            ran = true;
            if (rank == size - 1) raise(errc::corrupted, "broken");
        });
    });
    EXPECT_TRUE(ran);
    EXPECT_EQ(thrown.code, errc::corrupted);
    EXPECT_EQ(thrown.rank, size - 1);
}

TEST(FailureOf, TakesWhatAStepThrows) {
    EXPECT_FALSE(failure_of([] {}));
    EXPECT_EQ(failure_of([] { raise(errc::busy, "busy"); })->code, errc::busy);
    EXPECT_EQ(failure_of([] { throw std::bad_alloc(); })->code, errc::no_space);
    auto const other = failure_of([] { throw std::runtime_error("of the host"); });
    EXPECT_EQ(other->code, errc::system_failure);
    EXPECT_EQ(other->text, "of the host");
}

} // namespace
} // namespace shmwin
