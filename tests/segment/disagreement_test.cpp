// SPDX-License-Identifier: MIT
// Ranks in different collective calls, or with different arguments: the same error on all, with
// both calls in its text, and the segment goes on.
#include "shmwin/segment/algorithm.hpp"
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <functional>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;
using testing::AllOf;
using testing::HasSubstr;

struct Disagreement : open_segment {
    Disagreement() {
        // What the directory needs for itself, once.
        static_cast<void>(seg.create_value<int>("there", 1));
    }

    // The last rank makes `odd`, all others `usual`.
    error_info between(detail::function_ref<void()> usual, detail::function_ref<void()> odd) {
        seg.fence();
        auto const before = seg.heap().stats();
        auto const names = seg.list().size();
        seg.fence();
        auto const thrown = agreed_error_of(world, rank == last ? odd : usual);
        EXPECT_EQ(thrown.code, errc::disagreement);
        EXPECT_EQ(thrown.rank, last);
        // Usable, and nothing has changed.
        seg.fence();
        EXPECT_EQ(seg.heap().stats().used, before.used);
        EXPECT_EQ(seg.heap().stats().n_blocks, before.n_blocks);
        EXPECT_EQ(seg.list().size(), names);
        seg.fence(); // all have looked
        auto const next = seg.create_value<int>("next", 3);
        EXPECT_EQ(next.load(), 3);
        seg.destroy(next);
        expect_sound(seg);
        return thrown;
    }

    // What the error says of rank 0, and of the last one.
    [[nodiscard]] auto both(std::string const& usual, std::string const& odd) const {
        return AllOf(HasSubstr("rank 0: " + usual),
                     HasSubstr("rank " + std::to_string(last) + ": " + odd));
    }

    void SetUp() override {
        if (size == 1) GTEST_SKIP() << "one rank agrees with itself";
    }
};

TEST_F(Disagreement, FenceAgainstCreateArray) {
    auto const thrown =
        between([&] { seg.create_array<double>("u", shape(4, 5)); }, [&] { seg.fence(); });
    EXPECT_THAT(thrown.text, both("create_array(\"u\", float64, 4 x 5)", "fence"));
}

// Each rank's own line. The line of `between` is the one of the calls in it.
[[nodiscard]] std::string at(unsigned line) {
    return " at disagreement_test.cpp:" + std::to_string(line);
}

TEST_F(Disagreement, NamesTheLinesOfTheCalls) {
    auto const line = source_line::current().line;
    auto const thrown = between([&] { seg.fence(); }, // line + 1
                                [&] { seg.create_array<int>("u", shape(4)); });
    EXPECT_THAT(thrown.text,
                both("fence" + at(line + 1), "create_array(\"u\", int32, 4)" + at(line + 2)));
}

// All that is collective, once by each rank in the place of the last.
TEST_F(Disagreement, NamesTheLineOfEachKindOfCall) {
    auto const u = seg.create_array<int>("u", shape(4), {.whole_pages = true});
    auto a = seg.create_levels<int>("a", shape(3));
    auto const names_line = [&](std::string const& call,
                                detail::function_ref<void()> odd,
                                unsigned line = source_line::current().line) {
        auto const thrown = between([&] { seg.fence(); }, odd);
        EXPECT_THAT(thrown.text, both("fence", call + at(line)));
    };
    auto const nothing = [](auto const&) {};
    names_line("trim", [&] { seg.trim(); });
    names_line("flip", [&] { a.flip(); });
    names_line("init", [&] { a.init([](auto const&, range) {}); });
    names_line("destroy", [&] { seg.destroy(u); });
    names_line("freeze", [&] { u.freeze(protect_pages); });
    names_line("fill(4)", [&] { fill(seg, u, 7); });
    names_line("copy(4)", [&] { copy(seg, u, u); });
    names_line("transform(4)", [&] { transform(seg, u, u, u, std::plus()); });
    names_line("reduce(4)", [&] { EXPECT_EQ(reduce(seg, u, 0, std::plus()), 0); });
    names_line("for_each_block(4)", [&] { for_each_block(seg, u, nothing); });
    names_line("scratch_array(int32, 4)", [&] { seg.scratch_array<int>(shape(4)); });
    names_line("create_value(\"v\", int32)", [&] { seg.create_value<int>("v"); });
    names_line("create_object(\"o\", int32)", [&] { seg.create_object<int>("o", 3); });
    names_line("close", [&] { seg.close(); });
    auto const protected_u = u.freeze(protect_pages);
    names_line("thaw", [&] { u.thaw(); });
    u.thaw();
}

