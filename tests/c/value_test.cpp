// SPDX-License-Identifier: MIT
// Values by the C interface.
#include "shmwin/c/value.h"
#include "shmwin/segment/segment.hpp"

#include "support/c_segment.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <gmock/gmock.h>

namespace shmwin {
namespace {

using namespace test;

struct CValue : open_c_segment {
    template <typename T>
    shmwin_value* make(char const* name, shmwin_dtype const* type, T initial) {
        shmwin_value* made = nullptr;
        EXPECT_EQ(shmwin_value_create(seg, name, type, &initial, &made), SHMWIN_SUCCESS)
            << shmwin_last_error();
        return made;
    }
};

TEST_F(CValue, IsTheOneOfCpp) {
    auto* const v = make("v", shmwin_dtype_int32(), std::int32_t{5});
    EXPECT_EQ(seg->whole->find_value<std::int32_t>("v").load(), 5);
    EXPECT_EQ(shmwin_value_dtype(v), shmwin_dtype_int());
    shmwin_value* found = nullptr;
    ASSERT_EQ(shmwin_value_find(seg, "v", &found), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_value_data(found), shmwin_value_data(v));
    shmwin_value_free_handle(found);
    EXPECT_EQ(shmwin_value_find(seg, "w", &found), SHMWIN_ERR_NOT_FOUND);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_value_destroy(seg, v), SHMWIN_SUCCESS);
    std::int32_t seen = 0;
    EXPECT_EQ(shmwin_value_load(v, &seen), SHMWIN_ERR_NOT_FOUND);
    EXPECT_EQ(shmwin_value_data(v), nullptr);
    EXPECT_EQ(shmwin_value_is_valid(v), 0);
    shmwin_value_free_handle(v);
}

TEST_F(CValue, IsChangedByEachRankAlone) {
    shmwin_value* v = nullptr;
    ASSERT_EQ(shmwin_value_create(seg, "v", shmwin_dtype_int16(), nullptr, &v), SHMWIN_SUCCESS);
    std::int16_t const three = 3;
    std::int16_t const one = 1;
    std::int16_t before = -1;
    ASSERT_EQ(shmwin_value_fetch_add(v, &three, &before), SHMWIN_SUCCESS);
    EXPECT_EQ(before % 2, before / 3 % 2); // some number of threes
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    ASSERT_EQ(shmwin_value_fetch_sub(v, &one, nullptr), SHMWIN_SUCCESS);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    std::int16_t seen = 0;
    ASSERT_EQ(shmwin_value_load(v, &seen), SHMWIN_SUCCESS);
    EXPECT_EQ(seen, 2 * size);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    shmwin_value_free_handle(v);
}

TEST_F(CValue, HasAllOperations) {
    auto* const v = make("v", shmwin_dtype_uint64(), std::uint64_t{0b1100});
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    if (rank == 0) {
        std::uint64_t before = 0;
        auto const expect_was = [&](std::uint64_t was, int status) {
            EXPECT_EQ(status, SHMWIN_SUCCESS) << shmwin_last_error();
            EXPECT_EQ(before, was);
        };
        std::uint64_t other = 0b0110;
        expect_was(0b1100, shmwin_value_fetch_and(v, &other, &before));
        expect_was(0b0100, shmwin_value_fetch_or(v, &other, &before));
        expect_was(0b0110, shmwin_value_fetch_xor(v, &other, &before));
        other = 9;
        expect_was(0, shmwin_value_fetch_max(v, &other, &before));
        other = 4;
        expect_was(9, shmwin_value_fetch_min(v, &other, &before));
        expect_was(4, shmwin_value_exchange(v, &other, &before));
        int is_stored = -1;
        std::uint64_t expected = 5;
        std::uint64_t const desired = 6;
        EXPECT_EQ(shmwin_value_compare_exchange(v, &expected, &desired, &is_stored),
                  SHMWIN_SUCCESS);
        EXPECT_EQ(is_stored, 0);
        EXPECT_EQ(expected, 4U);
        EXPECT_EQ(shmwin_value_compare_exchange(v, &expected, &desired, &is_stored),
                  SHMWIN_SUCCESS);
        EXPECT_EQ(is_stored, 1);
        EXPECT_EQ(shmwin_value_load(v, &before), SHMWIN_SUCCESS);
        EXPECT_EQ(before, 6U);
    }
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    shmwin_value_free_handle(v);
}

TEST_F(CValue, RefusesWhatItsTypeHasNot) {
    auto* const flag = make("flag", shmwin_dtype_bool(), true);
    auto* const real = make("real", shmwin_dtype_double(), 1.5);
    EXPECT_EQ(shmwin_value_fetch_add(flag, "b", nullptr), SHMWIN_ERR_TYPE_MISMATCH);
    double const bits = 1;
    EXPECT_EQ(shmwin_value_fetch_and(real, &bits, nullptr), SHMWIN_ERR_TYPE_MISMATCH);
    EXPECT_EQ(shmwin_value_fetch_add(real, nullptr, nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    shmwin_value* wide = nullptr;
    EXPECT_EQ(shmwin_value_create(seg, "w", shmwin_dtype_long_double(), nullptr, &wide),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_value_int64(real), nullptr);
    EXPECT_EQ(*shmwin_value_double(real), 1.5);
    shmwin_value_free_handle(flag);
    shmwin_value_free_handle(real);
}

TEST_F(CValue, IsWaitedFor) {
    auto* const v = make("v", shmwin_dtype_int64(), std::int64_t{1});
    std::int64_t const old = 1;
    std::int64_t seen = 0;
    if (size == 1) {
        EXPECT_EQ(shmwin_value_wait(v, &old, 0.01, &seen), SHMWIN_ERR_TIMED_OUT);
        EXPECT_EQ(seen, 1);
    } else if (rank == last) {
        std::int64_t const desired = 2;
        EXPECT_EQ(shmwin_value_store(v, &desired), SHMWIN_SUCCESS);
        EXPECT_EQ(shmwin_value_notify(v), SHMWIN_SUCCESS);
    } else {
        EXPECT_EQ(shmwin_value_wait(v, &old, -1, &seen), SHMWIN_SUCCESS);
        EXPECT_EQ(seen, 2);
    }
    std::int64_t const now = size == 1 ? 1 : 2;
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_value_wait(v, &now, 0, nullptr), SHMWIN_ERR_TIMED_OUT);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    shmwin_value_free_handle(v);
}

TEST_F(CValue, IsChangedWithoutACall) {
    auto* const n = make("n", shmwin_dtype_int64(), std::int64_t{0});
    auto* const sum = make("sum", shmwin_dtype_double(), 0.0);
    auto* const at = shmwin_value_int64(n);
    auto* const real = shmwin_value_double(sum);
    ASSERT_NE(at, nullptr);
    ASSERT_NE(real, nullptr);
    for (int i = 0; i < 1000; ++i) {
        shmwin_int64_fetch_add(at, 2);
        shmwin_double_fetch_add(real, 0.5);
    }
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_int64_load(at), 2000 * size);
    EXPECT_EQ(shmwin_double_load(real), 500.0 * size);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    if (rank == 0) {
        shmwin_int64_store(at, 3);
        EXPECT_EQ(shmwin_int64_exchange(at, 4), 3);
        std::int64_t expected = 5;
        EXPECT_EQ(shmwin_int64_compare_exchange(at, &expected, 6), 0);
        EXPECT_EQ(shmwin_int64_compare_exchange(at, &expected, 6), 1);
        EXPECT_EQ(seg->whole->find_value<std::int64_t>("n").load(), 6);
        shmwin_double_store(real, -2.5);
        EXPECT_EQ(seg->whole->find_value<double>("sum").load(), -2.5);
    }
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    shmwin_value_free_handle(n);
    shmwin_value_free_handle(sum);
}

} // namespace
} // namespace shmwin
