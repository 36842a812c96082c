// SPDX-License-Identifier: MIT
// Arrays and time levels by the C interface: the objects of C++.
#include "shmwin/c/array.h"
#include "shmwin/segment/segment.hpp"

#include "support/c_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <gmock/gmock.h>
#include <numeric>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

struct CArray : open_c_segment {
    shmwin_array* make(char const* name,
                       shmwin_dtype const* type,
                       shmwin_array_options const* options = nullptr) {
        shmwin_array* made = nullptr;
        EXPECT_EQ(shmwin_array_create(seg, name, type, 2, extents.data(), options, &made),
                  SHMWIN_SUCCESS)
            << shmwin_last_error();
        return made;
    }

    std::array<std::int64_t, 2> const extents{6, 4};
};
using CLevels = CArray;
using CSection = CArray;
using CAdopt = CArray;

TEST_F(CArray, IsTheOneOfCpp) {
    shmwin_array_options options = SHMWIN_ARRAY_OPTIONS_INIT;
    options.order = SHMWIN_ORDER_FORTRAN;
    options.is_unsaved = 1;
    options.align = 256;
    options.touch = SHMWIN_TOUCH_INTERLEAVE;
    auto* const c = make("c", shmwin_dtype_double());
    shmwin_array* f = nullptr;
    auto const status = SHMWIN_HERE(
        shmwin_array_create(seg, "f", shmwin_dtype_float(), 2, extents.data(), &options, &f));
    ASSERT_EQ(status, SHMWIN_SUCCESS) << shmwin_last_error();
    std::int64_t begin = -1;
    std::int64_t end = -1;
    ASSERT_EQ(shmwin_array_rows(c, &begin, &end), SHMWIN_SUCCESS);
    auto* const data = static_cast<double*>(shmwin_array_data(c));
    auto* const columns = static_cast<float*>(shmwin_array_data(f));
    for (auto i = begin; i < end; ++i) {
        data[4 * i + 1] = double(i);
        columns[i + 6 * 2] = float(10 * i);
    }
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ((seg->whole->find_array<double, 2>("c")(5, 1)), 5.0);
    EXPECT_EQ((seg->whole->find_array<float, 2, layout_left>("f")(5, 2)), 50.0F);
    auto const info = *seg->whole->info("f");
    EXPECT_FALSE(info.saved);
    EXPECT_THAT(info.where, HasSubstr("array_test.cpp:"));
    EXPECT_EQ(info.offset % 256, 0U);
    shmwin_array_free_handle(c);
    shmwin_array_free_handle(f);
}

TEST_F(CArray, SaysWhatItIs) {
    auto* const a = make("a", shmwin_dtype_int16());
    EXPECT_EQ(shmwin_array_dtype(a), shmwin_dtype_int16());
    EXPECT_EQ(shmwin_array_n_dims(a), 2U);
    EXPECT_EQ(shmwin_array_shape(a)[0], 6);
    EXPECT_EQ(shmwin_array_shape(a)[1], 4);
    std::array<std::int64_t, 2> strides{};
    ASSERT_EQ(shmwin_array_strides(a, strides.data()), SHMWIN_SUCCESS);
    EXPECT_THAT(strides, ElementsAre(8, 2));
    EXPECT_EQ(shmwin_array_order(a), SHMWIN_ORDER_C);
    EXPECT_EQ(shmwin_array_size(a), 24);
    EXPECT_EQ(shmwin_array_offset(a), seg->whole->info("a")->offset);
    EXPECT_EQ(shmwin_array_const_data(a), shmwin_array_data(a));
    std::int64_t n_rows = 0;
    for (int r = 0; r < size; ++r) {
        std::int64_t begin = -1;
        std::int64_t end = -1;
        ASSERT_EQ(shmwin_array_rows_of(a, r, &begin, &end), SHMWIN_SUCCESS);
        EXPECT_EQ(begin, n_rows);
        n_rows = end;
    }
    EXPECT_EQ(n_rows, 6);
    EXPECT_EQ(shmwin_array_rows_of(a, size, &n_rows, &n_rows), SHMWIN_ERR_OUT_OF_RANGE);
    shmwin_array_free_handle(a);
}

