// SPDX-License-Identifier: MIT
// Pages go back to the system while another thread makes its own present, and some ahead: what is
// said to be present is there, or the first store to it may be SIGBUS.
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"
#include "shmwin/memory/page_bits.hpp"

#include "support/crash_states.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace shmwin {
namespace {

using namespace literals;

constexpr std::uint64_t n_pages = 16;

// Of the first pages: those that are said to be present, and are holes.
std::size_t n_missing(test::shared_pages const& pages) {
    auto const& where = pages.where();
    detail::page_bits const bits(where, pages.runs(0));
    std::vector<unsigned char> resident(n_pages);
    auto* const first = where.at(where.header()[detail::section_id::pages].offset);
    EXPECT_EQ(::mincore(first, n_pages * detail::page_bytes, resident.data()), 0);
    std::size_t n = 0;
    for (std::uint64_t i = 0; i < n_pages; ++i) {
        if (bits.count_present(i, 1) != 0 && (resident[i] & 1U) == 0) ++n;
    }
    return n;
}

TEST(HeapTrimAhead, LeavesNoHoleThatIsSaidToBePresent) {
    SHMWIN_NEEDS_FORK();
    test::shared_pages pages{{.capacity = 4_MiB, .n_ranks = 2}};
    detail::page_bits const bits(pages.where(), pages.runs(0));
    ASSERT_EQ(pages.runs(0).allocate(1, 1), 0U);
    bits.make_present(1, n_pages); // those behind it, which are free
    ASSERT_EQ(bits.count_present(0, 1), 0U);
    test::stepped_child trimming([&] {
        pages.who(1).attach();
        return pages.memory(1).trim() != 0;
    });
    if (!trimming.can_step()) GTEST_SKIP() << "no ptrace() here";
    while (bits.count_present(1, 1) != 0 && trimming.step()) {
    }
    // Its own page, and others ahead: not before those are given back.
    std::atomic<bool> done{false};
    std::thread own([&] {
        bits.make_present(0, 1);
        done = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50)); // it would take microseconds
    EXPECT_FALSE(done);
    EXPECT_TRUE(trimming.finish());
    own.join();
    EXPECT_EQ(n_missing(pages), 0U);
}

} // namespace
} // namespace shmwin
