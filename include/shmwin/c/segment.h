/* SPDX-License-Identifier: MIT
 * Nodes and segments: one range of memory that all ranks of a node share, with a heap and named,
 * typed objects in it.
 */
#ifndef SHMWIN_C_SEGMENT_H
#define SHMWIN_C_SEGMENT_H

#include "shmwin/c/base.h"
#include "shmwin/c/dtype.h"
#include "shmwin/segment/dump.h"

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

/* --- fences and memory -------------------------------------------------------------------------
 */

/* Node, collective. All stores before it, on any rank, are visible to all ranks after it. Drives
 * MPI while it waits. Orders loads and stores, not RMA.
 * Errors: PEER_LEFT, DISAGREEMENT, CLOSED; DATA_RACE (found by checked views of C++). */
SHMWIN_API int shmwin_segment_fence(shmwin_segment* segment);
/* These ranks, collective, in any order; the others go on.
 * Errors: INVALID_ARGUMENT (on this rank alone: it is not among them, one is none, or is given
 * twice), BARRIER_BROKEN (one left or died: on all of them), CLOSED, OUT_OF_MEMORY. */
SHMWIN_API int
shmwin_segment_fence_ranks(shmwin_segment* segment, int const* ranks, size_t n_ranks);

/* Node, collective. Gives the memory of the heap's free pages back to the system. No transfer and
 * no registration (of a network card, a GPU) may be live on memory that was freed.
 * `n_bytes`: what was given back, the same on all ranks; NULL is allowed. */
SHMWIN_API int shmwin_segment_trim(shmwin_segment* segment, size_t* n_bytes);
/* Local. Makes free what other ranks freed of this thread's blocks, and what dead ranks had. */
SHMWIN_API int shmwin_segment_collect(shmwin_segment* segment);
/* Local. Checks every invariant of heap and directory, while nobody changes them.
 * Errors: CORRUPTED; `report` then lists at most `limit` violations, a line each: for
 * shmwin_text_free(). Else, and of other errors, it is NULL. NULL for no report is allowed. */
SHMWIN_API int shmwin_segment_verify(shmwin_segment const* segment, size_t limit, char** report);

/* Local. Where the memory went, for shmwin_text_free(): a line of totals and a table of the largest
 * `n_objects`; all of it as one JSON object (RFC 8259). */
SHMWIN_API int
shmwin_segment_memory_map_text(shmwin_segment const* segment, size_t n_objects, char** text);
SHMWIN_API int shmwin_segment_memory_map_json(shmwin_segment const* segment, char** text);

/* Local. What every rank does, holds and waits for, and what objects there are, for
 * shmwin_text_free(). A snapshot while others go on. */
SHMWIN_API int shmwin_segment_report(shmwin_segment const* segment, char** text);
/* shmwin_dump(), of segment/dump.h, writes the same of each open segment of this process to stderr:
 * also from a signal handler or a debugger. */

/* --- what it is --------------------------------------------------------------------------------
 */

/* Local. This rank's number among the segment's; how many share it; -1 of NULL. */
SHMWIN_API int shmwin_segment_rank(shmwin_segment const* segment);
SHMWIN_API int shmwin_segment_size(shmwin_segment const* segment);
/* Local. Bytes for objects; 0 of NULL. */
SHMWIN_API size_t shmwin_segment_capacity(shmwin_segment const* segment);
/* Local. SHMWIN_BACKING_MPI_WINDOW or _MEMFD; -1 of NULL. */
SHMWIN_API int shmwin_segment_backing(shmwin_segment const* segment);
/* Local. 0 after close or leave, and of NULL. */
SHMWIN_API int shmwin_segment_is_open(shmwin_segment const* segment);
/* Local. SUCCESS if all ranks are there, as far as anybody has noticed; else PEER_LEFT, and
 * shmwin_last_error() says who broke the segment, and why. */
SHMWIN_API int shmwin_segment_abandoned(shmwin_segment const* segment);
/* Local. How this rank waits: looks before it gives the processor away; seconds between two looks
 * at who is still there. NULL is allowed. */
SHMWIN_API int
shmwin_segment_wait_policy(shmwin_segment const* segment, int* spin, double* wait_slice);
/* Local. For RMA: an object is at displacement `base` + its offset in `window`. MPI_WIN_NULL if the
 * backing is memfd, and after close. */
SHMWIN_API int shmwin_segment_rma(shmwin_segment const* segment, MPI_Win* window, MPI_Aint* base);

/* --- names -------------------------------------------------------------------------------------
 */
/* UTF-8, at most 255 bytes with the names of all groups; '/' nests. */