TEST_F(CArray, MayHaveNoDimensions) {
    shmwin_array* a = nullptr;
    ASSERT_EQ(shmwin_array_create(seg, "a", shmwin_dtype_int(), 0, nullptr, nullptr, &a),
              SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_array_size(a), 1);
    EXPECT_EQ(shmwin_array_strides(a, nullptr), SHMWIN_SUCCESS);
    EXPECT_NE(shmwin_array_data(a), nullptr);
    shmwin_array_free_handle(a);
}

TEST_F(CArray, IsFound) {
    shmwin_array_free_handle(make("a", shmwin_dtype_int()));
    shmwin_array* found = nullptr;
    ASSERT_EQ(shmwin_array_find(seg, "a", &found), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_array_dtype(found), shmwin_dtype_int32());
    shmwin_array_free_handle(found);
    auto const typed = [&](shmwin_dtype const* type, std::size_t n_dims, int order) {
        auto const status = shmwin_array_find_typed(seg, "a", type, n_dims, order, &found);
        if (status == SHMWIN_SUCCESS) shmwin_array_free_handle(found);
        return status;
    };
    EXPECT_EQ(typed(shmwin_dtype_int(), 2, SHMWIN_ORDER_C), SHMWIN_SUCCESS);
    EXPECT_EQ(typed(shmwin_dtype_unsigned(), 2, SHMWIN_ORDER_C), SHMWIN_ERR_TYPE_MISMATCH);
    EXPECT_THAT(shmwin_last_error(), HasSubstr("uint32"));
    EXPECT_EQ(typed(shmwin_dtype_int(), 1, SHMWIN_ORDER_C), SHMWIN_ERR_SHAPE_MISMATCH);
    EXPECT_EQ(typed(shmwin_dtype_int(), 2, SHMWIN_ORDER_FORTRAN), SHMWIN_ERR_SHAPE_MISMATCH);
    EXPECT_EQ(found, nullptr);
    EXPECT_EQ(shmwin_array_find(seg, "b", &found), SHMWIN_ERR_NOT_FOUND);
    seg->whole->create_value<int>("v", 1);
    EXPECT_EQ(shmwin_array_find(seg, "v", &found), SHMWIN_ERR_TYPE_MISMATCH);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
}

TEST_F(CArray, IsFoundOrCreated) {
    shmwin_array* a = nullptr;
    int is_created = -1;
    auto const ask = [&](shmwin_dtype const* type) {
        return shmwin_array_find_or_create(
            seg, "a", type, 2, extents.data(), nullptr, &a, &is_created);
    };
    ASSERT_EQ(ask(shmwin_dtype_int()), SHMWIN_SUCCESS);
    EXPECT_EQ(is_created, 1);
    shmwin_array_free_handle(a);
    ASSERT_EQ(ask(shmwin_dtype_int()), SHMWIN_SUCCESS);
    EXPECT_EQ(is_created, 0);
    shmwin_array_free_handle(a);
    EXPECT_EQ(ask(shmwin_dtype_float()), SHMWIN_ERR_TYPE_MISMATCH);
    EXPECT_EQ(shmwin_last_error_is_agreed(), 1);
}

TEST_F(CArray, OfATakenNameIsAnErrorOfAll) {
    shmwin_array_free_handle(make("a", shmwin_dtype_int()));
    shmwin_array* again = nullptr;
    EXPECT_EQ(shmwin_array_create(seg, "a", shmwin_dtype_int(), 2, extents.data(), nullptr, &again),
              SHMWIN_ERR_ALREADY_EXISTS);
    EXPECT_EQ(again, nullptr);
    EXPECT_EQ(shmwin_last_error_is_agreed(), 1);
}

