/* SPDX-License-Identifier: MIT
 * A program in C99: opens a segment, meets, closes. */
#include "shmwin.h"

#include <mpi.h>

#include <stdio.h>

static int failed(char const* what, int status) {
    fprintf(stderr, "%s: %s: %s\n", what, shmwin_status_name(status), shmwin_last_error());
    MPI_Abort(MPI_COMM_WORLD, 1);
    return 1;
}

#define CHECK(call)                                                                                \
    do {                                                                                           \
        int const status_ = SHMWIN_HERE(call);                                                     \
        if (status_ != SHMWIN_SUCCESS) return failed(#call, status_);                              \
    } while (0)

int main(int argc, char** argv) {
    shmwin_node* node = NULL;
    shmwin_segment* segment = NULL;
    shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
    options.capacity = 16u << 20;
    MPI_Init(&argc, &argv);
    CHECK(shmwin_node_open(MPI_COMM_WORLD, &node));
    CHECK(shmwin_segment_open(node, &options, &segment));
    CHECK(shmwin_segment_fence(segment));
    CHECK(shmwin_segment_close(segment));
    shmwin_segment_free_handle(segment);
    CHECK(shmwin_node_close(node));
    shmwin_node_free_handle(node);
    MPI_Finalize();
    return shmwin_abi_version() == SHMWIN_ABI_VERSION ? 0 : 1;
}
