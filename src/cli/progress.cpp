// SPDX-License-Identifier: MIT
#include "cli/progress.hpp"

#include "cli/words.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace shmwin::cli {
namespace {

constexpr auto interval = std::chrono::milliseconds(200);
constexpr std::string_view wipe = "\r\x1b[K";

void show(std::string_view text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

} // namespace

progress::progress(std::string what, std::uint64_t n_bytes)
    : what_(std::move(what)),
      all_(n_bytes),
      is_shown_(n_bytes > 0 && ::isatty(STDERR_FILENO) == 1) {}

progress::~progress() {
    if (is_drawn_) show(wipe);
}

void progress::add(std::uint64_t n_bytes) {
    done_ += n_bytes;
    if (!is_shown_) return;
    std::unique_lock const alone(drawing_, std::try_to_lock);
    auto const now = clock::now();
    if (alone && now - drawn_ >= interval) draw(now);
}

void progress::draw(clock::time_point now) {
    constexpr std::uint64_t width = 30;
    auto const done = std::min(done_.load(), all_);
    auto const share = static_cast<double>(done) / static_cast<double>(all_);
    auto const seconds = std::chrono::duration<double>(now - begin_).count();
    std::string bar(width, '.');
    std::fill_n(bar.begin(), width * done / all_, '#');
    auto const line = fmt::format("{}{} [{}] {:3.0f} %  {}/s  {:.0f} s left",
                                  wipe,
                                  what_,
                                  bar,
                                  100 * share,
                                  short_bytes(static_cast<std::uint64_t>(
                                      static_cast<double>(done) / std::max(seconds, 1e-3))),
                                  share > 0 ? seconds / share - seconds : 0.0);
    show(line);
    drawn_ = now;
    is_drawn_ = true;
}

} // namespace shmwin::cli
