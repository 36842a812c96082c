// SPDX-License-Identifier: MIT
// A rank that dies while it gives pages back to the system: what others hold stays, and what the
// heap takes for zero is.
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/crash_states.hpp"
#include "support/heap_fixture.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <gmock/gmock.h>

namespace shmwin {
namespace {

using namespace literals;

constexpr std::size_t n_bytes = 40'000;

std::uint64_t soiled(heap const& memory) {
    return memory.offset_of(std::memset(memory.allocate(n_bytes, 64), 7, n_bytes));
}

TEST(HeapTrimAfterDeath, LosesNothingAndZeroedBlocksAreZero) {
    SHMWIN_NEEDS_FORK();
    detail::layout_request const request{.capacity = 512_KiB, .n_ranks = 2};
    test::shared_pages pages(request);
    auto const memory = pages.memory(0);
    auto const first = soiled(memory);
    auto const kept = soiled(memory);
    auto const second = soiled(memory);
    memory.deallocate(memory.at(first)); // two free runs, with a block between them
    memory.deallocate(memory.at(second));
    test::crash_states states(pages, request, pages.n_bytes());
    auto const trim = [&] { static_cast<void>(pages.memory(1).trim()); };
    auto const check = [&](test::shared_pages const& image, std::size_t state) {
        auto const mine = image.memory(0);
        ASSERT_TRUE(test::all_are(mine.at(kept), n_bytes, 7)) << "state " << state;
        for (int i = 0; i < 2; ++i) {
            auto const* const fresh = mine.allocate_zeroed(n_bytes, 64);
            ASSERT_TRUE(test::all_are(fresh, n_bytes, 0)) << "state " << state;
        }
        ASSERT_THAT(mine.verify().violations, testing::IsEmpty()) << "state " << state;
    };
    if (!states.each(trim, check)) GTEST_SKIP() << "no ptrace() here";
}

} // namespace
} // namespace shmwin
