// SPDX-License-Identifier: MIT
// The numerics of hillslope: equal, bit for bit, to plain loops over private memory on any number
// of ranks; and a wave decays as the scheme says it must.
#include "shmwin/shmwin.hpp"

#include "../solver.hpp"

#include <mpi.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <numbers>
#include <vector>

namespace {

using namespace shmwin::literals;
using elevation = shmwin::levels<double, 2>;

constexpr std::int64_t n_y = 37;
constexpr std::int64_t n_x = 53;
constexpr double diffusivity = 0.013;
constexpr hillslope::spacing metres{11.5, 9.25};
constexpr int n_steps = 101; // odd: the result lies in the second level

std::size_t index(std::int64_t i, std::int64_t j) {
    return static_cast<std::size_t>(i * n_x + j);
}

/// Any numbers, the same everywhere: Knuth's 64-bit linear congruence (TAOCP 2, 3.3.4, MMIX).
std::vector<double> rough_terrain() {
    std::vector<double> z(static_cast<std::size_t>(n_y * n_x));
    std::uint64_t state = 2024;
    for (auto& value : z) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        value = 200.0 + static_cast<double>(state >> 40) / 1e4;
    }
    return z;
}

std::vector<double> wave() {
    std::vector<double> z(static_cast<std::size_t>(n_y * n_x));
    for (std::int64_t i = 1; i < n_y - 1; ++i)
        for (std::int64_t j = 1; j < n_x - 1; ++j)
            z[index(i, j)] = std::sin(std::numbers::pi * static_cast<double>(i) / (n_y - 1))
                             * std::sin(std::numbers::pi * static_cast<double>(j) / (n_x - 1));
    return z;
}

/// What the program does: all ranks, two levels in shared memory.
std::vector<double> by_all_ranks(shmwin::segment const& seg, std::vector<double> const& begin) {
    auto z = seg.create_levels<double>("z", shmwin::shape(n_y, n_x));
    z.init([&](auto const& level, shmwin::range rows) {
        for (auto i : rows)
            for (std::int64_t j = 0; j < n_x; ++j)
                level(i, j) = begin[index(i, j)];
    });
    auto const years = hillslope::longest_step(diffusivity, metres);
    auto const w = hillslope::weights_of(diffusivity, years, metres);
    for (int step = 0; step < n_steps; ++step) {
        hillslope::diffuse(z.now(), z.next(), z.rows(), w);
        z.flip();
    }
    auto const* const values = z.now().data_handle();
    std::vector<double> end(values, values + begin.size());
    seg.destroy(z);
    return end;
}

/// The same without the library.
std::vector<double> by_plain_loops(std::vector<double> now) {
    double const sum = 1 / (metres.x * metres.x) + 1 / (metres.y * metres.y);
    double const years = 0.9 * 0.5 / (diffusivity * sum);
    double const w_y = diffusivity * years / (metres.y * metres.y);
    double const w_x = diffusivity * years / (metres.x * metres.x);
    auto next = now;
    for (int step = 0; step < n_steps; ++step) {
        for (std::int64_t i = 1; i < n_y - 1; ++i) {
            for (std::int64_t j = 1; j < n_x - 1; ++j) {
                double const z = now[index(i, j)];
                double const in_y = now[index(i - 1, j)] - 2 * z + now[index(i + 1, j)];
                double const in_x = now[index(i, j - 1)] - 2 * z + now[index(i, j + 1)];
                next[index(i, j)] = z + (w_y * in_y + w_x * in_x);
            }
        }
        now.swap(next);
    }
    return now;
}

/// The wave is an eigenvector of the scheme: each step multiplies it by
/// 1 - 4 w_y sin^2(pi / 2 (n_y - 1)) - 4 w_x sin^2(pi / 2 (n_x - 1)).
double decay() {
    auto const w =
        hillslope::weights_of(diffusivity, hillslope::longest_step(diffusivity, metres), metres);
    double const s_y = std::sin(std::numbers::pi / (2.0 * (n_y - 1)));
    double const s_x = std::sin(std::numbers::pi / (2.0 * (n_x - 1)));
    return std::pow(1 - 4 * w.y * s_y * s_y - 4 * w.x * s_x * s_x, n_steps);
}

int& n_failed() {
    static int n = 0;
    return n;
}

void expect(bool holds, char const* what) {
    if (holds) return;
    ++n_failed();
    std::fprintf(stderr, "FAILED: %s\n", what);
}

bool same_bits(std::vector<double> const& a, std::vector<double> const& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        if (std::bit_cast<std::uint64_t>(a[i]) != std::bit_cast<std::uint64_t>(b[i])) return false;
    return a.size() == b.size();
}

double largest_difference(std::vector<double> const& a, std::vector<double> const& b, double of_b) {
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        largest = std::max(largest, std::abs(a[i] - of_b * b[i]));
    return largest;
}

void check() {
    shmwin::segment seg(shmwin::node(MPI_COMM_WORLD), {.capacity = 4_MiB});
    auto const rough = rough_terrain();
    auto const result = by_all_ranks(seg, rough);
    expect(same_bits(result, by_plain_loops(rough)), "the same bits as plain loops");
    expect(!same_bits(result, rough), "the terrain has changed");

    auto const smooth = wave();
    auto const difference = largest_difference(by_all_ranks(seg, smooth), smooth, decay());
    expect(difference < 1e-13, "a wave decays at the rate of the scheme");
    expect(decay() > 0.1 && decay() < 0.9, "the wave decays visibly, but does not vanish");
    seg.close();
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    try {
        check();
    } catch (std::exception const& e) {
        std::fprintf(stderr, "FAILED: %s\n", e.what());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    MPI_Finalize();
    return n_failed() == 0 ? 0 : 1;
}
