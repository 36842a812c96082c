// SPDX-License-Identifier: MIT
// Opening, closing and what may be done when. Run under MPI_Init and under MPI_Init_thread.
#include "shmwin/base/log.hpp"
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <gmock/gmock.h>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;
using testing::AllOf;
using testing::HasSubstr;

static_assert(!std::is_copy_constructible_v<segment> && !std::is_copy_assignable_v<segment>);
static_assert(
    std::is_nothrow_move_constructible_v<segment> && std::is_nothrow_move_assignable_v<segment>);

struct OpenSegment : testing::Test {
    void TearDown() override { on.close(); }

    MPI_Comm const world = MPI_COMM_WORLD;
    node on{MPI_COMM_WORLD};
    int const rank = on.rank();
    int const size = on.size();
    int const last = size - 1;
};

TEST_F(OpenSegment, WithDefaultsTakesHalfOfWhatIsFree) {
    segment seg(on);
    EXPECT_GE(seg.capacity(), 1_MiB);
    EXPECT_EQ(seg.n_ranks(), size);
    EXPECT_EQ(seg.rank(), rank);
    EXPECT_TRUE(seg.is_open());
    expect_sound(seg);
    EXPECT_EQ(seg.heap().stats().used, 0U);
    seg.close();
}

TEST_F(OpenSegment, TakesCapacityAndBackingFromTheEnvironment) {
    scoped_variable const capacity("SHMWIN_CAPACITY", "5 MiB");
    scoped_variable const backing("SHMWIN_BACKING", "memfd");
    segment seg(on);
    EXPECT_EQ(seg.capacity(), 5_MiB);
    EXPECT_EQ(seg.backing(), backing_kind::memfd);
    EXPECT_EQ(seg.rma(), MPI_WIN_NULL);
    seg.close();
}

TEST_F(OpenSegment, OptionsWinOverTheEnvironment) {
    scoped_variable const capacity("SHMWIN_CAPACITY", "5MiB");
    scoped_variable const backing("SHMWIN_BACKING", "memfd");
    segment seg(on, {.capacity = 3_MiB, .backing = backing_kind::mpi_window});
    EXPECT_EQ(seg.capacity(), 3_MiB);
    EXPECT_EQ(seg.backing(), backing_kind::mpi_window);
    EXPECT_NE(seg.rma(), MPI_WIN_NULL);
    seg.close();
    EXPECT_EQ(seg.rma(), MPI_WIN_NULL);
}

TEST_F(OpenSegment, WrongVariableOfOneRankIsAnErrorOfAll) {
    struct {
        char const* variable;
        char const* value;
    } const rows[] = {{"SHMWIN_CAPACITY", "lots"}, // NOLINT(*-avoid-c-arrays): a table
                      {"SHMWIN_BACKING", "floppy"},
                      {"SHMWIN_THREADS_PER_RANK", "two"},
                      {"SHMWIN_SPIN", "-1"},
                      {"SHMWIN_WAIT_SLICE_US", "long"},
                      {"SHMWIN_WAIT_WARN", "soon"},
                      {"SHMWIN_RESERVE", "some"}};
    for (auto const& row : rows) {
        scoped_variable const wrong(row.variable, rank == last ? row.value : "");
        auto const thrown = agreed_error_of(world, [&] { segment const seg(on); });
        EXPECT_EQ(thrown.code, errc::invalid_argument);
        EXPECT_EQ(thrown.rank, last);
        EXPECT_THAT(thrown.text, AllOf(HasSubstr(row.variable), HasSubstr(row.value)));
    }
}

std::vector<std::string>& logged() {
    static std::vector<std::string> lines;
    return lines;
}

TEST_F(OpenSegment, WarnsOnceOfAVariableThatNobodyReads) {
    scoped_variable const misspelt("SHMWIN_CAPACTY", "8GiB");
    logged().clear();
    auto const before = set_log_sink(
        [](log_level /*level*/, std::string_view line) { logged().emplace_back(line); });
    segment seg(on, {.capacity = 1_MiB});
    set_log_sink(before);
    auto const wanted = rank == 0 ? 1 : 0;
    EXPECT_EQ(
        std::ranges::count_if(
            logged(), [](auto const& line) { return line.find("SHMWIN_CAPACTY") != line.npos; }),
        wanted);
    seg.close();
}

