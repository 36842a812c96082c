// SPDX-License-Identifier: MIT
// Algorithms of all ranks: what is wrong on one rank is the error of all, and the segment goes on.
#include "shmwin/base/error.hpp"
#include "shmwin/segment/algorithm.hpp"
#include "shmwin/segment/segment.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <functional>
#include <gmock/gmock.h>
#include <stdexcept>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

struct AlgorithmErrors : open_segment {};

TEST_F(AlgorithmErrors, ShapesThatDifferAreAnErrorOfAll) {
    auto const a = seg.create_array<int>("a", shape(3, 4));
    auto const b = seg.create_array<int>("b", shape(4, 3));
    auto const thrown = agreed_error_of(world, [&] { copy(seg, a, b); });
    EXPECT_EQ(thrown.code, errc::shape_mismatch);
    EXPECT_THAT(thrown.text, HasSubstr("copy of 3 x 4 and 4 x 3"));
    auto const again = agreed_error_of(world, [&] { transform(seg, a, b, a, std::plus<>()); });
    EXPECT_EQ(again.code, errc::shape_mismatch);
    seg.fence();
}

TEST_F(AlgorithmErrors, AnArrayThatIsGoneIsAnErrorOfAll) {
    auto const a = seg.create_array<int>("a", shape(3));
    seg.destroy(a);
    EXPECT_EQ(agreed_error_of(world, [&] { fill(seg, a, 1); }).code, errc::not_found);
    array<int, 1> const none;
    EXPECT_EQ(agreed_error_of(world, [&] { (void)reduce(seg, none, 0, std::plus<>()); }).code,
              errc::not_found);
    seg.fence();
}

TEST_F(AlgorithmErrors, WhatOneRankThrowsAllThrow) {
    auto const a = seg.create_array<double>("a", shape(1000));
    auto const poison = [&](double x) {
        if (rank == last) throw std::runtime_error("no root of -1");
        return x;
    };
    auto const of_transform = agreed_error_of(world, [&] { transform(seg, a, a, poison); });
    EXPECT_EQ(of_transform.code, errc::system_failure);
    EXPECT_EQ(of_transform.rank, last);
    EXPECT_THAT(of_transform.text, HasSubstr("transform failed (no root of -1)"));
    auto const of_block = agreed_error_of(world, [&] {
        for_each_block(seg, a, [&](auto const&) {
            if (rank == 0) raise(errc::out_of_range, "a value is too large");
        });
    });
    EXPECT_EQ(of_block.code, errc::out_of_range);
    EXPECT_EQ(of_block.rank, 0);
    seg.fence(); // and the segment goes on
    fill(seg, a, 2.0);
    EXPECT_EQ(reduce(seg, a, 0.0, std::plus<>()), 2000.0);
}

TEST_F(AlgorithmErrors, WhatTheOperationOfAReductionThrowsAllThrow) {
    auto const a = seg.create_array<double>("a", shape(50'000));
    fill(seg, a, 1.0);
    auto const before = seg.heap().stats().used;
    seg.fence();
    auto const in_a_chunk = [](double x, double y) {
        if (x + y > 100) throw std::overflow_error("more than 100");
        return x + y;
    };
    auto const in_the_tree = [](double x, double y) {
        if (x + y > 8000) throw std::overflow_error("more than 8000");
        return x + y;
    };
    for (auto const& op : {std::function<double(double, double)>(in_a_chunk),
                           std::function<double(double, double)>(in_the_tree)}) {
        auto const thrown = agreed_error_of(world, [&] { (void)reduce(seg, a, 0.0, op); });
        EXPECT_EQ(thrown.code, errc::system_failure);
        EXPECT_THAT(thrown.text, HasSubstr("more than"));
    }
    seg.fence();
    EXPECT_EQ(seg.heap().stats().used, before);
}

TEST_F(AlgorithmErrors, OtherArgumentsOfOneRankAreAnErrorOfAll) {
    if (size == 1) GTEST_SKIP() << "nobody to disagree with";
    auto const a = seg.create_array<double>("a", shape(10));
    auto const b = seg.create_array<double>("b", shape(10));
    auto const other_value = agreed_error_of(world, [&] { fill(seg, a, rank == last ? 1 : 2); });
    EXPECT_EQ(other_value.code, errc::disagreement);
    auto const other_array = agreed_error_of(world, [&] { fill(seg, rank == 0 ? a : b, 1); });
    EXPECT_EQ(other_array.code, errc::disagreement);
    auto const other_call = agreed_error_of(world, [&] {
        if (rank == last)
            seg.fence();
        else
            copy(seg, a, b);
    });
    EXPECT_EQ(other_call.code, errc::disagreement);
    EXPECT_EQ(reduce(seg, a, 0.0, std::plus<>()), 0.0) << "something was stored all the same";
}

TEST_F(AlgorithmErrors, NeedAnOpenSegment) {
    auto const a = seg.create_array<double>("a", shape(10));
    seg.close();
    EXPECT_EQ(error_of([&] { fill(seg, a, 1); })->code, errc::closed);
}

} // namespace
} // namespace shmwin
