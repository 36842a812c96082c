// SPDX-License-Identifier: MIT
#include "io/fail_point.hpp"

#ifdef SHMWIN_FAIL_POINTS

#include "shmwin/base/environment.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

constexpr char const* variable = "SHMWIN_FAIL_POINT";

constexpr std::array<std::string_view, static_cast<std::size_t>(step::n_steps)> step_names{
    "lock",           "sweep",      "prepare",      "space",       "create",         "close",
    "blank",          "reserve",    "plan",         "payload",     "block",          "checksums",
    "commit",         "record",     "sync_payload", "sign",        "sync_signature", "rename",
    "sync_directory", "retain",     "end_save",     "staging",     "stage",          "stage_block",
    "start_thread",   "end_thread", "compress",     "place_chunk", "open_previous",  "try_share",
    "share",          "list",       "structure",    "fit",         "objects",        "read_payload",
    "read_block",     "end_restore"};
static_assert(step_names.back() == "end_restore");

constexpr std::array<std::string_view, 6> action_names{
    "kill", "delay", "eio", "enospc", "fsync", "short"};
enum class action : std::uint8_t { kill, delay, eio, enospc, fsync, shorten };

struct rule {
    step where{};
    moment when{};
    std::optional<int> rank{};
    std::optional<int> occurrence{}; ///< from 1
    action what{};
    int milliseconds = 0;
    int n_passed = 0;
};

constexpr std::size_t n_names = 2 * step_names.size();

std::size_t index_of(step where, moment when) {
    return 2 * static_cast<std::size_t>(where) + (when == moment::after ? 1 : 0);
}

struct rules {
    std::mutex mutex;
    std::vector<rule> all;
    std::array<bool, n_names> passed{}; ///< by index_of()
    std::array<std::function<void()>, n_names> to_do;
};

rules& armed_rules() {
    static rules one;
    return one;
}

// What the next calls of this thread are to do.
struct wanted_failure {
    int of_any = 0; ///< errno
    int of_sync = 0;
    bool shorten = false;
};
thread_local wanted_failure wanted; // NOLINT(*-avoid-non-const-global-variables): as errno is

// --- the variable ----------------------------------------------------------------------------

[[noreturn]] void refuse(std::string_view word, std::string const& why) {
    raise(errc::invalid_argument,
          text(variable,
               " cannot be read (\"",
               word,
               "\": ",
               why,
               "; write NAME[@RANK][#OCCURRENCE]=ACTION, e.g. before_rename@0=kill)"));
}

// What stands after the last `mark`; nothing if there is no mark. `text` keeps what is before.
std::optional<std::string_view> cut_after(std::string_view& text, char mark) {
    auto const at = text.rfind(mark);
    if (at == std::string_view::npos) return std::nullopt;
    auto const rest = text.substr(at + 1);
    text = text.substr(0, at);
    return rest;
}

int number_in(std::string_view digits, std::string_view word, int least) {
    int number = 0;
    auto const* const end = digits.data() + digits.size();
    auto const [rest, failed] = std::from_chars(digits.data(), end, number);
    if (failed != std::errc{} || rest != end || number < least) {
        refuse(word, text("\"", digits, "\" is no number from ", least));
    }
    return number;
}

std::optional<int>
optional_number(std::string_view& text, char mark, std::string_view word, int least) {
    auto const digits = cut_after(text, mark);
    if (!digits) return std::nullopt;
    return number_in(*digits, word, least);
}

template <std::size_t N>
std::size_t index_in(std::array<std::string_view, N> const& names,
                     std::string_view name,
                     std::string_view word,
                     char const* what) {
    auto const* const found = std::ranges::find(names, name);
    if (found == names.end()) refuse(word, text("\"", name, "\" is no ", what));
    return static_cast<std::size_t>(found - names.begin());
}

