// SPDX-License-Identifier: MIT
// The smallest program: one array that all ranks see. mpirun -n 4 hello_segment
#include "shmwin/shmwin.hpp"

#include <mpi.h>

#include <cstdio>

using namespace shmwin::literals;

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    {
        shmwin::node const node(MPI_COMM_WORLD);
        shmwin::segment seg(node, {.capacity = 16_MiB});
        auto const u = seg.create_array<double>("u", shmwin::shape(1000, 1000));
        for (auto i : u.rows())
            u(i, 0) = static_cast<double>(i); // each rank writes its rows
        seg.fence();                          // now all ranks see all of it
        double sum = 0;
        for (std::int64_t i = 0; i < u.extent(0); ++i)
            sum += u(i, 0); // no copy, no message
        std::printf("rank %d of %d: the sum is %.0f\n", seg.rank(), seg.n_ranks(), sum);
        seg.close();
    }
    MPI_Finalize();
}
