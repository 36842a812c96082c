// SPDX-License-Identifier: MIT
#include "base/plain_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace shmwin {
namespace {

using detail::hex_text;
using detail::plain_text;
using detail::seconds_text;
using namespace std::chrono_literals;

struct PlainText : testing::Test {
    static void keep(void* to, std::string_view piece) noexcept {
        static_cast<std::vector<std::string>*>(to)->emplace_back(piece);
    }
    [[nodiscard]] std::string all() const {
        std::string whole;
        for (auto const& each : pieces) {
            whole += each;
        }
        return whole;
    }
    std::vector<std::string> pieces;
};

TEST_F(PlainText, ComesLineByLineAndTheRestAtItsEnd) {
    {
        plain_text out(keep, &pieces);
        out << "one\ntw";
        out << "o\n\nthree";
        EXPECT_EQ(pieces, (std::vector<std::string>{"one\n", "two\n", "\n"}));
    }
    EXPECT_EQ(pieces.back(), "three");
}

TEST_F(PlainText, OfALineThatIsTooLongComesWhole) {
    std::string const line(3000, 'x');
    {
        plain_text out(keep, &pieces);
        out << "a" << line << "b\n";
    }
    EXPECT_EQ(all(), "a" + line + "b\n");
}

TEST_F(PlainText, WritesNumbersAsStreamsDo) {
    {
        plain_text out(keep, &pieces);
        out << std::numeric_limits<std::int64_t>::min() << " " << std::uint8_t{200} << " " << 0.25
            << " " << -1;
    }
    EXPECT_EQ(all(), "-9223372036854775808 200 0.25 -1");
}

TEST_F(PlainText, WritesTimesAndAddresses) {
    {
        plain_text out(keep, &pieces);
        out << seconds_text{12'349ms} << " " << seconds_text{-5s} << " " << hex_text{0xbeef};
    }
    EXPECT_EQ(all(), "12.3 s 0.0 s 0xbeef");
}

TEST_F(PlainText, GoesToADescriptorWhole) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    std::string const line(1000, 'x');
    plain_text(detail::write_to_descriptor, &ends[1]) << line << "\n";
    ::close(ends[1]);
    std::string got(2000, '\0');
    std::size_t n = 0;
    for (;;) {
        auto const more = ::read(ends[0], got.data() + n, got.size() - n);
        if (more <= 0) break;
        n += static_cast<std::size_t>(more);
    }
    ::close(ends[0]);
    EXPECT_EQ(got.substr(0, n), line + "\n");
}

TEST_F(PlainText, ToADescriptorThatIsClosedIsLost) {
    int closed = -1;
    plain_text(detail::write_to_descriptor, &closed) << "nobody reads this\n";
}

} // namespace
} // namespace shmwin
