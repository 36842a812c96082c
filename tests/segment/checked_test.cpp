// SPDX-License-Identifier: MIT
// Checked views: planted races are found and named on all ranks, clean programs have no report.
#include "shmwin/base/log.hpp"
#include "shmwin/segment/algorithm.hpp"
#include "shmwin/segment/segment.hpp"
#include "shmwin/view/block.hpp"
#include "shmwin/view/ghost.hpp"
#include "shmwin/view/submdspan.hpp"

#include "support/described_types.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <gmock/gmock.h>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

std::vector<std::string>& logged() {
    static std::vector<std::string> lines;
    return lines;
}

struct Checked : open_segment {
    void SetUp() override {
        logged().clear();
        sink = set_log_sink(
            [](log_level /*level*/, std::string_view line) { logged().emplace_back(line); });
    }
    void TearDown() override {
        open_segment::TearDown();
        set_log_sink(sink);
    }

    // How many warnings of races all ranks together have had.
    [[nodiscard]] int n_warnings() const {
        auto mine = static_cast<int>(std::ranges::count_if(
            logged(), [](auto const& line) { return line.starts_with("data race: "); }));
        MPI_Allreduce(MPI_IN_PLACE, &mine, 1, MPI_INT, MPI_SUM, world);
        return mine;
    }

    // The fence finds races; the next one none.
    [[nodiscard]] error_info race() {
        auto const thrown = agreed_error_of(world, [&] { seg.fence(); });
        EXPECT_EQ(thrown.code, errc::data_race) << thrown.text;
        EXPECT_NO_THROW(seg.fence());
        return thrown;
    }
    void no_race() { EXPECT_NO_THROW(seg.fence()); }

    // "rank 0 wrote (view of checked_test.cpp:33)"
    [[nodiscard]] static std::string did(int who, std::string const& what, unsigned line) {
        return "rank " + std::to_string(who) + ' ' + what
               + " (view of checked_test.cpp:" + std::to_string(line) + ')';
    }

    [[nodiscard]] bool alone() const { return size == 1; }

    log_sink sink = nullptr;
};

TEST_F(Checked, AfterCloseIsRefused) {
    segment other(on, {.capacity = 8_MiB});
    auto const u = other.create_array<double>("u", shape(4));
    auto const v = other.create_levels<double>("v", shape(4));
    auto const w = other.scratch_array<double>(shape(4));
    static_cast<void>(u.checked()); // its shadow is there
    other.close();
    auto const code_of = [](detail::function_ref<void()> call) {
        auto const thrown = error_of(call);
        return thrown ? thrown->code : errc::ok;
    };
    EXPECT_EQ(code_of([&] { static_cast<void>(u.checked()); }), errc::closed);
    EXPECT_EQ(code_of([&] { static_cast<void>(v.checked_now()); }), errc::closed);
    EXPECT_EQ(code_of([&] { static_cast<void>(w.checked()); }), errc::closed);
}

TEST_F(Checked, ViewsReadAndWriteTheElements) {
    auto const u = seg.create_array<double>("u", shape(4, 5));
    auto const v = u.checked();
    if (rank == 0) {
        v(1, 2) = 3;
        v(1, 2) += 1.5;
        v(1, 3) = v(1, 2);
        v(1, 4) = v(1, 2) * 2 + v(1, 3);
        ++v(1, 3);
        v(1, 3)--;
        EXPECT_EQ(v(1, 2), 4.5);
        EXPECT_EQ(u(1, 3), 4.5);
        EXPECT_EQ(u(1, 4), 13.5);
    }
    seg.fence();
    array<double const, 2> const readable = u;
    EXPECT_EQ(readable.checked()(1, 4), 13.5);
    static_assert(std::is_same_v<decltype(readable.checked()(1, 4)), double>);
    no_race();
}

TEST_F(Checked, StructuresAreReadAndAssignedAsAWhole) {
    auto const u = seg.create_array<particle>("u", shape(size));
    auto const v = u.checked();
    particle mine = v(rank);
    mine.id = rank + 1;
    v(rank) = mine;
    seg.fence();
    EXPECT_EQ(v(last).get().id, last + 1);
    no_race();
}

// --- planted races -------------------------------------------------------------------------------

TEST_F(Checked, TwoWritersAreNamedWithTheirLines) {
    if (alone()) return;
    auto const u = seg.create_array<double>("field/u", shape(4, 5));
    auto const line = source_line::current().line;
    if (rank == 0) u.checked()(2, 3) = 1; // line + 1
    if (rank == last) u.checked()(2, 3) = 2;
    auto const thrown = race();
    EXPECT_THAT(thrown.text, HasSubstr("data race on 1 element (\"field/u\"(2, 3): rank "));
    EXPECT_THAT(thrown.text, HasSubstr(did(0, "wrote", line + 1)));
    EXPECT_THAT(thrown.text, HasSubstr(did(last, "wrote", line + 2)));
    EXPECT_EQ(n_warnings(), 1);
}