TEST_F(CArray, OfOptionsThatAreNoneIsAnError) {
    shmwin_array* made = nullptr;
    auto const ask = [&](shmwin_array_options const& options) {
        return shmwin_array_create(
            seg, "a", shmwin_dtype_int(), 2, extents.data(), &options, &made);
    };
    shmwin_array_options options = SHMWIN_ARRAY_OPTIONS_INIT;
    options.order = SHMWIN_ORDER_STRIDED;
    EXPECT_EQ(ask(options), SHMWIN_ERR_INVALID_ARGUMENT);
    options = SHMWIN_ARRAY_OPTIONS_INIT;
    options.touch = 3;
    EXPECT_EQ(ask(options), SHMWIN_ERR_INVALID_ARGUMENT);
    options = SHMWIN_ARRAY_OPTIONS_INIT;
    options.align = 3;
    EXPECT_EQ(ask(options), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_array_create(seg, "a", nullptr, 2, extents.data(), nullptr, &made),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_array_create(seg, "a", shmwin_dtype_int(), 2, nullptr, nullptr, &made),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_FALSE(seg->whole->contains("a"));
}

TEST_F(CArray, IsGoneOnceDestroyed) {
    auto* const a = make("a", shmwin_dtype_int());
    EXPECT_EQ(shmwin_array_is_valid(a), 1);
    EXPECT_EQ(shmwin_array_destroy(seg, a), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_array_is_valid(a), 0);
    EXPECT_EQ(shmwin_array_data(a), nullptr);
    EXPECT_EQ(shmwin_array_const_data(a), nullptr);
    std::array<std::int64_t, 2> strides{};
    EXPECT_EQ(shmwin_array_strides(a, strides.data()), SHMWIN_ERR_NOT_FOUND);
    shmwin_section* section = nullptr;
    EXPECT_EQ(shmwin_array_begin_write(a, -1, &section), SHMWIN_ERR_NOT_FOUND);
    EXPECT_EQ(shmwin_array_destroy(seg, a), SHMWIN_ERR_NOT_FOUND);
    shmwin_array_free_handle(a);
}

TEST_F(CArray, StaysMappedWhileAHandleExists) {
    shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
    options.capacity = std::size_t{8} << 20U;
    shmwin_segment* other = nullptr;
    ASSERT_EQ(shmwin_segment_open(on, &options, &other), SHMWIN_SUCCESS);
    shmwin_array* a = nullptr;
    ASSERT_EQ(shmwin_array_create(other, "a", shmwin_dtype_int(), 2, extents.data(), nullptr, &a),
              SHMWIN_SUCCESS);
    auto* const data = static_cast<int*>(shmwin_array_data(a));
    if (rank == 0) data[5] = 55;
    ASSERT_EQ(shmwin_segment_close(other), SHMWIN_SUCCESS);
    shmwin_segment_free_handle(other);
    EXPECT_EQ(data[5], 55);
    shmwin_array_free_handle(a);
}

TEST_F(CArray, IsFrozenAndThawed) {
    shmwin_array_options options = SHMWIN_ARRAY_OPTIONS_INIT;
    options.whole_pages = 1;
    auto* const a = make("a", shmwin_dtype_int(), &options);
    auto* const b = make("b", shmwin_dtype_int());
    ASSERT_EQ(shmwin_array_freeze(a), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_array_freeze(b), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_array_destroy(seg, a), SHMWIN_ERR_BUSY);
    ASSERT_EQ(shmwin_array_thaw(a), SHMWIN_SUCCESS);
    static_cast<int*>(shmwin_array_data(a))[rank] = 1; // no fault
    EXPECT_EQ(shmwin_array_destroy(seg, a), SHMWIN_SUCCESS);
    shmwin_array_free_handle(a);
    shmwin_array_free_handle(b);
}

TEST_F(CSection, IsFilledByOneAndReadByAll) {
    auto* const a = make("a", shmwin_dtype_int64());
    auto* const data = static_cast<std::int64_t*>(shmwin_array_data(a));
    shmwin_section* section = nullptr;
    if (rank == last) {
        ASSERT_EQ(shmwin_array_begin_write(a, -1, &section), SHMWIN_SUCCESS);
        EXPECT_EQ(shmwin_section_version(section), 1U);
        EXPECT_EQ(shmwin_section_is_repair(section), 0);
        data[7] = 70;
        shmwin_section* second = nullptr;
        EXPECT_EQ(shmwin_array_begin_write(a, 0, &second), SHMWIN_ERR_WOULD_DEADLOCK);
        shmwin_section_end(section);
    }
    ASSERT_EQ(shmwin_array_begin_read(a, 1, -1, &section), SHMWIN_SUCCESS);
    EXPECT_EQ(data[7], 70);
    EXPECT_EQ(shmwin_section_version(section), 1U);
    shmwin_section_end(section);
    EXPECT_EQ(shmwin_array_begin_read(a, 2, 0.01, &section), SHMWIN_ERR_TIMED_OUT);
    EXPECT_EQ(section, nullptr);
    shmwin_section_end(nullptr);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    shmwin_array_free_handle(a);
}

TEST_F(CSection, ThatIsGivenUpIsRepaired) {
    auto* const a = make("a", shmwin_dtype_int64());
    shmwin_section* section = nullptr;
    if (rank == 0) {
        ASSERT_EQ(shmwin_array_begin_write(a, -1, &section), SHMWIN_SUCCESS);
        shmwin_section_give_up(section);
    }
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_array_begin_write(a, -1, &section), SHMWIN_ERR_OWNER_DIED);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    if (rank == last) {
        ASSERT_EQ(shmwin_array_begin_repair(a, &section), SHMWIN_SUCCESS);
        EXPECT_EQ(shmwin_section_is_repair(section), 1);
        shmwin_section_end(section);
    }
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    ASSERT_EQ(shmwin_array_begin_read(a, 1, -1, &section), SHMWIN_SUCCESS) << shmwin_last_error();
    shmwin_section_end(section);
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    shmwin_array_free_handle(a);
}

