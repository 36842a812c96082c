// SPDX-License-Identifier: MIT
// node: the ranks of a communicator that share memory with the caller.
//
// Layer: mpi.
#pragma once

#include "shmwin/base/export.hpp"

#include <mpi.h>

#include <cstdint>
#include <memory>

namespace shmwin::inline v1 {

namespace detail {
struct node_state;
}

/// How a communicator becomes nodes.
enum class node_split : std::uint8_t {
    by_shared_memory, ///< MPI_Comm_split_type(MPI_COMM_TYPE_SHARED); always possible
    none,             ///< the whole communicator must share memory, else it is an error
};

/// Which ranks share memory. Holds private communicators, so nothing of the host's is ever used
/// for messages and its error handlers stay as they are. Cheap to copy: copies refer to the same.
///
/// Destroying the last copy is local: the communicators are freed by close() or, with all else
/// that is open, at the beginning of MPI_Finalize.
class SHMWIN_API node {
  public:
    /// All, collective over `comm`. Duplicates `comm` and splits it by node, in the order of its
    /// ranks. One rank, MPI_COMM_SELF and a program without mpirun are as good as any.
    ///
    /// @param comm  an intracommunicator; not kept
    /// @throws runtime_failure (not_shared)  with node_split::none, if ranks of `comm` are on
    ///         several nodes: on all ranks, naming two of them
    /// @throws argument_error (invalid_argument)  MPI is not initialised, or `comm` is null or an
    ///         intercommunicator
    /// @see MPI 3.1, 6.4.2 (MPI_Comm_split_type)
    explicit node(MPI_Comm comm, node_split how = node_split::by_shared_memory);

    /// All, collective. Frees the communicators. No segment of this node may be open.
    void close();

    /// Local. Communicator of the ranks of this node; for the host's use too.
    [[nodiscard]] MPI_Comm comm() const noexcept;
    /// Local. Duplicate of the communicator that the node was made from.
    [[nodiscard]] MPI_Comm all() const noexcept;
    /// Local. Communicator of the first ranks of the nodes; MPI_COMM_NULL on all others.
    [[nodiscard]] MPI_Comm leaders() const noexcept;

    /// Local. This rank among those of its node.
    [[nodiscard]] int rank() const noexcept;
    /// Local. How many ranks share memory here.
    [[nodiscard]] int size() const noexcept;
    /// Local. This node among all.
    [[nodiscard]] int index() const noexcept;
    /// Local. How many nodes there are.
    [[nodiscard]] int n_nodes() const noexcept;

    [[nodiscard]] detail::node_state const& state() const noexcept { return *state_; }

  private:
    std::shared_ptr<detail::node_state> state_;
};

} // namespace shmwin::inline v1
