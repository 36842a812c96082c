// SPDX-License-Identifier: MIT
// Values whose type is known at run time: the same atomics as those of the template.
#include "shmwin/segment/segment.hpp"

#include "support/described_types.hpp"
#include "support/open_segment.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <complex>
#include <cstdint>
#include <gmock/gmock.h>
#include <string>

namespace shmwin {
namespace {

using namespace test;
using testing::HasSubstr;

using AnyValue = open_segment;

template <typename T>
T loaded(any_value const& v) {
    T seen{};
    v.load(&seen);
    return seen;
}

TEST_F(AnyValue, CountsForAllRanks) {
    double const begin = 0.5;
    auto const v = seg.create_value("v", dtype_of<double>, &begin);
    double const one = 1.0;
    double before = 0;
    for (int i = 0; i < 1000; ++i)
        v.fetch_add(&one, &before);
    seg.fence();
    EXPECT_EQ(seg.find_value<double>("v").load(), 0.5 + 1000.0 * size);
    EXPECT_EQ(loaded<double>(seg.find_any_value("v")), 0.5 + 1000.0 * size);
    seg.fence();
}

TEST_F(AnyValue, DoesWhatIntegersDo) {
    std::int16_t const begin = 12;
    auto const v = seg.create_value("v" + std::to_string(0), dtype_of<std::int16_t>, &begin);
    if (rank == 0) {
        std::int16_t before = 0;
        std::int16_t operand = 5;
        v.fetch_sub(&operand, &before); // 7
        EXPECT_EQ(before, 12);
        operand = 3;
        v.fetch_min(&operand, &before); // 3
        EXPECT_EQ(before, 7);
        operand = 9;
        v.fetch_max(&operand, &before); // 9
        operand = 12;
        v.fetch_and(&operand, &before); // 8
        EXPECT_EQ(before, 9);
        operand = 1;
        v.fetch_or(&operand, &before); // 9
        operand = 3;
        v.fetch_xor(&operand, &before); // 10
        EXPECT_EQ(before, 9);
        operand = -4;
        v.exchange(&operand, &before);
        EXPECT_EQ(before, 10);
        std::int16_t expected = 10;
        operand = 77;
        EXPECT_FALSE(v.compare_exchange(&expected, &operand));
        EXPECT_EQ(expected, -4);
        EXPECT_TRUE(v.compare_exchange(&expected, &operand));
    }
    seg.fence();
    EXPECT_EQ(loaded<std::int16_t>(v), 77);
    seg.fence();
}

TEST_F(AnyValue, RefusesWhatItsTypeCannot) {
    std::complex<float> const z{1, 2};
    auto const v = seg.create_value("z", dtype_of<std::complex<float>>, &z);
    EXPECT_EQ(loaded<std::complex<float>>(v), z);
    std::complex<float> before;
    auto const sum = error_of([&] { v.fetch_add(&z, &before); });
    EXPECT_EQ(sum->code, errc::type_mismatch);
    float const x = 1;
    auto const w = seg.create_value("x", dtype_of<float>, &x);
    float seen = 0;
    EXPECT_THAT(error_of([&] { w.fetch_or(&x, &seen); })->text, HasSubstr("no integer"));
    particle const p{};
    auto const large = error_of([&] { seg.create_value("p", dtype_of<particle>, &p); });
    EXPECT_EQ(large->code, errc::invalid_argument);
    seg.fence();
}

TEST_F(AnyValue, IsWaitedFor) {
    std::uint8_t const begin = 0;
    auto const v = seg.create_value("v", dtype_of<std::uint8_t>, &begin);
    std::uint8_t seen = 0;
    auto const soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
    EXPECT_FALSE(v.wait(&begin, &seen, soon));
    seg.fence();
    if (rank == 0) {
        std::uint8_t const one = 1;
        v.store(&one);
        v.notify();
    }
    EXPECT_TRUE(v.wait(&begin, &seen));
    EXPECT_EQ(seen, 1);
    seg.fence();
}

} // namespace
} // namespace shmwin
