// SPDX-License-Identifier: MIT
#include "shmwin/mpi/progress.hpp"

#include "mpi/node_state.hpp"

#include <mpi.h>

namespace shmwin::inline v1::detail {
namespace {

// MPI_THREAD_SERIALIZED: the host promises that no other thread is in MPI during our calls.
bool may_call_mpi() noexcept {
    int level = MPI_THREAD_SINGLE;
    if (!mpi_is_up() || MPI_Query_thread(&level) != MPI_SUCCESS) return false;
    if (level >= MPI_THREAD_SERIALIZED) return true;
    int is_main = 0;
    return MPI_Is_thread_main(&is_main) == MPI_SUCCESS && is_main != 0;
}

void drive_mpi(void* context) {
    auto const& on = *static_cast<node_state const*>(context);
    if (on.local == MPI_COMM_NULL || !may_call_mpi()) return;
    int arrived = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, on.local, &arrived, MPI_STATUS_IGNORE);
}

} // namespace

wait_policy with_progress(wait_policy policy, node const& on) {
    policy.progress = drive_mpi;
    policy.progress_context = const_cast<node_state*>(&on.state()); // NOLINT: the hook only reads
    return policy;
}

} // namespace shmwin::inline v1::detail