TEST_F(Disagreement, CloseAgainstFence) {
    auto const thrown = between([&] { seg.fence(); }, [&] { seg.close(); });
    EXPECT_THAT(thrown.text, both("fence", "close"));
    EXPECT_TRUE(seg.is_open());
}

TEST_F(Disagreement, ValueAgainstObject) {
    auto const thrown = between([&] { static_cast<void>(seg.create_value<int>("x")); },
                                [&] { seg.create_object<int>("x"); });
    EXPECT_THAT(thrown.text, both("create_value(\"x\", int32)", "create_object(\"x\", int32)"));
}

TEST_F(Disagreement, OtherName) {
    auto const thrown = between([&] { seg.create_array<int>("u", shape(4)); },
                                [&] { seg.create_array<int>("v", shape(4)); });
    EXPECT_THAT(thrown.text,
                both("create_array(\"u\", int32, 4)", "create_array(\"v\", int32, 4)"));
}

TEST_F(Disagreement, OtherType) {
    auto const thrown = between([&] { seg.create_array<int>("u", shape(4)); },
                                [&] { seg.create_array<unsigned>("u", shape(4)); });
    EXPECT_THAT(thrown.text,
                both("create_array(\"u\", int32, 4)", "create_array(\"u\", uint32, 4)"));
}

TEST_F(Disagreement, OtherShape) {
    auto const thrown = between([&] { seg.create_array<int>("u", shape(4, 6)); },
                                [&] { seg.create_array<int>("u", shape(6, 4)); });
    EXPECT_THAT(thrown.text,
                both("create_array(\"u\", int32, 4 x 6)", "create_array(\"u\", int32, 6 x 4)"));
}

TEST_F(Disagreement, OtherSizeOnEachSideOfTheTwoMeetings) {
    // Small arrays are made in one meeting, large ones in two.
    auto const thrown = between([&] { seg.create_array<char>("u", shape(10)); },
                                [&] { seg.create_array<char>("u", shape(1'000'000)); });
    EXPECT_THAT(thrown.text, HasSubstr("1000000"));
}

TEST_F(Disagreement, OtherLayout) {
    auto const thrown =
        between([&] { static_cast<void>(seg.create_array<int>("u", shape(4))); },
                [&] { static_cast<void>(seg.create_array<int, layout_left>("u", shape(4))); });
    EXPECT_THAT(thrown.text, HasSubstr("other options"));
}

TEST_F(Disagreement, OtherOptions) {
    array_options const usual;
    auto const check = [&](array_options const& odd) {
        auto const thrown = between([&] { seg.create_array<int>("u", shape(4), usual); },
                                    [&] { seg.create_array<int>("u", shape(4), odd); });
        EXPECT_THAT(thrown.text, HasSubstr("other options"));
    };
    check({.touch = touch::later});
    check({.align = 128});
    check({.saved = false});
    check({.whole_pages = true});
}

TEST_F(Disagreement, OtherNumberOfLevels) {
    between([&] { seg.create_levels<int>("u", shape(4), {.levels = 2}); },
            [&] { seg.create_levels<int>("u", shape(4), {.levels = 3}); });
}

TEST_F(Disagreement, ArrayAgainstLevels) {
    auto const thrown = between([&] { seg.create_array<int>("u", shape(4)); },
                                [&] { seg.create_levels<int>("u", shape(4)); });
    EXPECT_THAT(thrown.text, AllOf(HasSubstr("create_array"), HasSubstr("create_levels")));
}

TEST_F(Disagreement, FindOrCreateOfOtherShapes) {
    between([&] { static_cast<void>(seg.find_or_create_array<int>("u", shape(4))); },
            [&] { static_cast<void>(seg.find_or_create_array<int>("u", shape(5))); });
}

TEST_F(Disagreement, ScratchOfOtherShapes) {
    auto const thrown = between([&] { static_cast<void>(seg.scratch_array<int>(shape(4))); },
                                [&] { static_cast<void>(seg.scratch_array<int>(shape(5))); });
    EXPECT_THAT(thrown.text, both("scratch_array(int32, 4)", "scratch_array(int32, 5)"));
}

