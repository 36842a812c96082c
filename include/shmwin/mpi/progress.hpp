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

/// Local. As with_progress(), for the waits of local calls: not at MPI_THREAD_SERIALIZED, where
/// another thread of the host may be in MPI (MPI-3.1, section 12.4.3).
[[nodiscard]] SHMWIN_API wait_policy with_local_progress(wait_policy policy, node const& on);

} // namespace shmwin::inline v1::detail
