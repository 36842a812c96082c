// SPDX-License-Identifier: MIT
// A segment for arrays, without any at first.
#pragma once

#include "support/open_segment.hpp"

#include <gtest/gtest.h>

namespace shmwin::test {

struct array_fixture : open_segment {
    // One error on all ranks, and nothing in the segment has changed.
    error_info refused(detail::function_ref<void()> call) {
        auto const before = seg.heap().stats();
        seg.fence();
        auto const thrown = agreed_error_of(world, call);
        auto const after = seg.heap().stats();
        EXPECT_EQ(after.used, before.used);
        EXPECT_EQ(after.n_blocks, before.n_blocks);
        EXPECT_TRUE(seg.list().empty());
        seg.fence();
        return thrown;
    }
};

} // namespace shmwin::test
