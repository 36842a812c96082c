// SPDX-License-Identifier: MIT
// A whole run: read, refine, go on from a checkpoint, step, save, write.
#pragma once

#include "options.hpp"

#include <mpi.h>

namespace hillslope {

/// How a run ended: the exit status of the program.
enum class outcome : int {
    done = 0,
    to_be_continued = 85, ///< saved, and stopped for a signal or a time limit: start it again
};

/// All, collective.
/// @throws shmwin::error  the same on all ranks if agreed() is true
outcome run(MPI_Comm comm, options const& wanted);

} // namespace hillslope
