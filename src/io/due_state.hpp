// SPDX-License-Identifier: MIT
// due_state: what due() needs between its calls. Rank 0 decides; how the others learn it depends on
// how many there are, and where.
//
// Layer: io.
#pragma once

#include "shmwin/base/source_line.hpp"
#include "shmwin/io/checkpoint_options.hpp"
#include "shmwin/io/due.hpp"

#include "io/due_board.hpp"
#include "io/due_policy.hpp"
#include "io/watched_signals.hpp"

#include <mpi.h>

#include <chrono>
#include <cstdint>
#include <memory>

namespace shmwin::inline v1::detail {

class due_state {
  public:
    /// Local. Of a store that asks nothing of due().
    due_state() : policy_({}, {}) {}
    /// Local. Catches the signals.
    /// @throws argument_error (invalid_argument)  rank 0: a variable is no time
    /// @throws runtime_failure (system_failure)   a signal cannot be caught
    due_state(checkpoint_options const& options, int rank);

    /// All, in the same order. See checkpoint_store::due().
    [[nodiscard]] due_reason
    ask(MPI_Comm comm, int rank, int n_ranks, std::int64_t step, source_line const& where);

    /// Local. A save has ended, that began then. See due_policy::saved().
    /// @param whole  time until it was safe; 0: that of the call
    void saved(std::int64_t n_done,
               std::chrono::steady_clock::time_point begin,
               due_seconds whole = due_seconds(0));
    /// Local. A save that was written behind is safe, so long after it began.
    void became_safe(due_seconds whole) { policy_.became_safe(whole); }
    /// Local. A restore has ended, that began then.
    void restored(std::int64_t n_done, std::chrono::steady_clock::time_point begin);

  private:
    [[nodiscard]] due_reason decide(std::int64_t step, std::uint64_t signals);
    void open_board(MPI_Comm comm, int rank);

    due_policy policy_;
    watched_signals signals_;
    bool is_open_ = false;
    std::unique_ptr<due_board> board_; ///< null: there is one rank, or they send messages
};

} // namespace shmwin::inline v1::detail