TEST_F(Checked, AWriterBeforeAReaderIsFound) {
    if (alone()) return;
    auto const u = seg.create_array<int>("u", shape(7));
    auto const v = u.checked();
    auto const line = source_line::current().line - 1;
    if (rank == last) v(6) = 1;
    MPI_Barrier(world); // orders, but is no fence
    if (rank == 0) {
        EXPECT_EQ(v(6), 1);
    }
    EXPECT_THAT(race().text,
                HasSubstr("\"u\"(6): " + did(last, "wrote", line) + ", " + did(0, "read", line)));
}

TEST_F(Checked, AReaderBeforeAWriterIsFound) {
    if (alone()) return;
    auto const u = seg.create_array<int>("u", shape(7));
    auto const line = source_line::current().line + 1;
    auto const v = array<int const, 1>(u).checked();
    if (rank == 0) {
        EXPECT_EQ(v(6), 0);
    }
    MPI_Barrier(world);
    if (rank == last) u.checked()(6) = 1;
    EXPECT_THAT(
        race().text,
        HasSubstr("\"u\"(6): " + did(0, "read", line) + ", " + did(last, "wrote", line + 5)));
}

TEST_F(Checked, ThroughPartsOfAView) {
    if (alone()) return;
    auto const u = seg.create_array<int>("u", shape(6, 8));
    auto const plant = [&](std::string const& index, auto const& access) {
        if (rank == 0 || rank == last) access(u.checked());
        EXPECT_THAT(race().text, HasSubstr("\"u\"" + index));
    };
    plant("(2, 5)", [](auto v) { submdspan(v, 2, full_extent)(5) = 1; });
    plant("(3, 4)", [](auto v) { submdspan(v, std::pair(1, 6), std::pair(2, 8))(2, 2) = 1; });
    plant("(4, 7)", [](auto v) { rows(v, range{3, 5})(4, 7) += 1; });
    plant("(3, 1)", [](auto v) { rows(v, range{3, 5}).local()(0, 1) = 2; });
    plant("(1, 6)", [](auto v) { block<1>(v, 1, 2)(1, 2) = 2; });
    plant("(2, 0)", [](auto v) { with_ghosts(v, range{3, 5}, 1).view()(0, 0) = 2; });
}

TEST_F(Checked, AtTheBoundaryOfRows) {
    if (alone()) return;
    auto const u = seg.create_array<double>("u", shape(4 * size, 3));
    auto const mine = u.rows();
    auto const v = u.checked();
    // One row too many: the first of the next rank's.
    for (auto i = mine.first; i < std::min(mine.last + 1, u.extent(0)); ++i) {
        v(i, 0) = 1;
    }
    auto const thrown = race();
    EXPECT_THAT(thrown.text,
                HasSubstr("data race on " + std::to_string(last)
                          + (last == 1 ? " element (" : " elements (")));
    EXPECT_THAT(thrown.text, ContainsRegex("\"u\"\\((4|8|12), 0\\): rank"));
}

TEST_F(Checked, OfLayoutLeftAndOfScratchArrays) {
    if (alone()) return;
    auto const f = seg.create_array<int, layout_left>("f", shape(3, 4));
    f.checked()(2, 1) = rank;
    EXPECT_THAT(race().text, HasSubstr("\"f\"(2, 1)"));
    auto const s = seg.scratch_array<int>(shape(3, 4));
    s.checked()(1, 3) = rank;
    EXPECT_THAT(race().text, HasSubstr("scratch array(1, 3)"));
}

TEST_F(Checked, AFlipFindsThemAndDoesNotFlip) {
    if (alone()) return;
    auto u = seg.create_levels<double>("u", shape(5, 5));
    auto const next = u.checked_next();
    next(3, 1) = rank;
    auto const thrown = agreed_error_of(world, [&] { u.flip(); });
    EXPECT_EQ(thrown.code, errc::data_race);
    EXPECT_THAT(thrown.text, HasSubstr("\"u\" level 1 (3, 1): rank"));
    EXPECT_EQ(u.index_of_now(), 0);
    u.flip();
    EXPECT_EQ(u.index_of_now(), 1);
}

// Any other meeting ends them, but only fences tell.
TEST_F(Checked, AreKeptUntilTheNextFence) {
    if (alone()) return;
    auto const u = seg.create_array<int>("u", shape(5));
    u.checked()(4) = rank;
    seg.destroy(seg.create_value<int>("v"));
    u.checked()(3) = rank == 0 ? 1 : 2;
    EXPECT_THAT(race().text, AllOf(HasSubstr("\"u\"(4)"), HasSubstr("\"u\"(3)")));
}

