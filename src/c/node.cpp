// SPDX-License-Identifier: MIT
#include "shmwin/mpi/node.hpp"

#include "shmwin/c/segment.h"

#include "c/handles.hpp"

#include <mpi.h>

using namespace shmwin::detail;

namespace {

int open_node(MPI_Comm comm, shmwin::node_split how, shmwin_node** made) {
    return guard([&] {
        need(made, "node") = nullptr;
        *made = new shmwin_node{shmwin::node(comm, how)};
    });
}

} // namespace

extern "C" {

int shmwin_node_open(MPI_Comm comm, shmwin_node** node) {
    return open_node(comm, shmwin::node_split::by_shared_memory, node);
}

int shmwin_node_open_f(int fortran_comm, shmwin_node** node) {
    return open_node(MPI_Comm_f2c(fortran_comm), shmwin::node_split::by_shared_memory, node);
}

int shmwin_node_open_unsplit(MPI_Comm comm, shmwin_node** node) {
    return open_node(comm, shmwin::node_split::none, node);
}

int shmwin_node_close(shmwin_node* node) {
    return guard([&] { need(node, "node").is.close(); });
}

void shmwin_node_free_handle(shmwin_node* node) {
    delete node;
}

MPI_Comm shmwin_node_comm(shmwin_node const* node) {
    return node == nullptr ? MPI_COMM_NULL : node->is.comm();
}

MPI_Comm shmwin_node_leaders(shmwin_node const* node) {
    return node == nullptr ? MPI_COMM_NULL : node->is.leaders();
}

int shmwin_node_rank(shmwin_node const* node) {
    return node == nullptr ? -1 : node->is.rank();
}

int shmwin_node_size(shmwin_node const* node) {
    return node == nullptr ? -1 : node->is.size();
}

int shmwin_node_index(shmwin_node const* node) {
    return node == nullptr ? -1 : node->is.index();
}

int shmwin_node_count(shmwin_node const* node) {
    return node == nullptr ? -1 : node->is.n_nodes();
}
}
