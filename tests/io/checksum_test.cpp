// SPDX-License-Identifier: MIT
// Also run under AddressSanitizer: the wide versions must not read beyond the end.
#include "io/checksum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using detail::checksum;

// Both sides of every change of method inside XXH3, and of a stripe and a block of the long one.
struct Checksum : testing::TestWithParam<std::size_t> {
    std::vector<std::byte> bytes = some_bytes(GetParam());

    static std::vector<std::byte> some_bytes(std::size_t n) {
        std::vector<std::byte> all(n);
        std::uint64_t x = n + 1;
        for (auto& each : all) {
            x = x * 6364136223846793005ULL + 1442695040888963407ULL;
            each = static_cast<std::byte>(x >> 56U);
        }
        return all;
    }
    [[nodiscard]] checksum portable() const {
        return detail::checksum_portable(bytes.data(), bytes.size());
    }
};
INSTANTIATE_TEST_SUITE_P(Bytes,
                         Checksum,
                         testing::Values(0,
                                         1,
                                         3,
                                         4,
                                         8,
                                         9,
                                         16,
                                         17,
                                         128,
                                         129,
                                         240,
                                         241,
                                         255,
                                         1023,
                                         1024,
                                         1025,
                                         4096,
                                         65'537,
                                         262'144));

TEST_P(Checksum, IsTheSameOnEveryProcessor) {
    EXPECT_EQ(detail::checksum_of(bytes), portable());
#if defined(__x86_64__)
    if (static_cast<bool>(__builtin_cpu_supports("avx2"))) {
        EXPECT_EQ(detail::checksum_avx2(bytes.data(), bytes.size()), portable());
    }
    if (static_cast<bool>(__builtin_cpu_supports("avx512f"))) {
        EXPECT_EQ(detail::checksum_avx512(bytes.data(), bytes.size()), portable());
    }
#endif
}

// To every position in a line: whole lanes are stored in another way than what is before and after.
TEST_P(Checksum, CopiesOnTheWay) {
    constexpr std::byte untouched{0xaa};
    for (std::size_t shift = 0; shift < 66; ++shift) {
        std::vector<std::byte> target(bytes.size() + 130, untouched);
        EXPECT_EQ(detail::copy_with_checksum(target.data() + shift, bytes), portable());
        auto const copied = std::span(target).subspan(shift, bytes.size());
        EXPECT_TRUE(std::ranges::equal(copied, bytes)) << shift;
        auto const is_untouched = [&](std::byte each) { return each == untouched; };
        EXPECT_TRUE(std::ranges::all_of(std::span(target).first(shift), is_untouched));
        EXPECT_TRUE(
            std::ranges::all_of(std::span(target).subspan(shift + bytes.size()), is_untouched));
    }
}

TEST_P(Checksum, EveryCopyIsOne) {
    auto const check = [&](auto copy) {
        for (std::size_t const shift : {0U, 1U, 31U, 32U, 63U}) {
            std::vector<std::byte> target(bytes.size() + 64);
            copy(target.data() + shift, bytes.data(), bytes.size());
            EXPECT_TRUE(std::ranges::equal(std::span(target).subspan(shift, bytes.size()), bytes));
        }
    };
    check(detail::copy_portable);
#if defined(__x86_64__)
    if (static_cast<bool>(__builtin_cpu_supports("avx2"))) check(detail::copy_avx2);
    if (static_cast<bool>(__builtin_cpu_supports("avx512f"))) check(detail::copy_avx512);
#endif
}

TEST_P(Checksum, IsTheSameInPieces) {
    for (std::size_t const piece : {std::size_t{1}, std::size_t{100}, std::size_t{5000}}) {
        detail::running_checksum running;
        std::span rest(std::as_const(bytes));
        while (!rest.empty()) {
            auto const n = std::min(piece, rest.size());
            running.add(rest.first(n));
            rest = rest.subspan(n);
        }
        EXPECT_EQ(running.value(), portable());
    }
}

TEST_P(Checksum, ChangesWithEveryBit) {
    auto const before = portable();
    for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 50) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            auto const kept = bytes[at];
            bytes[at] ^= static_cast<std::byte>(1U << bit);
            EXPECT_NE(detail::checksum_of(bytes), before) << at << '.' << bit;
            bytes[at] = kept;
        }
    }
}

// From xxHash's own test vectors (tests/sanity_test_vectors.h), seed 0.
TEST(ChecksumOfNothing, IsThePublishedOne) {
    EXPECT_EQ(detail::checksum_of({}), (checksum{0x6001c324468d497fULL, 0x99aa06d3014798d8ULL}));
}

} // namespace
} // namespace shmwin
