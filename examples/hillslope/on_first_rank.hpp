// SPDX-License-Identifier: MIT
// Work for one rank whose failure is everybody's: no rank goes on, and none is left waiting.
#pragma once

#include "shmwin/base/error.hpp"

#include <mpi.h>

#include <exception>
#include <string>

namespace hillslope {

/// All, collective. Calls f() on rank 0 alone.
/// @throws shmwin::runtime_failure  on all ranks, with the text of what f() threw
template <typename F>
void on_first_rank(MPI_Comm comm, F&& f) {
    int rank = 0;
    MPI_Comm_rank(comm, &rank);
    std::string trouble;
    if (rank == 0) {
        try {
            f();
        } catch (std::exception const& e) {
            trouble = *e.what() != '\0' ? e.what() : "unknown error";
        }
    }
    auto length = static_cast<int>(trouble.size());
    MPI_Bcast(&length, 1, MPI_INT, 0, comm);
    if (length == 0) return;
    trouble.resize(static_cast<std::size_t>(length));
    MPI_Bcast(trouble.data(), length, MPI_CHAR, 0, comm);
    shmwin::raise({shmwin::errc::io_failure, true, 0, trouble});
}

} // namespace hillslope
