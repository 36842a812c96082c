// SPDX-License-Identifier: MIT
// shared_window: a window that the host made with MPI_Win_allocate_shared, as bytes of this
// process. It stays the host's: nothing is called on it but questions.
//
// Layer: mpi.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/mpi/node.hpp"

#include <mpi.h>

#include <cstddef>
#include <cstdint>

namespace shmwin::inline v1::detail {

struct shared_window_bytes {
    std::byte* first = nullptr; ///< null if there are none
    std::uint64_t n_bytes = 0;  ///< of all ranks' parts, one behind the other
    std::uint64_t hash = 0;     ///< of the parts' sizes: the same window has the same on all ranks
};

/// Local. Looks at `window` from this process: its flavour, memory model, ranks, and parts.
/// @throws argument_error (invalid_argument)  null, of another flavour, of other ranks than those
///         of `on`, or its parts do not follow each other in memory
/// @throws runtime_failure (unsupported)      its memory model is not MPI_WIN_UNIFIED
/// @see MPI 3.1, 11.2.3 (MPI_Win_allocate_shared), 11.2.6 (window attributes), 11.4
[[nodiscard]] SHMWIN_API shared_window_bytes look_at_window(MPI_Win window, node const& on);

} // namespace shmwin::inline v1::detail
