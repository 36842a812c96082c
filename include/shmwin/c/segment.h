/* SPDX-License-Identifier: MIT
 * Nodes and segments: one range of memory that all ranks of a node share, with a heap and named,
 * typed objects in it.
 */
#ifndef SHMWIN_C_SEGMENT_H
#define SHMWIN_C_SEGMENT_H

#include "shmwin/c/base.h"

#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- node: the ranks of a communicator that share memory with the caller -----------------------
 */

typedef struct shmwin_node shmwin_node;

/* All, collective over `comm`, which is duplicated and split by node, in the order of its ranks.
 * `comm` is not kept. One rank, MPI_COMM_SELF and a program without mpirun are as good as any.
 * Errors: INVALID_ARGUMENT (MPI is not initialised; comm is null or an intercommunicator). */
SHMWIN_API int shmwin_node_open(MPI_Comm comm, shmwin_node** node);
/* The same of a communicator of Fortran (MPI_Comm_f2c), for doors of languages without mpi.h. */
SHMWIN_API int shmwin_node_open_f(int fortran_comm, shmwin_node** node);
/* All, collective. As shmwin_node_open(); the whole of `comm` must share memory.
 * Errors: NOT_SHARED, on all ranks, naming two on different nodes. */
SHMWIN_API int shmwin_node_open_unsplit(MPI_Comm comm, shmwin_node** node);
/* All, collective. Frees the communicators; no segment of the node may be open. What is not closed
 * is at the begin of MPI_Finalize. */
SHMWIN_API int shmwin_node_close(shmwin_node* node);
/* Local. NULL is allowed. */
SHMWIN_API void shmwin_node_free_handle(shmwin_node* node);

/* Local. The ranks of this node; for the program's use too. MPI_COMM_NULL of NULL. */
SHMWIN_API MPI_Comm shmwin_node_comm(shmwin_node const* node);
/* Local. The first ranks of the nodes; MPI_COMM_NULL on all others. */
SHMWIN_API MPI_Comm shmwin_node_leaders(shmwin_node const* node);
/* Local. This rank among those of its node; how many they are; -1 of NULL, here and below. */
SHMWIN_API int shmwin_node_rank(shmwin_node const* node);
SHMWIN_API int shmwin_node_size(shmwin_node const* node);
/* Local. This node among all; how many they are. */
SHMWIN_API int shmwin_node_index(shmwin_node const* node);
SHMWIN_API int shmwin_node_count(shmwin_node const* node);

/* --- segment -----------------------------------------------------------------------------------
 */

/* A segment, or a group of its names (shmwin_segment_group). Groups share the segment: fence,
 * close, ... of a group are the whole segment's. */
typedef struct shmwin_segment shmwin_segment;

/* Where the memory comes from. Never renumbered. */
enum shmwin_backing {
    SHMWIN_BACKING_AUTOMATIC = 0,  /* SHMWIN_BACKING (environment), or as it fits */
    SHMWIN_BACKING_MPI_WINDOW = 1, /* MPI_Win_allocate_shared; RMA works on it */
    SHMWIN_BACKING_MEMFD = 2       /* memfd_create; bound by the memory alone; no RMA */
};

/* What is 0 is chosen by the environment, or else by default. */
typedef struct shmwin_segment_options {
    size_t struct_bytes;
    size_t capacity;       /* bytes for objects; 0: SHMWIN_CAPACITY, or half of what is free */
    int backing;           /* enum shmwin_backing */
    int threads_per_rank;  /* that have a heap of their own; 0: SHMWIN_THREADS_PER_RANK, or 1 */
    int in_all_core_dumps; /* not only in the first rank's */
    int spin;              /* looks of a wait before it gives the processor away; -1: none */
    double wait_slice;     /* s, between two looks at who is there; 0: SHMWIN_WAIT_SLICE_US */
    double wait_warn;      /* s, a longer wait is warned of; 0: SHMWIN_WAIT_WARN; -1: none is */
} shmwin_segment_options;
#define SHMWIN_SEGMENT_OPTIONS_INIT                                                                \
    { sizeof(shmwin_segment_options), 0, 0, 0, 0, 0, 0.0, 0.0 }

/* All, collective over the communicator that `node` was made from: each node gets its own segment.
 * Options: NULL is the defaults.
 * Errors, on all ranks: NO_SPACE, INVALID_ARGUMENT, NOT_SHARED, DISAGREEMENT, MPI_FAILURE. */
SHMWIN_API int shmwin_segment_open(shmwin_node const* node,
                                   shmwin_segment_options const* options,
                                   shmwin_segment** segment);
/* Node, collective. Ends the segment for all: waits for all ranks, frees the MPI window. The memory
 * of objects stays mapped while their handles exist. A second close does nothing.
 * Errors: PEER_LEFT, DISAGREEMENT. */
SHMWIN_API int shmwin_segment_close(shmwin_segment* segment);
/* Local. Ends this rank's part before the others', with a reason that they get to read. */
SHMWIN_API int shmwin_segment_leave(shmwin_segment* segment, char const* reason);
/* Local. NULL is allowed. The last handle of a segment that is not closed, groups counted, ends
 * this rank's part: every wait of the others returns PEER_LEFT within a second. */
SHMWIN_API void shmwin_segment_free_handle(shmwin_segment* segment);

/* Node, collective. All stores before it, on any rank, are visible to all ranks after it. Drives
 * MPI while it waits. Orders loads and stores, not RMA.
 * Errors: PEER_LEFT, DISAGREEMENT, CLOSED; DATA_RACE (found by checked views of C++). */
SHMWIN_API int shmwin_segment_fence(shmwin_segment* segment);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_SEGMENT_H */
