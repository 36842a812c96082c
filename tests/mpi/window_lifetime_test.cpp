// SPDX-License-Identifier: MIT
// How long a window's range stays mapped, what it is in this process meanwhile, and that nothing
// is left of it.
#include "shmwin/mpi/window.hpp"

#include "support/ranks.hpp"
#include "support/window_fixture.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdint>
#include <fstream>
#include <gmock/gmock.h>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

constexpr std::size_t page = 4096;

static_assert(!std::is_copy_constructible_v<window> && !std::is_copy_assignable_v<window>);
static_assert(
    std::is_nothrow_move_constructible_v<window> && std::is_nothrow_move_assignable_v<window>);

using Window = window_fixture;
INSTANTIATE_TEST_SUITE_P(Backing, Window, every_backing(), backing_name);

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

} // namespace
} // namespace shmwin
