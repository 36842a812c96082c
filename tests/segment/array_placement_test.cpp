// SPDX-License-Identifier: MIT
// Where arrays begin, which pages they have, and that they are zero whoever touches them first.
#include "shmwin/segment/array.hpp"

#include "support/array_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <gmock/gmock.h>
#include <span>
#include <string>
#include <sys/mman.h>
#include <tuple>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;
using testing::HasSubstr;

constexpr std::size_t page = 4096;

using Array = array_fixture;

TEST_F(Array, BeginsWhereAlignSays) {
    for (std::size_t align = 1; align <= 2_MiB; align *= 2) {
        for (auto const n : {10, 100'000}) {
            auto const made = seg.create_array<double>("a", shape(n), {.align = align});
            auto const address = reinterpret_cast<std::uintptr_t>(made.data());
            ASSERT_EQ(address % std::max(align, alignof(double)), 0U);
            ASSERT_EQ(made.offset(), seg.heap().offset_of(made.data()));
            seg.destroy(made);
        }
    }
}

TEST_F(Array, ImpossibleAlignmentIsRefused) {
    for (std::size_t const align : {std::size_t{0}, std::size_t{3}, 4_MiB, ~std::size_t{0}}) {
        auto const thrown =
            refused([&] { seg.create_array<double>("a", shape(8), {.align = align}); });
        EXPECT_EQ(thrown.code, errc::invalid_argument);
        EXPECT_THAT(thrown.text, HasSubstr(std::to_string(align)));
    }
}

TEST_F(Array, OfWholePagesSharesThemWithNothing) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> used;
    for (int i = 0; i < 6; ++i) {
        auto const made = seg.create_array<char>(
            "a" + std::to_string(i), shape(5000), {.whole_pages = i % 2 == 0});
        EXPECT_TRUE(i % 2 != 0 || made.offset() % page == 0);
        used.emplace_back(made.offset() / page, (made.offset() + 4999) / page);
    }
    for (std::size_t i = 0; i < used.size(); i += 2) {
        for (std::size_t k = 0; k < used.size(); ++k) {
            if (k == i) continue;
            EXPECT_TRUE(used[k].second < used[i].first || used[i].second < used[k].first);
        }
    }
}

// --- zeros, whoever touches ----------------------------------------------------------------------

struct TouchedArray
    : open_segment_as<testing::TestWithParam<std::tuple<touch, std::int64_t, int>>> {
    [[nodiscard]] static array_options options() { return {.touch = std::get<0>(GetParam())}; }
    [[nodiscard]] static std::int64_t n_bytes() { return std::get<1>(GetParam()); }
    [[nodiscard]] static std::int64_t n_rows() { return std::get<2>(GetParam()); }

    // Zeros; each rank writes all of its part over; zeros again in whatever stands there next.
    template <typename Layout>
    void check() {
        auto const extents = shape(n_rows(), n_bytes() / n_rows());
        for (int round = 0; round < 3; ++round) {
            auto const guard = seg.create_array<char>("guard", shape(100 + 5000 * round));
            auto const made = seg.create_array<unsigned char, Layout>("a", extents, options());
            auto* const data = made.data();
            ASSERT_EQ(std::count(data, data + made.size(), 0), made.size()) << "round " << round;
            seg.fence();
            auto const mine = block_range(made.size(), size, rank);
            std::fill(data + mine.first, data + mine.last, 0xff);
            seg.fence();
            ASSERT_EQ(std::count(data, data + made.size(), 0xff), made.size());
            ASSERT_EQ(std::ranges::count(std::span(guard.data(), 100), 0), 100);
            seg.destroy(made);
            seg.destroy(guard);
        }
        auto const n_blocks = seg.heap().stats().n_blocks;
        seg.fence(); // all have looked
        EXPECT_EQ(n_blocks, blocks_of_the_directory());
        expect_sound(seg);
    }

    // The directory keeps its own blocks.
    [[nodiscard]] std::uint64_t blocks_of_the_directory() {
        static_cast<void>(seg.create_value<int>("one more"));
        auto const n = seg.heap().stats().n_blocks - 1;
        seg.fence();
        seg.destroy(seg.find_value<int>("one more"));
        return n;
    }
};

TEST_P(TouchedArray, IsZeroInRowOrder) {
    check<layout_right>();
}

TEST_P(TouchedArray, IsZeroInColumnOrder) {
    check<layout_left>();
}

TEST_P(TouchedArray, HasAllItsPagesUnlessLeftForLater) {
    auto const made = seg.create_array<char>("a", shape(n_rows(), n_bytes() / n_rows()), options());
    auto const begin = reinterpret_cast<std::uintptr_t>(made.data()) / page * page;
    auto const n_pages = (static_cast<std::size_t>(made.size()) + page - 1) / page;
    std::vector<unsigned char> there(n_pages);
    ASSERT_EQ(::mincore(reinterpret_cast<void*>(begin), n_pages * page, there.data()), 0);
    auto const n_there = std::ranges::count_if(there, [](auto each) { return (each & 1U) != 0; });
    bool const large = n_bytes() > 262'144;
    if (options().touch == touch::later && large) {
        EXPECT_EQ(n_there, 0);
    } else {
        EXPECT_EQ(static_cast<std::size_t>(n_there), n_pages);
    }
}

std::string row_name(testing::TestParamInfo<TouchedArray::ParamType> const& row) {
    auto const& [how, n_bytes, n_rows] = row.param;
    char const* const names[] = {"ByRows", "Interleave", "Later"}; // NOLINT(*-avoid-c-arrays)
    return names[static_cast<int>(how)] + std::to_string(n_bytes) + "In" + std::to_string(n_rows);
}

INSTANTIATE_TEST_SUITE_P(
    Sizes,
    TouchedArray,
    testing::Combine(testing::Values(touch::by_rows, touch::interleave, touch::later),
                     testing::Values(1000, 256 * 1024, 256 * 1024 + 1000, 3 * 1024 * 1024),
                     testing::Values(1, 2, 250)),
    row_name);

TEST_F(Array, IsZeroWhereOtherObjectsWereFullOfBytes) {
    // Dirty blocks of several sizes, then large ones over them in another division.
    for (int i = 0; i < 40; ++i) {
        auto const made =
            seg.create_array<unsigned char>("d" + std::to_string(i), shape(10'000 * (i + 1)));
        if (rank == i % size) std::fill_n(made.data(), made.size(), 0xee);
    }
    seg.fence();
    for (int i = 0; i < 40; ++i) {
        seg.destroy(seg.find_array<unsigned char, 1>("d" + std::to_string(i)));
    }
    for (auto const how : {touch::by_rows, touch::interleave, touch::later}) {
        auto const made =
            seg.create_array<unsigned char>("all", shape(1000, 9 * 1024), {.touch = how});
        EXPECT_EQ(std::count(made.data(), made.data() + made.size(), 0), made.size());
        seg.fence();
        if (rank == 0) std::fill_n(made.data(), made.size(), 0xdd);
        seg.destroy(made);
    }
}
} // namespace
} // namespace shmwin
