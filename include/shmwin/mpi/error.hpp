// SPDX-License-Identifier: MIT
// What becomes of an MPI return code.
//
// Layer: mpi.
#pragma once

#include "shmwin/base/export.hpp"

namespace shmwin::inline v1::detail {

/// Local. Raises mpi_failure, naming the call, if `code` is not MPI_SUCCESS.
SHMWIN_API void check_mpi(char const* call, int code);

} // namespace shmwin::inline v1::detail
