// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"
#include "shmwin/memory/directory.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <string>
#include <string_view>

namespace shmwin {
namespace {

using namespace std::string_literals;
using detail::check_name;
using testing::AllOf;
using testing::HasSubstr;

struct CheckNameAccepts : testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Each,
                         CheckNameAccepts,
                         testing::Values("u",
                                         "fields/u",
                                         "a/b/c/d/e",
                                         "with blanks and ~!@#$%^&*()[]{}\\\"'",
                                         ".hidden",
                                         "...",
                                         "a./.b",
                                         " ",
                                         "Größe",        // two bytes a letter
                                         "\xc2\xa0",     // the first of two bytes but for controls
                                         "\xdf\xbf",     // the last of two
                                         "\xe0\xa0\x80", // the first of three
                                         "\xed\x9f\xbf", // the last before the surrogates
                                         "\xee\x80\x80", // the first after them
                                         "\xef\xbf\xbf", // the last of three
                                         "\xf0\x90\x80\x80",      // the first of four
                                         "\xf4\x8f\xbf\xbf",      // the last there is
                                         "温度/\xf0\x9f\x8c\xa1", // three and four bytes
                                         std::string(255, 'n'),
                                         std::string(251, 'n') + "\xf0\x9f\x8c\xa1"));

TEST_P(CheckNameAccepts, It) {
    EXPECT_NO_THROW(check_name(GetParam())) << GetParam();
}

struct refused {
    std::string name;
    char const* why;
};

struct CheckNameRefuses : testing::TestWithParam<refused> {};

INSTANTIATE_TEST_SUITE_P(
    Each,
    CheckNameRefuses,
    testing::Values(refused{"", "is empty"},
                    refused{"/", "empty part"},
                    refused{"/u", "empty part"},
                    refused{"u/", "empty part"},
                    refused{"a//b", "empty part"},
                    refused{".", "\".\" or \"..\""},
                    refused{"..", "\".\" or \"..\""},
                    refused{"a/./b", "\".\" or \"..\""},
                    refused{"a/..", "\".\" or \"..\""},
                    refused{"../a", "\".\" or \"..\""},
                    refused{"a\0b"s, "control character"},
                    refused{"\0"s, "control character"},
                    refused{"a\n", "control character"},
                    refused{"\x1f", "control character"},
                    refused{"\x7f", "control character"},
                    refused{"\x80", "UTF-8"},             // no first byte
                    refused{"\xbf", "UTF-8"},             // no first byte
                    refused{"\xc0\x80", "UTF-8"},         // NUL in two bytes
                    refused{"\xc1\xbf", "UTF-8"},         // one byte's worth in two
                    refused{"\xc3", "UTF-8"},             // ends too soon
                    refused{"\xc3/", "UTF-8"},            // goes on wrongly
                    refused{"\xe0\x9f\xbf", "UTF-8"},     // two bytes' worth in three
                    refused{"\xe2\x82", "UTF-8"},         // ends too soon
                    refused{"\xe2\x82z", "UTF-8"},        // goes on wrongly
                    refused{"\xed\xa0\x80", "UTF-8"},     // a surrogate
                    refused{"\xed\xbf\xbf", "UTF-8"},     // a surrogate
                    refused{"\xf0\x8f\xbf\xbf", "UTF-8"}, // three bytes' worth in four
                    refused{"\xf0\x9f\x8c", "UTF-8"},     // ends too soon
                    refused{"\xf4\x90\x80\x80", "UTF-8"}, // above U+10FFFF
                    refused{"\xf5\x80\x80\x80", "UTF-8"}, // no first byte
                    refused{"\xff", "UTF-8"},
                    refused{std::string(256, 'n'), "256 bytes, at most 255"},
                    refused{std::string(100'000, 'n'), "100000 bytes, at most 255"}));

TEST_P(CheckNameRefuses, ItAndSaysWhy) {
    try {
        check_name(GetParam().name);
        FAIL() << "accepted";
    } catch (argument_error const& failed) {
        EXPECT_EQ(failed.code(), errc::invalid_argument);
        EXPECT_THAT(failed.what(), AllOf(HasSubstr("name is"), HasSubstr(GetParam().why)));
    }
}

// A text with such bytes in it would end early, or write anywhere on the reader's terminal.
TEST(CheckName, ShowsWhatIsNotPrintableAsNumbers) {
    auto const text_for = [](std::string const& name) -> std::string {
        try {
            check_name(name);
        } catch (error const& failed) {
            return failed.what();
        }
        return {};
    };
    EXPECT_EQ(text_for("a\0b"s), R"(name is not allowed ("a\x00b" holds a control character))");
    EXPECT_EQ(text_for("ä\x1b[2J\n"),
              R"(name is not allowed ("ä\x1b[2J\x0a" holds a control character))");
    EXPECT_EQ(text_for("a\xff"), R"(name is not allowed ("a\xff" is not UTF-8))");
    EXPECT_THAT(text_for(std::string(300, '\n')), testing::Not(HasSubstr("\n")));
}

} // namespace
} // namespace shmwin
