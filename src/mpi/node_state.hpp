// SPDX-License-Identifier: MIT
// What a node holds. Freed at MPI_Finalize, unless closed before.
#pragma once

#include "shmwin/mpi/finalize.hpp"

#include <mpi.h>

namespace shmwin::inline v1::detail {

struct node_state final : finalizable {
    ~node_state() override = default;
    void at_finalize() noexcept override { free(); }
    void at_exit() noexcept override {}
    void free() noexcept;

    MPI_Comm all = MPI_COMM_NULL;   ///< private duplicate of what the node was made from
    MPI_Comm local = MPI_COMM_NULL; ///< private: no message of the host ever travels on it
    MPI_Comm user = MPI_COMM_NULL;  ///< the same ranks, for the host
    MPI_Comm leaders = MPI_COMM_NULL;
    int rank = 0;
    int size = 1;
    int index = 0;
    int n_nodes = 1;
    int n_cores = 1; ///< that the ranks of this node may use together
};

} // namespace shmwin::inline v1::detail
