// SPDX-License-Identifier: MIT
// payload_source: any range of an object's bytes, against the elements copied one by one.
#include "io/payload_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace shmwin::detail {
namespace {

using bytes = std::vector<std::byte>;

bytes numbered(std::size_t n) {
    bytes all(n);
    for (std::size_t i = 0; i < n; ++i)
        all[i] = static_cast<std::byte>(i * 7 + i / 251);
    return all;
}

// Every range: gathered, scattered into a copy, and in place where it is contiguous.
void expect_sequence(payload_source const& source, bytes const& expected) {
    for (std::size_t begin = 0; begin < expected.size(); ++begin) {
        for (std::size_t n = 1; n <= expected.size() - begin; ++n) {
            bytes got(n);
            source.gather(begin, got);
            ASSERT_TRUE(std::equal(got.begin(), got.end(), &expected[begin])) << begin << ' ' << n;
            std::size_t n_runs = 0;
            std::size_t n_bytes = 0;
            std::byte const* first = nullptr;
            source.for_each_run(begin, n, [&](std::span<std::byte> run) {
                if (n_runs++ == 0) first = run.data();
                n_bytes += run.size();
            });
            ASSERT_EQ(n_bytes, n);
            ASSERT_EQ(source.contiguous(begin, n), n_runs == 1 ? first : nullptr);
        }
    }
    // What is scattered is what is gathered then.
    bytes other(expected.size());
    std::ranges::reverse_copy(expected, other.begin());
    auto const middle = expected.size() / 3;
    source.scatter(middle, std::span(other).subspan(middle));
    source.scatter(0, std::span(other).first(middle));
    bytes got(expected.size());
    source.gather(0, got);
    EXPECT_EQ(got, other);
}

TEST(PayloadSource, OfOnePieceIsWhereItIs) {
    auto memory = numbered(50);
    payload_source const source{std::span(memory)};
    EXPECT_EQ(source.contiguous(7, 43), &memory[7]);
    EXPECT_FALSE(source.is_nowhere());
    EXPECT_TRUE(payload_source().is_nowhere());
    expect_sequence(source, numbered(50));
}

TEST(PayloadSource, OfSeveralPiecesIsOneSequence) {
    auto memory = numbered(60);
    std::span const all(memory);
    std::vector<std::span<std::byte>> const pieces{
        all.subspan(40, 11), all.subspan(0, 1), all.subspan(7, 0), all.subspan(20, 20)};
    bytes expected;
    for (auto const each : pieces)
        expected.insert(expected.end(), each.begin(), each.end());
    expect_sequence(payload_source(std::span(pieces)), expected);
    EXPECT_TRUE(payload_source(std::span(pieces).subspan(2, 1)).is_nowhere());
}

// Elements in the order of the file, one by one.
bytes elements_of(strided_array const& a, memory_order_kind order) {
    bytes all;
    auto const n = a.extents.size();
    std::int64_t total = 1;
    for (auto const each : a.extents)
        total *= each;
    for (std::int64_t i = 0; i < total; ++i) {
        auto rest = i;
        std::int64_t at = 0;
        for (std::size_t k = 0; k < n; ++k) {
            auto const d = order == memory_order_kind::left ? k : n - 1 - k;
            at += rest % a.extents[d] * a.strides[d];
            rest /= a.extents[d];
        }
        auto const* const first = a.first + at * static_cast<std::int64_t>(a.element_bytes);
        all.insert(all.end(), first, first + a.element_bytes);
    }
    return all;
}

TEST(PayloadSource, OfAStridedArrayFollowsTheOrderOfTheFile) {
    using numbers = std::array<std::int64_t, 3>;
    struct layout {
        numbers extents;
        numbers strides;
    };
    for (auto const& each : {
             layout{{3, 4, 5}, {20, 5, 1}},  // packed, right
             layout{{3, 4, 5}, {1, 3, 12}},  // packed, left
             layout{{3, 4, 5}, {40, 5, 1}},  // gaps between planes
             layout{{3, 4, 5}, {40, 9, 1}},  // and rows
             layout{{3, 4, 5}, {60, 15, 3}}, // and elements
             layout{{3, 4, 5}, {5, 15, 1}},  // neither order
             layout{{3, 1, 5}, {5, 77, 1}},  // a dimension that never steps
             layout{{1, 1, 1}, {5, 77, 1}},
         }) {
        for (auto const order : {memory_order_kind::right, memory_order_kind::left}) {
            auto memory = numbered(800);
            strided_array const array{memory.data(), 4, each.extents, each.strides};
            expect_sequence(payload_source(array, order), elements_of(array, order));
        }
    }
    auto memory = numbered(8);
    expect_sequence(payload_source({memory.data(), 8, {}, {}}, memory_order_kind::right),
                    numbered(8));
}

TEST(PayloadSource, OfPackedElementsIsContiguous) {
    auto memory = numbered(240);
    std::array<std::int64_t, 3> const extents{3, 4, 5};
    std::array<std::int64_t, 3> const left{1, 3, 12};
    EXPECT_EQ(payload_source({memory.data(), 4, extents, left}, memory_order_kind::left)
                  .contiguous(0, 240),
              memory.data());
    EXPECT_EQ(payload_source({memory.data(), 4, extents, left}, memory_order_kind::right)
                  .contiguous(0, 240),
              nullptr);
}

} // namespace
} // namespace shmwin::detail
