// SPDX-License-Identifier: MIT
#include "shmwin/base/environment.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/log.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <gmock/gmock.h>
#include <limits>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();

struct size_row {
    char const* text;
    std::optional<std::size_t> n_bytes;
};

void PrintTo(size_row const& row, std::ostream* out) { // NOLINT(*-naming): GoogleTest's name
    *out << '"' << row.text << '"';
}

struct ParseBytes : testing::TestWithParam<size_row> {};

TEST_P(ParseBytes, ReadsSizesAndNothingElse) {
    EXPECT_EQ(parse_bytes(GetParam().text), GetParam().n_bytes);
}

INSTANTIATE_TEST_SUITE_P(Plain,
                         ParseBytes,
                         testing::Values(size_row{"0", 0},
                                         size_row{"1", 1},
                                         size_row{"4096", 4096},
                                         size_row{"007", 7},
                                         size_row{"4096B", 4096},
                                         size_row{"4096b", 4096},
                                         size_row{"4096 B", 4096},
                                         size_row{"18446744073709551615", largest}));
INSTANTIATE_TEST_SUITE_P(Units,
                         ParseBytes,
                         testing::Values(size_row{"1K", 1_KiB},
                                         size_row{"1k", 1_KiB},
                                         size_row{"1KB", 1_KiB},
                                         size_row{"1KiB", 1_KiB},
                                         size_row{"1kib", 1_KiB},
                                         size_row{"1KIB", 1_KiB},
                                         size_row{"512M", 512_MiB},
                                         size_row{"8GiB", 8_GiB},
                                         size_row{"8 GiB", 8_GiB},
                                         size_row{"8  GiB", 8_GiB},
                                         size_row{"3T", 3_TiB},
                                         size_row{"2P", 2048_TiB},
                                         size_row{"1E", 1024 * 1024_TiB},
                                         size_row{"0 GiB", 0}));
INSTANTIATE_TEST_SUITE_P(TooLarge,
                         ParseBytes,
                         testing::Values(size_row{"18446744073709551616", {}},
                                         size_row{"16E", {}},
                                         size_row{"15E", 15 * (1024 * 1024_TiB)},
                                         size_row{"17179869184 GiB", {}},
                                         size_row{"17179869183 GiB", 17179869183ULL << 30U}));
INSTANTIATE_TEST_SUITE_P(NoSize,
                         ParseBytes,
                         testing::Values(size_row{"", {}},
                                         size_row{" ", {}},
                                         size_row{"GiB", {}},
                                         size_row{"-1", {}},
                                         size_row{"+1", {}},
                                         size_row{" 1", {}},
                                         size_row{"1.5G", {}},
                                         size_row{"1,5G", {}},
                                         size_row{"0x10", {}},
                                         size_row{"1e9", {}},
                                         size_row{"8 G iB", {}},
                                         size_row{"8 GiB ", {}},
                                         size_row{"8 GiBs", {}},
                                         size_row{"8 Gi", {}},
                                         size_row{"8 GBi", {}},
                                         size_row{"8 X", {}},
                                         size_row{"8 bB", {}},
                                         size_row{"8 BB", {}},
                                         size_row{"1 2", {}},
                                         size_row{"8\tGiB", {}}));

TEST(ParseBytesView, IsNotReadBeyondItsEnd) {
    EXPECT_EQ(parse_bytes(std::string_view("123G").substr(0, 2)), 12U);
}

// Sets a variable for the life of the object.
class variable {
  public:
    variable(char const* name, char const* value) : name_(name) {
        ::setenv(name, value, 1); // NOLINT(concurrency-mt-unsafe): one thread
    }
    ~variable() { ::unsetenv(name_); } // NOLINT(concurrency-mt-unsafe)
    variable(variable const&) = delete;
    variable(variable&&) = delete;
    variable& operator=(variable const&) = delete;
    variable& operator=(variable&&) = delete;

  private:
    char const* name_;
};

constexpr char const* some_name = "SHMWIN_TEST_SOME";

TEST(Environment, UnsetAndEmptyAreNothing) {
    EXPECT_EQ(detail::environment(some_name), std::nullopt);
    variable const empty(some_name, "");
    EXPECT_EQ(detail::environment(some_name), std::nullopt);
    EXPECT_EQ(detail::environment_bytes(some_name), std::nullopt);
    EXPECT_EQ(detail::environment_count(some_name), std::nullopt);
}

TEST(Environment, ValuesAreReadAsTextSizeAndCount) {
    variable const set(some_name, "64");
    EXPECT_EQ(detail::environment(some_name), "64");
    EXPECT_EQ(detail::environment_bytes(some_name), 64U);
    EXPECT_EQ(detail::environment_count(some_name), 64);
}

TEST(Environment, SizesHaveUnits) {
    variable const set(some_name, "64 MiB");
    EXPECT_EQ(detail::environment_bytes(some_name), 64_MiB);
}

// The text of the argument_error that `call` throws.
template <typename F>
std::string error_of(F call) {
    try {
        static_cast<void>(call());
    } catch (argument_error const& e) {
        EXPECT_EQ(e.code(), errc::invalid_argument);
        return e.what();
    }
    return "nothing was thrown";
}

TEST(Environment, ValueThatIsNoSizeIsAnErrorThatNamesBoth) {
    variable const set(some_name, "a lot");
    EXPECT_THAT(error_of([] { return detail::environment_bytes(some_name); }),
                AllOf(HasSubstr(some_name), HasSubstr("\"a lot\"")));
}

TEST(Environment, ValueThatIsNoCountIsAnErrorThatNamesBoth) {
    for (char const* value : {"4x", "-4", "4.0", " 4", "x", "99999999999999999999"}) {
        variable const set(some_name, value);
        EXPECT_THAT(error_of([] { return detail::environment_count(some_name); }),
                    AllOf(HasSubstr(some_name), HasSubstr(value)));
    }
}

std::vector<std::string>& lines() {
    static std::vector<std::string> all;
    return all;
}

std::vector<std::string> warnings() {
    lines().clear();
    set_log_level(log_level::warning);
    auto* const before = set_log_sink([](log_level level, std::string_view line) {
        EXPECT_EQ(level, log_level::warning);
        lines().emplace_back(line);
    });
    detail::warn_of_unknown_variables();
    set_log_sink(before);
    return lines();
}

TEST(UnknownVariables, AreWarnedOfByName) {
    variable const typo("SHMWIN_CAPACTIY", "8GiB");
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("SHMWIN_CAPACTIY")));
}

TEST(UnknownVariables, AreNoneAmongTheKnownOnesThoseOfTestsAndThoseOfOthers) {
    variable const known("SHMWIN_CAPACITY", "8GiB");
    variable const of_tests("SHMWIN_TEST_ANYTHING", "1");
    variable const of_others("SHMWINDOW", "1");
    variable const inside("MY_SHMWIN_THING", "1");
    EXPECT_THAT(warnings(), IsEmpty());
}

TEST(UnknownVariables, AreWarnedOfAlsoWhenEmpty) {
    variable const typo("SHMWIN_", "");
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("SHMWIN_")));
}

} // namespace
} // namespace shmwin