rule rule_of(std::string_view word) {
    rule made;
    auto name = word;
    auto const action_text = cut_after(name, '=');
    if (!action_text) refuse(word, "it has no action");
    auto what = *action_text;
    auto const time = optional_number(what, ':', word, 0);
    made.what = static_cast<action>(index_in(action_names, what, word, "action"));
    if (time.has_value() != (made.what == action::delay)) {
        refuse(word, "delay, and no other, has a time: delay:50");
    }
    made.milliseconds = time.value_or(0);
    made.occurrence = optional_number(name, '#', word, 1);
    made.rank = optional_number(name, '@', word, 0);
    constexpr std::string_view before = "before_";
    constexpr std::string_view after = "after_";
    made.when = name.starts_with(before) ? moment::before : moment::after;
    if (made.when == moment::after && !name.starts_with(after)) {
        refuse(word, "its name begins neither with before_ nor with after_");
    }
    name.remove_prefix(made.when == moment::before ? before.size() : after.size());
    made.where = static_cast<step>(index_in(step_names, name, word, "step"));
    return made;
}

// --- what they do ------------------------------------------------------------------------------

[[noreturn]] void die() {
    for (;;) {
        ::kill(::getpid(), SIGKILL);
    }
}

void act(rule const& one) {
    switch (one.what) {
    case action::kill:
        die();
    case action::delay:
        std::this_thread::sleep_for(std::chrono::milliseconds(one.milliseconds));
        break;
    case action::eio:
        wanted.of_any = EIO;
        break;
    case action::enospc:
        wanted.of_any = ENOSPC;
        break;
    case action::fsync:
        wanted.of_sync = EIO;
        break;
    case action::shorten:
        wanted.shorten = true;
        break;
    }
}

bool fails_with(int& error) {
    if (error == 0) return false;
    errno = std::exchange(error, 0);
    return true;
}

} // namespace

void arm_fail_points(int rank) {
    std::vector<rule> made;
    auto const value = environment(variable).value_or("");
    for (std::string_view rest = value; !rest.empty();) {
        auto const length = std::min(rest.find(','), rest.size());
        auto const one = rule_of(rest.substr(0, length));
        if (one.rank.value_or(rank) == rank) made.push_back(one);
        rest.remove_prefix(std::min(length + 1, rest.size()));
    }
    wanted = {};
    std::lock_guard const guard(armed_rules().mutex);
    armed_rules().all = std::move(made);
    armed_rules().passed.fill(false);
}

std::vector<std::string> fail_point_names() {
    std::vector<std::string> names;
    for (auto const& each : step_names) {
        names.push_back(text("before_", each));
        names.push_back(text("after_", each));
    }
    return names;
}

std::vector<std::string> passed_fail_points() {
    auto const names = fail_point_names();
    std::vector<std::string> passed;
    std::lock_guard const guard(armed_rules().mutex);
    for (std::size_t i = 0; i < n_names; ++i) {
        if (armed_rules().passed.at(i)) passed.push_back(names[i]);
    }
    return passed;
}

void do_at_fail_point(step where, moment when, std::function<void()> what) {
    std::lock_guard const guard(armed_rules().mutex);
    armed_rules().to_do.at(index_of(where, when)) = std::move(what);
}

void fail_point(step where, moment when) noexcept {
    std::vector<rule> due;
    std::function<void()> to_do;
    {
        std::lock_guard const guard(armed_rules().mutex);
        to_do = std::exchange(armed_rules().to_do.at(index_of(where, when)), nullptr);
        armed_rules().passed.at(index_of(where, when)) = true;
        for (auto& each : armed_rules().all) {
            if (each.where != where || each.when != when) continue;
            ++each.n_passed;
            if (each.occurrence.value_or(each.n_passed) == each.n_passed) due.push_back(each);
        }
    }
    if (to_do) to_do();
    std::ranges::for_each(due, act);
}

bool is_to_fail(system_call which) noexcept {
    return fails_with(wanted.of_any) || (which == system_call::sync && fails_with(wanted.of_sync));
}

bool is_about_to_fail() noexcept {
    return wanted.of_any != 0;
}

std::size_t as_short_as_wanted(std::size_t n_bytes) noexcept {
    return std::exchange(wanted.shorten, false) ? std::max<std::size_t>(1, n_bytes / 2) : n_bytes;
}

} // namespace shmwin::inline v1::detail

#endif
