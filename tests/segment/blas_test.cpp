// SPDX-License-Identifier: MIT
// The raw way out: BLAS works on arrays of the segment by pointer and leading dimension.
#include "shmwin/segment/array.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <cstdint>

extern "C" {
#include <cblas.h>
}

namespace shmwin {
namespace {

struct Blas : test::open_segment {};

// Small whole numbers: sums are exact, in any order.
double entry(std::int64_t i, std::int64_t j) {
    return static_cast<double>((3 * i + 5 * j) % 17 - 8);
}

template <typename Array>
void set_my_rows(Array const& a) {
    for (auto const i : a.rows()) {
        for (std::int64_t j = 0; j < a.extent(1); ++j) {
            a(i, j) = entry(i, j);
        }
    }
}

double product_entry(std::int64_t i, std::int64_t j, std::int64_t n) {
    double sum = 0;
    for (std::int64_t k = 0; k < n; ++k) {
        sum += entry(i, k) * entry(k, j);
    }
    return sum;
}

int to_int(std::int64_t n) {
    return static_cast<int>(n);
}

TEST_F(Blas, MultipliesTheRowsOfEachRankInPlace) {
    auto const a = seg.create_array<double>("a", shape(23, 19));
    auto const b = seg.create_array<double>("b", shape(19, 31));
    auto const c = seg.create_array<double>("c", shape(23, 31));
    set_my_rows(a);
    set_my_rows(b);
    seg.fence();
    auto const mine = c.block().local();
    cblas_dgemm(CblasRowMajor,
                CblasNoTrans,
                CblasNoTrans,
                to_int(mine.extent(0)),
                to_int(c.extent(1)),
                to_int(a.extent(1)),
                1.0,
                a.block().data(),
                to_int(a.stride(0)),
                b.data(),
                to_int(b.stride(0)),
                0.0,
                mine.data_handle(),
                to_int(c.stride(0)));
    seg.fence();
    for (std::int64_t i = 0; i < c.extent(0); ++i) {
        for (std::int64_t j = 0; j < c.extent(1); ++j) {
            ASSERT_EQ(c(i, j), product_entry(i, j, a.extent(1))) << i << ", " << j;
        }
    }
}

TEST_F(Blas, TakesFortransOrder) {
    auto const a = seg.create_array<double, layout_left>("a", shape(7, 5));
    auto const x = seg.create_array<double>("x", shape(5));
    auto const y = seg.create_array<double>("y", shape(7));
    set_my_rows(a);
    for (auto const j : x.rows()) {
        x(j) = static_cast<double>(j + 1);
    }
    seg.fence();
    if (rank == 0) {
        auto const n_rows = to_int(a.extent(0));
        auto const n_columns = to_int(a.extent(1));
        auto const lda = to_int(a.stride(1));
        cblas_dgemv(CblasColMajor,
                    CblasNoTrans,
                    n_rows,
                    n_columns,
                    1.0,
                    a.data(),
                    lda,
                    x.data(),
                    1,
                    0.0,
                    y.data(),
                    1);
    }
    seg.fence();
    for (std::int64_t i = 0; i < y.extent(0); ++i) {
        double sum = 0;
        for (std::int64_t j = 0; j < x.extent(0); ++j) {
            sum += entry(i, j) * static_cast<double>(j + 1);
        }
        ASSERT_EQ(y(i), sum) << i;
    }
}

} // namespace
} // namespace shmwin