TEST_F(Checked, ManyAreCountedAndSomeAreLogged) {
    if (alone()) return;
    auto const u = seg.create_array<int>("u", shape(100, 100));
    auto const v = u.checked();
    for (int i = 0; i < 100; ++i) {
        for (int j = 0; j < 100; ++j) {
            v(i, j) = rank;
        }
    }
    EXPECT_THAT(race().text, HasSubstr("data race on 10000 elements ("));
    EXPECT_EQ(n_warnings(), 16); // 15, and one that counts the rest
}

TEST_F(Checked, WhatNoFenceToldIsLoggedAtTheEnd) {
    segment other(on, {.capacity = std::size_t{4} << 20U});
    auto const u = other.create_array<int>("u", shape(5));
    u.checked()(4) = rank;
    EXPECT_NO_THROW(other.close());
    EXPECT_EQ(n_warnings(), alone() ? 0 : 1);
}

// --- no races ------------------------------------------------------------------------------------

// Generic over the accessor.
void smooth(auto const& from, auto const& to, range rows) {
    for (auto const i : rows) {
        for (std::int64_t j = 1; j < from.extent(1) - 1; ++j) {
            to(i, j) = (from(i - 1, j) + from(i + 1, j) + from(i, j - 1) + from(i, j + 1)) / 4;
        }
    }
}

TEST_F(Checked, ACleanStencilOverFencesHasNoReport) {
    auto const a = seg.create_array<double>("a", shape(4 * size + 2, 8));
    auto const b = seg.create_array<double>("b", shape(4 * size + 2, 8));
    auto const mine = block_range(4 * size, size, rank);
    range const inner{mine.first + 1, mine.last + 1};
    if (rank == 0) a.checked()(0, 3) = 1;
    seg.fence();
    for (int step = 0; step < 20; ++step) {
        auto const& from = step % 2 == 0 ? a : b;
        auto const& to = step % 2 == 0 ? b : a;
        smooth(array<double const, 2>(from).checked(), to.checked(), inner);
        no_race();
    }
    EXPECT_EQ(n_warnings(), 0);
}

TEST_F(Checked, ACleanStencilOverLevelsGivesWhatItDoesUncheckedAndHasNoReport) {
    auto u = seg.create_levels<double>("u", shape(4 * size + 2, 8));
    auto v = seg.create_levels<double>("v", shape(4 * size + 2, 8));
    auto const start = [](auto const& level, range rows) {
        for (auto const i : rows) {
            level(i, 3) = static_cast<double>(i);
        }
    };
    u.init(start);
    v.init(start);
    auto const mine = u.rows().clip(1, u.extent(0) - 1);
    for (int step = 0; step < 20; ++step) {
        smooth(u.checked_now(), u.checked_next(), mine);
        smooth(v.now(), v.next(), mine);
        EXPECT_NO_THROW(u.flip());
        v.flip();
    }
    for (std::int64_t i = 0; i < u.extent(0); ++i) {
        for (std::int64_t j = 0; j < 8; ++j) {
            EXPECT_EQ(u.now()(i, j), v.now()(i, j));
        }
    }
    EXPECT_EQ(n_warnings(), 0);
}

// The same with a fence left out is found.
TEST_F(Checked, AStencilWithoutItsFenceIsFound) {
    if (alone()) return;
    auto const a = seg.create_array<double>("a", shape(4 * size + 2, 8));
    auto const mine = block_range(4 * size, size, rank);
    smooth(a.checked(), a.checked(), {mine.first + 1, mine.last + 1});
    EXPECT_THAT(race().text, HasSubstr("\"a\"("));
}

TEST_F(Checked, AlgorithmsTakeCheckedViews) {
    auto const u = seg.create_array<int>("u", shape(20, 3));
    auto const v = seg.create_array<int>("v", shape(20, 3));
    fill(seg, u.checked(), 2);
    transform(seg, u.checked(), u, v.checked(), [](int a, int b) { return 10 * a + b; });
    copy(seg, v.checked(), u.checked());
    EXPECT_EQ(reduce(seg, u.checked(), std::int64_t{0}, std::plus<>()), 60 * 22);
    for_each_block(seg, u.checked(), [](auto const& block) {
        for (auto const i : block.range()) {
            block(i, 0) = 1;
        }
    });
    EXPECT_EQ(u(19, 0), 1);
    no_race();
}

// The function looks beside the element that it is for.
TEST_F(Checked, AlgorithmsWithARaceAreFound) {
    if (alone()) return;
    auto const u = seg.create_array<int>("u", shape(64));
    fill(seg, u, 1);
    auto const mine = u.checked();
    transform(seg, mine, mine, [&](int x) { return rank == 0 ? x + mine(63) : x; });
    EXPECT_THAT(race().text, HasSubstr("data race on 1 element (\"u\"(63): rank "));
}

