// SPDX-License-Identifier: MIT
// How long it takes until all ranks see what all others stored, beside what the MPI standard
// gives for that.
#include "harness.hpp"

#include <algorithm>
#include <shmwin/shmwin.hpp>

namespace {

using namespace shmwin::literals;
using bench::context;

constexpr int n_batches = 5;

// How many calls take about a twentieth of a second; the same on all ranks.
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

template <typename Call>
bench::side repeat(context const& on, char const* name, Call const& call) {
    auto const n = calls_that_take_long_enough(on, call);
    return {name, static_cast<double>(n), [&on, n, call] {
                return on.fastest(n_batches, [&] {
                    return on.time([&] {
                        for (int i = 0; i < n; ++i) {
                            call();
                        }
                    });
                });
            }};
}

void fence(context const& on) {
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 16_MiB});
    MPI_Win window = MPI_WIN_NULL;
    void* part = nullptr;
    MPI_Win_allocate_shared(4096, 1, MPI_INFO_NULL, on.comm(), static_cast<void*>(&part), &window);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window);
    auto const ours = repeat(on, "shmwin", [&] { seg.fence(); });
    auto const peer = repeat(on, "mpi_sync_barrier_sync", [&] {
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
