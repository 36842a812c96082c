// SPDX-License-Identifier: MIT
// communicator: mpi4py's communicators, without mpi4py's headers.
//
// Layer: python.
#pragma once

#include "python/module.hpp"

#include <mpi.h>

namespace shmwin::python {

/// Local. The handle in an mpi4py communicator; None is MPI.COMM_WORLD; an integer is one of
/// Fortran's.
/// @throws py::type_error  something else, or of another MPI library than ours
[[nodiscard]] MPI_Comm communicator_from(py::handle comm);

} // namespace shmwin::python
