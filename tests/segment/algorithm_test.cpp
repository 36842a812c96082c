// SPDX-License-Identifier: MIT
// Algorithms of all ranks: what they store, and that sums are the same to the last bit on any
// number of ranks. Errors: algorithm_errors_test.cpp.
#include "shmwin/segment/algorithm.hpp"
#include "shmwin/segment/segment.hpp"
#include "shmwin/view/block.hpp"
#include "shmwin/view/ghost.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

struct Algorithm : open_segment {};

template <typename Layout>
struct AlgorithmOf : Algorithm {};
using Layouts = testing::Types<layout_right, layout_left>;
TYPED_TEST_SUITE(AlgorithmOf, Layouts);

// On every rank, so that nothing which another rank stored is missed.
template <typename View, typename F>
void expect_each(View const& view, F const& expected) {
    for (std::int64_t i = 0; i < view.extent(0); ++i)
        for (std::int64_t j = 0; j < view.extent(1); ++j)
            ASSERT_EQ(view(i, j), expected(i, j)) << i << ' ' << j;
}

// --- fill, copy, transform, for_each_block -------------------------------------------------------

TYPED_TEST(AlgorithmOf, FillStoresToAllElements) {
    for (std::int64_t const n : {0, 1, 3, 64}) {
        auto const a = this->seg.template create_array<double, TypeParam>("a", shape(n, 5));
        for (double const value : {1.5, 2.5}) {
            fill(this->seg, a, value);
            expect_each(a.view(), [=](auto, auto) { return value; });
        }
        fill(this->seg, block<1>(a, 1, 2), 7.0); // columns 3 and 4
        expect_each(a.view(), [](auto, auto j) { return j < 3 ? 2.5 : 7.0; });
        this->seg.fence();
        this->seg.destroy(a);
    }
}

TYPED_TEST(AlgorithmOf, CopyKeepsIndicesWhateverTheLayouts) {
    auto const value = [](auto i, auto j) { return static_cast<int>(100 * i + j); };
    for (std::int64_t const n : {0, 1, 13}) {
        auto const from = this->seg.template create_array<int, TypeParam>("from", shape(n, 7));
        auto const to = this->seg.template create_array<int>("to", shape(n, 7));
        for (auto const i : from.rows())
            for (std::int64_t j = 0; j < 7; ++j)
                from(i, j) = value(i, j);
        copy(this->seg, array<int const, 2, TypeParam>(from), to);
        expect_each(to.view(), value);
        this->seg.fence();
        this->seg.destroy(from);
        this->seg.destroy(to);
    }
}

TYPED_TEST(AlgorithmOf, TransformCallsItOnceForEachElement) {
    auto const a = this->seg.template create_array<double, TypeParam>("a", shape(9, 11));
    auto const b = this->seg.template create_array<float>("b", shape(9, 11));
    auto const c = this->seg.template create_array<int, TypeParam>("c", shape(9, 11));
    fill(this->seg, a, 2);
    fill(this->seg, b, 3);
    std::int64_t n_calls = 0;
    transform(this->seg, a, b, c, [&](double x, float y) {
        ++n_calls;
        return x * 10 + static_cast<double>(y);
    });
    expect_each(c.view(), [](auto, auto) { return 23; });
    std::int64_t n_all = 0;
    MPI_Allreduce(&n_calls, &n_all, 1, MPI_INT64_T, MPI_SUM, this->world);
    EXPECT_EQ(n_all, 99);
    transform(this->seg, c, c, [](int x) { return x + 1; }); // in place
    expect_each(c.view(), [](auto, auto) { return 24; });
    transform(this->seg, a, b, c, a, [](double x, float y, int z) {
        return x + static_cast<double>(y) + z;
    });
    expect_each(a.view(), [](auto, auto) { return 29.0; });
}

TYPED_TEST(AlgorithmOf, ForEachBlockGivesEachRankItsRows) {
    auto const a = this->seg.template create_array<int, TypeParam>("a", shape(10, 3));
    int n_calls = 0;
    for_each_block(this->seg, a, [&](auto const& mine) {
        ++n_calls;
        EXPECT_EQ(mine.range(), a.rows());
        for (auto const i : mine.range())
            for (std::int64_t j = 0; j < 3; ++j)
                mine(i, j) = static_cast<int>(10 * i + j);
    });
    EXPECT_EQ(n_calls, 1);
    expect_each(a.view(), [](auto i, auto j) { return static_cast<int>(10 * i + j); });
}

