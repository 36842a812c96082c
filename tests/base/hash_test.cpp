// SPDX-License-Identifier: MIT
// The values are part of the segment's layout. They were computed by a program of its own from the
// definitions of FNV-1a and of MurmurHash3's finalizer.
#include "shmwin/base/hash.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

namespace shmwin::detail {
namespace {

static_assert(mix(0) == 0);
static_assert(mix(1) == 0xb456bcfc34c2cb2cULL);
static_assert(hash("") == 0xefd01f60ba992926ULL);
static_assert(hash("a") == 0x82a2a958a9bece5bULL);
static_assert(hash("foobar") == 0x2c22194922d1672bULL);
static_assert(hash("z\u00fc") == 0x1c619fe4fb1e8485ULL, "bytes above 127 count as unsigned");
static_assert(hash_with(hash("foobar"), 8) == 0x611907d826213cfdULL);

TEST(Hash, CountsEveryByteAlsoZeros) {
    EXPECT_NE(hash(std::string_view("a\0b", 3)), hash(std::string_view("a\0c", 3)));
    EXPECT_NE(hash(std::string_view("\0", 1)), hash(""));
}

TEST(Hash, WithDependsOnTheOrder) {
    EXPECT_NE(hash_with(hash_with(1, 2), 3), hash_with(hash_with(1, 3), 2));
}

TEST(Mix, FlippingOneBitFlipsAboutHalfOfTheResult) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        int flipped = 0;
        constexpr int n_values = 64;
        for (std::uint64_t i = 0; i < n_values; ++i) {
            auto const x = i * 0x9e3779b97f4a7c15ULL;
            flipped += std::popcount(mix(x) ^ mix(x ^ (std::uint64_t{1} << bit)));
        }
        EXPECT_GT(flipped, 28 * n_values) << "bit " << bit;
        EXPECT_LT(flipped, 36 * n_values) << "bit " << bit;
    }
}

// The directory takes the low bits as the bucket.
TEST(Hash, SpreadsNumberedNamesOverItsLowBits) {
    std::set<std::uint64_t> buckets;
    for (int i = 0; i < 1024; ++i) {
        buckets.insert(hash("array" + std::to_string(i)) % 1024);
    }
    EXPECT_GT(buckets.size(), 600U) << "647 are expected of a random function";
}

} // namespace
} // namespace shmwin::detail
