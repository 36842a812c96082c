// SPDX-License-Identifier: MIT
// Page runs of a small segment, all free at first.
#pragma once

#include "shmwin/memory/page_runs.hpp"

#include "support/shared_pages.hpp"
#include "support/violations.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <gmock/gmock.h>

namespace shmwin::test {

// All free: one run again.
inline void expect_one_free_run(detail::page_runs const& runs, std::uint64_t n_pages) {
    auto const numbers = runs.stats();
    EXPECT_EQ(numbers.n_free_pages, n_pages);
    EXPECT_EQ(numbers.largest_free_run, n_pages);
    EXPECT_EQ(numbers.n_used_runs, 0U);
    EXPECT_THAT(violations_of(runs), testing::IsEmpty());
}

struct page_runs_fixture : testing::Test {
    static constexpr std::uint64_t n_pages = 2000;
    shared_pages pages{{.capacity = n_pages * detail::page_bytes, .n_ranks = 8}};
    detail::page_runs runs = pages.runs(0);

    [[nodiscard]] detail::page_index take(std::uint64_t n, std::uint64_t align = 1) const {
        auto const first = runs.allocate(n, align);
        EXPECT_TRUE(first) << n << " pages";
        return first.value_or(0);
    }
};

} // namespace shmwin::test
