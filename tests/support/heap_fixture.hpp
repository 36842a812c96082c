// SPDX-License-Identifier: MIT
// A heap without blocks. Its system has as much room as `room` says.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/memory/heap.hpp"

#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>

namespace shmwin::test {

inline bool all_are(void const* block, std::size_t n_bytes, int value) {
    auto const* const bytes = static_cast<unsigned char const*>(block);
    return std::all_of(bytes, bytes + n_bytes, [&](unsigned char each) { return each == value; });
}

struct heap_fixture : testing::Test {
    std::size_t capacity = std::size_t{4} << 20U;
    std::size_t room = SIZE_MAX;
    shared_pages pages{{.capacity = capacity, .n_ranks = 8},
                       {[](void* left, std::size_t) { return *static_cast<std::size_t*>(left); },
                        &room,
                        "/dev/shm",
                        "mount it larger"}};
    heap memory = pages.memory(0);

    heap_fixture() = default;
    explicit heap_fixture(std::size_t n_bytes) : capacity(n_bytes) {}

    // The error that `call` ends with; errc::ok if it does not.
    template <typename Call>
    static error_info error_of(Call const& call) {
        try {
            call();
        } catch (error const& failed) {
            return failed.info();
        }
        return {};
    }
    void expect_empty() const {
        for (int rank = 0; rank < 8; ++rank) {
            pages.memory(rank).collect(); // slabs go back to the pages
        }
        EXPECT_THAT(memory.verify().violations, testing::IsEmpty());
        EXPECT_EQ(memory.stats().used, 0U);
        EXPECT_EQ(memory.stats().n_blocks, 0U);
        EXPECT_EQ(memory.stats().largest_free, capacity);
    }
};

} // namespace shmwin::test
