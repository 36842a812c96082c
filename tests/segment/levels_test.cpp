// SPDX-License-Identifier: MIT
#include "shmwin/segment/levels.hpp"

#include "support/open_segment.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <gmock/gmock.h>
#include <set>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;
using testing::HasSubstr;

struct Levels : open_segment {};

TEST_F(Levels, AreTwoByDefaultAndZero) {
    auto const u = seg.create_levels<double>("u", shape(5, 7));
    static_assert(std::is_same_v<decltype(u.now())::element_type, double const>);
    static_assert(std::is_same_v<decltype(u.next())::element_type, double>);
    EXPECT_EQ(u.n_levels(), 2);
    EXPECT_EQ(u.index_of_now(), 0);
    EXPECT_EQ(u.extent(0), 5);
    EXPECT_EQ(u.extent(1), 7);
    EXPECT_NE(u.now().data_handle(), u.next().data_handle());
    for (int which = 0; which < 2; ++which) {
        auto const level = u.level(which);
        for (std::int64_t i = 0; i < 5; ++i) {
            for (std::int64_t j = 0; j < 7; ++j) {
                EXPECT_EQ(level(i, j), 0.0);
            }
        }
    }
}

TEST_F(Levels, FlipMakesNextNowOnAllRanks) {
    auto u = seg.create_levels<int>("u", shape(64));
    for (int step = 1; step <= 101; ++step) {
        auto const next = u.next();
        for (auto i : u.rows()) {
            next(i) = step + static_cast<int>(i);
        }
        u.flip();
        auto const now = u.now();
        for (std::int64_t i = 0; i < 64; ++i) {
            ASSERT_EQ(now(i), step + static_cast<int>(i)) << "step " << step;
        }
        ASSERT_EQ(u.index_of_now(), step % 2);
        ASSERT_EQ(u.next()(3), step == 1 ? 0 : step - 1 + 3);
        seg.fence(); // all have read, before the next step writes
    }
}

TEST_F(Levels, AreOneToSixteen) {
    for (int const n : {1, 2, 3, 5, 16}) {
        auto u = seg.create_levels<int>("u", shape(100), {.levels = n});
        ASSERT_EQ(u.n_levels(), n);
        // Each level is a place of its own.
        std::vector<int const*> begins;
        for (int which = 0; which < n; ++which) {
            begins.push_back(u.level(which).data_handle());
        }
        std::ranges::sort(begins);
        for (std::size_t which = 1; which < begins.size(); ++which) {
            EXPECT_GE(begins[which] - begins[which - 1], 100);
        }
        for (int step = 1; step <= 40; ++step) {
            if (rank == step % size) u.next()(99) = step;
            u.flip();
            for (int ago = 0; ago < std::min(n, step); ++ago) {
                ASSERT_EQ(u.ago(ago)(99), step - ago) << "step " << step << " of " << n;
            }
            seg.fence();
        }
        EXPECT_EQ(u.ago(0).data_handle(), u.now().data_handle());
        seg.destroy(u);
    }
}

TEST_F(Levels, OtherNumbersAreRefused) {
    for (int const n : {-1, 0, 17, 1'000'000}) {
        auto const thrown = agreed_error_of(world, [&] {
            static_cast<void>(seg.create_levels<int>("u", shape(1), {.levels = n}));
        });
        EXPECT_EQ(thrown.code, errc::invalid_argument);
        EXPECT_THAT(thrown.text, HasSubstr(".levels = " + std::to_string(n)));
    }
}

TEST_F(Levels, ThatOverflowTogetherAreRefused) {
    // 8 levels of 2^61 bytes are 2^64: 0, if nobody looked.
    for (std::int64_t const n : {std::int64_t{1} << 58, std::int64_t{1} << 59}) {
        auto const thrown = agreed_error_of(world, [&] {
            static_cast<void>(seg.create_levels<double>("u", shape(n), {.levels = 8}));
        });
        EXPECT_THAT(thrown.code, testing::AnyOf(errc::invalid_argument, errc::out_of_memory));
    }
    EXPECT_TRUE(seg.list().empty());
}

