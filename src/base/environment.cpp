// SPDX-License-Identifier: MIT
#include "shmwin/base/environment.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <unistd.h>

namespace shmwin::inline v1 {
namespace {

// Every variable that is read anywhere in the library. SHMWIN_TEST_* belong to the tests.
constexpr std::array<std::string_view, 11> known_variables{
    "SHMWIN_BACKING",
    "SHMWIN_CAPACITY",
    "SHMWIN_FAIL_POINT",
    "SHMWIN_LOG",
    "SHMWIN_MAP_FILES",
    "SHMWIN_RESERVE",
    "SHMWIN_SPIN",
    "SHMWIN_THREADS_PER_RANK",
    "SHMWIN_WAIT_SLICE_US",
    "SHMWIN_WAIT_WARN",
    "SHMWIN_WALL_CLOCK",
};

std::optional<unsigned> shift_of_unit(std::string_view unit) noexcept {
    constexpr std::string_view letters = "kmgtpe";
    if (unit.empty()) return 0;
    auto const lower = [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    };
    if (unit.size() == 1 && lower(unit[0]) == 'b') return 0;
    auto const power = letters.find(lower(unit[0]));
    if (power == std::string_view::npos) return std::nullopt;
    auto const rest = unit.substr(1);
    bool const plain = rest.empty() || (rest.size() == 1 && lower(rest[0]) == 'b')
                       || (rest.size() == 2 && lower(rest[0]) == 'i' && lower(rest[1]) == 'b');
    if (!plain) return std::nullopt;
    return static_cast<unsigned>(10 * (power + 1));
}

} // namespace

std::optional<std::size_t> parse_bytes(std::string_view text) noexcept {
    std::size_t count = 0;
    auto const* const end = text.data() + text.size();
    auto const [rest, failed] = std::from_chars(text.data(), end, count);
    if (failed != std::errc{}) return std::nullopt;
    std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    while (!unit.empty() && unit.front() == ' ') {
        unit.remove_prefix(1);
    }
    auto const shift = shift_of_unit(unit);
    if (!shift || count > (~std::size_t{0} >> *shift)) return std::nullopt;
    return count << *shift;
}

namespace detail {

std::optional<std::string> environment(char const* variable) {
    char const* const value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
}

std::optional<std::size_t> environment_bytes(char const* variable) {
    auto const value = environment(variable);
    if (!value) return std::nullopt;
    auto const n_bytes = parse_bytes(*value);
    if (!n_bytes) {
        raise(errc::invalid_argument,
              text(variable, " is not a size (\"", *value, "\"; write e.g. 8GiB)"));
    }
    return n_bytes;
}

std::optional<std::int64_t> environment_count(char const* variable) {
    auto const value = environment(variable);
    if (!value) return std::nullopt;
    std::int64_t count = 0;
    auto const* const end = value->data() + value->size();
    auto const [rest, failed] = std::from_chars(value->data(), end, count);
    if (failed != std::errc{} || rest != end || count < 0) {
        raise(errc::invalid_argument, text(variable, " is not a whole number (\"", *value, "\")"));
    }
    return count;
}

void warn_of_unknown_variables() {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view const whole = *entry;
        auto const variable = whole.substr(0, whole.find('='));
        if (!variable.starts_with("SHMWIN_") || variable.starts_with("SHMWIN_TEST_")) continue;
        if (std::ranges::find(known_variables, variable) != known_variables.end()) continue;
        log(log_level::warning, text("unknown environment variable ", variable, " (ignored)"));
    }
}

} // namespace detail
} // namespace shmwin::inline v1
