// SPDX-License-Identifier: MIT
// Arrays of more than 2^32 elements: their pages are not touched, so they need next to no memory.
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/segment/segment.hpp"
#include "shmwin/view/block.hpp"

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace shmwin {
namespace {

using namespace literals;

constexpr std::int64_t beyond = (std::int64_t{1} << 32) + 3 * 4096;
constexpr array_options untouched{.touch = touch::later};

// Small machines have no room for the segment: all ranks learn so.
struct HugeArray : testing::Test {
    void SetUp() override {
        try {
            seg.emplace(on, segment_options{.capacity = 5_GiB});
        } catch (out_of_memory const& none) {
            GTEST_SKIP() << none.what();
        }
    }
    void TearDown() override {
        if (seg) seg->close();
        on.close();
    }

    node on{MPI_COMM_WORLD};
    std::optional<segment> seg;
};

TEST_F(HugeArray, ReachesElementsBehind2To32) {
    auto const a = seg->create_array<std::uint8_t>("a", shape(beyond), untouched);
    EXPECT_EQ(a.size(), beyond);
    auto const mine = a.rows();
    if (!mine.empty()) a(mine.last - 1) = static_cast<std::uint8_t>(on.rank() + 1);
    seg->fence();
    auto const view = a.view();
    for (int r = 0; r < on.size(); ++r)
        EXPECT_EQ(view(a.rows_of(r).last - 1), r + 1);
    EXPECT_EQ(view(beyond - 1), on.size());
    EXPECT_EQ(view((std::int64_t{1} << 32) + 1), 0) << "not wrapped to the beginning";
    EXPECT_EQ(&view(beyond - 1) - a.data(), beyond - 1);
    seg->fence();
}

TEST_F(HugeArray, HasBlocksAndColumnsBehind2To32) {
    auto const n_columns = beyond / 3;
    auto const a = seg->create_array<std::uint8_t>("a", shape(3, n_columns), untouched);
    auto const last = block<1>(a, 6, 7);
    if (on.rank() == on.size() - 1) last(2, last.extent(1) - 1) = 7;
    seg->fence();
    EXPECT_EQ(a(2, n_columns - 1), 7);
    EXPECT_EQ((seg->find_array<std::uint8_t const, 2>("a")(2, n_columns - 1)), 7);
    EXPECT_EQ(seg->info("a")->n_bytes, static_cast<std::size_t>(3 * n_columns));
    seg->fence();
}

} // namespace
} // namespace shmwin
