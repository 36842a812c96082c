// SPDX-License-Identifier: MIT
#include "shmwin/base/literals.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace {

using namespace shmwin::literals; // as users write it

static_assert(std::is_same_v<decltype(1_B), std::size_t>);
static_assert(1_B == 1 && 1_KiB == 1024 && 1_MiB == 1024 * 1_KiB && 1_GiB == 1024 * 1_MiB);
static_assert(1_TiB == 1024 * 1_GiB && 0_TiB == 0);
static_assert(3_GiB == 3221225472);
static_assert(16777215_TiB == 16777215ULL << 40U);

// True if n_GiB is a constant; a size that does not fit is none.
template <unsigned long long n>
concept gib_fits = requires {
    typename std::integral_constant<std::size_t, operator""_GiB(n)>;
};
template <unsigned long long n>
concept bytes_fit = requires {
    typename std::integral_constant<std::size_t, operator""_B(n)>;
};

TEST(Literals, RefuseASizeThatDoesNotFit) {
    EXPECT_TRUE(gib_fits<17179869183ULL>);
    EXPECT_FALSE(gib_fits<17179869184ULL>) << "would wrap to 0";
    EXPECT_TRUE(bytes_fit<~0ULL>);
}

} // namespace
