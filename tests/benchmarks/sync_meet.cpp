// SPDX-License-Identifier: MIT
// All ranks meet, beside MPI's own barrier and one of Boost's mutex and condition.
#include "sync_peers.hpp"
#include "sync_rounds.hpp"

#include <cstdlib>
#include <vector>

namespace {

using namespace shmwin::literals;
using bench::context;

void barrier(context const& on) {
    shmwin::node const node(on.comm());
    shmwin::segment seg(node, {.capacity = 16_MiB});
    bench::shared_parts parts(on);
    auto ours = seg.create_barrier("all");
    std::vector<bench::side> sides;
    sides.push_back(bench::repeat(on, "shmwin", [ours] { ours.arrive_and_wait(); }));
    sides.push_back(bench::repeat(on, "mpi_barrier", [&on] { MPI_Barrier(on.comm()); }));
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    auto* const boosts = parts.same(on, parts.place<bench::boost_barrier>(on, on.n_ranks()), 0);
    sides.push_back(
        bench::repeat(on, "boost_interprocess", [boosts] { boosts->arrive_and_wait(); }));
#endif
    on.compare(bench::microseconds, sides);
    seg.close();
}

} // namespace

int main(int argc, char** argv) {
    // Open MPI's barrier gives the processor away only with this, which it does not set by itself
    // while there are as many cores as ranks.
    ::setenv("OMPI_MCA_mpi_yield_when_idle", "1", 1);
    return bench::run(argc, argv, {{"sync/barrier", {2, 4, 8}, barrier}});
}
