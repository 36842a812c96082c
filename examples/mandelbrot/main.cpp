// SPDX-License-Identifier: MIT
// Rows of a picture that take from a few to thousands of steps a point: split beforehand among the
// ranks, and handed out by a counter. mpirun -n 4 mandelbrot [WIDTH]
#include "shmwin/shmwin.hpp"

#include <mpi.h>

#include <algorithm>
#include <array>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <numeric>
#include <vector>

namespace {

using picture = shmwin::array<std::int32_t, 2>;

constexpr std::int32_t most_steps = 2000;

/// Steps of z -> z^2 + c until |z| > 2 (B. Mandelbrot, 1980): inside the set, as many as are
/// allowed.
std::int32_t steps_at(std::complex<double> c) {
    std::complex<double> z;
    std::int32_t n = 0;
    while (n < most_steps && std::norm(z) <= 4.0) {
        z = {z.real() * z.real() - z.imag() * z.imag() + c.real(),
             2.0 * z.real() * z.imag() + c.imag()};
        ++n;
    }
    return n;
}

/// One row; how many steps it took.
std::int64_t draw_row(picture const& p, std::int64_t row) {
    auto const height = static_cast<double>(p.extent(0));
    auto const width = static_cast<double>(p.extent(1));
    std::int64_t steps = 0;
    for (std::int64_t i = 0; i < p.extent(1); ++i) {
        std::complex<double> const c{-2.2 + 3.2 * static_cast<double>(i) / width,
                                     -1.5 + 2.0 * static_cast<double>(row) / height};
        p(row, i) = steps_at(c);
        steps += p(row, i);
    }
    return steps;
}

struct drawn {
    std::vector<std::int64_t> work; ///< steps that each rank made
    double seconds;                 ///< until the last one was ready
    std::int64_t sum;               ///< of the picture

    [[nodiscard]] double balance() const { // 1: all ranks did the same
        auto const all = std::accumulate(work.begin(), work.end(), std::int64_t{0});
        auto const most = *std::max_element(work.begin(), work.end());
        return static_cast<double>(all) / static_cast<double>(work.size())
               / static_cast<double>(most);
    }
};

std::size_t n_ranks() {
    int n = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &n);
    return static_cast<std::size_t>(n);
}

drawn draw(shmwin::segment& seg, picture const& p, shmwin::schedule const& how) {
    fill(seg, p, -1);
    auto const rows = seg.create_counter("rows", p.extent(0), how);
    double const begin = MPI_Wtime();
    std::int64_t mine = 0;
    rows.for_each([&](std::int64_t row) { mine += draw_row(p, row); });
    seg.fence(); // now all see all rows
    drawn result{std::vector<std::int64_t>(n_ranks()), 0, 0};
    result.seconds = MPI_Wtime() - begin;
    MPI_Allgather(&mine, 1, MPI_INT64_T, result.work.data(), 1, MPI_INT64_T, MPI_COMM_WORLD);
    result.sum = reduce(seg, p, std::int64_t{0}, std::plus<>());
    seg.destroy(rows);
    return result;
}

/// True if all ways give the same picture.
bool compare(std::int64_t width) {
    shmwin::node const node(MPI_COMM_WORLD);
    shmwin::segment seg(node);
    auto const p = seg.create_array<std::int32_t>("picture", shmwin::shape(width * 3 / 4, width));
    struct way {
        char const* name;
        shmwin::schedule how;
    };
    std::array const ways{way{"a block a rank", shmwin::schedule::static_blocks()},
                          way{"row by row", shmwin::schedule::dynamic()},
                          way{"guided", shmwin::schedule::guided()}};
    bool all_same = true;
    std::int64_t sum = -1;
    for (auto const& each : ways) {
        auto const got = draw(seg, p, each.how);
        if (sum < 0) sum = got.sum;
        all_same = all_same && got.sum == sum;
        if (node.rank() != 0) continue;
        std::printf("%-15s %7.3f s, balance %.2f\n", each.name, got.seconds, got.balance());
    }
    if (node.rank() == 0) std::printf("the pictures are %s\n", all_same ? "the same" : "DIFFERENT");
    seg.close();
    return all_same;
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    long const width = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 800;
    if (width < 4) {
        std::fputs("usage: mandelbrot [WIDTH of the picture, at least 4]\n", stderr);
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    bool right = false;
    try {
        right = compare(width);
    } catch (std::exception const& e) {
        std::fprintf(stderr, "mandelbrot: %s\n", e.what());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    MPI_Finalize();
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
