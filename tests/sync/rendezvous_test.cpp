// SPDX-License-Identifier: MIT
// What a meeting agrees on while all ranks are there. Ranks that leave: rendezvous_departure_test.
#include "shmwin/base/error.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace shmwin {
namespace {

using detail::meeting_failure;
using detail::meeting_slot;
using detail::meeting_values;
using detail::rendezvous_state;
using testing::HasSubstr;

// Part of the segment's layout.
static_assert(offsetof(meeting_slot, tag) == 0 && offsetof(meeting_slot, op) == 4);
static_assert(offsetof(meeting_slot, code) == 8 && offsetof(meeting_slot, options) == 16);
static_assert(offsetof(meeting_slot, extents) == 56 && offsetof(meeting_slot, type) == 120);
static_assert(offsetof(meeting_slot, object) == 184 && offsetof(meeting_slot, text) == 440);
static_assert(offsetof(rendezvous_state, generation) == 64);
static_assert(offsetof(rendezvous_state, outcome) == 72);
static_assert(offsetof(rendezvous_state, values) == 88);
static_assert(offsetof(rendezvous_state, fate) == 128);
static_assert(sizeof(rendezvous_state) == 192 + sizeof(meeting_failure));

// What each rank got from one meeting.
struct outcome {
    std::optional<error_info> error;
    meeting_values values{};
};

template <typename Meet>
outcome outcome_of(Meet const& meet) {
    outcome got;
    try {
        got.values = meet();
    } catch (error const& failed) {
        got.error = failed.info();
    }
    return got;
}

constexpr auto no_completion = [](meeting_values&) {};

struct Rendezvous : testing::Test {
    static constexpr int max = 8;
    test::shared_pages pages{{.capacity = 4096, .n_ranks = max}};
    wait_policy how = wait_policy::for_ranks(64);