TEST_F(OpenSegment, RanksThatPassOtherOptionsDisagree) {
    if (size == 1) return;
    auto const capacity = rank == last ? 2_MiB : 1_MiB;
    auto const thrown =
        agreed_error_of(world, [&] { segment const seg(on, {.capacity = capacity}); });
    EXPECT_EQ(thrown.code, errc::disagreement);
    EXPECT_EQ(thrown.rank, last);
    EXPECT_THAT(thrown.text, AllOf(HasSubstr("(1048576 bytes)"), HasSubstr("(2097152 bytes)")));
    auto const threads = rank == last ? 4 : 2;
    auto const other = agreed_error_of(
        world, [&] { segment const seg(on, {.capacity = 1_MiB, .threads_per_rank = threads}); });
    EXPECT_THAT(other.text, AllOf(HasSubstr("2 threads"), HasSubstr("4 threads")));
}

TEST_F(OpenSegment, ImpossibleOptionsAreRefusedOnAllRanks) {
    EXPECT_EQ(agreed_error_of(world, [&] { segment const seg(on, {.capacity = 16_TiB}); }).code,
              errc::invalid_argument);
    EXPECT_EQ(
        agreed_error_of(world,
                        [&] { segment const seg(on, {.capacity = 1_MiB, .threads_per_rank = -1}); })
            .code,
        errc::invalid_argument);
}

TEST_F(OpenSegment, TooLargeForTheMachineIsRefusedInSeconds) {
    for (auto const backing :
         {backing_kind::automatic, backing_kind::mpi_window, backing_kind::memfd}) {
        auto const begin = std::chrono::steady_clock::now();
        auto const thrown = agreed_error_of(
            world, [&] { segment const seg(on, {.capacity = 14_TiB, .backing = backing}); });
        EXPECT_EQ(thrown.code, errc::no_space);
        EXPECT_THAT(thrown.text,
                    AllOf(HasSubstr("required"), HasSubstr("available"), HasSubstr(".capacity")));
        EXPECT_LT(seconds_since(begin), 10.0);
    }
    segment seg(on, {.capacity = 1_MiB}); // the node is as good as before
    seg.fence();
    seg.close();
}

TEST_F(OpenSegment, TwoAtOnceAreStrangers) {
    segment one(on, {.capacity = 1_MiB});
    segment other(on, {.capacity = 2_MiB, .backing = backing_kind::memfd});
    auto const a = one.create_value<int>("same name", 1);
    auto const b = other.create_value<int>("same name", 2);
    one.fence();
    a.fetch_add(10);
    b.fetch_add(100);
    other.fence();
    one.fence();
    EXPECT_EQ(a.load(), 1 + 10 * size);
    EXPECT_EQ(b.load(), 2 + 100 * size);
    one.close();
    EXPECT_EQ(other.find_value<int>("same name").load(), 2 + 100 * size);
    other.close();
}

TEST_F(OpenSegment, OfEachRankAloneNeedsNobody) {
    node self(MPI_COMM_SELF);
    segment seg(self, {.capacity = 1_MiB});
    // As many meetings as the rank likes: nobody is waited for.
    for (int i = 0; i <= rank; ++i) {
        auto const made = seg.create_array<double>("array " + std::to_string(i), shape(100, i + 1));
        made(99, i) = rank;
        seg.fence();
    }
    EXPECT_EQ(seg.list().size(), static_cast<std::size_t>(rank) + 1);
    seg.close();
    self.close();
}

TEST_F(OpenSegment, OfASplitCommunicatorHoldsItsPart) {
    MPI_Comm part = MPI_COMM_NULL;
    MPI_Comm_split(world, rank % 2, -rank, &part);
    node half(part);
    segment seg(half, {.capacity = 1_MiB});
    EXPECT_EQ(seg.n_ranks(), size_of(part));
    EXPECT_EQ(seg.rank(), rank_in(part));
    auto const sum = seg.create_value<int>("sum");
    sum.fetch_add(1 + rank % 2);
    seg.fence();
    EXPECT_EQ(sum.load(), (1 + rank % 2) * size_of(part));
    seg.close();
    half.close();
    MPI_Comm_free(&part);
}

TEST_F(OpenSegment, ManyInARowLeaveNothingInTheProcess) {
    auto const cycle = [&](int n) {
        for (int i = 0; i < n; ++i) {
            segment seg(on, {.capacity = 1_MiB});
            static_cast<void>(seg.create_array<int>("a", shape(10)));
            seg.close();
        }
    };
    cycle(5);
    auto const descriptors = n_descriptors();
    auto const mappings = n_mappings();
    cycle(100);
    EXPECT_LE(n_descriptors(), descriptors);
    EXPECT_LE(n_mappings(), mappings + 4);
}

