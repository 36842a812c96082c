// SPDX-License-Identifier: MIT
#include "io/save_plan.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/error.hpp"

#include <mpi.h>

#include <numeric>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

template <typename T>
void broadcast(MPI_Comm comm, T& value) {
    check_mpi("MPI_Bcast", MPI_Bcast(&value, sizeof value, MPI_BYTE, 0, comm));
}

void check_size(stored_object const& here, std::uint64_t n_bytes) {
    if (here.n_bytes == n_bytes) return;
    raise(errc::busy,
          text("object is being changed (\"",
               here.object_name(),
               "\" had ",
               n_bytes,
               " bytes when rank 0 began to save, and has ",
               here.n_bytes,
               " now)"));
}

// Who moves what: shared memory all ranks together, memory of each rank's own the first.
range blocks_of(store_communicator const& ranks,
                save_plan const& plan,
                payload_part const& part,
                bool shared) {
    if (shared) return my_blocks(ranks, plan.n_blocks, part);
    return ranks.rank == 0 ? all_blocks(part) : range{};
}

} // namespace

std::uint64_t save_plan::n_bytes() const noexcept {
    return std::accumulate(parts.begin(),
                           parts.end(),
                           std::uint64_t{0},
                           [](std::uint64_t sum, auto const& each) { return sum + each.n_bytes; });
}

save_plan plan_of(checkpoint_file const& written, inventory const& all) {
    save_plan plan;
    plan.checksums_offset = written.checksums_offset;
    plan.n_blocks = written.n_blocks;
    for (std::size_t i = 0; i < written.objects.size(); ++i) {
        auto const& each = written.objects[i];
        plan.parts.push_back({all.memory[i].place,
                              each.n_bytes,
                              each.file_offset,
                              each.first_block,
                              all.memory[i].shared ? 1U : 0U,
                              each.chunks});
    }
    return plan;
}

void broadcast_plan(MPI_Comm comm, save_plan& plan) {
    std::uint64_t n_parts = plan.parts.size();
    broadcast(comm, n_parts);
    broadcast(comm, plan.checksums_offset);
    broadcast(comm, plan.n_blocks);
    broadcast(comm, plan.incremental);
    plan.parts.resize(n_parts);
    // In units of a part: the count of bytes may not fit an int.
    MPI_Datatype part = MPI_DATATYPE_NULL;
    check_mpi("MPI_Type_contiguous", MPI_Type_contiguous(sizeof(planned_part), MPI_BYTE, &part));
    check_mpi("MPI_Type_commit", MPI_Type_commit(&part));
    check_mpi("MPI_Bcast", MPI_Bcast(plan.parts.data(), static_cast<int>(n_parts), part, 0, comm));
    MPI_Type_free(&part);
}

// Names come in one order on all ranks; per-rank containers have two parts at one place.
std::vector<payload_part>
planned_parts(store_communicator const& ranks, save_plan const& plan, inventory& all) {
    std::vector<payload_part> parts;
    std::size_t at = 0;
    for (auto const& each : plan.parts) {
        while (at < all.memory.size() && all.memory[at].place != each.object) {
            ++at;
        }
        if (at == all.memory.size()) {
            raise(errc::not_found,
                  text("object is gone (one that rank 0 began to save, of ",
                       each.n_bytes,
                       " bytes, was destroyed meanwhile)"));
        }
        check_size(all.objects[at], each.n_bytes);
        auto const& name = all.objects[at].name;
        auto& found = all.memory[at++];
        payload_part part{std::move(found.bytes),
                          each.n_bytes,
                          each.file_offset,
                          each.first_block,
                          {},
                          found.holder,
                          true,
                          name};
        part.mine = blocks_of(ranks, plan, part, found.shared);
        parts.push_back(std::move(part));
    }
    return parts;
}

} // namespace shmwin::inline v1::detail
