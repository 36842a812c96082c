// SPDX-License-Identifier: MIT
// "One fills, all read": versions, and writers that do not come to their end.
#include "shmwin/sync/deadline.hpp"
#include "shmwin/sync/section.hpp"

#include "support/ranks.hpp"
#include "support/soak.hpp"
#include "support/sync_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <thread>
#include <unistd.h>

namespace shmwin {
namespace {

using namespace test;
using detail::deadline_after;
using detail::no_deadline;
using std::chrono::steady_clock;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr int n_ranks = 8;

struct filled_array {
    alignas(64) std::array<std::byte, detail::section_bytes(n_ranks)> section;
    std::array<std::uint64_t, 64> elements;
    std::atomic<int> n_ready;
};

struct user {
    user(sync_pages<filled_array, n_ranks> const& world, int rank, via which)
        : state(world.state(which)), waits(world.waits(rank, which)), what(world.what("test")) {}

    [[nodiscard]] detail::section_access section() { return {&state.section, waits, what}; }
    void fill(std::uint64_t value) const { state.elements.fill(value); }
    [[nodiscard]] bool holds(std::uint64_t value) const {
        return std::ranges::all_of(state.elements, [&](auto each) { return each == value; });
    }

    filled_array& state;
    detail::wait_context waits;
    detail::awaited what;
};

struct Section : testing::Test {
    Section() { detail::make_section(&world.state().section, n_ranks); }

    [[nodiscard]] user as(int rank, via which = via::first) const { return {world, rank, which}; }
    /// What beginning to read throws; ok if nothing. A read section that begins is ended.
    static errc code_of_reading(user& who, std::uint64_t at_least) {
        auto const thrown = error_of([&] {
            if (who.section().begin_reading(at_least, deadline_after(60s)))
                who.section().finish_reading();
        });
        return thrown ? thrown->code : errc::ok;
    }
    // A process as `rank` that is in a write section.
    [[nodiscard]] child start_writer(int rank) const {
        child made([&, rank] {
            world.pages.who(rank).attach();
            auto me = as(rank, via::second);
            static_cast<void>(me.section().begin_writing(no_deadline));
            me.state.elements[0] = 99;
            me.state.n_ready = 1;
            for (;;) {
                ::pause();
            }
            return true;
        });
        EXPECT_TRUE(eventually([&] { return world.state().n_ready == 1; }));
        return made;
    }

