// SPDX-License-Identifier: MIT
// A whole run: read, refine, go on from a checkpoint, step, save, write.
#pragma once

#include "options.hpp"

#include <mpi.h>

namespace hillslope {

/// All, collective.
/// @throws shmwin::error  the same on all ranks if agreed() is true
void run(MPI_Comm comm, options const& wanted);

} // namespace hillslope
