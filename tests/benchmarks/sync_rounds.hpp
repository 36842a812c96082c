// SPDX-License-Identifier: MIT
// What the benchmarks of sync/ have in common: how often a call is made in a round, and work for
// ranks to do between two calls.
#pragma once

#include "harness.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <shmwin/shmwin.hpp>
#include <utility>

namespace bench {

/// Arithmetic that nothing can shorten: each step needs the one before. A multiplication and an
/// addition take 4 cycles: a nanosecond, at 4 GHz.
[[nodiscard]] inline std::uint64_t work(std::uint64_t seed, std::int64_t n_steps) {
    for (std::int64_t i = 0; i < n_steps; ++i) {
        seed = seed * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U; // D. Knuth's MMIX
        asm volatile("" : "+r"(seed)); // two steps are not one with other constants
    }
    return seed;
}

/// The compiler must take `value` for used.
template <typename T>
void keep(T const& value) {
    asm volatile("" : : "r,m"(value) : "memory");
}

/// Seconds of the processor that this rank had.
[[nodiscard]] inline double processor_seconds() {
    std::timespec at{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) + 1e-9 * static_cast<double>(at.tv_nsec);
}

/// From when the first rank began until each of them was done.
struct span_of_all {
    double last; ///< seconds
    double mean;
};

/// Collective. By one clock for all: with more ranks than cores some begin when others are done.
template <typename Work>
[[nodiscard]] span_of_all time_of_all(context const& on, Work&& work) {
    auto const now = [] {
        auto const at = std::chrono::steady_clock::now().time_since_epoch();
        return std::chrono::duration<double>(at).count();
    };
    MPI_Barrier(on.comm());
    auto first = now();
    work();
    auto const end = now();
    MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_DOUBLE, MPI_MIN, on.comm());
    auto const mine = end - first;
    auto sum = mine;
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, on.comm());
    return {on.slowest(mine), sum / on.n_ranks()};
}

/// How many calls take about a twentieth of a second; the same on all ranks.
template <typename Call>
int calls_that_take_long_enough(context const& on, Call const& call) {
    constexpr int trial = 200;
    auto const seconds = on.slowest(on.time([&] {
        for (int i = 0; i < trial; ++i) {
            call();
        }
    }));
    auto const wanted = on.quick() ? 0.01 : 0.05;
    return static_cast<int>(std::clamp(wanted / (seconds / trial), 100.0, 500'000.0));
}

inline constexpr int n_batches = 5;

/// Collective. A side that makes calls in which the ranks meet: by the clock.
/// @param per_call  what is counted in one call
template <typename Call>
side repeat(context const& on, char const* name, Call const& call, double per_call = 1.0) {
    auto const n = calls_that_take_long_enough(on, call);
    return {name, per_call * n, [&on, n, call] {
                return on.fastest(n_batches, [&] {
                    return on.time([&] {
                        for (int i = 0; i < n; ++i) {
                            call();
                        }
                    });
                });
            }};
}

/// Collective. A side that makes calls which no other rank has to do with: by the processor's
/// time, so that more ranks than cores do not matter.
template <typename Call>
side repeat_alone(context const& on, char const* name, Call const& call) {
    auto const n = calls_that_take_long_enough(on, call);
    return {name, static_cast<double>(n), [&on, n, call] {
                return on.fastest(n_batches, [&] {
                    MPI_Barrier(on.comm());
                    auto const begin = processor_seconds();
                    for (int i = 0; i < n; ++i) {
                        call();
                    }
                    return processor_seconds() - begin;
                });
            }};
}

} // namespace bench