    sync_pages<filled_array, n_ranks> world;
};

TEST_F(Section, ReaderWaitsForTheVersionItAsksFor) {
    as_threads(4, [&](int rank) {
        auto me = as(rank, rank % 2 == 0 ? via::first : via::second);
        for (std::uint64_t version = 1; version <= 200; ++version) {
            if (rank == static_cast<int>(version % 4)) {
                // Not before the last version was there: the fillers take turns.
                EXPECT_TRUE(me.section().begin_reading(version - 1, no_deadline));
                me.section().finish_reading();
                EXPECT_TRUE(me.section().begin_writing(no_deadline));
                me.fill(version);
                me.section().finish_writing();
            }
            EXPECT_TRUE(me.section().begin_reading(version, no_deadline));
            auto const now = me.section().version();
            EXPECT_GE(now, version);
            EXPECT_TRUE(me.holds(now));
            me.section().finish_reading();
        }
    });
    EXPECT_EQ(as(0).section().version(), 200U);
}

TEST_F(Section, DeadlinesEndWaits) {
    auto a = as(0);
    auto b = as(1);
    auto const begin = steady_clock::now();
    EXPECT_FALSE(a.section().begin_reading(1, deadline_after(20ms))); // nobody has filled
    EXPECT_GE(steady_clock::now() - begin, 20ms);
    EXPECT_TRUE(a.section().begin_reading(0, begin));
    EXPECT_FALSE(b.section().begin_writing(deadline_after(10ms)));
    a.section().finish_reading();
    EXPECT_TRUE(b.section().begin_writing(begin));
    EXPECT_FALSE(a.section().begin_reading(0, deadline_after(10ms)));
    EXPECT_FALSE(a.section().begin_writing(deadline_after(10ms)));
    b.section().finish_writing();
    EXPECT_TRUE(a.section().begin_reading(1, begin));
    EXPECT_FALSE(b.section().begin_reading(2, begin));
    a.section().finish_reading();
}

TEST_F(Section, WriterThatGivesUpLeavesNoVersion) {
    auto a = as(0);
    auto b = as(1);
    ASSERT_TRUE(a.section().begin_writing(no_deadline));
    a.section().give_up();
    EXPECT_EQ(b.section().version(), 0U);
    auto const thrown =
        error_of([&] { static_cast<void>(b.section().begin_reading(0, no_deadline)); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::owner_died);
    EXPECT_EQ(thrown->rank, 0);
    EXPECT_THAT(thrown->text, HasSubstr("gave up"));
    EXPECT_THAT(thrown->text, HasSubstr("repair_section"));
    EXPECT_EQ(code_of_reading(b, 7), errc::owner_died);
    EXPECT_TRUE(b.section().begin_repair());
    b.section().give_up(); // who repairs may give up too
    EXPECT_EQ(code_of_reading(a, 1), errc::owner_died);
    EXPECT_TRUE(a.section().begin_repair());
    a.fill(1);
    a.section().finish_writing();
    EXPECT_EQ(a.section().version(), 1U);
    EXPECT_EQ(code_of_reading(b, 1), errc::ok);
    EXPECT_FALSE(b.section().begin_repair()); // nothing to repair
    b.section().finish_writing();
    EXPECT_EQ(b.section().version(), 2U);
}

TEST_F(Section, KilledWriterIsNoticedByThoseWhoWaitForItsVersion) {
    auto filler = start_writer(1);
    auto me = as(0);
    EXPECT_FALSE(me.section().begin_reading(1, deadline_after(200ms))); // it lives
    filler.kill();
    auto const begin = steady_clock::now();
    EXPECT_EQ(code_of_reading(me, 1), errc::owner_died);
    EXPECT_LT(steady_clock::now() - begin, longest_wait_for_the_dead());
    EXPECT_TRUE(me.section().begin_repair());
    me.fill(5);
    me.section().finish_writing();
    // The version is there: nobody needs the one that is missing.
    EXPECT_EQ(code_of_reading(me, 1), errc::ok);
    EXPECT_TRUE(me.holds(5));
    EXPECT_EQ(code_of_reading(me, 2), errc::peer_left);
}

TEST_F(Section, ReaderAsleepIsToldOfWhoGaveUp) {
    auto filler = as(1);
    ASSERT_TRUE(filler.section().begin_writing(no_deadline));
    std::thread reader([&] {
        auto me = as(0);
        EXPECT_EQ(code_of_reading(me, 1), errc::owner_died);
    });
    std::this_thread::sleep_for(20ms); // it may be asleep or not: both must be right
    filler.section().give_up();
    reader.join();
}

TEST_F(Section, AfterCloseNobodyWaits) {
    world.pages.who(0).close();
    auto me = as(0);
    auto const thrown =
        error_of([&] { static_cast<void>(me.section().begin_reading(1, deadline_after(10s))); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::closed);
}

TEST_F(Section, WhoWaitsForAVersionThatRepairDoesNotReachWaitsOn) {
    auto filler = as(1);
    ASSERT_TRUE(filler.section().begin_writing(no_deadline));
    filler.section().give_up();
    EXPECT_TRUE(filler.section().begin_repair());
    std::thread reader([&] {
        auto me = as(0);
        EXPECT_EQ(code_of_reading(me, 2), errc::ok);
        EXPECT_EQ(me.section().version(), 2U);
    });
    std::this_thread::sleep_for(20ms);
    filler.section().finish_writing();
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(filler.section().begin_writing(no_deadline));
    filler.section().finish_writing();
    reader.join();
}

} // namespace
} // namespace shmwin