TEST_F(Algorithm, LevelsAndScratchArraysTakePart) {
    auto u = seg.create_levels<double>("u", shape(6, 6));
    auto const work = seg.scratch_array<double>(shape(6, 6));
    fill(seg, u.next(), 4.0);
    u.flip();
    copy(seg, u.now(), work);
    transform(seg, work, u.now(), u.next(), std::plus<>());
    expect_each(u.next(), [](auto, auto) { return 8.0; });
    EXPECT_EQ(reduce(seg, work, 0.0, std::plus<>()), 144.0);
    EXPECT_EQ(reduce(seg, inner(u.next(), 1), 0.0, std::plus<>()), 128.0);
}

TEST_F(Algorithm, ElementsOfAnyKind) {
    using complex = std::complex<double>;
    auto const z = seg.create_array<complex>("z", shape(100));
    fill(seg, z, complex(1, 2));
    EXPECT_EQ(reduce(seg, z, complex(0, 1), std::plus<>()), complex(100, 201));
    auto const small = seg.create_array<std::uint8_t>("small", shape(10, 100));
    fill(seg, small, 200);
    EXPECT_EQ(reduce(seg, small, 0, std::plus<>()), 200'000); // int, as init says
    auto const one = seg.create_array<int>("one", shape());
    fill(seg, one, 5);
    EXPECT_EQ(reduce(seg, one, 10, std::minus<>()), 5);
}

TEST_F(Algorithm, OrderMemoryOnBothSides) {
    auto const a = seg.create_array<int>("a", shape(1000));
    auto const b = seg.create_array<int>("b", shape(1000));
    for (int step = 1; step <= 100; ++step) {
        auto const view = a.view();
        for (auto const i : a.rows())
            view(i) = step; // no fence: copy() begins with one
        copy(seg, a, b);
        ASSERT_EQ(std::count(b.data(), b.data() + 1000, step), 1000) << "step " << step;
        // No fence here either: b is not written before all have come to the next copy().
    }
}

// --- reduce --------------------------------------------------------------------------------------

// The order that reduce() promises, written down a second time.
template <typename T, typename Op>
T tree(std::vector<T> values, Op op) {
    while (values.size() > 1) {
        std::vector<T> pairs;
        for (std::size_t i = 0; i < values.size(); i += 2)
            pairs.push_back(i + 1 < values.size() ? op(values[i], values[i + 1]) : values[i]);
        values = pairs;
    }
    return values.front();
}

template <typename T, typename Op>
T fold(std::vector<T> const& values, std::size_t first, std::size_t n, Op op) {
    T sum = values[first];
    for (std::size_t i = 1; i < n; ++i)
        sum = op(sum, values[first + i]);
    return sum;
}

template <typename T, typename Op>
T expected_sum(std::vector<T> const& values, T init, Op op) {
    std::vector<T> chunks;
    for (std::size_t first = 0; first < values.size(); first += 4000) {
        auto const n = std::min<std::size_t>(4000, values.size() - first);
        std::vector<T> runs;
        if (n < 4000) {
            runs.push_back(fold(values, first, n, op));
        } else {
            for (std::size_t run = 0; run < 8; ++run)
                runs.push_back(fold(values, first + run * 500, 500, op));
        }
        chunks.push_back(tree(runs, op));
    }
    return chunks.empty() ? init : op(init, tree(chunks, op));
}

// Numbers whose sum depends on the order in nearly every step: the same on all ranks.
std::vector<double> numbers(std::int64_t n) {
    std::mt19937_64 random(4711);
    std::vector<double> values;
    for (std::int64_t i = 0; i < n; ++i) {
        auto const mantissa = static_cast<double>(random() >> 11U) - 0x1p52;
        values.push_back(std::ldexp(mantissa, static_cast<int>(random() % 40) - 60));
    }
    return values;
}

std::uint64_t bits(double x) {
    return std::bit_cast<std::uint64_t>(x);
}

TEST_F(Algorithm, ReduceIsTheSameToTheLastBitOnAnyNumberOfRanks) {
    for (std::int64_t const n : {1, 2, 499, 3999, 4000, 4001, 8000, 20'001, 123'457}) {
        auto const values = numbers(n);
        auto const a = seg.create_array<double>("a", shape(n));
        for (auto const i : a.rows())
            a(i) = values[static_cast<std::size_t>(i)];
        auto const sum = reduce(seg, a, 0.5, std::plus<>());
        auto const expected = expected_sum(values, 0.5, std::plus<>());
        EXPECT_EQ(bits(sum), bits(expected)) << n << " elements";
        if (n > 4000) {
            auto const in_line = 0.5 + fold(values, 0, values.size(), std::plus<>());
            EXPECT_NE(bits(sum), bits(in_line)) << "the order does not matter: a weak test";
        }
        seg.fence();
        seg.destroy(a);
    }
}

// Elements of a view with gaps come in the order of their indices; of layout_left, of memory.
TEST_F(Algorithm, ReduceTakesTheElementsInTheOrderOfTheView) {
    constexpr std::int64_t n_rows = 150;
    constexpr std::int64_t n_columns = 101;
    auto const values = numbers(n_rows * n_columns);
    auto const a = seg.create_array<double>("a", shape(n_rows, n_columns));
    auto const b = seg.create_array<double, layout_left>("b", shape(n_columns, n_rows));
    for (auto const i : a.rows())
        for (std::int64_t j = 0; j < n_columns; ++j)
            a(i, j) = values[static_cast<std::size_t>(i * n_columns + j)];
    for_each_block(seg, b, [&](auto const& mine) {
        for (auto const i : mine.range())
            for (std::int64_t j = 0; j < n_rows; ++j)
                mine(i, j) = values[static_cast<std::size_t>(j * n_columns + i)];
    });
    auto const all = expected_sum(values, 0.0, std::plus<>());
    EXPECT_EQ(bits(reduce(seg, a, 0.0, std::plus<>())), bits(all));
    EXPECT_EQ(bits(reduce(seg, b, 0.0, std::plus<>())), bits(all));
    std::vector<double> some;
    for (std::int64_t i = 1; i < n_rows - 1; ++i)
        for (std::int64_t j = 1; j < n_columns - 1; ++j)
            some.push_back(a(i, j));
    EXPECT_EQ(bits(reduce(seg, inner(a, 1), 0.0, std::plus<>())),
              bits(expected_sum(some, 0.0, std::plus<>())));
}

// x -> a x + b, put one into the other: associative, and nowhere commutative.
struct affine {
    std::uint32_t a;
    std::uint32_t b;
};

TEST_F(Algorithm, ReduceKeepsTheOrderOfOperands) {
    constexpr std::int64_t n = 12'345;
    auto const source = seg.create_array<std::uint32_t>("source", shape(n));
    for (auto const i : source.rows())
        source(i) = static_cast<std::uint32_t>(i * 2654435761 + 1);
    auto const then = [](affine f, affine g) { return affine{g.a * f.a, g.a * f.b + g.b}; };
    auto const as_affine = [](auto x) {
        if constexpr (std::is_same_v<decltype(x), affine>)
            return x;
        else
            return affine{x | 1U, x >> 3U};
    };
    auto const all = reduce(seg, source, affine{1, 0}, then, as_affine);
    affine expected{1, 0};
    for (std::int64_t i = 0; i < n; ++i)
        expected = then(expected, as_affine(source(i)));
    EXPECT_EQ(all.a, expected.a);
    EXPECT_EQ(all.b, expected.b);
}

TEST_F(Algorithm, ReduceFindsExtremes) {
    auto const a = seg.create_array<double>("a", shape(301, 97));
    for (auto const i : a.rows())
        for (std::int64_t j = 0; j < 97; ++j)
            a(i, j) = std::sin(static_cast<double>(i * 97 + j));
    a(17, 3) = 5; // all ranks the same value
    auto const largest = [](double x, double y) { return std::max(x, y); };
    constexpr auto least = -std::numeric_limits<double>::infinity();
    EXPECT_EQ(reduce(seg, a, least, largest), 5.0);
    EXPECT_EQ(reduce(seg, a, 0, std::plus<>(), [](double x) { return x > 4 ? 1 : 0; }), 1);
}

TEST_F(Algorithm, ReduceOfNothingIsInit) {
    auto const none = seg.create_array<double>("none", shape(0, 5));
    EXPECT_EQ(reduce(seg, none, 7.5, std::plus<>()), 7.5);
}

TEST_F(Algorithm, ReduceLeavesNothingBehind) {
    auto const a = seg.create_array<double>("a", shape(100'000));
    seg.fence();
    auto const before = seg.heap().stats().used;
    seg.fence();
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(reduce(seg, a, 1.0, std::plus<>()), 1.0);
    seg.fence();
    EXPECT_EQ(seg.heap().stats().used, before);
    expect_sound(seg);
}

// --- what does not compile -----------------------------------------------------------------------

template <typename To>
concept can_fill = requires(segment& seg, To const& to) {
    fill(seg, to, 1);
};

TEST_F(Algorithm, WriteToNoConstElements) {
    static_assert(can_fill<array<double, 2>> && can_fill<scratch_array<double, 1>>);
    static_assert(!can_fill<array<double const, 2>> && !can_fill<std::vector<int>>);
}

} // namespace
} // namespace shmwin