TEST_F(Disagreement, DestroyOfOtherObjects) {
    auto const a = seg.create_value<int>("a");
    auto const b = seg.create_value<int>("b");
    auto const thrown = between([&] { seg.destroy(a); }, [&] { seg.destroy(b); });
    EXPECT_THAT(thrown.text, both("destroy", "destroy"));
    EXPECT_TRUE(a.is_valid() && b.is_valid());
}

TEST_F(Disagreement, FlipOfOtherLevels) {
    auto a = seg.create_levels<int>("a", shape(3));
    auto b = seg.create_levels<int>("b", shape(3));
    auto const thrown = between([&] { a.flip(); }, [&] { b.flip(); });
    EXPECT_THAT(thrown.text, both("flip", "flip"));
    EXPECT_EQ(a.index_of_now() + b.index_of_now(), 0);
}

TEST_F(Disagreement, FlipAgainstInit) {
    auto a = seg.create_levels<int>("a", shape(3));
    auto const thrown = between([&] { a.flip(); }, [&] { a.init([](auto const&, range) {}); });
    EXPECT_THAT(thrown.text, both("flip", "init"));
    EXPECT_EQ(a.index_of_now(), 0);
}

TEST_F(Disagreement, LeavesNoNameNotEvenForAMoment) {
    // Who was told of the error may use the name at once, without any meeting.
    for (int i = 0; i < 100; ++i) {
        auto const name = "u" + std::to_string(i);
        seg.fence();
        auto const thrown = error_of([&] {
            if (rank == last) {
                seg.fence();
            } else {
                static_cast<void>(seg.create_value<int>(name));
            }
        });
        ASSERT_TRUE(thrown);
        if (rank != last) continue;
        EXPECT_FALSE(seg.contains(name));
        EXPECT_FALSE(error_of([&] { seg.construct<int>(name, i); })) << name;
    }
    seg.fence();
    EXPECT_EQ(seg.list().size(), 101U);
}

TEST_F(Disagreement, ManyInARowAreAllFound) {
    for (int i = 0; i < 100; ++i) {
        auto const thrown = agreed_error_of(world, [&] {
            if (rank == i % size) {
                seg.fence();
            } else {
                seg.create_array<int>("u" + std::to_string(i), shape(i));
            }
        });
        ASSERT_EQ(thrown.code, errc::disagreement);
        if (i % 3 == 0) seg.fence();
    }
    expect_sound(seg);
}

// --- what one rank alone finds wrong -------------------------------------------------------------

struct LocalError : open_segment {};

TEST_F(LocalError, OfOneRankIsTheErrorOfAll) {
    for (int culprit = 0; culprit < size; ++culprit) {
        auto const* const name = rank == culprit ? "not//a name" : "u";
        auto const thrown = agreed_error_of(world, [&] { seg.create_array<int>(name, shape(4)); });
        EXPECT_EQ(thrown.code, errc::invalid_argument);
        EXPECT_EQ(thrown.rank, culprit);
        EXPECT_THAT(thrown.text, HasSubstr("not//a name"));
        seg.fence();
    }
    static_cast<void>(seg.create_array<int>("u", shape(4)));
    EXPECT_EQ(seg.list().size(), 1U);
}

TEST_F(LocalError, OfSeveralRanksIsTheLowestOnes) {
    if (size == 1) return;
    auto const name = rank == 0 ? std::string("u") : "/" + std::to_string(rank);
    auto const thrown = agreed_error_of(world, [&] { seg.create_array<int>(name, shape(4)); });
    EXPECT_EQ(thrown.rank, 1);
    EXPECT_THAT(thrown.text, HasSubstr("\"/1\""));
}

TEST_F(LocalError, OfALongTextIsCutButSaid) {
    auto const name = std::string(250, 'x') + "//" + std::string(100, 'y');
    auto const thrown = agreed_error_of(world, [&] { seg.create_array<int>(name, shape(4)); });
    EXPECT_EQ(thrown.code, errc::invalid_argument);
    EXPECT_THAT(thrown.text, HasSubstr("xxxxxxxx"));
}

} // namespace
} // namespace shmwin
