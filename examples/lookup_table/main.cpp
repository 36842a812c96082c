// SPDX-License-Identifier: MIT
// A table that every rank needs: one copy per rank against one copy per node. Both are filled,
// read, and measured. mpirun -n 4 lookup_table [MiB]
#include "shmwin/shmwin.hpp"

#include <mpi.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

namespace {

using table = shmwin::mdspan<double, shmwin::array_extents<2>>;

constexpr std::int64_t n_densities = 512;

/// Kramers' law of opacity, kappa ~ density * temperature^-3.5, as its logarithm.
double log_opacity(std::int64_t temperature, std::int64_t density) {
    double const log_t = 4.0 + 4.0e-4 * static_cast<double>(temperature);
    double const log_rho = -9.0 + 0.02 * static_cast<double>(density);
    return std::log10(4.34e25 * std::pow(10.0, log_rho) * std::pow(10.0, -3.5 * log_t));
}

void fill(table const& t, shmwin::range rows) {
    for (auto i : rows)
        for (std::int64_t j = 0; j < t.extent(1); ++j)
            t(i, j) = log_opacity(i, j);
}

/// Look-ups as a simulation makes them: all over the table.
double look_up_all(table const& t) {
    double sum = 0;
    for (std::int64_t i = 0; i < t.extent(0); ++i)
        for (std::int64_t j = 0; j < t.extent(1); ++j)
            sum += t(i, j);
    return sum;
}

/// MiB of this process, in which a page that n processes share counts as 1/n: the sum over all
/// ranks is the memory that they use together. See proc(5), smaps_rollup.
double proportional_set_size() {
    std::ifstream file("/proc/self/smaps_rollup");
    for (std::string word; file >> word;)
        if (double kib = 0; word == "Pss:" && file >> kib) return kib / 1024;
    shmwin::raise(shmwin::errc::unsupported,
                  "no proportional set size (/proc/self/smaps_rollup cannot be read; Linux 4.14 "
                  "or newer has it)");
}

/// The memory of all ranks together.
double memory_of_all() {
    MPI_Barrier(MPI_COMM_WORLD); // nobody measures while another still fills, or frees
    double mine = proportional_set_size();
    MPI_Allreduce(MPI_IN_PLACE, &mine, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    return mine;
}

struct measured {
    double mib;
    double sum;
};

measured one_per_rank(std::int64_t n_temperatures) {
    double const before = memory_of_all();
    std::vector<double> memory(static_cast<std::size_t>(n_temperatures * n_densities));
    table const t(memory.data(), n_temperatures, n_densities);
    fill(t, {0, n_temperatures});
    double const sum = look_up_all(t);
    return {memory_of_all() - before, sum};
}

measured one_per_node(std::int64_t n_temperatures) {
    double const before = memory_of_all();
    shmwin::segment seg(shmwin::node(MPI_COMM_WORLD));
    auto const opacity = seg.create_array<double>("opacity",
                                                  shmwin::shape(n_temperatures, n_densities),
                                                  {.touch = shmwin::touch::interleave});
    fill(opacity, opacity.rows()); // each rank a part, instead of each rank everything
    seg.fence();
    double const sum = look_up_all(opacity);
    measured const result{memory_of_all() - before, sum};
    seg.close();
    return result;
}

void compare(long mib) {
    auto const n_temperatures = std::int64_t{mib} * 1024 * 1024 / (n_densities * 8);
    auto const private_tables = one_per_rank(n_temperatures);
    auto const shared_table = one_per_node(n_temperatures);
    int rank = 0;
    int n_ranks = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    if (rank != 0) return;
    std::printf("a table of %ld MiB, read by %d ranks; proportional set size of all together:\n"
                "  one table per rank:  %8.1f MiB\n"
                "  one table per node:  %8.1f MiB\n"
                "the values are %s\n",
                mib,
                n_ranks,
                private_tables.mib,
                shared_table.mib,
                private_tables.sum == shared_table.sum ? "the same" : "DIFFERENT");
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    long const mib = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 64;
    if (mib < 1) {
        std::fputs("usage: lookup_table [MiB of the table, at least 1]\n", stderr);
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    try {
        compare(mib);
    } catch (std::exception const& e) {
        std::fprintf(stderr, "lookup_table: %s\n", e.what());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    MPI_Finalize();
}