TEST_F(Checked, PlainViewsAreNotChecked) {
    auto const u = seg.create_array<int>("u", shape(5));
    static_cast<void>(u.checked());
    std::atomic_ref(u.view()(3)).store(rank);
    no_race();
}

TEST_F(Checked, ThreadsOfOneRankAreOneRank) {
    auto const u = seg.create_array<int>("u", shape(size, 10));
    auto const v = u.checked();
    for (int n = 0; n < 3; ++n) {
        std::thread([&] {
            for (int j = 0; j < 10; ++j) {
                v(rank, j) += j;
            }
        }).join();
    }
    for (int j = 0; j < 10; ++j) {
        EXPECT_EQ(v(rank, j), 3 * j);
    }
    no_race();
}

// Between meetings: as if there had been so many more.
void skip_meetings(segment& seg, std::uint32_t n) {
    MPI_Barrier(MPI_COMM_WORLD);
    auto const& word = seg.core()->meeting().generation_word(); // each rank has its own
    const_cast<std::atomic<std::uint64_t>&>(word) += n;         // NOLINT(*-const-cast)
    MPI_Barrier(MPI_COMM_WORLD);
}

// Also beyond the numbers of meetings that a word can hold.
TEST_F(Checked, ManyFencesLaterIsNotNow) {
    auto const u = seg.create_array<int>("u", shape(5));
    if (rank == 0) u.checked()(3) = 1;
    for (int n = 0; n < 0x10000; n += 0x1000) {
        seg.fence();
        skip_meetings(seg, 0xfff);
    }
    if (rank == last) u.checked()(3) = 2;
    no_race();
}

// --- the shadow
// ------------------------------------------------------------------------------------

TEST_F(Checked, TheShadowGoesWithItsArray) {
    static_cast<void>(seg.create_value<int>("there")); // what the directory needs for itself
    seg.fence();
    auto const before = seg.heap().stats().used;
    seg.fence();
    for (int round = 0; round < 3; ++round) {
        auto const u = seg.create_array<int>("u", shape(100'000));
        auto const l = seg.create_levels<int>("l", shape(1000));
        auto s = seg.scratch_array<int>(shape(1000));
        if (rank == 0) u.checked()(3) = round;
        if (rank == last) l.checked_next()(3) = round;
        if (rank == last) s.checked()(3) = round;
        seg.fence();
        EXPECT_GT(seg.heap().stats().used, before + 1'200'000);
        EXPECT_EQ(seg.list().size(), 3U);
        s = {};
        seg.destroy(u);
        seg.destroy(l);
        seg.fence();
        EXPECT_EQ(seg.heap().stats().used, before);
        seg.fence();
    }
    expect_sound(seg);
}

// Nobody meets when the last handle goes: a rank may be sweeping the shadow at that moment.
TEST_F(Checked, TheShadowOfAScratchArrayOutlivesItUntilAllHaveMet) {
    static_cast<void>(seg.create_value<int>("there"));
    auto s = seg.scratch_array<int>(shape(100'000));
    if (rank == last) s.checked()(3) = 1;
    MPI_Barrier(world);
    auto const with_array = seg.heap().stats().used;
    MPI_Barrier(world);
    s = {};
    MPI_Barrier(world);
    auto const without = seg.heap().stats().used;
    EXPECT_LE(without, with_array - 400'000);
    EXPECT_GT(without, 800'000U) << "the shadow may be in use";
    MPI_Barrier(world);
    seg.fence(); // whoever had the last handle frees the shadow on its way out
    seg.fence();
    EXPECT_LT(seg.heap().stats().used, without - 800'000);
    seg.fence();
}

TEST_F(Checked, AFullSegmentSaysWhatTheShadowNeeds) {
    auto const u =
        seg.create_array<char>("u", shape(std::int64_t{20} << 20U), {.touch = touch::later});
    auto const thrown = error_of([&] { static_cast<void>(u.checked()); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::out_of_memory);
    EXPECT_THAT(thrown->text, HasSubstr("races cannot be checked (\"u\" needs 160.0 MiB"));
    seg.fence();
    seg.destroy(u);
    expect_sound(seg);
}

TEST_F(Checked, ADestroyedArrayIsRefused) {
    auto const u = seg.create_array<int>("u", shape(5));
    seg.destroy(u);
    auto const thrown = error_of([&] { static_cast<void>(u.checked()); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::not_found);
}

TEST_F(Checked, CopiesOfEachRankAreRefused) {
    std::vector<int> mine(10);
    auto const u = seg.adopt("u", mdspan<int, array_extents<1>>(mine.data(), shape(10)));
    auto const thrown = error_of([&] { static_cast<void>(u.checked()); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::unsupported);
    seg.fence();
    seg.destroy(u);
}

} // namespace
} // namespace shmwin
