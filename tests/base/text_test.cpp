// SPDX-License-Identifier: MIT
#include "shmwin/base/literals.hpp"
#include "shmwin/base/text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <limits>

namespace shmwin::detail {
namespace {

TEST(Text, JoinsItsPartsAsStreamsWriteThem) {
    EXPECT_EQ(text("rank ", 3, '/', 4U, ": ", 1.5, std::string(" s")), "rank 3/4: 1.5 s");
}

TEST(BytesText, IsForPeopleAndForScripts) {
    EXPECT_EQ(bytes_text(0), "0 bytes");
    EXPECT_EQ(bytes_text(1023), "1023 bytes");
    EXPECT_EQ(bytes_text(1_KiB), "1.0 KiB (1024 bytes)");
    EXPECT_EQ(bytes_text(1536_MiB), "1.5 GiB (1610612736 bytes)");
    EXPECT_EQ(bytes_text(64_MiB), "64.0 MiB (67108864 bytes)");
    EXPECT_EQ(bytes_text(2048_TiB), "2.0 PiB (2251799813685248 bytes)");
    EXPECT_EQ(bytes_text(std::numeric_limits<std::size_t>::max()),
              "16.0 EiB (18446744073709551615 bytes)");
}

TEST(ShapeText, NamesEachExtent) {
    EXPECT_EQ(shape_text(std::array<std::int64_t, 2>{344, 403}), "344 x 403");
    EXPECT_EQ(shape_text(std::array<std::int64_t, 1>{7}), "7");
    EXPECT_EQ(shape_text(std::array<std::int64_t, 3>{0, -1, 2}), "0 x -1 x 2");
    EXPECT_EQ(shape_text({}), "scalar");
}

TEST(ErrnoText, IsWhatTheSystemSays) {
    EXPECT_EQ(errno_text(ENOSPC), "No space left on device");
}

} // namespace
} // namespace shmwin::detail
