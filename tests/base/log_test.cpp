// SPDX-License-Identifier: MIT
#include "shmwin/base/log.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <gmock/gmock.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace shmwin {
namespace {

using testing::ElementsAre;
using testing::Pair;

using lines = std::vector<std::pair<log_level, std::string>>;

lines& seen() {
    static lines all;
    return all;
}

void collect(log_level level, std::string_view line) {
    seen().emplace_back(level, line);
}

struct Log : testing::Test {
    Log() {
        seen().clear();
        set_log_level(log_level::warning);
    }
    ~Log() override { set_log_sink(nullptr); }
    Log(Log const&) = delete;
    Log(Log&&) = delete;
    Log& operator=(Log const&) = delete;
    Log& operator=(Log&&) = delete;
};

TEST_F(Log, HandsLevelAndLineToTheSink) {
    set_log_sink(collect);
    log(log_level::error, "it broke");
    EXPECT_THAT(seen(), ElementsAre(Pair(log_level::error, "it broke")));
}

TEST_F(Log, DropsLinesAboveItsLevel) {
    set_log_sink(collect);
    for (auto const level : {log_level::silent,
                             log_level::error,
                             log_level::warning,
                             log_level::info,
                             log_level::debug}) {
        seen().clear();
        set_log_level(level);
        log(log_level::error, "e");
        log(log_level::warning, "w");
        log(log_level::info, "i");
        log(log_level::debug, "d");
        EXPECT_EQ(seen().size(), static_cast<std::size_t>(level));
    }
}

TEST_F(Log, SinkThatIsReplacedIsReturned) {
    EXPECT_EQ(set_log_sink(collect), nullptr);
    EXPECT_EQ(set_log_sink(nullptr), collect);
}

TEST_F(Log, SinkThatThrowsDoesNotFailTheProgram) {
    set_log_sink([](log_level, std::string_view) { throw 1; });
    EXPECT_NO_THROW(log(log_level::error, "line"));
    set_log_sink(collect);
    log(log_level::error, "the next");
    EXPECT_THAT(seen(), ElementsAre(Pair(log_level::error, "the next"))) << "it kept the lock";
}

TEST_F(Log, GoesToStderrWithItsLevel) {
    set_log_level(log_level::info);
    testing::internal::CaptureStderr();
    log(log_level::error, "one");
    log(log_level::warning, "two");
    log(log_level::info, std::string_view("three and more").substr(0, 5));
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "shmwin: error: one\nshmwin: warning: two\nshmwin: three\n");
}

TEST_F(Log, CallsTheSinkFromOneThreadAtATime) {
    static int calls = 0; // not atomic: ThreadSanitizer sees two calls at once
    calls = 0;
    set_log_sink([](log_level, std::string_view) { ++calls; });
    constexpr int n_threads = 4;
    constexpr int n_lines = 1000;
    {
        std::vector<std::jthread> threads;
        threads.reserve(n_threads);
        for (int t = 0; t < n_threads; ++t) {
            threads.emplace_back([] {
                for (int i = 0; i < n_lines; ++i)
                    log(log_level::error, "line");
            });
        }
    }
    EXPECT_EQ(calls, n_threads * n_lines);
}

// SHMWIN_LOG is read once in a process, so each value needs a fresh one.
struct LogEnvironmentDeathTest : testing::TestWithParam<std::pair<char const*, int>> {
    LogEnvironmentDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_P(LogEnvironmentDeathTest, SetsTheLevel) {
    auto const [value, n_lines] = GetParam();
    EXPECT_EXIT(
        {
            ::setenv("SHMWIN_LOG", GetParam().first, 1); // NOLINT(concurrency-mt-unsafe)
            set_log_sink(collect);
            log(log_level::error, "e");
            log(log_level::warning, "w");
            log(log_level::info, "i");
            log(log_level::debug, "d");
            std::_Exit(static_cast<int>(seen().size()));
        },
        testing::ExitedWithCode(n_lines),
        "")
        << value;
}
INSTANTIATE_TEST_SUITE_P(Values,
                         LogEnvironmentDeathTest,
                         testing::Values(std::pair{"silent", 0},
                                         std::pair{"error", 1},
                                         std::pair{"warning", 2},
                                         std::pair{"info", 3},
                                         std::pair{"debug", 4},
                                         std::pair{"", 2},
                                         std::pair{"nonsense", 2}));

} // namespace
} // namespace shmwin
