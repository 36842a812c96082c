// SPDX-License-Identifier: MIT
// progress: lets MPI work while a rank waits for another in shared memory. Without it an ordinary
// code (Isend, fence, Wait against Recv, fence) dead-locks: the wait never calls MPI, and the
// message never moves.
//
// Layer: mpi.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/mpi/node.hpp"
#include "shmwin/sync/wait.hpp"

namespace shmwin::inline v1::detail {

/// Local. `policy` with a hook that drives MPI by MPI_Iprobe on the node's private communicator,
/// whenever the calling thread may call MPI. The node's communicators must be open meanwhile.
[[nodiscard]] SHMWIN_API wait_policy with_progress(wait_policy policy, node const& on);

} // namespace shmwin::inline v1::detail
