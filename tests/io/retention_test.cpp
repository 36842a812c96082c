// SPDX-License-Identifier: MIT
// The rules of retention, without files. With files: store_retention_test.
#include "io/retention.hpp"
#include "io/seen_files.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace shmwin::detail {
namespace {

using testing::ElementsAre;
using candidates = std::vector<retention_candidate>;

candidates whole(std::vector<std::int64_t> const& steps) {
    candidates all;
    for (auto const each : steps) {
        all.push_back({.step = each});
    }
    return all;
}

// The steps that stay.
std::vector<std::int64_t> kept(candidates const& all, retention_rules const& rules) {
    auto const fates = fates_of(all, rules);
    std::vector<std::int64_t> steps;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (fates[i] != why_kept::goes) steps.push_back(all[i].step);
    }
    return steps;
}

TEST(Retention, KeepsTheNewest) {
    auto const all = whole({1, 2, 30, 400});
    EXPECT_THAT(kept(all, {.keep = 1}), ElementsAre(400));
    EXPECT_THAT(kept(all, {.keep = 3}), ElementsAre(2, 30, 400));
    EXPECT_THAT(kept(all, {.keep = 9}), ElementsAre(1, 2, 30, 400));
    EXPECT_TRUE(kept({}, {}).empty());
}

TEST(Retention, KeepsMultiples) {
    auto const all = whole({0, 1, 10, 11, 20, 21, 22});
    EXPECT_THAT(kept(all, {.keep = 2, .keep_every = 10}), ElementsAre(0, 10, 20, 21, 22));
    EXPECT_THAT(kept(all, {.keep = 2, .keep_every = 20}), ElementsAre(0, 20, 21, 22));
    EXPECT_THAT(kept(all, {.keep = 2, .keep_every = std::numeric_limits<std::int64_t>::max()}),
                ElementsAre(0, 21, 22));
}

TEST(Retention, KeepsPinnedOnesAndThoseOfTheLine) {
    auto all = whole({1, 2, 3, 4, 5});
    all[0].is_pinned = true;
    all[2].is_in_line = true;
    EXPECT_THAT(kept(all, {.keep = 1}), ElementsAre(1, 3, 5));
    EXPECT_THAT(kept(all, {.keep = 1, .keep_every = 2}), ElementsAre(1, 2, 3, 4, 5));
}

TEST(Retention, DamagedOnesDoNotCount) {
    auto all = whole({1, 2, 3, 4, 5, 6});
    all[5].is_whole = false;
    all[3].is_whole = false;
    // 6 and 4 stand between; 2 and 1 are older than the second whole one.
    EXPECT_THAT(kept(all, {.keep = 2}), ElementsAre(3, 4, 5, 6));
    all[1].is_whole = false;
    EXPECT_THAT(kept(all, {.keep = 2}), ElementsAre(3, 4, 5, 6)) << "old and damaged goes";
    for (auto& each : all) {
        each.is_whole = false;
    }
    EXPECT_THAT(kept(all, {.keep = 2}), ElementsAre(1, 2, 3, 4, 5, 6)) << "none is whole";
}

TEST(Retention, SaysWhy) {
    auto all = whole({10, 11, 12, 13, 14});
    all[1].is_pinned = true;
    all[2].is_in_line = true;
    EXPECT_THAT(fates_of(all, {.keep = 1, .keep_every = 10}),
                ElementsAre(why_kept::multiple,
                            why_kept::pinned,
                            why_kept::in_line,
                            why_kept::goes,
                            why_kept::among_newest));
    EXPECT_STREQ(name(why_kept::goes), "");
    EXPECT_STREQ(name(why_kept::pinned), "pinned");
}

// Whatever the files are, the newest whole one stays, and so does what any one rule keeps.
TEST(Retention, IsTheUnionOfItsRules) {
    std::mt19937 random(20080426); // NOLINT(*-msc51-cpp): the same each time
    auto const below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    for (int round = 0; round < 2000; ++round) {
        candidates all;
        std::int64_t step = below(5);
        for (int n = below(12); n > 0; --n) {
            all.push_back({step, below(4) > 0, below(6) == 0, below(6) == 0});
            step += 1 + below(9);
        }
        retention_rules const rules{1 + below(4), below(4)};
        auto const fates = fates_of(all, rules);
        int n_whole = 0;
        for (auto i = all.size(); i-- > 0;) {
            bool const stays = n_whole < rules.keep || all[i].is_pinned || all[i].is_in_line
                               || (rules.keep_every > 0 && all[i].step % rules.keep_every == 0);
            EXPECT_EQ(fates[i] != why_kept::goes, stays);
            if (all[i].is_whole) ++n_whole;
        }
    }
}

TEST(SeenFiles, ForgetWhatChanged) {
    std::filesystem::path const file = "seen";
    std::ofstream(file) << "a";
    seen_files seen;
    EXPECT_EQ(seen.state_of(file), seen_files::is::unknown);
    seen.note(file, seen_files::is::whole);
    EXPECT_EQ(seen.state_of(file), seen_files::is::whole);
    EXPECT_EQ(seen.state_of(std::filesystem::absolute(file)), seen_files::is::whole);
    std::ofstream(file, std::ios::app) << "b";
    EXPECT_EQ(seen.state_of(file), seen_files::is::unknown);
    seen.note(file, seen_files::is::damaged);
    EXPECT_EQ(seen.state_of(file), seen_files::is::damaged);
    std::filesystem::remove(file);
    EXPECT_EQ(seen.state_of(file), seen_files::is::unknown);
}

TEST(SeenFiles, LineHasTheLast) {
    seen_files seen;
    for (auto const* const each : {"a", "b", "c", "a"}) {
        seen.add_to_line(each);
    }
    EXPECT_TRUE(seen.is_in_line("a", 1));
    EXPECT_FALSE(seen.is_in_line("c", 1));
    EXPECT_TRUE(seen.is_in_line("dir/c", 2));
    EXPECT_FALSE(seen.is_in_line("b", 2)) << "a came again";
    EXPECT_TRUE(seen.is_in_line("b", 3));
    EXPECT_FALSE(seen.is_in_line("d", 1000));
}

} // namespace
} // namespace shmwin::detail
