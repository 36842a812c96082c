// SPDX-License-Identifier: MIT
// The progress line: rewritten in place on a terminal, a line every ten seconds anywhere else.
#pragma once

#include <chrono>
#include <cstdint>

namespace hillslope {

class progress {
  public:
    /// @param speaks  one rank does
    /// @param done    steps that were there before
    progress(bool speaks, std::int64_t done, std::int64_t steps, double step_years);

    /// Says how far it is, if it is time to.
    void at(std::int64_t done);

    /// Ends the line. @returns  seconds since the beginning
    double finish();

  private:
    using clock = std::chrono::steady_clock;

    void say(std::int64_t done, double seconds) const;

    bool speaks_;
    bool on_terminal_;
    std::int64_t before_;
    std::int64_t steps_;
    double step_years_;
    clock::time_point start_;
    clock::time_point next_;
};

} // namespace hillslope
