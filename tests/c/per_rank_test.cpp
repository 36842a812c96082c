// SPDX-License-Identifier: MIT
// Per-rank vectors through the C interface.
#include "shmwin/c/per_rank.h"

#include "support/c_handle.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace shmwin::test {
namespace {

using CPerRank = c_test;
using vectors_handle = c_handle<shmwin_per_rank, shmwin_per_rank_free_handle>;

TEST_F(CPerRank, EachGrowsItsOwnAndAllRead) {
    vectors_handle parts;
    SHMWIN_ASSERT_OK(
        shmwin_per_rank_create(seg, "parts", shmwin_dtype_int32(), nullptr, parts.out()));
    EXPECT_EQ(shmwin_per_rank_size(parts), size);
    EXPECT_EQ(shmwin_per_rank_dtype(parts), shmwin_dtype_int32());
    SHMWIN_EXPECT_OK(shmwin_per_rank_reserve(parts, 10));
    for (std::int32_t i = 0; i < 50 * (rank + 1); ++i) {
        std::int32_t const one = 1000 * rank + i;
        SHMWIN_ASSERT_OK(shmwin_per_rank_append(parts, &one, 1));
    }
    fence();
    for (int r = 0; r < size; ++r) {
        void const* elements = nullptr;
        std::size_t n = 0;
        SHMWIN_ASSERT_OK(shmwin_per_rank_of(parts, r, &elements, &n));
        ASSERT_EQ(n, 50U * (static_cast<unsigned>(r) + 1));
        EXPECT_EQ(static_cast<std::int32_t const*>(elements)[49], 1000 * r + 49);
    }
    fence();
    void* mine = nullptr;
    std::size_t n = 0;
    SHMWIN_EXPECT_OK(shmwin_per_rank_resize(parts, 1));
    SHMWIN_EXPECT_OK(shmwin_per_rank_resize(parts, 2));
    SHMWIN_EXPECT_OK(shmwin_per_rank_mine(parts, &mine, &n));
    ASSERT_EQ(n, 2U);
    EXPECT_EQ(static_cast<std::int32_t*>(mine)[0], 1000 * rank);
    EXPECT_EQ(static_cast<std::int32_t*>(mine)[1], 0);
    SHMWIN_EXPECT_OK(shmwin_per_rank_clear(parts));
    SHMWIN_EXPECT_OK(shmwin_per_rank_mine(parts, &mine, &n));
    EXPECT_EQ(n, 0U);
    fence();
    SHMWIN_ASSERT_OK(shmwin_per_rank_destroy(seg, parts));
    EXPECT_EQ(shmwin_per_rank_destroy(seg, parts), SHMWIN_ERR_NOT_FOUND);
}

TEST_F(CPerRank, RefusesWhatCannotBe) {
    vectors_handle parts;
    SHMWIN_ASSERT_OK(
        shmwin_per_rank_create(seg, "parts", shmwin_dtype_double(), nullptr, parts.out()));
    void const* elements = &parts;
    std::size_t n = 0;
    EXPECT_EQ(shmwin_per_rank_of(parts, size, &elements, &n), SHMWIN_ERR_OUT_OF_RANGE);
    EXPECT_EQ(shmwin_per_rank_of(parts, -1, &elements, &n), SHMWIN_ERR_OUT_OF_RANGE);
    EXPECT_EQ(shmwin_per_rank_of(parts, 0, nullptr, &n), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_per_rank_append(parts, nullptr, 1), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_per_rank_resize(nullptr, 1), SHMWIN_ERR_INVALID_ARGUMENT);
    double const one = 1;
    SHMWIN_EXPECT_OK(shmwin_per_rank_append(parts, &one, 1));
    EXPECT_EQ(shmwin_per_rank_resize(parts, std::size_t{1} << 30U), SHMWIN_ERR_OUT_OF_MEMORY);
    EXPECT_EQ(shmwin_per_rank_resize(parts, ~std::size_t{0}), SHMWIN_ERR_OUT_OF_MEMORY);
    void* mine = nullptr;
    SHMWIN_EXPECT_OK(shmwin_per_rank_mine(parts, &mine, &n));
    EXPECT_EQ(n, 1U) << "nothing changed";
    vectors_handle other;
    EXPECT_EQ(shmwin_per_rank_create(seg, "parts", shmwin_dtype_int(), nullptr, other.out()),
              SHMWIN_ERR_ALREADY_EXISTS);
    EXPECT_EQ(shmwin_per_rank_find(seg, "none", other.out()), SHMWIN_ERR_NOT_FOUND);
    EXPECT_EQ(other, nullptr);
    fence();
}

} // namespace
} // namespace shmwin::test
