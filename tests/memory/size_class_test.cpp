// SPDX-License-Identifier: MIT
#include "shmwin/memory/size_class.hpp"

#include <gtest/gtest.h>

namespace shmwin {
namespace {

using namespace detail;

TEST(SizeClass, IsTheSmallestThatHoldsTheBytes) {
    for (std::size_t n = 1; n <= largest_small_bytes; ++n) {
        auto const found = class_of(n);
        ASSERT_LT(found, n_size_classes);
        ASSERT_GE(class_bytes(found), n);
        if (found > 0) {
            ASSERT_LT(class_bytes(found - 1), n);
        }
    }
}

TEST(SizeClass, WastesAFifthAtMost) {
    for (std::size_t n = 57; n <= largest_small_bytes; ++n) {
        auto const n_bytes = class_bytes(class_of(n));
        ASSERT_LE(5 * (n_bytes - n), n_bytes) << n;
    }
}

TEST(SizeClass, IsAlignedIfAsked) {
    for (std::size_t alignment = 1; alignment <= page_bytes; alignment *= 2) {
        for (std::size_t n = 0; n <= largest_small_bytes; ++n) {
            auto const found = class_of(n, alignment);
            ASSERT_LT(found, n_size_classes);
            ASSERT_EQ(class_bytes(found) % alignment, 0U);
            ASSERT_GE(class_bytes(found), n);
        }
    }
    EXPECT_EQ(class_of(largest_small_bytes + 1, 1), n_size_classes);
    EXPECT_EQ(class_of(24, 8), class_of(24));
    EXPECT_EQ(class_bytes(class_of(24, 16)), 32U);
    EXPECT_EQ(class_bytes(class_of(300, 128)), 384U);
}

TEST(SizeClass, SlabsHoldAsManyBlocksAsTheirBitmapsHaveBits) {
    for (unsigned c = 0; c < n_size_classes; ++c) {
        auto const n_pages = slab_pages(c);
        auto const n_blocks = n_pages * page_bytes / class_bytes(c);
        EXPECT_GE(n_pages, 1U);
        EXPECT_LE(n_pages, max_slab_pages);
        EXPECT_GE(n_blocks, 2U) << class_bytes(c);
        EXPECT_LE(n_blocks, max_blocks) << class_bytes(c);
        auto const unused = n_pages * page_bytes - n_blocks * class_bytes(c);
        EXPECT_LE(16 * unused, n_pages * page_bytes) << class_bytes(c);
    }
}

// Every distance in every slab, also the ones inside blocks.
TEST(SizeClass, DividesWithoutADivision) {
    for (unsigned c = 0; c < n_size_classes; ++c) {
        auto const n_bytes = class_bytes(c);
        auto const reciprocal = reciprocal_of(n_bytes);
        for (std::uint64_t distance = 0; distance < max_slab_pages * page_bytes; ++distance) {
            ASSERT_EQ(divide_by(reciprocal, distance), distance / n_bytes)
                << distance << " by " << n_bytes;
        }
    }
}

TEST(SizeClass, OfTheTableIsTheSame) {
    for (std::size_t const alignment : {1U, 2U, 4U, 8U, 16U}) {
        for (std::size_t n = 0; n <= usual_bytes; ++n) {
            ASSERT_TRUE(is_usual(n, alignment));
            auto const found = usual_classes[alignment > 8 ? 1 : 0].at((n + 7) / 8);
            EXPECT_EQ(found, class_of(n, alignment)) << n << " aligned to " << alignment;
        }
        EXPECT_FALSE(is_usual(usual_bytes + 1, alignment));
    }
    for (std::size_t const alignment : {0U, 3U, 5U, 7U, 12U, 15U, 17U, 32U, 4096U}) {
        EXPECT_FALSE(is_usual(8, alignment)) << alignment;
    }
}

} // namespace
} // namespace shmwin
