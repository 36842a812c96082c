// SPDX-License-Identifier: MIT
// A directory without names, for tests of who constructs what.
#pragma once

#include "shmwin/memory/directory.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/named_objects.hpp"
#include "support/shared_pages.hpp"
#include "support/violations.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <gmock/gmock.h>

namespace shmwin::test {

struct claims_fixture : testing::Test {
    shared_pages pages{{.capacity = std::size_t{16} << 20U, .n_ranks = 8, .threads_per_rank = 2}};
    detail::directory names = pages.names(0);
    heap memory = pages.memory(0);

    void expect_well() const {
        EXPECT_THAT(violations_of(names), testing::IsEmpty());
        EXPECT_THAT(memory.verify().violations, testing::IsEmpty());
    }
};

} // namespace shmwin::test
