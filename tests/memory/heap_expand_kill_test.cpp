// SPDX-License-Identifier: MIT
// A rank that dies while it makes a block larger: whatever usable_size() says of the block then is
// there for the others, and zeroed memory is zero when it is used again.
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"
#include "shmwin/memory/page_bits.hpp"

#include "support/crash_states.hpp"
#include "support/heap_fixture.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>

namespace shmwin {
namespace {

using namespace literals;

constexpr std::size_t n_before = 40'000;
constexpr std::size_t n_after = 80'000;
constexpr std::size_t alignment = detail::page_bytes;

struct HeapExpandAfterDeath : testing::Test {
    detail::layout_request const request{.capacity = 256_KiB, .n_ranks = 2};
    test::shared_pages pages{request};
    std::uint64_t const block =
        pages.memory(0).offset_of(pages.memory(0).allocate(n_before, alignment));

    template <typename Check>
    void at_each_store(Check const& check) {
        auto const expand = [&] {
            auto const memory = pages.memory(1);
            static_cast<void>(memory.try_expand(memory.at(block), n_after));
        };
        test::crash_states states(pages, request, pages.n_bytes());
        if (!states.each(expand, check)) GTEST_SKIP() << "no ptrace() here";
    }
};

TEST_F(HeapExpandAfterDeath, WhatTheBlockHasIsPresent) {
    SHMWIN_NEEDS_FORK();
    at_each_store([&](test::shared_pages const& image, std::size_t state) {
        auto const memory = image.memory(0);
        auto const first =
            (block - image.where().header()[detail::section_id::pages].offset) / detail::page_bytes;
        auto const n_pages = memory.usable_size(memory.at(block)) / detail::page_bytes;
        ASSERT_EQ(detail::page_bits(image.where(), image.runs(0)).count_present(first, n_pages),
                  n_pages)
            << "state " << state;
    });
}

TEST_F(HeapExpandAfterDeath, ZeroedBlocksAreZeroAfterItsReuse) {
    SHMWIN_NEEDS_FORK();
    at_each_store([&](test::shared_pages const& image, std::size_t state) {
        auto const memory = image.memory(0);
        auto* const whole = memory.at(block);
        std::memset(whole, 7, memory.usable_size(whole));
        memory.deallocate(whole);
        auto const* const fresh = memory.allocate_zeroed(n_after, alignment);
        ASSERT_TRUE(test::all_are(fresh, n_after, 0)) << "state " << state;
    });
}

} // namespace
} // namespace shmwin
