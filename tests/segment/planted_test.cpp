// SPDX-License-Identifier: MIT
// A program with errors planted in it: a stencil over time levels whose steps go wrong in ways that
// real programs do. Each is found where it stands and named with rank and line; the clean stencil
// before, between and after has no report, and gives the right numbers to the end.
#include "shmwin/base/log.hpp"
#include "shmwin/segment/algorithm.hpp"
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

int& n_warnings() {
    static int n = 0;
    return n;
}

std::string at(unsigned line) {
    return "planted_test.cpp:" + std::to_string(line);
}

struct Planted : open_segment {
    static constexpr std::int64_t n_columns = 12;

    void SetUp() override {
        if (size == 1) GTEST_SKIP() << "one rank has nobody to race or to disagree with";
        n_warnings() = 0;
        sink = set_log_sink([](log_level /*level*/, std::string_view) { ++n_warnings(); });
        u.init([](auto const& level, range rows) {
            for (auto const i : rows) {
                level(i, 0) = 100;
            }
        });
    }
    void TearDown() override {
        if (size > 1) set_log_sink(sink);
        open_segment::TearDown();
    }

    // All ranks: from `now` to `next`, in the given rows.
    static void smooth(auto const& now, auto const& next, range rows) {
        for (auto const i : rows) {
            for (std::int64_t j = 1; j < n_columns - 1; ++j) {
                next(i, j) = (now(i - 1, j) + now(i + 1, j) + now(i, j - 1) + now(i, j + 1)) / 4;
            }
        }
    }
    [[nodiscard]] range mine() const { return u.rows().clip(1, u.extent(0) - 1); }
    void clean_steps(int n) {
        for (int step = 0; step < n; ++step) {
            smooth(u.checked_now(), u.checked_next(), mine());
            EXPECT_NO_THROW(u.flip());
            EXPECT_EQ(n_warnings(), 0);
        }
    }
    // Clean steps, one with an error in it, and clean steps again.
    error_info between_clean_steps(detail::function_ref<void()> wrong) {
        clean_steps(3);
        auto const thrown = agreed_error_of(world, wrong);
        n_warnings() = 0;
        clean_steps(3);
        return thrown;
    }

    levels<double, 2> u =
        seg.create_levels<double>("u", shape(std::int64_t{4} * size + 2, n_columns));
    log_sink sink = nullptr;
};

TEST_F(Planted, ACleanStencilHasNoReportAndTheRightNumbers) {
    auto v = seg.create_levels<double>("v", u.extents());
    v.init([](auto const& level, range rows) {
        for (auto const i : rows) {
            level(i, 0) = 100;
        }
    });
    clean_steps(10);
    for (int step = 0; step < 10; ++step) {
        smooth(v.now(), v.next(), mine());
        v.flip();
    }
    for (std::int64_t i = 0; i < u.extent(0); ++i) {
        for (std::int64_t j = 0; j < n_columns; ++j) {
            EXPECT_EQ(u.now()(i, j), v.now()(i, j));
        }
    }
}

TEST_F(Planted, ARankThatUpdatesInPlaceRacesWithItsNeighbours) {
    unsigned line = 0;
    auto const thrown = between_clean_steps([&] {
        line = source_line::current().line + 1;
        auto const next = u.checked_next();
        if (rank == 0) {
            smooth(u.checked_now(), next, mine());
        } else {
            smooth(next, next, mine());
        }
        u.flip();
    });
    EXPECT_EQ(thrown.code, errc::data_race);
    EXPECT_THAT(thrown.text,
                AllOf(HasSubstr("\"u\" level "), HasSubstr("wrote (view of " + at(line))));
}

TEST_F(Planted, ARankWithOneRowTooManyRacesWithTheNext) {
    unsigned line = 0;
    auto const thrown = between_clean_steps([&] {
        auto const wide = rank == 0 ? range{mine().first, mine().last + 1} : mine();
        line = source_line::current().line + 1;
        smooth(u.checked_now(), u.checked_next(), wide);
        u.flip();
    });
    auto const row = std::to_string(u.rows_of(1).first);
    EXPECT_EQ(thrown.code, errc::data_race);
    EXPECT_THAT(thrown.text,
                AllOf(HasSubstr("data race on " + std::to_string(n_columns - 2) + " elements"),
                      HasSubstr(" (" + row + ", 1): rank "),
                      HasSubstr("rank 0 wrote (view of " + at(line)),
                      HasSubstr("rank 1 wrote (view of " + at(line))));
}

TEST_F(Planted, AResultThatIsReadBeforeTheFenceIsARace) {
    unsigned writes = 0;
    unsigned reads = 0;
    auto const thrown = between_clean_steps([&] {
        writes = source_line::current().line + 1;
        smooth(u.checked_now(), u.checked_next(), mine());
        reads = source_line::current().line + 1;
        auto const residual = u.checked_next();
        if (rank == 0) static_cast<void>(residual(u.rows_of(last).first, 3).get());
        u.flip();
    });
    EXPECT_EQ(thrown.code, errc::data_race);
    auto const wrote = "rank " + std::to_string(last) + " wrote (view of " + at(writes) + ')';
    auto const read = "rank 0 read (view of " + at(reads) + ')';
    EXPECT_THAT(thrown.text, AllOf(HasSubstr(wrote), HasSubstr(read)));
}

TEST_F(Planted, ARankThatFencesWhereOthersFlipIsNamed) {
    unsigned line = 0;
    auto const thrown = between_clean_steps([&] {
        smooth(u.checked_now(), u.checked_next(), mine());
        line = source_line::current().line;
        if (rank == last) seg.fence();
        if (rank != last) u.flip();
    });
    EXPECT_EQ(thrown.code, errc::disagreement);
    EXPECT_EQ(thrown.rank, last);
    EXPECT_THAT(thrown.text,
                HasSubstr("ranks are in different collective calls (rank 0: flip at " + at(line + 2)
                          + "; rank " + std::to_string(last) + ": fence at " + at(line + 1) + ')'));
}

TEST_F(Planted, ARankThatCreatesAnotherShapeIsNamed) {
    unsigned line = 0;
    auto const thrown = between_clean_steps([&] {
        line = source_line::current().line + 1;
        static_cast<void>(seg.create_array<double>("flux", shape(4, rank == last ? 6 : 5)));
    });
    EXPECT_EQ(thrown.code, errc::disagreement);
    EXPECT_THAT(thrown.text,
                HasSubstr("(rank 0: create_array(\"flux\", float64, 4 x 5) at " + at(line)
                          + "; rank " + std::to_string(last)
                          + ": create_array(\"flux\", float64, 4 x 6) at " + at(line) + ')'));
}

TEST_F(Planted, ARankThatFillsOnItsOwnIsNamed) {
    unsigned line = 0;
    auto const thrown = between_clean_steps([&] {
        line = source_line::current().line;
        if (rank == last) fill(seg, u.level(0), 1.0);
        if (rank != last) seg.fence();
    });
    EXPECT_EQ(thrown.code, errc::disagreement);
    EXPECT_THAT(thrown.text,
                AllOf(HasSubstr("rank 0: fence at " + at(line + 2)),
                      HasSubstr("fill("),
                      HasSubstr(" at " + at(line + 1))));
}

} // namespace
} // namespace shmwin
