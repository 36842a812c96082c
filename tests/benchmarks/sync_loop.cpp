// SPDX-License-Identifier: MIT
// A loop whose ranks take what is left, beside one in which each has its block from the start.
// Three distributions of work: equal, growing with the index, and half of all in a few indices.
#include "sync_rounds.hpp"

#include <cstdint>
#include <random>
#include <stdexcept>

namespace {

using namespace shmwin::literals;
using bench::context;

constexpr std::int64_t least_chunk = 64;
constexpr std::int64_t mean_steps = 60; // of bench::work
constexpr std::int64_t n_heavy = 64;

using steps = shmwin::array<std::int32_t, 1>; // of each index

std::int32_t narrow(std::int64_t n) {
    return static_cast<std::int32_t>(n);
}

// Each fills in on rank 0.
void equal(steps const& of) {
    for (std::int64_t i = 0; i < of.extent(0); ++i) {
        of(i) = narrow(mean_steps);
    }
}
void growing(steps const& of) {
    for (std::int64_t i = 0; i < of.extent(0); ++i) {
        of(i) = narrow(2 * mean_steps * i / of.extent(0));
    }
}
void few_heavy(steps const& of) {
    auto const n = of.extent(0);
    for (std::int64_t i = 0; i < n; ++i) {
        of(i) = narrow(mean_steps / 2);
    }
    std::mt19937 random(1);
    for (std::int64_t k = 0; k < n_heavy; ++k) {
        of(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n))) =
            narrow(mean_steps / 2 * n / n_heavy);
    }
}

// Does the work of some indices. Their sum.
template <typename Indices>
std::int64_t take(Indices const& indices, steps const& of) {
    std::int64_t sum = 0;
    for (auto const i : indices) {
        bench::keep(bench::work(static_cast<std::uint64_t>(i), of(i)));
        sum += i;
    }
    return sum;
}

// Collective.
void expect_each_index_once(context const& on, std::int64_t sum, std::int64_t n) {
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT64_T, MPI_SUM, on.comm());
    if (sum != n * (n - 1) / 2) throw std::runtime_error("not each index was taken once");
}

// A side: seconds until the last rank is done, and how much longer than the mean of all that is.
// The loop gives the sum of this rank's indices.
template <typename Loop>
bench::side loop_of_all(context const& on, char const* name, std::int64_t n, Loop loop) {
    return {name, static_cast<double>(n), [=, &on]() -> bench::cost {
                std::int64_t sum = 0;
                auto const took = bench::time_of_all(on, [&] { sum = loop(); });
                expect_each_index_once(on, sum, n);
                return {took.last, took.last / took.mean};
            }};
}

template <void (*fill)(steps const&)>
void dynamic_loop(context const& on) {
    std::int64_t const n = 1'000'000;
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 32_MiB});
    auto const of = seg.create_array<std::int32_t>("steps", shmwin::shape(n));
    auto const counter = seg.create_counter("loop", n, shmwin::schedule::guided(least_chunk));
    if (on.rank() == 0) fill(of);
    seg.fence();
    auto const taken = [&] {
        counter.reset(n); // each round is a new loop
        std::int64_t sum = 0;
        while (auto const chunk = counter.next()) {
            sum += take(*chunk, of);
        }
        return sum;
    };
    auto const own = [&] { return take(shmwin::block_range(n, on.n_ranks(), on.rank()), of); };
    bench::second_line const balance{bench::times, "_balance", false};
    on.compare(bench::nanoseconds,
               {loop_of_all(on, "shmwin", n, taken), loop_of_all(on, "static_split", n, own)},
               &balance);
    seg.close();
}

} // namespace

int main(int argc, char** argv) {
    std::vector<int> const ranks{2, 4, 8};
    return bench::run(argc,
                      argv,
                      {{"sync/dynamic_loop_equal", ranks, dynamic_loop<equal>},
                       {"sync/dynamic_loop_growing", ranks, dynamic_loop<growing>},
                       {"sync/dynamic_loop_few_heavy", ranks, dynamic_loop<few_heavy>}});
}
