// SPDX-License-Identifier: MIT
// Meetings of ranks of which some go to the centre and some would not.
#include "shmwin/base/error.hpp"
#include "shmwin/sync/arrivals.hpp"
#include "shmwin/sync/rendezvous.hpp"

#include "support/rendezvous_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using detail::arrivals;
using detail::meeting_values;
using test::eventually;
using test::no_completion;
using test::outcome_of;
using testing::HasSubstr;
using how_it_is = arrivals::outcome;

constexpr int n = 3;
constexpr std::uint32_t fence_tag = 5;
constexpr std::uint32_t other_tag = 6;

struct MixedMeetings : test::rendezvous_fixture {
    MixedMeetings() { how.spin = 200; }
};

// Each kind of part in each place, in orders that the threads come to by chance.
TEST_F(MixedMeetings, RunTheWorkOnceIfAnyRankNeedsIt) {
    enum : unsigned { plain, needs, shares_cores, n_kinds };
    for (unsigned mix = 0; mix < n_kinds * n_kinds * n_kinds; ++mix) {
        std::array const kinds{mix % n_kinds, mix / n_kinds % n_kinds, mix / n_kinds / n_kinds};
        bool const needed = std::ranges::count(kinds, unsigned{needs}) != 0;
        test::shared_pages const own({.capacity = 4096, .n_ranks = n});
        std::atomic<int> n_run{0};
        constexpr int n_meetings = 20;
        test::as_threads(n, [&](int rank) {
            auto const kind = kinds.at(static_cast<std::size_t>(rank));
            auto policy = how;
            if (kind == shares_cores) policy.spin = 20;
            auto const meeting = own.meeting(rank, policy);
            for (int i = 0; i < n_meetings; ++i) {
                meeting.meet({operation::fence}, kind == needs, [&](meeting_values&) { ++n_run; });
                if (needed) {
                    EXPECT_EQ(n_run, i + 1) << mix;
                }
                meeting.meet({operation::init});
            }
        });
        EXPECT_LE(n_run, n_meetings) << mix;
    }
}

TEST_F(MixedMeetings, RaiseTheErrorOfWorkThatOneRankNeeds) {
    for (int needs = 0; needs < n; ++needs) {
        auto const all = meet_all(n, [&](auto const& meeting, int rank) {
            meeting.meet({operation::fence}, rank == needs, [](meeting_values&) {
                raise(errc::data_race, "two wrote");
            });
            return meeting_values{};
        });
        test::expect_error(all, errc::data_race, -1, "two wrote");
    }
}

TEST_F(MixedMeetings, AreTheSameForAFailureWithoutWork) {
    for (int fails = 0; fails < n; ++fails) {
        auto const all = meet_all(n, [&](auto const& meeting, int rank) {
            error_info const mine{errc::shape_mismatch, false, -1, "shapes differ"};
            meeting.meet({operation::copy}, rank == fails ? &mine : nullptr);
            return meeting_values{};
        });
        test::expect_error(all, errc::shape_mismatch, fails, "shapes differ");
    }
}

// One at a time: rank `first` waits already, be it at the centre or not, when the next comes.
TEST_F(MixedMeetings, OfAFenceAndACreateAreADisagreementInEveryOrder) {
    std::array order{0, 1, 2};
    do {
        for (int creates = 0; creates < n; ++creates) {
            test::shared_pages const own({.capacity = 4096, .n_ranks = n});
            auto const& state = own.meeting_state();
            std::atomic<int> n_come{0};
            std::vector<test::outcome> all(n);
            test::as_threads(n, [&](int rank) {
                auto const turn = std::ranges::find(order, rank) - order.begin();
                EXPECT_TRUE(eventually([&] {
                    return n_come == turn
                           && (turn == 0
                               || state.bell.n_sleepers + state.generation.n_sleepers > 0);
                }));
                ++n_come;
                auto const meeting = own.meeting(rank, how);
                all[static_cast<std::size_t>(rank)] = outcome_of([&] {
                    if (rank != creates) {
                        meeting.meet({operation::fence});
                        return meeting_values{};
                    }
                    return meeting.meet({operation::create_value, "n"}, nullptr, no_completion);
                });
                meeting.meet({operation::fence}); // it goes on
            });
            test::expect_error(all, errc::disagreement, creates == 0 ? 1 : creates, "rank 0: ");
            EXPECT_THAT(all[0].error->text, HasSubstr("create_value(\"n\")"));
        }
    } while (std::ranges::next_permutation(order).found);
}

// All sleep where arrivals wake them when the last one comes, who goes to the centre.
TEST_F(MixedMeetings, WakeSleepersByAnArrivalAtTheCentre) {
    test::shared_pages const own({.capacity = 4096, .n_ranks = n});
    std::atomic<int> n_run{0};
    test::as_threads(n, [&](int rank) {
        if (rank == n - 1) {
            EXPECT_TRUE(eventually([&] { return own.meeting_state().bell.n_sleepers == n - 1; }));
        }
        own.meeting(rank, how).meet(
            {operation::fence}, rank == n - 1, [&](meeting_values&) { ++n_run; });
    });
    EXPECT_EQ(n_run, 1);
    EXPECT_EQ(own.meeting_state().bell.n_sleepers, 0U);
}

