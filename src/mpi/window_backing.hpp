// SPDX-License-Identifier: MIT
// The two ways to one shared range. Both are collective over a node's private communicator, take
// every step on all ranks or on none, and leave nothing behind when they fail.
#pragma once

#include "mpi/mapping.hpp"

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace shmwin::inline v1::detail {

/// An MPI window and where our range lies in it.
struct rma_window {
    MPI_Win win = MPI_WIN_NULL;
    std::byte* overlay = nullptr; ///< one rank: pages that were laid over malloc'ed memory
    std::size_t n_overlay_bytes = 0;
    MPI_Aint offset = 0; ///< of the range, in the window

    /// Collective. Undoes the overlay, ends the epoch, frees the window.
    void free() noexcept;
};

/// Collective. Makes an MPI window with room for `n_bytes` on a page; sets `made` as it goes, so
/// that the caller can free it if this throws.
std::shared_ptr<mapping> map_mpi_window(MPI_Comm comm, std::size_t n_bytes, rma_window& made);

/// Collective. Makes an anonymous file of `n_bytes` that all ranks map.
std::shared_ptr<mapping> map_memfd(MPI_Comm comm, std::size_t n_bytes);

/// Collective. Checks that all ranks see the same files in `directory`, before MPI relies on it.
void probe_sharing(MPI_Comm comm, std::string const& directory);

/// Local. Not predictable; for names and handshakes.
[[nodiscard]] std::uint64_t random_number();

} // namespace shmwin::inline v1::detail