TEST_F(OpenSegment, MovesWithItsHandles) {
    segment first(on, {.capacity = 1_MiB});
    auto const number = first.create_value<int>("number", 3);
    segment second = std::move(first);
    EXPECT_FALSE(first.is_open()); // NOLINT(*use-after-move, *cplusplus.Move): that is the test
    EXPECT_TRUE(second.is_open());
    second.fence();
    segment third(on, {.capacity = 1_MiB});
    third.close();
    third = std::move(second);
    third.fence();
    EXPECT_EQ(third.find_value<int>("number").data(), number.data());
    third.close();
}

struct CloseSegment : open_segment {};

TEST_F(CloseSegment, ASecondCloseDoesNothing) {
    seg.close();
    EXPECT_FALSE(seg.is_open());
    seg.close();
    if (rank == 0) seg.close(); // not even together
}

TEST_F(CloseSegment, ViewsAndLookUpsGoOn) {
    auto const grid = seg.create_array<int>("grid", shape(64, 64));
    auto const number = seg.create_value<int>("number", 5);
    for (auto i : grid.rows()) {
        grid(i, 0) = static_cast<int>(i);
    }
    seg.fence();
    seg.close();
    EXPECT_EQ(grid(63, 0), 63);
    EXPECT_EQ(number.load(), 5);
    EXPECT_TRUE(grid.is_valid());
    EXPECT_EQ((seg.find_array<int const, 2>("grid")(63, 0)), 63);
    EXPECT_EQ(seg.list().size(), 2U);
    EXPECT_TRUE(seg.verify().ok());
}

TEST_F(CloseSegment, HandlesKeepTheMemoryWhenTheSegmentIsGone) {
    array<int, 1> kept;
    int const* raw = nullptr;
    {
        segment other(on, {.capacity = 1_MiB});
        kept = other.create_array<int>("kept", shape(size));
        kept(rank) = rank + 1;
        raw = kept.data();
        other.fence();
        other.close();
    }
    for (int r = 0; r < size; ++r) {
        EXPECT_EQ(raw[r], r + 1);
    }
}

TEST_F(CloseSegment, EveryCallAfterItSaysClosed) {
    auto levels = seg.create_levels<int>("levels", shape(4));
    auto const grid = seg.create_array<int>("grid", shape(4));
    seg.create_object<int>("number", 1);
    seg.close();
    auto const is_closed = [](char const* call, detail::function_ref<void()> f) {
        auto const thrown = error_of(f);
        ASSERT_TRUE(thrown) << call;
        EXPECT_EQ(thrown->code, errc::closed) << call;
        EXPECT_THAT(thrown->text, AllOf(HasSubstr(call), HasSubstr("closed")));
    };
    is_closed("fence", [&] { seg.fence(); });
    is_closed("create_array", [&] { static_cast<void>(seg.create_array<int>("new", shape(1))); });
    is_closed("find_or_create_array",
              [&] { static_cast<void>(seg.find_or_create_array<int>("grid", shape(4))); });
    is_closed("create_levels", [&] { static_cast<void>(seg.create_levels<int>("new", shape(1))); });
    is_closed("create_value", [&] { static_cast<void>(seg.create_value<int>("new")); });
    is_closed("create_object", [&] { seg.create_object<int>("new"); });
    is_closed("construct", [&] { seg.construct<int>("new"); });
    is_closed("destroy", [&] { seg.destroy<int>("number"); });
    is_closed("destroy", [&] { seg.destroy(grid); });
    is_closed("scratch_array", [&] { static_cast<void>(seg.scratch_array<int>(shape(1))); });
    is_closed("flip", [&] { levels.flip(); });
    is_closed("init", [&] { levels.init([](auto const&, range) {}); });
}

struct Rma : testing::Test {};

TEST_F(Rma, ReachesObjectsByTheirOffset) {
    node on(MPI_COMM_WORLD);
    segment seg(on, {.capacity = 1_MiB, .backing = backing_kind::mpi_window});
    auto const grid = seg.create_array<double>("grid", shape(seg.n_ranks()));
    double const mine = 2.5 * seg.rank();
    auto const place = seg.rma_offset() + static_cast<MPI_Aint>(grid.offset())
                       + static_cast<MPI_Aint>(sizeof(double)) * seg.rank();
    MPI_Put(&mine, 1, MPI_DOUBLE, 0, place, 1, MPI_DOUBLE, seg.rma());
    MPI_Win_flush_all(seg.rma());
    MPI_Win_sync(seg.rma());
    seg.fence();
    for (int r = 0; r < seg.n_ranks(); ++r) {
        EXPECT_EQ(grid(r), 2.5 * r);
    }
    seg.close();
    on.close();
}

} // namespace
} // namespace shmwin
