// SPDX-License-Identifier: MIT
#include "shmwin/base/log.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace shmwin::inline v1 {
namespace {

constexpr int not_yet_read = -1;

void write_to_stderr(log_level level, std::string_view line) {
    char const* const prefix = level == log_level::error     ? "error: "
                               : level == log_level::warning ? "warning: "
                                                             : "";
    static_cast<void>(std::fprintf(
        stderr, "shmwin: %s%.*s\n", prefix, static_cast<int>(line.size()), line.data()));
}

// Trivially destructible, so that logging works in exit handlers too.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): one sink a process
constinit std::atomic<log_sink> current_sink{nullptr};
constinit std::atomic<int> current_level{not_yet_read};
constinit std::mutex one_at_a_time;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

log_level level_of_environment() noexcept {
    char const* const value = std::getenv("SHMWIN_LOG"); // NOLINT(concurrency-mt-unsafe)
    std::string_view const asked = value == nullptr ? "" : value;
    if (asked == "silent") return log_level::silent;
    if (asked == "error") return log_level::error;
    if (asked == "info") return log_level::info;
    if (asked == "debug") return log_level::debug;
    return log_level::warning;
}

} // namespace

log_sink set_log_sink(log_sink sink) noexcept {
    return current_sink.exchange(sink);
}

void set_log_level(log_level level) noexcept {
    current_level = static_cast<int>(level);
}

void log(log_level level, std::string_view line) noexcept {
    if (current_level == not_yet_read) current_level = static_cast<int>(level_of_environment());
    if (static_cast<int>(level) > current_level) return;
    try {
        std::scoped_lock const hold(one_at_a_time);
        auto* const sink = current_sink.load();
        (sink != nullptr ? sink : write_to_stderr)(level, line);
    } catch (...) { // NOLINT(bugprone-empty-catch): a failing sink must not fail the program
    }
}

} // namespace shmwin::inline v1
