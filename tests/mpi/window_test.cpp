// SPDX-License-Identifier: MIT
// Windows: one range of zeros on all ranks, its backing, the room that it takes, RMA. How long the
// range stays: window_lifetime_test.
#include "shmwin/mpi/window.hpp"

#include "support/ranks.hpp"
#include "support/window_fixture.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <gmock/gmock.h>
#include <limits>
#include <span>
#include <sys/mman.h>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

MPI_Comm const world = MPI_COMM_WORLD;
constexpr std::size_t page = 4096;

using Window = window_fixture;
INSTANTIATE_TEST_SUITE_P(Backing, Window, every_backing(), backing_name);

bool all_zero(std::span<std::byte const> bytes) {
    return std::ranges::all_of(bytes, [](std::byte each) { return each == std::byte{0}; });
}

TEST_P(Window, IsOneRangeOfZerosOnAllRanks) {
    for (std::size_t const n_bytes :
         {std::size_t{1}, page - 1, page, page + 1, 7 * page + 8, std::size_t{5} << 20U}) {
        auto memory = make(n_bytes);
        auto const bytes = memory.bytes();
        ASSERT_EQ(bytes.size(), n_bytes);
        EXPECT_TRUE(all_zero(bytes));
        fence();
        expect_shared(bytes, rank, size);
        memory.free();
    }
}

