// SPDX-License-Identifier: MIT
// What a meeting agrees on while all ranks are there. Who
// disagrees: rendezvous_disagreement_test. Ranks that leave: rendezvous_departure_test.
#include "shmwin/base/error.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "support/rendezvous_fixture.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <tuple>
#include <vector>

namespace shmwin {
namespace {

using detail::meeting_failure;
using detail::meeting_slot;
using detail::meeting_values;
using detail::rendezvous_state;
using test::expect_error;
using test::no_completion;
using test::outcome_of;

// Part of the segment's layout.
static_assert(offsetof(meeting_slot, word) == 0 && offsetof(meeting_slot, tag) == 128);
static_assert(offsetof(meeting_slot, code) == 136 && offsetof(meeting_slot, options) == 144);
static_assert(offsetof(meeting_slot, op) == 132 && offsetof(meeting_slot, site) == 142);
static_assert(offsetof(meeting_slot, extents) == 184 && offsetof(meeting_slot, type) == 248);
static_assert(offsetof(meeting_slot, object) == 312 && offsetof(meeting_slot, text) == 568);
static_assert(offsetof(rendezvous_state, generation) == 64);
static_assert(offsetof(rendezvous_state, bell) == 72);
static_assert(offsetof(rendezvous_state, outcome) == 80);
static_assert(offsetof(rendezvous_state, values) == 96);
static_assert(offsetof(rendezvous_state, fate) == 128);
static_assert(sizeof(rendezvous_state) == 192 + sizeof(meeting_failure));

struct Rendezvous : test::rendezvous_fixture {};

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
