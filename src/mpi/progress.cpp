// SPDX-License-Identifier: MIT
#include "shmwin/mpi/progress.hpp"

#include "mpi/node_state.hpp"

#include <mpi.h>

namespace shmwin::inline v1::detail {
namespace {

// MPI_THREAD_SERIALIZED: during our collective calls the host promises that no other thread is in
// MPI. Of local calls it does not know that they may call MPI.
bool may_call_mpi(bool in_collective_call) noexcept {
    int level = MPI_THREAD_SINGLE;
    if (!mpi_is_up() || MPI_Query_thread(&level) != MPI_SUCCESS) return false;
    if (level == MPI_THREAD_MULTIPLE) return true;
    if (level == MPI_THREAD_SERIALIZED) return in_collective_call;
    int is_main = 0;
    return MPI_Is_thread_main(&is_main) == MPI_SUCCESS && is_main != 0;
}

template <bool InCollectiveCall>
void drive_mpi(void* context) {
    auto const& on = *static_cast<node_state const*>(context);
    if (on.local == MPI_COMM_NULL || !may_call_mpi(InCollectiveCall)) return;
    int arrived = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, on.local, &arrived, MPI_STATUS_IGNORE);
}

wait_policy with_hook(wait_policy policy, node const& on, void (*hook)(void*)) {
    policy.progress = hook;
    policy.progress_context = const_cast<node_state*>(&on.state()); // NOLINT: the hook only reads
    return policy;
}

} // namespace

wait_policy with_progress(wait_policy policy, node const& on) {
    return with_hook(policy, on, drive_mpi<true>);
}

wait_policy with_local_progress(wait_policy policy, node const& on) {
    return with_hook(policy, on, drive_mpi<false>);
}

} // namespace shmwin::inline v1::detail