TEST_F(CLevels, AreTheOnesOfCpp) {
    shmwin_array_options options = SHMWIN_ARRAY_OPTIONS_INIT;
    options.n_levels = 3;
    shmwin_levels* u = nullptr;
    ASSERT_EQ(
        shmwin_levels_create(seg, "u", shmwin_dtype_double(), 2, extents.data(), &options, &u),
        SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_levels_count(u), 3);
    EXPECT_EQ(shmwin_levels_index_of_now(u), 0);
    std::int64_t begin = -1;
    std::int64_t end = -1;
    ASSERT_EQ(shmwin_levels_rows(u, &begin, &end), SHMWIN_SUCCESS);
    auto* const next = static_cast<double*>(shmwin_levels_next(u));
    for (auto i = begin; i < end; ++i)
        next[4 * i + 3] = 1.0 + double(i);
    auto const* const before = shmwin_levels_now(u);
    ASSERT_EQ(shmwin_levels_flip(u), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_levels_now(u), next);
    EXPECT_EQ(shmwin_levels_ago(u, 1), before);
    EXPECT_EQ(shmwin_levels_ago(u, 3), nullptr);
    EXPECT_EQ(shmwin_levels_level(u, 1), next);
    EXPECT_EQ(shmwin_levels_level(u, -1), nullptr);
    EXPECT_EQ((seg->whole->find_levels<double, 2>("u").now()(5, 3)), 6.0);
    EXPECT_EQ(shmwin_levels_dtype(u), shmwin_dtype_double());
    EXPECT_EQ(shmwin_levels_n_dims(u), 2U);
    EXPECT_EQ(shmwin_levels_shape(u)[1], 4);
    EXPECT_EQ(shmwin_levels_size(u), 24);
    EXPECT_EQ(shmwin_levels_order(u), SHMWIN_ORDER_C);
    std::array<std::int64_t, 2> strides{};
    EXPECT_EQ(shmwin_levels_strides(u, strides.data()), SHMWIN_SUCCESS);
    EXPECT_THAT(strides, ElementsAre(32, 8));
    EXPECT_EQ(shmwin_levels_rows_of(u, -1, &begin, &end), SHMWIN_ERR_OUT_OF_RANGE);
    shmwin_levels* found = nullptr;
    ASSERT_EQ(shmwin_levels_find(seg, "u", &found), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_levels_now(found), next);
    shmwin_levels_free_handle(found);
    EXPECT_EQ(shmwin_levels_destroy(seg, u), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_levels_is_valid(u), 0);
    EXPECT_EQ(shmwin_levels_now(u), nullptr);
    EXPECT_EQ(shmwin_levels_next(u), nullptr);
    EXPECT_EQ(shmwin_levels_index_of_now(u), -1);
    EXPECT_EQ(shmwin_levels_flip(u), SHMWIN_ERR_NOT_FOUND);
    shmwin_levels_free_handle(u);
}

