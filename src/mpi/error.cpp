// SPDX-License-Identifier: MIT
#include "shmwin/mpi/error.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <mpi.h>

#include <array>

namespace shmwin::inline v1::detail {

void check_mpi(char const* call, int code) {
    if (code == MPI_SUCCESS) return;
    std::array<char, MPI_MAX_ERROR_STRING> why{};
    int length = 0;
    MPI_Error_string(code, why.data(), &length);
    raise(errc::mpi_failure, text(call, " failed (", why.data(), ")"));
}

} // namespace shmwin::inline v1::detail
