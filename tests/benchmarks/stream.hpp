// SPDX-License-Identifier: MIT
// What the benchmarks of memory bandwidth have in common: passes over large arrays, as in J.
// McCalpin's STREAM, and arrays that are touched alike.
#pragma once

#include "harness.hpp"

#include <algorithm>
#include <cstdint>
#include <shmwin/view/range.hpp>
#include <vector>

namespace bench {

[[gnu::noinline]] inline void
triad(double* a, double const* b, double const* c, double factor, shmwin::range mine) {
    for (auto i = mine.first; i < mine.last; ++i) {
        a[i] = b[i] + factor * c[i];
    }
}

/// Stores 1 to this rank's part of all arrays, of several kinds of memory, a piece of each in turn.
/// How fast a page is depends on where the system takes it from at the moment; so all kinds get the
/// same mixture.
inline void touch_in_turn(std::vector<std::vector<double*>> const& kinds, shmwin::range mine) {
    constexpr std::int64_t piece = std::int64_t{1} << 17U;
    for (auto first = mine.first; first < mine.last; first += piece) {
        for (auto const& kind : kinds) {
            for (auto* const each : kind) {
                std::fill(each + first, each + std::min(first + piece, mine.last), 1.0);
            }
        }
    }
}

/// The fastest of some passes, as STREAM does: what others do on the machine only slows them down.
template <typename Pass>
side passes(context const& on, char const* name, double n_bytes, Pass const& pass) {
    return {name, n_bytes, [&on, pass] {
                return on.fastest(on.quick() ? 2 : 4, [&] { return on.time(pass); });
            }};
}

} // namespace bench