TEST_F(CAdopt, OfAWindowIsAnArray) {
    MPI_Win window = MPI_WIN_NULL;
    int* base = nullptr;
    MPI_Win_allocate_shared(MPI_Aint{64}, 1, MPI_INFO_NULL, shmwin_node_comm(on), &base, &window);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window);
    std::array<std::int64_t, 2> const shape{size, 16};
    shmwin_array* a = nullptr;
    ASSERT_EQ(shmwin_array_adopt_window(
                  seg, "w", window, shmwin_dtype_int(), 2, shape.data(), nullptr, &a),
              SHMWIN_SUCCESS)
        << shmwin_last_error();
    EXPECT_EQ(shmwin_array_offset(a), 0U);
    static_cast<int*>(shmwin_array_data(a))[16 * rank + 3] = 70 + rank;
    ASSERT_EQ(shmwin_segment_fence(seg), SHMWIN_SUCCESS);
    EXPECT_EQ((seg->whole->find_array<int, 2>("w")(last, 3)), 70 + last);
    ASSERT_EQ(shmwin_array_destroy(seg, a), SHMWIN_SUCCESS);
    shmwin_array_free_handle(a);
    EXPECT_EQ(shmwin_array_adopt_window(
                  seg, "w", MPI_WIN_NULL, shmwin_dtype_int(), 2, shape.data(), nullptr, &a),
              SHMWIN_ERR_INVALID_ARGUMENT);
    MPI_Win_unlock_all(window);
    MPI_Win_free(&window);
}

void count_release(void* context) {
    ++*static_cast<int*>(context);
}

TEST_F(CAdopt, ReleasesMemoryOnceNobodyUsesIt) {
    std::vector<int> mine(48);
    std::iota(mine.begin(), mine.end(), 0);
    int n_released = 0;
    std::array<std::int64_t, 2> const every_other{32, 8};
    shmwin_adopt_options options = SHMWIN_ADOPT_OPTIONS_INIT;
    options.is_read_only = 1;
    shmwin_array* a = nullptr;
    auto const adopt = [&](std::int64_t const* strides) {
        return shmwin_array_adopt(seg,
                                  "a",
                                  mine.data(),
                                  shmwin_dtype_int(),
                                  2,
                                  extents.data(),
                                  strides,
                                  &options,
                                  count_release,
                                  &n_released,
                                  &a);
    };
    ASSERT_EQ(adopt(every_other.data()), SHMWIN_SUCCESS) << shmwin_last_error();
    EXPECT_EQ(shmwin_array_order(a), SHMWIN_ORDER_STRIDED);
    EXPECT_EQ(shmwin_array_data(a), nullptr); // is read-only
    EXPECT_EQ(shmwin_array_const_data(a), mine.data());
    EXPECT_EQ((seg->whole->find_any_array("a").view().as<int const, 2>()(2, 3)), 22);
    shmwin_array* second = nullptr;
    ASSERT_EQ(shmwin_array_find(seg, "a", &second), SHMWIN_SUCCESS);
    ASSERT_EQ(shmwin_array_destroy(seg, a), SHMWIN_SUCCESS);
    shmwin_array_free_handle(a);
    EXPECT_EQ(n_released, 0);
    shmwin_array_free_handle(second);
    EXPECT_EQ(n_released, 1);
    std::array<std::int64_t, 2> const odd{32, 6};
    EXPECT_EQ(adopt(odd.data()), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(n_released, 1); // still the caller's
    ASSERT_EQ(adopt(nullptr), SHMWIN_SUCCESS);
    EXPECT_EQ(shmwin_array_order(a), SHMWIN_ORDER_C);
    ASSERT_EQ(shmwin_segment_destroy(seg, "a"), SHMWIN_SUCCESS);
    shmwin_array_free_handle(a);
    EXPECT_EQ(n_released, 2);
}

TEST_F(CArray, OfNullIsNothing) {
    shmwin_array_free_handle(nullptr);
    shmwin_levels_free_handle(nullptr);
    EXPECT_EQ(shmwin_array_data(nullptr), nullptr);
    EXPECT_EQ(shmwin_array_dtype(nullptr), nullptr);
    EXPECT_EQ(shmwin_array_size(nullptr), 0);
    EXPECT_EQ(shmwin_array_is_valid(nullptr), 0);
    EXPECT_EQ(shmwin_array_freeze(nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_levels_flip(nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_levels_count(nullptr), 0);
}

} // namespace
} // namespace shmwin
