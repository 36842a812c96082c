// SPDX-License-Identifier: MIT
// The raw way out: Eigen::Map is a view of an array of the segment, by pointer, extents and
// strides.
#include "shmwin/segment/array.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cstdint>

namespace shmwin {
namespace {

struct EigenMap : test::open_segment {};

using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using column_major = Eigen::MatrixXd;

double entry(std::int64_t i, std::int64_t j) {
    return static_cast<double>(100 * i + j);
}

TEST_F(EigenMap, WritesTheRowsOfEachRank) {
    auto const u = seg.create_array<double>("u", shape(13, 6));
    auto const mine = u.block();
    Eigen::Map<row_major> rows(mine.data(), mine.range().size(), u.extent(1));
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
        for (Eigen::Index j = 0; j < rows.cols(); ++j) {
            rows(i, j) = entry(mine.range().first + i, j);
        }
    }
    seg.fence();
    Eigen::Map<row_major const> const whole(u.data(), u.extent(0), u.extent(1));
    EXPECT_EQ(whole(12, 5), entry(12, 5));
    double sum = 0;
    for (std::int64_t i = 0; i < u.extent(0); ++i) {
        for (std::int64_t j = 0; j < u.extent(1); ++j) {
            EXPECT_EQ(u(i, j), entry(i, j));
            sum += u(i, j);
        }
    }
    EXPECT_EQ(whole.sum(), sum);
}

TEST_F(EigenMap, TakesFortransOrder) {
    auto const u = seg.create_array<double, layout_left>("u", shape(4, 9));
    if (rank == last) {
        Eigen::Map<column_major> m(u.data(), u.extent(0), u.extent(1));
        m.setConstant(2.0);
        m(3, 0) = 7.0;
    }
    seg.fence();
    EXPECT_EQ(u(3, 0), 7.0);
    EXPECT_EQ(u(0, 1), 2.0);
    EXPECT_EQ(u(3, 8), 2.0);
}

TEST_F(EigenMap, TakesOneColumnByItsStride) {
    auto const u = seg.create_array<double>("u", shape(8, 5));
    for (auto const i : u.rows()) {
        u(i, 3) = static_cast<double>(i);
    }
    seg.fence();
    Eigen::Map<Eigen::VectorXd const, 0, Eigen::InnerStride<>> const column(
        &u(0, 3), u.extent(0), Eigen::InnerStride<>(u.stride(0)));
    EXPECT_EQ(column.sum(), 28.0);
    EXPECT_EQ(column(7), 7.0);
}

} // namespace
} // namespace shmwin
