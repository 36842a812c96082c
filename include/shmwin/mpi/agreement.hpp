// SPDX-License-Identifier: MIT
// agree: how ranks decide together, over MPI, whether a call goes on. Used where there is no
// segment yet, and between nodes; inside a segment sync/rendezvous does it without messages.
//
// Layer: mpi.
#pragma once

#include "shmwin/base/error.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"

#include <mpi.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace shmwin::inline v1::detail {

/// Collective over `comm`. Returns on all ranks, or raises the same error on all: the lowest
/// failing rank's; else disagreement, if `arguments` differs from rank 0's somewhere.
///
/// @param call       the call and its arguments in words, for the error of a disagreement
/// @param arguments  hash of all that must be equal
/// @param failure    what went wrong on this rank; null if nothing
SHMWIN_API void
agree(MPI_Comm comm, std::string_view call, std::uint64_t arguments, error_info const* failure);

/// Local. Runs `step`; what it raises is returned instead, for agree().
[[nodiscard]] SHMWIN_API std::optional<error_info> failure_of(function_ref<void()> step);

/// Collective over `comm`. Runs `step` on each rank, then agrees on its outcome.
SHMWIN_API void agree_on(MPI_Comm comm, std::string_view call, function_ref<void()> step);

} // namespace shmwin::inline v1::detail
