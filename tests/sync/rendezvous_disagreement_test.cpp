// SPDX-License-Identifier: MIT
// Whom a meeting names when ranks fail, come with other arguments, or come to another call.
#include "shmwin/base/error.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "support/rendezvous_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using detail::meeting_slot;
using detail::meeting_values;
using test::expect_error;
using test::no_completion;
using testing::HasSubstr;

struct RendezvousDisagreement : test::rendezvous_fixture {};

TEST_F(RendezvousDisagreement, TheLowestFailingRankIsNamed) {
    auto const all = meet_all(5, [&](auto const& meeting, int rank) {
        error_info const mine{rank == 2 ? errc::no_space : errc::invalid_argument,
                              false,
                              -1,
                              "of rank " + std::to_string(rank)};
        return meeting.meet({operation::create_array}, rank >= 2 ? &mine : nullptr, no_completion);
    });
    expect_error(all, errc::no_space, 2, "of rank 2");
}

TEST_F(RendezvousDisagreement, AFailingRankMayHaveOtherArguments) {
    auto const all = meet_all(3, [&](auto const& meeting, int rank) {
        error_info const mine{errc::invalid_argument, false, -1, "bad shape"};
        std::array<std::int64_t, 1> const extents{rank == 1 ? -5 : 5};
        return meeting.meet({operation::create_array, "u", "float64", extents},
                            rank == 1 ? &mine : nullptr,
                            no_completion);
    });
    expect_error(all, errc::invalid_argument, 1, "bad shape");
}

TEST_F(RendezvousDisagreement, RanksInDifferentCallsAreToldBoth) {
    auto const all = meet_all(3, [&](auto const& meeting, int rank) {
        std::array<std::int64_t, 2> const extents{4, 5};
        collective_call const creates{operation::create_array, "u", "float64", extents};
        return meeting.meet(
            rank == 1 ? collective_call{operation::fence} : creates, nullptr, no_completion);
    });
    expect_error(all, errc::disagreement, 1, "different collective calls");
    EXPECT_THAT(all[0].error->text, HasSubstr("rank 0: create_array(\"u\", float64, 4 x 5)"));
    EXPECT_THAT(all[0].error->text, HasSubstr("rank 1: fence"));
}

// Also when that rank says it failed: the others are not in its call at all.
TEST_F(RendezvousDisagreement, TheLowestRankInAnotherCallIsNamed) {
    auto const all = meet_all(4, [&](auto const& meeting, int rank) {
        error_info const mine{errc::no_space, false, -1, "full"};
        return meeting.meet({rank >= 2 ? operation::fence : operation::flip},
                            rank == 3 ? &mine : nullptr,
                            no_completion);
    });
    expect_error(all, errc::disagreement, 2, "rank 0: flip; rank 2: fence");
}

struct difference {
    char const* what;
    collective_call other;
    char const* said;
};

std::array<std::int64_t, 2> const shape_4x5{4, 5};
std::array<std::int64_t, 2> const shape_5x4{5, 4};
std::array<std::int64_t, 1> const shape_20{20};

collective_call const usual{operation::create_array, "u", "float64", shape_4x5, 7};

struct RendezvousWith : RendezvousDisagreement, testing::WithParamInterface<difference> {};
INSTANTIATE_TEST_SUITE_P(
    Another,
    RendezvousWith,
    testing::Values(difference{"name",
                               {operation::create_array, "v", "float64", shape_4x5, 7},
                               R"(rank 2: create_array("v", float64, 4 x 5))"},
                    difference{"type",
                               {operation::create_array, "u", "float32", shape_4x5, 7},
                               R"(rank 2: create_array("u", float32, 4 x 5))"},
                    difference{"shape",
                               {operation::create_array, "u", "float64", shape_5x4, 7},
                               R"(rank 2: create_array("u", float64, 5 x 4))"},
                    difference{"dimensions",
                               {operation::create_array, "u", "float64", shape_20, 7},
                               R"(rank 2: create_array("u", float64, 20))"},
                    difference{"noshape",
                               {operation::create_array, "u", "float64", {}, 7},
                               R"(rank 2: create_array("u", float64))"},
                    difference{"options",
                               {operation::create_array, "u", "float64", shape_4x5, 8},
                               "with other options"}),
    [](auto const& row) { return row.param.what; });

TEST_P(RendezvousWith, IsADisagreementThatTellsBothCalls) {
    std::atomic<int> n_completions{0};
    auto const all = meet_all(4, [&](auto const& meeting, int rank) {
        return meeting.meet(rank == 2 ? GetParam().other : usual, nullptr, [&](meeting_values&) {
            ++n_completions;
        });
    });
    expect_error(all, errc::disagreement, 2, "disagree");
    EXPECT_THAT(all[0].error->text, HasSubstr(R"(rank 0: create_array("u", float64, 4 x 5))"));
    EXPECT_THAT(all[0].error->text, HasSubstr(GetParam().said));
    EXPECT_EQ(n_completions, 0);
}

TEST_P(RendezvousWith, IsFoundOnTheFirstRankToo) {
    auto const all = meet_all(3, [&](auto const& meeting, int rank) {
        return meeting.meet(rank == 0 ? GetParam().other : usual, nullptr, no_completion);
    });
    expect_error(all, errc::disagreement, 1, "disagree");
}

TEST_F(RendezvousDisagreement, LongNamesAreToldWhole) {
    std::string const name(255, 'n');
    std::string const other = std::string(254, 'n') + 'm';
    auto const all = meet_all(2, [&](auto const& meeting, int rank) {
        return meeting.meet({operation::create_value, rank == 0 ? name : other, "int32", {}, 0},
                            nullptr,
                            no_completion);
    });
    expect_error(all, errc::disagreement, 1, name);
    EXPECT_THAT(all[0].error->text, HasSubstr(other));
}

TEST_F(RendezvousDisagreement, WhatDoesNotFitIsCutNotOverrun) {
    std::string const name(5000, 'n');
    std::vector<std::int64_t> const extents(100, 7);
    auto const all = meet_all(3, [&](auto const& meeting, int rank) {
        error_info const mine{errc::no_space, false, -1, std::string(5000, 't')};
        return meeting.meet({operation::create_array, name, name, extents},
                            rank == 1 ? &mine : nullptr,
                            no_completion);
    });
    expect_error(all, errc::no_space, 1, std::string(sizeof(meeting_slot::text) - 1, 't'));
    auto const longer = meet_all(3, [&](auto const& meeting, int rank) {
        return meeting.meet({operation::create_array, name, name, extents, rank == 2 ? 1U : 0U},
                            nullptr,
                            [](meeting_values&) {});
    });
    expect_error(longer, errc::disagreement, 2, "create_array");
    auto const thrown = meet_all(2, [&](auto const& meeting, int) {
        return meeting.meet({operation::fill}, nullptr, [](meeting_values&) {
            raise(errc::corrupted, std::string(5000, 'x'));
        });
    });
    expect_error(thrown, errc::corrupted, -1, std::string(1015, 'x'));
}

} // namespace
} // namespace shmwin