TEST_F(MixedMeetings, ThatNeedNothingLeaveTheCentreAlone) {
    test::shared_pages const own({.capacity = 4096, .n_ranks = n});
    test::as_threads(n, [&](int rank) {
        auto const meeting = own.meeting(rank, how);
        for (std::uint32_t i = 1; i <= 100; ++i) {
            meeting.meet({operation::fence});
            EXPECT_EQ(meeting.generation(), i);
        }
    });
    EXPECT_EQ(own.meeting_state().arrivals, 0U);
    EXPECT_EQ(own.meeting_state().generation.word, 0U);
}

// The number of meetings and the centre's own wrap at different times.
TEST_F(MixedMeetings, GoOnWhenTheNumbersWrap) {
    test::shared_pages const own({.capacity = 4096, .n_ranks = n});
    auto const slots = own.where().as<detail::meeting_slot>(detail::section_id::meeting_slots);
    for (auto& each : slots) {
        each.word = 0xffff'fff0U;
    }
    own.meeting_state().generation.word = 0xffff'fffcU;
    std::atomic<int> n_run{0};
    test::as_threads(n, [&](int rank) {
        auto const meeting = own.meeting(rank, how);
        for (int i = 1; i <= 20; ++i) {
            meeting.meet({operation::fence});
            meeting.meet({operation::fence}, rank == 1, [&](meeting_values&) { ++n_run; });
            EXPECT_EQ(n_run, i);
        }
    });
}

// It died after the store that says so, before any other: whether all others are met or miss it is
// decided by what it said.
TEST_F(MixedMeetings, OfOneThatDiedAreTheSameForAllOthers) {
    SHMWIN_NEEDS_FORK();
    enum class died : std::uint8_t { before_its_word, at_the_same, at_the_centre, at_another };
    for (auto const when :
         {died::before_its_word, died::at_the_same, died::at_the_centre, died::at_another}) {
        test::shared_pages const own({.capacity = 4096, .n_ranks = n});
        auto const slots = own.where().as<detail::meeting_slot>(detail::section_id::meeting_slots);
        test::shared_object<std::atomic<bool>> attached;
        test::child doomed([&] {
            own.who(2).attach();
            *attached = true;
            if (when == died::before_its_word) return true;
            if (!eventually([&] { return slots[0].word != 0; })) return false;
            auto const tag = static_cast<std::uint32_t>(slots[0].word >> 33U);
            arrivals const mine(slots, 2, own.meeting_state().bell);
            return mine.arrive(when == died::at_another ? tag ^ 2U : tag,
                               when == died::at_the_centre)
                   != 0;
        });
        ASSERT_TRUE(eventually([&] { return attached->load(); }));
        std::array<bool, n> met{};
        test::as_threads(2, [&](int rank) {
            auto const meeting = own.meeting(rank, how);
            auto const fence = [&] {
                meeting.meet({operation::fence});
                return meeting_values{};
            };
            auto got = outcome_of(fence);
            met.at(static_cast<std::size_t>(rank)) = !got.error;
            if (!got.error) got = outcome_of(fence);
            ASSERT_TRUE(got.error);
            EXPECT_EQ(got.error->code, errc::peer_left);
            EXPECT_EQ(got.error->rank, 2);
        });
        EXPECT_EQ(met[0], when == died::at_the_same);
        EXPECT_EQ(met[1], when == died::at_the_same);
        EXPECT_EQ(doomed.wait(), 0);
    }
}

TEST_F(MixedMeetings, SayWhoIsHere) {
    test::shared_pages const own({.capacity = 4096, .n_ranks = n});
    auto const seen = own.meeting(0, how);
    auto const who_is_here = [&] {
        std::array<bool, n> here{};
        for (int rank = 0; rank < n; ++rank) {
            here.at(static_cast<std::size_t>(rank)) = seen.is_here(rank);
        }
        return here;
    };
    using all = std::array<bool, n>;
    for (bool const needed : {false, true}) {
        EXPECT_EQ(who_is_here(), (all{false, false, false}));
        std::atomic<bool> may_come{false};
        std::thread watch([&] {
            EXPECT_TRUE(eventually([&] { return who_is_here() == all{false, true, true}; }));
            may_come = true;
        });
        test::as_threads(n, [&](int rank) {
            if (rank == 0) {
                EXPECT_TRUE(eventually([&] { return may_come.load(); }));
            }
            own.meeting(rank, how).meet({operation::fence}, needed, [&](meeting_values&) {
                EXPECT_EQ(who_is_here(), (all{true, true, true}));
            });
        });
        watch.join();
    }
}

} // namespace
} // namespace shmwin
