// SPDX-License-Identifier: MIT
// How compressed objects are cut into chunks, and chunks compressed and inflated.
#include "io/chunks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace shmwin::detail {
namespace {

using extents = std::vector<std::uint64_t>;

struct Chunks : testing::TestWithParam<extents> {};

TEST_P(Chunks, CoverAllBytesOnceInTheirOrder) {
    auto const& all = GetParam();
    auto const grid = chunk_grid::of(all, 8);
    std::uint64_t next = 0;
    for (std::uint64_t c = 0; c < grid.n_chunks(); ++c) {
        auto const range = grid.range_of(c);
        ASSERT_EQ(range.begin, next);
        ASSERT_LE(range.n_bytes, grid.chunk_bytes());
        next += range.n_bytes;
        EXPECT_EQ(grid.chunk_at(range.begin), c);
        EXPECT_EQ(grid.chunk_at(next - 1), c);
        EXPECT_EQ(grid.number_of(grid.first_of(c, all), all), c);
    }
    std::uint64_t n_bytes = 8;
    for (auto const each : all) {
        n_bytes *= each;
    }
    EXPECT_EQ(next, n_bytes);
    EXPECT_LE(grid.n_chunks(), std::max<std::uint64_t>(4096, n_bytes >> 30U));
}

TEST_P(Chunks, AreKnownByTheirExtents) {
    auto const& all = GetParam();
    auto const grid = chunk_grid::of(all, 8);
    auto const found = chunk_grid::of_chunk(all, grid.extents_of_chunk(all), 8);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->n_chunks(), grid.n_chunks());
    EXPECT_EQ(found->chunk_bytes(), grid.chunk_bytes());
    for (std::uint64_t c = 0; c < grid.n_chunks(); ++c) {
        ASSERT_EQ(found->range_of(c).begin, grid.range_of(c).begin);
        ASSERT_EQ(found->range_of(c).n_bytes, grid.range_of(c).n_bytes);
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         Chunks,
                         testing::Values(extents{1},
                                         extents{9000},
                                         extents{2'000'003},
                                         extents{300, 1000},
                                         extents{3, 2, 70'001},
                                         extents{3, 2, 700'001},
                                         extents{1, 1, 1, 131'073},
                                         extents{5, 7, 11, 13, 17},
                                         extents{100'000, 100'000},
                                         extents{std::uint64_t{1} << 33U}));

TEST(ChunkGrid, ChunksWhoseBytesAreNoNeighboursAreNone) {
    extents const all{300, 1000};
    EXPECT_FALSE(chunk_grid::of_chunk(all, {7, 13}, 8));
    EXPECT_FALSE(chunk_grid::of_chunk(all, {301, 1000}, 8));
    EXPECT_FALSE(chunk_grid::of_chunk(all, {0, 1000}, 8));
    EXPECT_TRUE(chunk_grid::of_chunk(all, {1, 13}, 8));
    EXPECT_TRUE(chunk_grid::of_chunk(all, {7, 1000}, 8));
}

TEST(ChunkInflater, GivesBackWhatWasCompressedAndNothingElse) {
    for (std::uint64_t const element_bytes : {1U, 2U, 4U, 8U, 16U, 24U}) {
        chunk_compressor compressor(6);
        auto const room = compressor.room(48 * 1000);
        std::vector<std::byte> raw(room.size());
        for (std::size_t i = 0; i < raw.size(); ++i) {
            raw[i] = static_cast<std::byte>(i * i / 77);
        }
        std::ranges::copy(raw, room.begin());
        auto const compressed = compressor.compress(element_bytes);
        chunk_inflater inflater;
        std::ranges::copy(compressed, inflater.room(compressed.size()).begin());
        auto const back = inflater.inflate(raw.size(), element_bytes);
        EXPECT_TRUE(std::ranges::equal(back, raw)) << element_bytes;
        EXPECT_TRUE(inflater.inflate(raw.size() - 1, element_bytes).empty()) << "too long";
        EXPECT_TRUE(inflater.inflate(raw.size() + 48, element_bytes).empty()) << "too short";
        inflater.room(compressed.size())[compressed.size() / 2] ^= std::byte{8};
        auto const torn = inflater.inflate(raw.size(), element_bytes);
        EXPECT_TRUE(torn.empty() || std::ranges::equal(torn, raw));
        static_cast<void>(inflater.room(compressed.size() / 2));
        EXPECT_TRUE(inflater.inflate(raw.size(), element_bytes).empty()) << "cut";
    }
}

} // namespace
} // namespace shmwin::detail
