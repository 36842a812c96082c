// SPDX-License-Identifier: MIT
#include "shmwin/io/due.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "io/due_state.hpp"
#include "io/store_state.hpp"
#include "io/wall_clock.hpp"

#include <array>
#include <bit>
#include <string>

namespace shmwin::inline v1 {

std::string due_reason::text() const {
    switch (kind_) {
    case due_kind::no:
        return "no";
    case due_kind::steps:
        return "steps";
    case due_kind::time:
        return "time";
    case due_kind::overhead:
        return "overhead";
    case due_kind::failure_interval:
        return "failure interval";
    case due_kind::wall_clock:
        return "wall clock";
    case due_kind::signal:
        break;
    }
    return detail::text("signal ", static_cast<int>(signal_));
}

namespace detail {
namespace {

using std::chrono::steady_clock;

// Of those that wait: the lowest one.
due_reason first_of(std::uint64_t signals) noexcept {
    return due_reason(due_kind::signal, std::countr_zero(signals) + 1);
}

// Three messages to all instead of a word of shared memory.
due_reason ask_by_messages(MPI_Comm comm,
                           std::int64_t step,
                           std::uint64_t signals,
                           function_ref<due_reason(std::uint64_t)> decide,
                           source_line const& where) {
    agree(comm,
          text("due(step ", step, ")", place_text(where)),
          static_cast<std::uint64_t>(step),
          nullptr);
    check_mpi("MPI_Allreduce",
              MPI_Allreduce(MPI_IN_PLACE, &signals, 1, MPI_UINT64_T, MPI_BOR, comm));
    auto const mine = decide(signals); // only rank 0's counts
    std::array<int, 2> answer{static_cast<int>(mine.kind()), mine.signal()};
    check_mpi("MPI_Bcast", MPI_Bcast(answer.data(), 2, MPI_INT, 0, comm));
    return due_reason(static_cast<due_kind>(answer[0]), answer[1]);
}

bool is_one_node(MPI_Comm comm) {
    MPI_Comm here = MPI_COMM_NULL;
    check_mpi("MPI_Comm_split_type",
              MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here));
    int n_here = 0;
    int n_all = 0;
    check_mpi("MPI_Comm_size", MPI_Comm_size(here, &n_here));
    check_mpi("MPI_Comm_size", MPI_Comm_size(comm, &n_all));
    MPI_Comm_free(&here);
    int all_here = n_here == n_all ? 1 : 0; // the same everywhere but for odd machines
    check_mpi("MPI_Allreduce", MPI_Allreduce(MPI_IN_PLACE, &all_here, 1, MPI_INT, MPI_MIN, comm));
    return all_here != 0;
}

} // namespace

due_state::due_state(checkpoint_options const& options, int rank)
    : policy_(options, steady_clock::now(), rank == 0 ? time_left(options) : std::nullopt),
      signals_(options.signals) {}

due_reason due_state::decide(std::int64_t step, std::uint64_t signals) {
    auto const kind = policy_.decide(step, steady_clock::now());
    if (signals != 0) return first_of(signals);
    return due_reason(kind);
}

due_reason
due_state::ask(MPI_Comm comm, int rank, int n_ranks, std::int64_t step, source_line const& where) {
    if (step < 0) raise(errc::invalid_argument, text("step is negative (", step, ")"));
    auto const signals = signals_.take();
    auto const by_policy = [&](std::uint64_t all) { return decide(step, all); };
    if (n_ranks == 1) return by_policy(signals);
    if (!is_open_) open_board(comm, rank);
    if (board_ != nullptr) return board_->ask(step, signals, by_policy, where);
    return ask_by_messages(comm, step, signals, by_policy, where);
}

// A memory that is too full for it is no reason to stop: checkpoints are wanted all the more.
void due_state::open_board(MPI_Comm comm, int rank) {
    is_open_ = true;
    if (!is_one_node(comm)) return;
    try {
        board_ = std::make_unique<due_board>(comm);
    } catch (error const& failed) {
        if (!failed.agreed() || failed.code() == errc::peer_left) throw;
        if (rank == 0) {
            log(log_level::warning,
                text("due() sends messages (no shared memory for it: ", failed.what(), ")"));
        }
    }
}

void due_state::saved(std::int64_t n_done, steady_clock::time_point begin, due_seconds whole) {
    auto const now = steady_clock::now();
    due_seconds const lost = now - begin;
    policy_.saved(n_done, now, lost, whole.count() > 0 ? whole : lost);
}

void due_state::restored(std::int64_t n_done, steady_clock::time_point begin) {
    auto const now = steady_clock::now();
    policy_.restored(n_done, now, now - begin);
}

} // namespace detail

due_reason checkpoint_store::due(std::int64_t step, source_line const& where) {
    detail::notice_end_of_save(*state_);
    auto const& ranks = *state_->group;
    return state_->due.ask(ranks.comm, ranks.rank, ranks.size, step, where);
}

} // namespace shmwin::inline v1