    // The meeting of ranks 0 to n - 1 of fewer than max ranks has pages of its own.
    template <typename Body>
    std::vector<outcome> meet_all(int n, Body const& body) {
        test::shared_pages const own({.capacity = 4096, .n_ranks = n});
        std::vector<outcome> all(static_cast<std::size_t>(n));
        test::as_threads(n, [&](int rank) {
            auto const meeting = own.meeting(rank, how);
            all[static_cast<std::size_t>(rank)] = outcome_of([&] { return body(meeting, rank); });
        });
        return all;
    }
};

// All got this error, in the same words.
void expect_error(std::vector<outcome> const& all, errc code, int rank, std::string const& text) {
    for (auto const& each : all) {
        ASSERT_TRUE(each.error);
        EXPECT_EQ(each.error->code, code);
        EXPECT_EQ(each.error->rank, rank);
        EXPECT_TRUE(each.error->agreed);
        EXPECT_THAT(each.error->text, HasSubstr(text));
        EXPECT_EQ(each.error->text, all.front().error->text);
    }
}

// Ranks, and for how long they spin: with many looks, rank 0 completes what others were last in.
struct RendezvousOf : Rendezvous, testing::WithParamInterface<std::tuple<int, int>> {
    RendezvousOf() { how.spin = std::get<1>(GetParam()); }
    static int n_ranks() { return std::get<0>(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Ranks,
                         RendezvousOf,
                         testing::Combine(testing::Values(1, 2, 3, 4, 5, 8),
                                          testing::Values(20, 2000)));

TEST_P(RendezvousOf, RunsTheCompletionOnceAndHandsItsValuesToAll) {
    std::atomic<std::uint64_t> n_completions{0};
    auto const all = meet_all(n_ranks(), [&](auto const& meeting, int) {
        return meeting.meet({operation::create_value}, nullptr, [&](meeting_values& values) {
            values = {11, 22, 33, ++n_completions};
        });
    });
    EXPECT_EQ(n_completions, 1);
    for (auto const& each : all) {
        EXPECT_FALSE(each.error);
        EXPECT_EQ(each.values, (meeting_values{11, 22, 33, 1}));
    }
}

TEST_P(RendezvousOf, BeginsTheCompletionWithWhatRank0Brought) {
    for (std::uint64_t const step : {0U, 1U, 2U, 3U}) { // nothing of an earlier meeting is left
        auto const all = meet_all(n_ranks(), [&](auto const& meeting, int rank) {
            auto const mine = static_cast<std::uint64_t>(rank) + 100 * step;
            meeting.meet({operation::fill}, nullptr, [](meeting_values& v) { v.fill(~0ULL); });
            return meeting.meet({operation::create_object},
                                nullptr,
                                [&](meeting_values& values) { values[3] += 5; },
                                {mine, mine + 1, mine + 2, mine + 3});
        });
        for (auto const& each : all) {
            EXPECT_EQ(
                each.values,
                (meeting_values{100 * step, 100 * step + 1, 100 * step + 2, 100 * step + 3 + 5}));
        }
    }
}

TEST_P(RendezvousOf, HandsOutZerosIfNobodyBringsOrSetsAny) {
    auto const all = meet_all(n_ranks(), [&](auto const& meeting, int) {
        for (int i = 0; i < 3; ++i) {
            meeting.meet({operation::fill}, nullptr, [](meeting_values& v) { v.fill(~0ULL); });
        }
        return meeting.meet({operation::fill}, nullptr, no_completion);
    });
    for (auto const& each : all) {
        EXPECT_EQ(each.values, meeting_values{});
    }
}

// Plain stores: ThreadSanitizer sees if the meeting orders them.
TEST_P(RendezvousOf, MakesStoresBeforeItVisibleAfterIt) {
    auto const n = static_cast<std::size_t>(n_ranks());
    std::vector<std::uint64_t> stored(n);
    std::uint64_t sum_of_completion = 0;
    meet_all(n_ranks(), [&](auto const& meeting, int rank) {
        auto const sum = [&] {
            std::uint64_t all = 0;
            for (auto const each : stored) {
                all += each;
            }
            return all;
        };
        for (std::uint64_t step = 1; step <= 100; ++step) {
            stored[static_cast<std::size_t>(rank)] = step;
            meeting.meet({operation::fence});
            EXPECT_EQ(sum(), n * step);
            meeting.meet(
                {operation::flip}, nullptr, [&](meeting_values&) { sum_of_completion = sum(); });
            EXPECT_EQ(sum_of_completion, n * step);
            meeting.meet({operation::fence});
        }
        return meeting_values{};
    });
}

TEST_P(RendezvousOf, AgreesOnTheErrorOfOneRank) {
    auto const failing = n_ranks() - 1;
    std::atomic<int> n_completions{0};
    auto const all = meet_all(n_ranks(), [&](auto const& meeting, int rank) {
        error_info const mine{errc::no_space, false, -1, "/dev/shm is full"};
        return meeting.meet({operation::create_array},
                            rank == failing ? &mine : nullptr,
                            [&](meeting_values&) { ++n_completions; });
    });
    expect_error(all, errc::no_space, failing, "/dev/shm is full");
    EXPECT_EQ(n_completions, 0);
}

TEST_P(RendezvousOf, AgreesOnTheErrorOfTheCompletion) {
    auto const all = meet_all(n_ranks(), [&](auto const& meeting, int) {
        return meeting.meet({operation::create_array}, nullptr, [](meeting_values&) {
            raise(errc::already_exists, "name is taken");
        });
    });
    expect_error(all, errc::already_exists, -1, "name is taken");
}

TEST_P(RendezvousOf, AgreesOnAStandardExceptionOfTheCompletion) {
    auto const all = meet_all(n_ranks(), [&](auto const& meeting, int) {
        return meeting.meet({operation::create_object}, nullptr, [](meeting_values&) {
            throw std::domain_error("constructor failed");
        });
    });
    expect_error(all, errc::system_failure, -1, "constructor failed");
}

// The completion of create_object runs a constructor of the user's, which may throw anything.
TEST_P(RendezvousOf, AgreesOnAnyExceptionOfTheCompletion) {
    auto const all = meet_all(n_ranks(), [&](auto const& meeting, int) {
        try {
            return meeting.meet(
                {operation::create_object}, nullptr, [](meeting_values&) { throw 42; });
        } catch (int) {
            ADD_FAILURE() << "the exception left the meeting";
            meeting.leave("create_object", "the exception left the meeting");
            throw;
        }
    });
    expect_error(all, errc::system_failure, -1, "create_object");
}

TEST_P(RendezvousOf, WorksAgainAfterErrors) {
    auto const all = meet_all(n_ranks(), [&](auto const& meeting, int rank) {
        error_info const mine{errc::no_space, false, -1, "full"};
        std::uint64_t n_errors = 0;
        for (int i = 0; i < 50; ++i) {
            auto const got = outcome_of([&] {
                return meeting.meet({operation::fill},
                                    i % 3 == 0 && rank == 0 ? &mine : nullptr,
                                    [&](meeting_values&) {
                                        if (i % 3 == 1) raise(errc::not_found, "gone");
                                    });
            });
            if (got.error) ++n_errors;
            EXPECT_EQ(got.error.has_value(), i % 3 != 2);
        }
        auto const op = rank == 0 && n_ranks() > 1 ? operation::flip : operation::fence;
        EXPECT_EQ(outcome_of([&] {
                      return meeting.meet({op}, nullptr, no_completion);
                  }).error.has_value(),
                  n_ranks() > 1);
        meeting.meet({operation::fence});
        return meeting_values{n_errors};
    });
    for (auto const& each : all) {
        EXPECT_FALSE(each.error);
        EXPECT_EQ(each.values[0], 34U);
    }
}

TEST_F(Rendezvous, TheLowestFailingRankIsNamed) {
    auto const all = meet_all(5, [&](auto const& meeting, int rank) {
        error_info const mine{rank == 2 ? errc::no_space : errc::invalid_argument,
                              false,
                              -1,
                              "of rank " + std::to_string(rank)};
        return meeting.meet({operation::create_array}, rank >= 2 ? &mine : nullptr, no_completion);
    });
    expect_error(all, errc::no_space, 2, "of rank 2");
}

TEST_F(Rendezvous, AFailingRankMayHaveOtherArguments) {
    auto const all = meet_all(3, [&](auto const& meeting, int rank) {
        error_info const mine{errc::invalid_argument, false, -1, "bad shape"};
        std::array<std::int64_t, 1> const extents{rank == 1 ? -5 : 5};
        return meeting.meet({operation::create_array, "u", "float64", extents},
                            rank == 1 ? &mine : nullptr,
                            no_completion);
    });
    expect_error(all, errc::invalid_argument, 1, "bad shape");
}

TEST_F(Rendezvous, RanksInDifferentCallsAreToldBoth) {
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
TEST_F(Rendezvous, TheLowestRankInAnotherCallIsNamed) {
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

struct RendezvousWith : Rendezvous, testing::WithParamInterface<difference> {};
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

TEST_F(Rendezvous, LongNamesAreToldWhole) {
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

TEST_F(Rendezvous, WhatDoesNotFitIsCutNotOverrun) {
    std::string const name(5000, 'n');
    std::vector<std::int64_t> const extents(100, 7);
    auto const all = meet_all(3, [&](auto const& meeting, int rank) {
        error_info const mine{errc::no_space, false, -1, std::string(5000, 't')};
        return meeting.meet({operation::create_array, name, name, extents},
                            rank == 1 ? &mine : nullptr,
                            no_completion);
    });
    expect_error(all, errc::no_space, 1, std::string(327, 't'));
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

TEST_F(Rendezvous, AThreadThatAttachedAndEndedIsNotMissed) {
    // All ranks were attached by this thread's process; each meeting is on a thread of its own.
    for (int step = 0; step < 3; ++step) {
        test::as_threads(max, [&](int rank) {
            pages.who(rank).attach();
            EXPECT_NO_THROW(pages.meeting(rank).meet({operation::fence}));
        });
    }
    EXPECT_FALSE(pages.who(0).missing(true));
}

TEST_F(Rendezvous, ThousandsOfMeetingsWithMoreRanksThanCores) {
    constexpr int n_meetings = 3000;
    std::uint64_t n_completions = 0; // plain: the meetings order it
    test::as_threads(max, [&](int rank) {
        auto const meeting = pages.meeting(rank, wait_policy::for_ranks(max));
        for (std::uint64_t i = 1; i <= n_meetings; ++i) {
            auto const values = meeting.meet(
                {operation::flip}, nullptr, [&](meeting_values& v) { v[0] = ++n_completions; });
            ASSERT_EQ(values[0], i);
        }
    });
    EXPECT_EQ(n_completions, std::uint64_t{n_meetings});
}

TEST_F(Rendezvous, ThousandsOfMeetingsOfProcesses) {
    SHMWIN_NEEDS_FORK();
    constexpr std::uint64_t n_meetings = 3000;
    struct plain {
        std::array<std::uint64_t, max> stored;
        std::uint64_t n_completions;
    };
    test::shared_object<plain> shared;
    EXPECT_TRUE(test::as_processes(pages, max, [&](int rank) {
        auto const meeting = pages.meeting(rank, wait_policy::for_ranks(max));
        for (std::uint64_t i = 1; i <= n_meetings; ++i) {
            shared->stored.at(static_cast<std::size_t>(rank)) = i;
            auto const values = meeting.meet({operation::flip}, nullptr, [&](meeting_values& v) {
                v[0] = ++shared->n_completions;
            });
            if (values[0] != i) return false;
            for (auto const each : shared->stored) {
                if (each != i) return false;
            }
            meeting.meet({operation::fence});
        }
        pages.who(rank).close();
        return true;
    }));
    EXPECT_EQ(shared->n_completions, n_meetings);
}

TEST_F(Rendezvous, ProcessesAgreeOnErrors) {
    SHMWIN_NEEDS_FORK();
    EXPECT_TRUE(test::as_processes(pages, max, [&](int rank) {
        auto const meeting = pages.meeting(rank);
        error_info const mine{errc::out_of_memory, false, -1, "segment is full"};
        auto const got = outcome_of([&] {
            return meeting.meet(
                {operation::create_array, "u"}, rank == 5 ? &mine : nullptr, no_completion);
        });
        meeting.meet({operation::close});
        pages.who(rank).close();
        return got.error && got.error->code == errc::out_of_memory && got.error->rank == 5
               && got.error->agreed && got.error->text == "segment is full";
    }));
}

TEST_F(Rendezvous, ClassesOfErrorsAreTheStandardOnes) {
    test::shared_pages const one({.capacity = 4096, .n_ranks = 1});
    auto const meeting = one.meeting(0);
    error_info const full{errc::no_space, false, -1, "full"};
    EXPECT_THROW(meeting.meet({operation::fill}, &full, no_completion), std::bad_alloc);
    error_info const bad{errc::invalid_argument, false, -1, "bad"};
    EXPECT_THROW(meeting.meet({operation::fill}, &bad, no_completion), std::invalid_argument);
}

} // namespace
} // namespace shmwin
