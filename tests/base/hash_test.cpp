// SPDX-License-Identifier: MIT
// The values are part of the segment's layout. They were computed by a program of its own from the
// definitions of hash() and of MurmurHash3's finalizer.
#include "shmwin/base/hash.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace shmwin::detail {
namespace {

static_assert(mix(0) == 0);
static_assert(mix(1) == 0xb456bcfc34c2cb2cULL);
static_assert(hash("") == 0xefd01f60ba992926ULL);
static_assert(hash("a") == 0x24f17bda60a5aa43ULL);
static_assert(hash("foobar") == 0xb0280cc6e73304f5ULL);
static_assert(hash("12345678") == 0x2fd0842217d4a280ULL);
static_assert(hash("particles/000/00000017") == 0xa695e2afb62a8658ULL);
static_assert(hash("z\u00fc") == 0xa83bcf9b0a070359ULL, "bytes above 127 count as unsigned");
static_assert(hash_with(hash("foobar"), 8) == 0xdd9cda9f2db89021ULL);

// At run time words are loaded whole, or as two halves.
TEST(Hash, IsTheSameAtRunTimeForEveryLength) {
    static constexpr auto text = std::to_array("abcdefghijklmnopqrstuvwxyz");
    constexpr auto at_compile_time = [] {
        std::array<std::uint64_t, 26> all{};
        for (std::size_t n = 0; n < all.size(); ++n) {
            all[n] = hash(std::string_view(text.data(), n));
        }
        return all;
    }();
    for (std::size_t n = 0; n < at_compile_time.size(); ++n) {
        std::string const copy(text.data(), n);
        EXPECT_EQ(hash(copy), at_compile_time.at(n)) << n;
    }
}

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