TEST_P(Window, BeginsAtAMultipleOf2MiBOnEachRank) {
    auto memory = make(10'000);
    auto const address = reinterpret_cast<std::uintptr_t>(memory.bytes().data());
    EXPECT_EQ(address % (std::uintptr_t{2} << 20U), 0U);
    memory.free();
}

TEST_P(Window, IsZeroAlsoAfterAnotherOneWasFullOfBytes) {
    auto dirty = make(1U << 20U);
    if (rank == 0) std::ranges::fill(dirty.bytes(), std::byte{0xff});
    fence();
    dirty.free();
    dirty = make(16); // drops the last hold on the pages
    dirty.free();
    auto memory = make(1U << 20U);
    EXPECT_TRUE(all_zero(memory.bytes()));
    fence();
    memory.free();
}

TEST_P(Window, IsMadeOfHolesUntilItIsUsed) {
    auto const n_bytes = std::size_t{256} << 20U;
    auto memory = make(n_bytes);
    std::vector<unsigned char> there(n_bytes / page);
    ASSERT_EQ(::mincore(memory.bytes().data(), n_bytes, there.data()), 0);
    EXPECT_LT(std::ranges::count_if(there, [](auto each) { return (each & 1U) != 0; }), 16);
    memory.free();
}

TEST_P(Window, KeepsWhatIsStoredFirst) {
    // No rank may still be at work on the range when another has got it.
    for (int round = 0; round < 50; ++round) {
        auto memory = make(page);
        auto const mine = static_cast<std::size_t>(rank);
        memory.bytes()[mine] = static_cast<std::byte>(rank + 1);
        fence();
        EXPECT_EQ(memory.bytes()[mine], static_cast<std::byte>(rank + 1)) << "round " << round;
        memory.free();
    }
}

TEST_P(Window, SaysWhatItIs) {
    auto memory = make(page);
    EXPECT_EQ(memory.backing(), GetParam());
    EXPECT_EQ(memory.rma() == MPI_WIN_NULL, GetParam() == backing_kind::memfd);
    memory.free();
    EXPECT_EQ(memory.rma(), MPI_WIN_NULL);
}

TEST_P(Window, OfEachRankAloneIsPrivateToIt) {
    node self(MPI_COMM_SELF);
    window memory(self, page, {GetParam(), false});
    memory.bytes()[0] = static_cast<std::byte>(rank + 1);
    fence();
    EXPECT_EQ(memory.bytes()[0], static_cast<std::byte>(rank + 1));
    memory.free();
    self.close();
}

TEST_P(Window, OfDifferentSizesIsADisagreement) {
    if (size == 1) return;
    auto const n_bytes = rank == size - 1 ? std::size_t{9} << 20U : std::size_t{4096};
    auto const thrown = agreed_error_of(world, [&] { static_cast<void>(make(n_bytes)); });
    EXPECT_EQ(thrown.code, errc::disagreement);
    EXPECT_EQ(thrown.rank, size - 1);
    EXPECT_THAT(thrown.text, AllOf(HasSubstr("4096 bytes"), HasSubstr("9437184 bytes")));
    make(page).free(); // and the node goes on
}

TEST_P(Window, ThatIsTooLargeIsRefusedOnAllRanksAtOnce) {
    for (auto const n_bytes : {std::size_t{1} << 50U,
                               std::size_t{1} << 62U,
                               std::size_t{1} << 63U,
                               std::numeric_limits<std::size_t>::max() - 1,
                               std::numeric_limits<std::size_t>::max()}) {
        auto const begin = std::chrono::steady_clock::now();
        auto const thrown = agreed_error_of(world, [&] { static_cast<void>(make(n_bytes)); });
        EXPECT_EQ(thrown.code, errc::no_space);
        EXPECT_THAT(
            thrown.text,
            AllOf(HasSubstr("required"), HasSubstr("available"), HasSubstr("SHMWIN_CAPACITY")));
        EXPECT_LT(seconds_since(begin), 10.0);
    }
    make(page).free();
}

TEST_P(Window, OfNoBytesIsRefusedOnAllRanks) {
    auto const thrown = agreed_error_of(world, [&] { static_cast<void>(make(0)); });
    EXPECT_EQ(thrown.code, errc::invalid_argument);
}

// --- RMA: the window of the backing mpi_window is a real one ------------------------------------

struct WindowRma : testing::Test {
    WindowRma() = default;
    WindowRma(WindowRma const&) = delete;
    WindowRma(WindowRma&&) = delete;
    WindowRma& operator=(WindowRma const&) = delete;
    WindowRma& operator=(WindowRma&&) = delete;
    ~WindowRma() override {
        memory.free();
        on.close();
    }

    [[nodiscard]] MPI_Aint displacement(int slot) const {
        return memory.rma_offset() + static_cast<MPI_Aint>(sizeof(double)) * slot;
    }

    node on{world};
    int const rank = on.rank();
    int const size = on.size();
    window memory{on, page, {backing_kind::mpi_window, false}};
    double const* const values = reinterpret_cast<double const*>(memory.bytes().data());
};

TEST_F(WindowRma, PutGoesToTheRange) {
    double const mine = 1.5 + rank;
    MPI_Put(&mine, 1, MPI_DOUBLE, 0, displacement(rank), 1, MPI_DOUBLE, memory.rma());
    MPI_Win_flush_all(memory.rma());
    MPI_Win_sync(memory.rma());
    fence();
    for (int r = 0; r < size; ++r) {
        EXPECT_EQ(values[r], 1.5 + r);
    }
    fence();
}

TEST_F(WindowRma, GetComesFromTheRange) {
    if (rank == size - 1) reinterpret_cast<double*>(memory.bytes().data())[7] = 42.25;
    fence();
    MPI_Win_sync(memory.rma());
    double got = 0;
    MPI_Get(&got, 1, MPI_DOUBLE, 0, displacement(7), 1, MPI_DOUBLE, memory.rma());
    MPI_Win_flush_all(memory.rma());
    EXPECT_EQ(got, 42.25);
    fence();
}

TEST_F(WindowRma, ErrorsOfTheHostsCallsAreReturned) {
    double const mine = 0;
    auto const code = MPI_Put(&mine, 1, MPI_DOUBLE, size + 5, 0, 1, MPI_DOUBLE, memory.rma());
    EXPECT_NE(code, MPI_SUCCESS);
}

// --- automatic -----------------------------------------------------------------------------------

TEST(WindowAutomatic, TakesTheMpiWindowWhereThereIsRoom) {
    node on(world);
    window memory(on, page);
    EXPECT_EQ(memory.backing(), backing_kind::mpi_window);
    memory.free();
    on.close();
}

TEST(WindowAutomatic, TakesTheMemfdWhereTheReserveWouldBeTouched) {
    node on(world);
    if (on.size() > 1) {
        // A directory without any room is as good as a full /dev/shm.
        scoped_variable const elsewhere("OMPI_MCA_osc_sm_backing_directory", "/proc");
        window memory(on, page);
        EXPECT_EQ(memory.backing(), backing_kind::memfd);
        memory.bytes()[0] = std::byte{1};
        memory.free();
    }
    on.close();
}

TEST(WindowAutomatic, RanksThatWantOtherBackingsDisagree) {
    node on(world);
    if (on.size() > 1) {
        auto const mine = on.rank() == 1 ? backing_kind::memfd : backing_kind::mpi_window;
        auto const thrown = agreed_error_of(world, [&] { window const memory(on, page, {mine}); });
        EXPECT_EQ(thrown.code, errc::disagreement);
        EXPECT_THAT(thrown.text, AllOf(HasSubstr("memfd"), HasSubstr("mpi_window")));
    }
    on.close();
}

TEST(WindowAutomatic, WrongReserveInTheEnvironmentIsAnErrorOfAllRanks) {
    node on(world);
    for (int culprit = 0; culprit < on.size(); ++culprit) {
        scoped_variable const reserve("SHMWIN_RESERVE", on.rank() == culprit ? "much" : "16MiB");
        auto const thrown = agreed_error_of(world, [&] { window const memory(on, page); });
        EXPECT_EQ(thrown.code, errc::invalid_argument);
        EXPECT_THAT(thrown.text, AllOf(HasSubstr("SHMWIN_RESERVE"), HasSubstr("much")));
    }
    on.close();
}

TEST(WindowAutomatic, DirectoryThatIsNotThereIsNamed) {
    node on(world);
    if (on.size() > 1) {
        scoped_variable const elsewhere("OMPI_MCA_osc_sm_backing_directory", "/no/such/place");
        auto const thrown = agreed_error_of(world, [&] {
            window const memory(on, page, {backing_kind::mpi_window, false});
        });
        EXPECT_EQ(thrown.code, errc::no_space);
        EXPECT_THAT(thrown.text, HasSubstr("/no/such/place"));
    }
    on.close();
}

} // namespace
} // namespace shmwin
