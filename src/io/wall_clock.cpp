// SPDX-License-Identifier: MIT
#include "io/wall_clock.hpp"

#include "shmwin/base/environment.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/sync/process.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

using seconds = std::chrono::duration<double>;

constexpr double most_seconds = 1e12;

// All of `text`, not negative.
template <typename Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    auto const* const end = text.data() + text.size();
    auto const [rest, failed] = std::from_chars(text.data(), end, value);
    if (failed != std::errc{} || rest != end || !(value >= 0)) return std::nullopt;
    return value;
}

// "HH:MM:SS" after `days` days.
std::optional<seconds> clock_time(std::string_view text, int days) {
    std::array<int, 3> parts{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        bool const is_last = i + 1 == parts.size();
        auto const end = is_last ? text.size() : text.find(':');
        if (end == std::string_view::npos) return std::nullopt;
        auto const part = number<int>(text.substr(0, end));
        if (!part || (i > 0 && *part > 59)) return std::nullopt;
        parts.at(i) = *part;
        if (!is_last) text.remove_prefix(end + 1);
    }
    return seconds(86400.0 * days + 3600.0 * parts[0] + 60.0 * parts[1] + parts[2]);
}

// Since this process began; 0 where the system does not tell.
seconds age() {
    timespec now{};
    auto const began = this_process().start_time; // in ticks after boot
    auto const ticks = ::sysconf(_SC_CLK_TCK);
    if (began == 0 || ticks <= 0 || ::clock_gettime(CLOCK_BOOTTIME, &now) != 0) return seconds(0);
    auto const up = static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
    return seconds(up - static_cast<double>(began) / static_cast<double>(ticks));
}

[[noreturn]] void refuse(char const* variable, std::string const& value, char const* example) {
    raise(errc::invalid_argument,
          text(variable, " is no time (\"", value, "\"; write e.g. ", example, ")"));
}

} // namespace

std::optional<seconds> parse_wall_clock(std::string_view text) {
    if (text.find(':') == std::string_view::npos) {
        auto const plain = number<double>(text);
        if (!plain || !(*plain <= most_seconds)) return std::nullopt;
        return seconds(*plain);
    }
    auto const dash = text.find('-');
    if (dash == std::string_view::npos) return clock_time(text, 0);
    auto const days = number<int>(text.substr(0, dash));
    if (!days) return std::nullopt;
    return clock_time(text.substr(dash + 1), *days);
}

std::optional<seconds> time_left(checkpoint_options const& options) {
    if (options.wall_clock.count() > 0) return options.wall_clock;
    if (auto const asked = environment("SHMWIN_WALL_CLOCK")) {
        auto const whole = parse_wall_clock(*asked);
        if (!whole) refuse("SHMWIN_WALL_CLOCK", *asked, "5400, 01:30:00 or 1-12:00:00");
        if (whole->count() == 0) return std::nullopt; // never, whatever Slurm says
        return *whole - age();
    }
    if (auto const end = environment("SLURM_JOB_END_TIME")) {
        auto const epoch = number<std::int64_t>(*end);
        if (!epoch) refuse("SLURM_JOB_END_TIME", *end, "1700000000, in seconds after 1970");
        auto const now = std::chrono::system_clock::now().time_since_epoch();
        return seconds(static_cast<double>(*epoch)) - seconds(now);
    }
    return std::nullopt;
}

} // namespace shmwin::inline v1::detail
