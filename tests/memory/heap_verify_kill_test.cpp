// SPDX-License-Identifier: MIT
// A rank that dies in the heap leaves no violation: what it left half done is known, and put in
// order by whoever needs it next. verify() must not need a collect() before it.
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/crash_states.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace shmwin {
namespace {

using namespace literals;

TEST(HeapVerifyAfterDeath, FindsNothingWrong) {
    SHMWIN_NEEDS_FORK();
    detail::layout_request const request{.capacity = 1_MiB, .n_ranks = 2};
    test::shared_pages pages(request);
    auto const body = [&] {
        auto const mine = pages.memory(1);
        mine.deallocate(mine.allocate(5000));
        mine.collect(); // its slab goes back
        mine.deallocate(mine.allocate(100'000));
    };
    auto const metadata = pages.where().header()[detail::section_id::pages].offset;
    test::crash_states states(pages, request, metadata);
    auto const check = [](test::shared_pages const& image, std::size_t state) {
        ASSERT_THAT(image.memory(0).verify().violations, testing::IsEmpty()) << "state " << state;
    };
    if (!states.each(body, check)) GTEST_SKIP() << "no ptrace() here";
}

} // namespace
} // namespace shmwin