TEST_F(Levels, AreInitialisedTogetherEachRankItsRows) {
    auto u = seg.create_levels<double>("u", shape(37, 3), {.levels = 3});
    int n_calls = 0;
    u.init([&](auto level, range rows) {
        ++n_calls;
        EXPECT_EQ(rows, u.rows());
        for (auto i : rows) {
            level(i, 0) = static_cast<double>(10 * i);
        }
    });
    EXPECT_EQ(n_calls, 3);
    for (int which = 0; which < 3; ++which) { // after init() all ranks' rows are there
        for (std::int64_t i = 0; i < 37; ++i) {
            EXPECT_EQ(u.level(which)(i, 0), 10.0 * static_cast<double>(i));
        }
    }
}

TEST_F(Levels, AreFoundWithTheSameNow) {
    auto u = seg.create_levels<int>("u", shape(4, 4), {.levels = 3});
    u.flip();
    auto found = seg.find_levels<int, 2>("u");
    EXPECT_EQ(found.index_of_now(), 1);
    EXPECT_EQ(found.n_levels(), 3);
    EXPECT_EQ(found.now().data_handle(), u.now().data_handle());
    found.flip();
    EXPECT_EQ(u.index_of_now(), 2);
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_levels<float, 2>("u")); })->code,
              errc::type_mismatch);
    EXPECT_EQ(error_of([&] { static_cast<void>(seg.find_array<int, 2>("u")); })->code,
              errc::type_mismatch);
}

TEST_F(Levels, OfBothLayoutsAndAnyAlignment) {
    for (std::size_t const align : {std::size_t{8}, std::size_t{64}, std::size_t{4096}, 2_MiB}) {
        auto const u = seg.create_levels<double, layout_left>(
            "u", shape(10, 20), {.align = align, .levels = 2});
        for (int which = 0; which < 2; ++which) {
            auto const level = u.level(which);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(level.data_handle()) % align, 0U);
            EXPECT_EQ(level.stride(0), 1);
            EXPECT_EQ(level(9, 19), 0.0);
        }
        seg.destroy(u);
    }
}

TEST_F(Levels, OfWholePagesShareNone) {
    auto const u = seg.create_levels<char>("u", shape(5000), {.whole_pages = true, .levels = 4});
    std::set<std::uintptr_t> pages;
    for (int which = 0; which < 4; ++which) {
        auto const begin = reinterpret_cast<std::uintptr_t>(u.level(which).data_handle());
        EXPECT_EQ(begin % 4096, 0U);
        EXPECT_TRUE(pages.insert(begin / 4096).second);
        EXPECT_TRUE(pages.insert((begin + 4999) / 4096).second);
    }
}

TEST_F(Levels, LargeOnesAreZeroAlsoOverDirtyMemory) {
    for (auto const how : {touch::by_rows, touch::interleave, touch::later}) {
        for (int round = 0; round < 2; ++round) {
            auto const u = seg.create_levels<unsigned char>(
                "u", shape(101, 7001), {.touch = how, .levels = 3});
            for (int which = 0; which < 3; ++which) {
                auto* const data = u.level(which).data_handle();
                ASSERT_EQ(std::count(data, data + 101 * 7001, 0), 101 * 7001);
            }
            seg.fence();
            for (int which = 0; which < 3; ++which) {
                auto const mine = block_range(101 * 7001, size, rank);
                std::fill_n(u.level(which).data_handle() + mine.first, mine.size(), 0xcc);
            }
            seg.fence();
            EXPECT_EQ(u.index_of_now(), 0); // nobody wrote over the control block
            seg.destroy(u);
        }
    }
    expect_sound(seg);
}

TEST_F(Levels, OfNoElementsFlipToo) {
    auto u = seg.create_levels<double>("u", shape(0, 5));
    u.flip();
    EXPECT_EQ(u.index_of_now(), 1);
    EXPECT_EQ(u.now().size(), 0U);
}

TEST_F(Levels, FlipOfDestroyedOnesIsAnErrorOfAll) {
    auto u = seg.create_levels<int>("u", shape(4));
    auto copy = u;
    seg.destroy(u);
    EXPECT_FALSE(copy.is_valid());
    auto const thrown = agreed_error_of(world, [&] { copy.flip(); });
    EXPECT_EQ(thrown.code, errc::not_found);
    seg.fence();
}

TEST_F(Levels, AreListed) {
    static_cast<void>(seg.create_levels<float>("u", shape(6, 2), {.levels = 3}));
    auto const info = seg.info("u");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->kind, object_kind::levels);
    EXPECT_THAT(info->shape, testing::ElementsAre(6, 2));
    EXPECT_GE(info->n_bytes, 3U * 48);
}

} // namespace
} // namespace shmwin
