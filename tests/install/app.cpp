// SPDX-License-Identifier: MIT
// A user's program, built outside of the project (run.cmake).
#include <mpi.h>

#include <cstdio>
#include <shmwin/shmwin.hpp>

using namespace shmwin::literals;

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int rank = 0;
    int size = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);

    shmwin::node node(MPI_COMM_WORLD);
    shmwin::segment seg(node, {.capacity = 16_MiB});
    auto const table = seg.create_array<double>("table", shmwin::shape(size, 4));
    table(rank, 0) = 1.5 * (rank + 1);
    seg.fence();
    double sum = 0;
    for (int r = 0; r < size; ++r)
        sum += table(r, 0);

    bool ok = false;
    try {
        static_cast<void>(seg.find_array<double, 2>("no such table"));
    } catch (shmwin::argument_error const& e) { // by its class, across the library's border
        ok = e.code() == shmwin::errc::not_found;
    }
#ifdef APP_USES_IO
    shmwin::checkpoint_store store(MPI_COMM_WORLD, "checkpoints");
    store.save(seg, {.step = 7});
    table(rank, 0) = 0;
    auto const at = store.restore_latest(seg);
    ok = ok && at && at->step == 7 && table(rank, 0) == 1.5 * (rank + 1);
#endif
    seg.close();
    MPI_Finalize();
    if (rank == 0) std::printf("%d ranks share an array: the sum is %g\n", size, sum);
    return ok && sum == 0.75 * size * (size + 1) ? 0 : 1;
}
