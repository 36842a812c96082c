// SPDX-License-Identifier: MIT
#include "shmwin/base/literals.hpp"
#include "shmwin/mpi/window.hpp"

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <gmock/gmock.h>
#include <limits>
#include <sstream>
#include <sys/mman.h>
#include <type_traits>
#include <utility>

namespace shmwin {
namespace {

using namespace testing_support;
using testing::AllOf;
using testing::HasSubstr;

MPI_Comm const world = MPI_COMM_WORLD;
constexpr std::size_t page = 4096;

static_assert(!std::is_copy_constructible_v<window> && !std::is_copy_assignable_v<window>);
static_assert(
    std::is_nothrow_move_constructible_v<window> && std::is_nothrow_move_assignable_v<window>);

struct Window : testing::TestWithParam<backing_kind> {
    Window() = default;
    Window(Window const&) = delete;
    Window(Window&&) = delete;
    Window& operator=(Window const&) = delete;
    Window& operator=(Window&&) = delete;
    ~Window() override { on.close(); }

    [[nodiscard]] window make(std::size_t n_bytes) const {
        return {on, n_bytes, {GetParam(), false}};
    }

    node on{world};
    int const rank = on.rank();
    int const size = on.size();
};

INSTANTIATE_TEST_SUITE_P(Backing,
                         Window,
                         testing::Values(backing_kind::mpi_window, backing_kind::memfd),
                         [](auto const& row) { return std::string(name(row.param)); });

bool all_zero(std::span<std::byte const> bytes) {
    return std::ranges::all_of(bytes, [](std::byte each) { return each == std::byte{0}; });
}

// All stores before it are seen by all after it.
void fence() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    MPI_Barrier(world);
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

// Each rank writes to bytes of its own; each then sees all.
void expect_shared(std::span<std::byte> bytes, int rank, int size) {
    auto const n = static_cast<std::size_t>(size);
    for (auto i = static_cast<std::size_t>(rank); i < bytes.size(); i += n * 97) {
        bytes[i] = static_cast<std::byte>(rank + 1);
    }
    fence();
    for (std::size_t r = 0; r < n; ++r) {
        for (auto i = r; i < bytes.size(); i += n * 97) {
            ASSERT_EQ(bytes[i], static_cast<std::byte>(r + 1)) << "byte " << i;
        }
    }
    fence();
}

// The entry of /proc/self/smaps that holds an address.
std::string mapping_of(void const* address) {
    auto const asked = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream in("/proc/self/smaps");
    std::string entry;
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        std::uintptr_t first = 0;
        std::uintptr_t last = 0;
        char dash = 0;
        std::istringstream head(line);
        if (head >> std::hex >> first >> dash >> last && dash == '-') {
            inside = first <= asked && asked < last;
        }
        if (inside) entry += line + '\n';
    }
    return entry;
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

TEST_P(Window, StaysSharedAfterFree) {
    auto memory = make(3 * page);
    expect_shared(memory.bytes(), rank, size);
    memory.free();
    expect_shared(memory.bytes(), rank, size);
    memory.free(); // again: nothing
}

TEST_P(Window, StaysMappedWhileKeepAliveIsHeld) {
    std::shared_ptr<void const> held;
    std::span<std::byte> bytes;
    {
        auto memory = make(page);
        held = memory.keep_alive();
        bytes = memory.bytes();
        memory.free();
    }
    expect_shared(bytes, rank, size);
    held.reset();
    EXPECT_EQ(mapping_of(bytes.data()), "");
}

TEST_P(Window, MovesItsRange) {
    auto first = make(page);
    auto* const begin = first.bytes().data();
    window second = std::move(first);
    EXPECT_EQ(second.bytes().data(), begin);
    auto third = make(page);
    third.free();
    third = std::move(second);
    EXPECT_EQ(third.bytes().data(), begin);
    third.free();
}

TEST_P(Window, HasNoNameInAnyFileSystem) {
    auto memory = make(page);
    auto const entry = mapping_of(memory.bytes().data());
    // An anonymous file, or one that was unlinked as soon as all had it.
    EXPECT_THAT(entry.substr(0, entry.find('\n')), HasSubstr("(deleted)"));
    memory.free();
}

TEST_P(Window, IsInTheCoreDumpOfTheFirstRankAlone) {
    auto memory = make(page);
    auto const entry = mapping_of(memory.bytes().data());
    auto const flags = entry.substr(entry.find("VmFlags:"));
    EXPECT_EQ(flags.find(" dd") != std::string::npos, rank != 0) << flags;
    memory.free();
    window dumped(on, page, {GetParam(), true});
    auto const other = mapping_of(dumped.bytes().data());
    EXPECT_EQ(other.substr(other.find("VmFlags:")).find(" dd"), std::string::npos);
    dumped.free();
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
    using namespace literals;
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

TEST_P(Window, CostsNoDescriptorAndNoMappingOnceItIsFreed) {
    for (int i = 0; i < 5; ++i) {
        make(page * 3).free(); // MPI sets things up as it goes
    }
    auto const descriptors = n_descriptors();
    auto const mappings = n_mappings();
    for (int i = 0; i < 200; ++i) {
        make(page * 3).free();
    }
    EXPECT_LE(n_descriptors(), descriptors);
    EXPECT_LE(n_mappings(), mappings + 4); // malloc may have mapped something meanwhile
}

// Shared pages without a file, as one rank's window has over what MPI took from malloc.
int n_anonymous_shared() {
    std::ifstream in("/proc/self/maps");
    int n = 0;
    for (std::string line; std::getline(in, line);) {
        n += line.find("/dev/zero (deleted)") == std::string::npos ? 0 : 1;
    }
    return n;
}

TEST_P(Window, OfOneRankGivesMallocPrivateMemoryBack) {
    node self(MPI_COMM_SELF);
    auto const before = n_anonymous_shared();
    {
        // Small, so that malloc keeps it.
        window memory(self, page, {GetParam(), false});
        memory.free();
    }
    EXPECT_EQ(n_anonymous_shared(), before);
    self.close();
}

TEST_P(Window, HoldsNoDescriptorWhileItIsThere) {
    auto memory = make(page);
    memory.free();
    auto const before = n_descriptors();
    memory = make(page);
    EXPECT_LE(n_descriptors(), before + (GetParam() == backing_kind::memfd ? 0 : 1));
    memory.free();
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
