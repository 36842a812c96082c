// SPDX-License-Identifier: MIT
// finalize: what is still open is closed at the beginning of MPI_Finalize, in the order of its
// creation, which is the same on all ranks. Destructors never wait for other ranks; they leave
// their communicators and windows to this list.
//
// Layer: mpi.
#pragma once

#include "shmwin/base/export.hpp"

#include <memory>

namespace shmwin::inline v1::detail {

/// Something that MPI_Finalize ends.
class finalizable {
  public:
    finalizable() = default;
    finalizable(finalizable const&) = delete;
    finalizable(finalizable&&) = delete;
    finalizable& operator=(finalizable const&) = delete;
    finalizable& operator=(finalizable&&) = delete;
    virtual ~finalizable() = default;

    /// Local. Called once, first, when the process ends: by MPI_Finalize, or else by std::exit.
    /// Tells the other ranks that this one leaves. Must not throw.
    virtual void at_exit() noexcept = 0;
    /// Collective. Called once, inside MPI_Finalize, while MPI still works. Must not throw.
    virtual void at_finalize() noexcept = 0;
};

/// Local. Puts `what` at the list's end, where it stays until leave_finalize() or MPI_Finalize.
/// Hangs on MPI_COMM_SELF: a callback on MPI_COMM_WORLD crashes Open MPI 4.1.
/// @see MPI 3.1, 8.7.1 (allowing user functions at process termination)
SHMWIN_API void join_finalize(std::shared_ptr<finalizable> what);

/// Local. Takes `what` off the list: it was closed.
SHMWIN_API void leave_finalize(finalizable const* what) noexcept;

/// Local. True between MPI_Init and MPI_Finalize; false in a child that was forked meanwhile, where
/// no call of MPI is allowed.
[[nodiscard]] SHMWIN_API bool mpi_is_up() noexcept;

} // namespace shmwin::inline v1::detail
