// SPDX-License-Identifier: MIT
// window: ONE range of memory that all ranks of a node see, and nothing more. What lies in it is
// the business of the layers below.
//
// Layer: mpi. The only public header that knows of MPI windows.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/memory/region.hpp"
#include "shmwin/mpi/node.hpp"

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace shmwin::inline v1 {

/// What the shared memory is. Stable: the segment's header says it.
enum class backing_kind : std::uint32_t {
    automatic = 0,  ///< the MPI window if /dev/shm has room for it, else memfd
    mpi_window = 1, ///< MPI_Win_allocate_shared; RMA works on it; bound by the size of /dev/shm
    memfd = 2,      ///< an anonymous file (memfd_create); bound by the memory alone; no RMA
};

/// Local. "automatic", "mpi_window", "memfd".
[[nodiscard]] SHMWIN_API char const* name(backing_kind backing) noexcept;

struct window_options {
    backing_kind backing = backing_kind::automatic;
    bool in_all_core_dumps = false; ///< false: only the first rank's dump holds the segment
};

/// Owner of the range. The handle is movable; destroying it is local: without free(), the MPI
/// window is freed at the beginning of MPI_Finalize, in the order of creation. Memory that is no
/// MPI window (memfd) goes with the handle.
///
/// The range is mapped a second time by each rank, so it stays readable and writable, after free()
/// and after MPI_Finalize, for as long as keep_alive() is held.
class SHMWIN_API window {
  public:
    /// Node, collective. Allocates the range: all of it on the first rank, 0 bytes elsewhere, one
    /// passive epoch (MPI_Win_lock_all, MPI_MODE_NOCHECK) for the window's life.
    ///
    /// @param n_bytes  size of the range, in bytes, 1 or more; the same on all ranks
    /// @post  bytes().size() == n_bytes; bytes().data() is a multiple of 2 MiB on each rank; all
    ///        bytes are 0; no page is populated but a few
    /// @throws out_of_memory (no_space)       there is not enough memory: on all ranks, in
    ///         milliseconds, with required and available bytes and the knob
    /// @throws runtime_failure (not_shared)   a rank sees another /dev/shm or pid namespace
    /// @throws runtime_failure (disagreement) ranks pass different arguments
    /// @throws argument_error (invalid_argument)  no bytes, or SHMWIN_RESERVE is no size
    /// @throws runtime_failure (mpi_failure, system_failure)
    /// @see MPI 3.1, 11.2.3 (MPI_Win_allocate_shared), 11.4 (unified memory model)
    window(node const& on, std::size_t n_bytes, window_options const& options = {});

    window(window&& other) noexcept;
    window& operator=(window&& other) noexcept;
    window(window const&) = delete;
    window& operator=(window const&) = delete;
    ~window();

    /// Local. The range, at this process's address.
    [[nodiscard]] std::span<std::byte> bytes() const noexcept;

    /// Local. mpi_window or memfd.
    [[nodiscard]] backing_kind backing() const noexcept;

    /// Local. The MPI window, for RMA on the range: displacement 0 is bytes()[0] of the first rank
    /// plus rma_offset(). MPI_WIN_NULL if the backing is memfd, and after free().
    [[nodiscard]] MPI_Win rma() const noexcept;

    /// Local. Displacement of bytes()[0] in the MPI window, in bytes.
    [[nodiscard]] MPI_Aint rma_offset() const noexcept;

    /// Local. While this is held, bytes() stays mapped in this process.
    [[nodiscard]] std::shared_ptr<void const> keep_alive() const noexcept;

    /// Local. How the range's pages may be populated without starving MPI. Valid as keep_alive().
    [[nodiscard]] detail::page_source source() const noexcept;

    /// Node, collective. Frees the MPI window; the mapping stays, see keep_alive().
    void free();

    struct state;

  private:
    std::shared_ptr<state> state_;
};

} // namespace shmwin::inline v1
