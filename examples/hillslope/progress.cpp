// SPDX-License-Identifier: MIT
#include "progress.hpp"

#include <cstdio>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <system_error>
#include <unistd.h>

namespace hillslope {

namespace {

/// isatty() alone does not tell: mpirun of Open MPI gives its ranks a terminal as output also
/// when its own goes to a file. So the parent's output is asked too.
bool writes_to_terminal() {
    if (isatty(STDOUT_FILENO) == 0) return false;
    std::error_code none;
    auto const out =
        std::filesystem::read_symlink("/proc/" + std::to_string(getppid()) + "/fd/1", none);
    auto const name = out.string();
    return name.starts_with("/dev/pts/") || name.starts_with("/dev/tty")
           || name.starts_with("/dev/console");
}

std::chrono::milliseconds pause(bool on_terminal) {
    return std::chrono::milliseconds(on_terminal ? 200 : 10'000);
}

} // namespace

progress::progress(bool speaks, std::int64_t done, std::int64_t steps, double step_years)
    : speaks_(speaks),
      on_terminal_(speaks && writes_to_terminal()),
      before_(done),
      steps_(steps),
      step_years_(step_years),
      start_(clock::now()),
      next_(start_ + pause(on_terminal_)) {}

void progress::at(std::int64_t done) {
    if (!speaks_) return;
    auto const now = clock::now();
    if (now < next_) return;
    next_ = now + pause(on_terminal_);
    say(done, std::chrono::duration<double>(now - start_).count());
}

void progress::say(std::int64_t done, double seconds) const {
    double const rate = static_cast<double>(done - before_) / seconds;
    std::printf("%s%.0f of %.0f years, %.1f steps/s, %.0f s left%s",
                on_terminal_ ? "\r\033[K" : "",
                static_cast<double>(done) * step_years_,
                static_cast<double>(steps_) * step_years_,
                rate,
                static_cast<double>(steps_ - done) / rate,
                on_terminal_ ? "" : "\n");
    std::fflush(stdout);
}

double progress::finish() {
    if (on_terminal_) std::fputs("\r\033[K", stdout);
    return std::chrono::duration<double>(clock::now() - start_).count();
}

} // namespace hillslope
