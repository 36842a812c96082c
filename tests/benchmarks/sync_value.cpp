// SPDX-License-Identifier: MIT
// Values: a sum that nobody else adds to at the moment.
#include "sync_peers.hpp"
#include "sync_rounds.hpp"

#include <cstdint>
#include <string>

namespace {

using namespace shmwin::literals;
using bench::context;

// An atomic addition of MPI. All ranks are in an epoch of the window.
auto mpi_addition(MPI_Win window, int target, MPI_Aint at) {
    return [=] {
        std::int64_t const one = 1;
        std::int64_t before = 0;
        MPI_Fetch_and_op(&one, &before, MPI_INT64_T, target, at, MPI_SUM, window);
        MPI_Win_flush(target, window);
        bench::keep(before);
    };
}

// MPI may lock the target's whole part of a window. So there are two peers: on the segment's own
// window, where all is rank 0's, and on one where each rank adds in its own part.
void fetch_add(context const& on) {
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 16_MiB, .backing = shmwin::backing_kind::mpi_window});
    auto const numbers =
        seg.create_array<std::int64_t>("mpi's", shmwin::shape(8 * on.n_ranks()), {.align = 64});
    for (int rank = 0; rank < on.n_ranks(); ++rank) {
        seg.create_value<std::int64_t>("own/" + std::to_string(rank));
    }
    auto const mine = seg.find_value<std::int64_t>("own/" + std::to_string(on.rank()));
    bench::shared_parts parts(on);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, parts.window());
    auto const ours = bench::repeat_alone(on, "shmwin", [mine] { bench::keep(mine.fetch_add(1)); });
    auto const at =
        static_cast<MPI_Aint>(numbers.offset() + 64U * static_cast<unsigned>(on.rank()));
    auto const same = bench::repeat_alone(
        on, "mpi_fetch_and_op", mpi_addition(seg.rma(), 0, seg.rma_offset() + at));
    auto const own = bench::repeat_alone(
        on, "mpi_fetch_and_op_own", mpi_addition(parts.window(), on.rank(), 64));
    on.compare(bench::nanoseconds, {ours, same, own});
    MPI_Win_unlock_all(parts.window());
    seg.close();
}

} // namespace

int main(int argc, char** argv) {
    return bench::run(argc, argv, {{"sync/fetch_add", {2, 4, 8}, fetch_add}});
}
