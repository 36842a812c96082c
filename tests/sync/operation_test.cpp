// SPDX-License-Identifier: MIT
#include "shmwin/sync/operation.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

// Numbers are part of the segment's layout; names stand in error texts.
std::vector<std::pair<std::uint32_t, std::string>> const rows = {
    {0, "no call"},
    {1, "segment"},
    {2, "close"},
    {3, "fence"},
    {4, "create_array"},
    {5, "find_or_create_array"},
    {6, "create_levels"},
    {7, "create_value"},
    {8, "create_object"},
    {9, "scratch_array"},
    {10, "destroy"},
    {11, "flip"},
    {12, "init"},
    {13, "fill"},
    {14, "save"},
    {15, "restore"},
    {16, "read_dataset"},
    {17, "MPI_Finalize"},
    {18, "trim"},
    {19, "adopt"},
    {20, "freeze"},
    {21, "thaw"},
    {22, "create_per_rank"},
    {23, "copy"},
    {24, "transform"},
    {25, "reduce"},
    {26, "for_each_block"},
    {27, "create_mutex"},
    {28, "create_recursive_mutex"},
    {29, "create_shared_mutex"},
    {30, "create_condition_variable"},
    {31, "create_semaphore"},
    {32, "create_event"},
    {33, "create_barrier"},
    {34, "create_latch"},
    {35, "create_counter"},
    {36, "create_queue"},
    {37, "create_synchronized"},
    {38, "reset_counter"},
    {39, "save_async"},
};

TEST(Operation, HasAStableNumberAndAName) {
    for (auto const& [number, text] : rows) {
        EXPECT_EQ(name(static_cast<operation>(number)), text);
    }
    EXPECT_EQ(static_cast<std::uint32_t>(operation::save_async), rows.size() - 1);
}

TEST(Operation, NamesAreDistinct) {
    std::set<std::string> all;
    for (auto const& row : rows) {
        all.insert(row.second);
    }
    EXPECT_EQ(all.size(), rows.size());
}

// A new enumerator needs a row above: this finds the first number without a name.
TEST(Operation, OfANewerVersionHasANameToo) {
    EXPECT_STREQ(name(static_cast<operation>(rows.size())), "a call of a newer version");
}

} // namespace
} // namespace shmwin