/* Local. The group whose names begin with `name` and '/'. Nothing is created. A handle of its own,
 * for shmwin_segment_free_handle(). Of a group: its group. */
SHMWIN_API int
shmwin_segment_group(shmwin_segment const* segment, char const* name, shmwin_segment** group);
/* Local. What names begin with, without the '/'; "" of a whole segment. As long as the handle. */
SHMWIN_API char const* shmwin_segment_prefix(shmwin_segment const* segment);

/* What an object is. Stored in segments and files: never renumbered. */
enum shmwin_object_kind {
    SHMWIN_OBJECT_ARRAY = 1,
    SHMWIN_OBJECT_LEVELS = 2,       /* time levels */
    SHMWIN_OBJECT_VALUE = 3,        /* one atomic */
    SHMWIN_OBJECT_OBJECT = 4,       /* one object of a type, or of a class of C++ */
    SHMWIN_OBJECT_PER_RANK = 5,     /* a container for each rank */
    SHMWIN_OBJECT_SYNC = 6,         /* a lock, a barrier, ... */
    SHMWIN_OBJECT_SYNCHRONIZED = 7, /* a lock and what it guards */
    SHMWIN_OBJECT_QUEUE = 8
};

/* Order of an array's elements. Stored in segments and files: never renumbered. */
enum shmwin_order {
    SHMWIN_ORDER_NONE = 0,
    SHMWIN_ORDER_C = 1,       /* the last index is next to itself */
    SHMWIN_ORDER_FORTRAN = 2, /* the first index is */
    SHMWIN_ORDER_STRIDED = 3  /* adopted memory */
};

/* What is known of an object. The library makes it: later versions append members. */
typedef struct shmwin_object_info {
    size_t struct_bytes;       /* of the library's */
    char const* name;          /* whole, with those of groups */
    int kind;                  /* enum shmwin_object_kind */
    int order;                 /* enum shmwin_order */
    char const* type;          /* signature: "float64" */
    shmwin_dtype const* dtype; /* the same; NULL if files cannot hold it */
    int64_t const* shape;      /* in elements */
    size_t n_dims;             /* 0 of values and objects */
    size_t n_bytes;            /* of its elements; of all levels */
    uint64_t offset;           /* in the segment; 0 of adopted memory */
    char const* where;         /* "file.c:12" of the call (shmwin_set_call_line), or "" */
    int64_t created_ns;        /* after 1970, UTC */
    int creator;               /* rank; -1: all together */
    int is_saved;              /* checkpoints hold it */
    int is_foreign;            /* adopted: its memory is not the segment's */
} shmwin_object_info;

/* Local. 1 in `is_there` if an object has that name, else 0. */
SHMWIN_API int
shmwin_segment_contains(shmwin_segment const* segment, char const* name, int* is_there);
/* Local. For shmwin_object_info_free(). Errors: NOT_FOUND. */
SHMWIN_API int
shmwin_segment_info(shmwin_segment const* segment, char const* name, shmwin_object_info** info);
SHMWIN_API void shmwin_object_info_free(shmwin_object_info* info);

/* Local. All objects of the segment or group, in the order of their names' bytes: of one moment.
 *     for (i = 0; i < shmwin_object_list_size(list); ++i)
 *         puts(shmwin_object_list_at(list, i)->name); */
typedef struct shmwin_object_list shmwin_object_list;
SHMWIN_API int shmwin_segment_list(shmwin_segment const* segment, shmwin_object_list** list);
SHMWIN_API size_t shmwin_object_list_size(shmwin_object_list const* list);
/* Local. As long as the list; NULL beyond its end. */
SHMWIN_API shmwin_object_info const* shmwin_object_list_at(shmwin_object_list const* list,
                                                           size_t index);
SHMWIN_API void shmwin_object_list_free(shmwin_object_list* list);

/* Node, collective. Ends an array, levels, a value, a lock and its like, or an object of a dtype:
 * for all ranks. Pointers into it dangle; handles stay until they are freed.
 * Errors: NOT_FOUND, BUSY (it is frozen), TYPE_MISMATCH (what else there is, its handle's type
 * destroys), and those of all collective calls. */
SHMWIN_API int shmwin_segment_destroy(shmwin_segment* segment, char const* name);

/* Local. The rank, and its thread as debuggers show it, that holds the lock of that name, or of the
 * data of that name; rank -1 if nobody does. A snapshot. NULL for `thread` is allowed.
 * Errors: NOT_FOUND, TYPE_MISMATCH. */
SHMWIN_API int shmwin_segment_who_holds(shmwin_segment const* segment,
                                        char const* name,
                                        int* rank,
                                        uint32_t* thread);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_SEGMENT_H */
