// SPDX-License-Identifier: MIT
// How long it takes until all ranks see what all others stored, beside what the MPI standard
// gives for that.
#include "sync_rounds.hpp"

namespace {

using namespace shmwin::literals;
using bench::context;

void fence(context const& on) {
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 16_MiB});
    MPI_Win window = MPI_WIN_NULL;
    void* part = nullptr;
    MPI_Win_allocate_shared(4096, 1, MPI_INFO_NULL, on.comm(), static_cast<void*>(&part), &window);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window);
    auto const ours = bench::repeat(on, "shmwin", [&] { seg.fence(); });
    auto const peer = bench::repeat(on, "mpi_sync_barrier_sync", [&] {
        MPI_Win_sync(window);
        MPI_Barrier(on.comm());
        MPI_Win_sync(window);
    });
    on.compare(bench::microseconds, {ours, peer});
    MPI_Win_unlock_all(window);
    MPI_Win_free(&window);
    seg.close();
}

} // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, {{"sync/fence", {2, 4, 8}, fence}});
}
