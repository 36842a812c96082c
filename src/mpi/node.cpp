// SPDX-License-Identifier: MIT
#include "shmwin/mpi/node.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "mpi/node_state.hpp"

#include <algorithm>
#include <sched.h>
#include <string>

namespace shmwin::inline v1 {
namespace detail {
namespace {

void check_usable(MPI_Comm comm) {
    if (!mpi_is_up()) {
        raise(errc::invalid_argument,
              "node cannot be made (MPI is not initialised, or finalised already; call MPI_Init)");
    }
    if (comm == MPI_COMM_NULL) {
        raise(errc::invalid_argument, "node cannot be made (the communicator is MPI_COMM_NULL)");
    }
    int between = 0;
    check_mpi("MPI_Comm_test_inter", MPI_Comm_test_inter(comm, &between));
    if (between != 0) {
        raise(errc::invalid_argument,
              "node cannot be made (an intercommunicator; pass an intracommunicator)");
    }
}

// A duplicate whose errors come back as codes, whatever the host has set.
MPI_Comm duplicate(MPI_Comm comm) {
    MPI_Comm made = MPI_COMM_NULL;
    check_mpi("MPI_Comm_dup", MPI_Comm_dup(comm, &made));
    check_mpi("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(made, MPI_ERRORS_RETURN));
    return made;
}

int rank_in(MPI_Comm comm) {
    int rank = 0;
    check_mpi("MPI_Comm_rank", MPI_Comm_rank(comm, &rank));
    return rank;
}

int size_of(MPI_Comm comm) {
    int size = 1;
    check_mpi("MPI_Comm_size", MPI_Comm_size(comm, &size));
    return size;
}

// Ranks that are bound to a core each see one core; together they have as many as there are ranks.
int cores_together(MPI_Comm local) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    static_cast<void>(::sched_getaffinity(0, sizeof cores, &cores));
    check_mpi("MPI_Allreduce",
              MPI_Allreduce(MPI_IN_PLACE, &cores, sizeof cores, MPI_BYTE, MPI_BOR, local));
    return std::max(1, CPU_COUNT(&cores));
}

void split(node_state& made) {
    auto const rank = rank_in(made.all);
    // The key is given: the order without one is not kept by every MPI.
    check_mpi(
        "MPI_Comm_split_type",
        MPI_Comm_split_type(made.all, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &made.local));
    check_mpi("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(made.local, MPI_ERRORS_RETURN));
    made.rank = rank_in(made.local);
    made.size = size_of(made.local);
    made.user = duplicate(made.local);
    made.n_cores = cores_together(made.local);
    check_mpi("MPI_Comm_split",
              MPI_Comm_split(made.all, made.rank == 0 ? 0 : MPI_UNDEFINED, rank, &made.leaders));
    if (made.leaders != MPI_COMM_NULL) {
        check_mpi("MPI_Comm_set_errhandler",
                  MPI_Comm_set_errhandler(made.leaders, MPI_ERRORS_RETURN));
        made.index = rank_in(made.leaders);
        made.n_nodes = size_of(made.leaders);
    }
    int numbers[2] = {made.index, made.n_nodes}; // NOLINT(*-avoid-c-arrays): an MPI buffer
    check_mpi("MPI_Bcast", MPI_Bcast(numbers, 2, MPI_INT, 0, made.local));
    made.index = numbers[0];
    made.n_nodes = numbers[1];
}

std::string host_name() {
    char text[MPI_MAX_PROCESSOR_NAME] = {}; // NOLINT(*-avoid-c-arrays): what MPI takes
    int length = 0;
    check_mpi("MPI_Get_processor_name", MPI_Get_processor_name(text, &length));
    return {text, static_cast<std::size_t>(length)};
}

// Who does not share memory with rank 0 speaks.
void refuse_several(node_state const& made) {
    if (made.index == 0) return;
    raise(errc::not_shared,
          text("communicator spans ",
               made.n_nodes,
               " nodes (rank ",
               rank_in(made.all),
               " on ",
               host_name(),
               " does not share memory with rank 0; use node_split::by_shared_memory,",
               " or start all ranks on one node, in one container)"));
}

} // namespace

void node_state::free() noexcept {
    for (auto* const each : {&leaders, &user, &local, &all}) {
        if (*each != MPI_COMM_NULL) MPI_Comm_free(each);
    }
}

} // namespace detail

node::node(MPI_Comm comm, node_split how) : state_(std::make_shared<detail::node_state>()) {
    detail::check_usable(comm);
    auto& made = *state_;
    made.all = detail::duplicate(comm);
    try {
        detail::agree(made.all, "node", static_cast<std::uint64_t>(how), nullptr);
        detail::split(made);
        if (how == node_split::none) {
            detail::agree_on(made.all, "node", [&] { detail::refuse_several(made); });
        }
        detail::join_finalize(state_);
    } catch (...) {
        made.free(); // agreed: all ranks are here
        throw;
    }
}

void node::close() {
    if (!detail::mpi_is_up()) return;
    detail::leave_finalize(state_.get());
    state_->free();
}

MPI_Comm node::comm() const noexcept {
    return state_->user;
}
MPI_Comm node::all() const noexcept {
    return state_->all;
}
MPI_Comm node::leaders() const noexcept {
    return state_->leaders;
}
int node::rank() const noexcept {
    return state_->rank;
}
int node::size() const noexcept {
    return state_->size;
}
int node::index() const noexcept {
    return state_->index;
}
int node::n_nodes() const noexcept {
    return state_->n_nodes;
}

} // namespace shmwin::inline v1
