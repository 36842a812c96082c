// SPDX-License-Identifier: MIT
// left_behind_test [SECONDS]: a job in steady state, for support/left_behind.sh, which kills it.
// Each rank writes its process number to the file rank.<r>; the last thing all do together before
// is to have used everything once. By itself it ends after some seconds, and all is in order.
#include "shmwin/segment/segment.hpp"

#include <mpi.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <unistd.h>

namespace {

using shmwin::shape;

void work(shmwin::segment& seg) {
    auto const made = seg.create_array<double>("array", shape(300, 400));
    for (auto i : made.rows()) {
        made(i, 0) = 1.0;
    }
    seg.fence();
    seg.destroy(made);
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    auto const limit =
        std::chrono::steady_clock::now() + std::chrono::seconds(argc > 1 ? std::stoi(argv[1]) : 1);
    shmwin::node on(MPI_COMM_WORLD);
    auto const open = [&](shmwin::backing_kind backing) {
        return shmwin::segment(on, {.capacity = std::size_t{16} << 20U, .backing = backing});
    };
    auto window = open(shmwin::backing_kind::mpi_window);
    auto memfd = open(shmwin::backing_kind::memfd);
    work(window);
    work(memfd);
    std::ofstream("rank." + std::to_string(on.rank())) << ::getpid() << std::endl;
    auto const go_on = window.create_value<bool>("go_on", true);
    while (go_on.load()) {
        window.fence(); // all have looked
        if (on.rank() == 0) go_on.store(std::chrono::steady_clock::now() < limit);
        work(window);
        work(memfd);
    }
    memfd.close();
    window.close();
    on.close();
    MPI_Finalize();
    return EXIT_SUCCESS;
}
