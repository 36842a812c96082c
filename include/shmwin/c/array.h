/* SPDX-License-Identifier: MIT
 * Arrays and time levels of a segment, and memory of the program under a name of the segment.
 *
 * Functions that create are node, collective: they succeed on all ranks or return the same error on
 * all. The errors that they share: ALREADY_EXISTS, INVALID_ARGUMENT, OUT_OF_MEMORY, NO_SPACE,
 * DISAGREEMENT, CLOSED, PEER_LEFT. (NULL where none may be is told to the rank that gives it.)
 *
 * Handles are cheap and own nothing: the object is in the segment until it is destroyed or the
 * segment is closed. Its memory stays mapped in this process while a handle exists, so pointers
 * into it are good until the object is destroyed, or its last handle is freed after close.
 *
 * There are no checked views here, which find data races: they are part of the C++ interface.
 */
#ifndef SHMWIN_C_ARRAY_H
#define SHMWIN_C_ARRAY_H

#include "shmwin/c/base.h"
#include "shmwin/c/dtype.h"
#include "shmwin/c/segment.h"

#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- create and find ---------------------------------------------------------------------------
 */

typedef struct shmwin_array shmwin_array;

/* Who touches an array's pages first; on NUMA machines they come to lie near that rank's core.
 * Never renumbered. */
enum shmwin_touch {
    SHMWIN_TOUCH_BY_ROWS = 0, /* each rank its rows */
    SHMWIN_TOUCH_INTERLEAVE =
        1,                 /* all in turn, 64 KiB at a time: tables that all read everywhere */
    SHMWIN_TOUCH_LATER = 2 /* who writes first. The one mode in which full memory means SIGBUS */
};

/* Of an array or of time levels; the same on all ranks. All 0 is the defaults. */
typedef struct shmwin_array_options {
    size_t struct_bytes;
    int order;       /* SHMWIN_ORDER_C (also 0), SHMWIN_ORDER_FORTRAN */
    int touch;       /* enum shmwin_touch */
    size_t align;    /* of the first element, in bytes: a power of two, at most 2 MiB; 0: 64 */
    int is_unsaved;  /* checkpoints leave it out */
    int whole_pages; /* nothing else shares its pages: for protection and registration */
    int n_levels;    /* of time levels; 0: 2 */
    int reserved;    /* 0 */
} shmwin_array_options;
#define SHMWIN_ARRAY_OPTIONS_INIT                                                                  \
    { sizeof(shmwin_array_options), 0, 0, 0, 0, 0, 0, 0 }

/* Node, collective. An array of zeros.
 * shape: extents, in elements, 0 or more; at most 8 dimensions. options: NULL is the defaults. */
SHMWIN_API int shmwin_array_create(shmwin_segment* segment,
                                   char const* name,
                                   shmwin_dtype const* type,
                                   size_t n_dims,
                                   int64_t const* shape,
                                   shmwin_array_options const* options,
                                   shmwin_array** array);
/* Node, collective. The array of that name, created if there is none (then is_created is 1; NULL is
 * allowed). Errors besides: TYPE_MISMATCH, SHAPE_MISMATCH, what is there differs. */
SHMWIN_API int shmwin_array_find_or_create(shmwin_segment* segment,
                                           char const* name,
                                           shmwin_dtype const* type,
                                           size_t n_dims,
                                           int64_t const* shape,
                                           shmwin_array_options const* options,
                                           shmwin_array** array,
                                           int* is_created);
/* Local. The array of that name, whatever its type, shape and order. O(1), no lock.
 * Errors: NOT_FOUND, TYPE_MISMATCH (it is no array, or of a class of C++ without description). */
SHMWIN_API int
shmwin_array_find(shmwin_segment const* segment, char const* name, shmwin_array** array);
/* Local. The same; it must be of that type, in that order (of 0 or 1 dimension both are the same),
 * with that many dimensions. Errors besides: SHAPE_MISMATCH. */
SHMWIN_API int shmwin_array_find_typed(shmwin_segment const* segment,
                                       char const* name,
                                       shmwin_dtype const* type,
                                       size_t n_dims,
                                       int order,
                                       shmwin_array** array);
/* Node, collective. Ends the array for all ranks; pointers into it dangle, the handle stays.
 * Errors: NOT_FOUND (destroyed before), BAD_POINTER (of another segment), BUSY (frozen). */
SHMWIN_API int shmwin_array_destroy(shmwin_segment* segment, shmwin_array const* array);
/* Local. NULL is allowed. */
SHMWIN_API void shmwin_array_free_handle(shmwin_array* array);

/* --- what it is --------------------------------------------------------------------------------
 */
/* Local. Of NULL: 0, NULL. */

/* The first element, in this process. NULL if the array was destroyed, or adopted as read-only
 * (then const_data has it). */
SHMWIN_API void* shmwin_array_data(shmwin_array const* array);
SHMWIN_API void const* shmwin_array_const_data(shmwin_array const* array);

SHMWIN_API shmwin_dtype const* shmwin_array_dtype(shmwin_array const* array);
SHMWIN_API size_t shmwin_array_n_dims(shmwin_array const* array);
/* In elements, n_dims of them; as long as the handle. */
SHMWIN_API int64_t const* shmwin_array_shape(shmwin_array const* array);
/* Fills n_dims strides: from one index to the next, in bytes. */
SHMWIN_API int shmwin_array_strides(shmwin_array const* array, int64_t* strides);
SHMWIN_API int shmwin_array_order(shmwin_array const* array); /* enum shmwin_order */
/* How many elements. */
SHMWIN_API int64_t shmwin_array_size(shmwin_array const* array);
/* Where the first element is in the segment, in bytes, the same on all ranks; 0 if adopted. */
SHMWIN_API uint64_t shmwin_array_offset(shmwin_array const* array);
/* 1 if it was not destroyed. */
SHMWIN_API int shmwin_array_is_valid(shmwin_array const* array);

/* Rows (indices of dimension 0) of this rank, of another: begin, ..., end - 1. Every row is one
 * rank's. Of no dimensions, the one element is rank 0's. Errors: OUT_OF_RANGE, no such rank. */
SHMWIN_API int shmwin_array_rows(shmwin_array const* array, int64_t* begin, int64_t* end);
SHMWIN_API int
shmwin_array_rows_of(shmwin_array const* array, int rank, int64_t* begin, int64_t* end);

/* --- freeze: a stray store faults where it happens ---------------------------------------------
 */

/* Node, collective. Write-protects the array's pages in every rank; makes them writable again,
 * which comes before destroy and before a restore into it. RMA uses other mappings, and is not
 * stopped. Errors: INVALID_ARGUMENT (it was created without whole_pages; thaw: it is not
 * protected), UNSUPPORTED (adopted), BUSY (protected already), NOT_FOUND, SYSTEM_FAILURE. */
SHMWIN_API int shmwin_array_freeze(shmwin_array const* array);
SHMWIN_API int shmwin_array_thaw(shmwin_array const* array);

/* --- sections: one fills, all read -------------------------------------------------------------
 */
/* A section holds the array on the thread that begins it, until shmwin_section_end() there, which
 * frees it. Waits take seconds; negative: no deadline, else TIMED_OUT when they pass. */

typedef struct shmwin_section shmwin_section;

/* Local. Alone, to write. Errors: OWNER_DIED (the last writer did not finish: repair),
 * NOT_RECOVERABLE, WOULD_DEADLOCK, PEER_LEFT, CLOSED. */
SHMWIN_API int
shmwin_array_begin_write(shmwin_array const* array, double seconds, shmwin_section** section);
/* Local. Alone, also if the last writer did not finish (shmwin_section_is_repair). No deadline. */
SHMWIN_API int shmwin_array_begin_repair(shmwin_array const* array, shmwin_section** section);
/* Local. With all others that read, once the array was filled `version` times (1 or more).
 * Errors as those of write. */
SHMWIN_API int shmwin_array_begin_read(shmwin_array const* array,
                                       uint64_t version,
                                       double seconds,
                                       shmwin_section** section);
/* Local. Of a writer, the version that the array has when it ends; of a reader, that which it has.
 */
SHMWIN_API uint64_t shmwin_section_version(shmwin_section const* section);
/* Local. 1 if the last writer did not finish: nothing that is there can be relied on. */
SHMWIN_API int shmwin_section_is_repair(shmwin_section const* section);
/* Local. What was written is whole, and readers get it. NULL is allowed. */
SHMWIN_API void shmwin_section_end(shmwin_section* section);
/* Local. Ends it; what was written is not whole: others get OWNER_DIED until it is repaired. Of a
 * reader, as end. */
SHMWIN_API void shmwin_section_give_up(shmwin_section* section);

/* --- memory of the program under a name --------------------------------------------------------
 */

/* Of memory that is adopted. The same on all ranks. All 0 is the defaults. */
typedef struct shmwin_adopt_options {
    size_t struct_bytes;
    size_t align;          /* of the first element in each process, if more than the type's */
    uint64_t offset_bytes; /* of a window: of the first element behind its begin */
    int order;             /* of a window, or without strides: C (also 0), or Fortran */
    int is_unsaved;        /* checkpoints leave it out */
    int is_shared;         /* all ranks see the same memory; else each has a copy of its own */
    int is_read_only;
} shmwin_adopt_options;
#define SHMWIN_ADOPT_OPTIONS_INIT                                                                  \
    { sizeof(shmwin_adopt_options), 0, 0, 0, 0, 0, 0 }

/* Node, collective. A window of MPI_Win_allocate_shared over these ranks, as an array; nothing is
 * copied. The program frees it after the array is destroyed or the segment is closed.
 * Errors: INVALID_ARGUMENT (null, another flavour, other ranks, too small, gaps), BAD_POINTER (not
 * aligned), UNSUPPORTED (its model is not MPI_WIN_UNIFIED). */
SHMWIN_API int shmwin_array_adopt_window(shmwin_segment* segment,
                                         char const* name,
                                         MPI_Win window,
                                         shmwin_dtype const* type,
                                         size_t n_dims,
                                         int64_t const* shape,
                                         shmwin_adopt_options const* options,
                                         shmwin_array** array);
/* Node, collective. Memory that each rank brings. Type and shape are the same on all ranks; strides
 * (in bytes; NULL: no gaps) and addresses need not be.
 * release(context) is called, once, on some thread, when nobody here can use the memory any more:
 * after the array is destroyed or the segment closed, and the last handle is freed. NULL: the
 * memory stays. If the function fails, release is not called. Errors: INVALID_ARGUMENT, BAD_POINTER
 * (not aligned). */
SHMWIN_API int shmwin_array_adopt(shmwin_segment* segment,
                                  char const* name,
                                  void* data,
                                  shmwin_dtype const* type,
                                  size_t n_dims,
                                  int64_t const* shape,
                                  int64_t const* strides,
                                  shmwin_adopt_options const* options,
                                  void (*release)(void* context),
                                  void* context,
                                  shmwin_array** array);

/* --- time levels: several arrays of one shape under ONE name -----------------------------------
 */

typedef struct shmwin_levels shmwin_levels;

/* Node, collective. options->n_levels levels of zeros. Otherwise as shmwin_array_create(). */
SHMWIN_API int shmwin_levels_create(shmwin_segment* segment,
                                    char const* name,
                                    shmwin_dtype const* type,
                                    size_t n_dims,
                                    int64_t const* shape,
                                    shmwin_array_options const* options,
                                    shmwin_levels** levels);
/* Local. Errors as shmwin_array_find(). */
SHMWIN_API int
shmwin_levels_find(shmwin_segment const* segment, char const* name, shmwin_levels** levels);
/* Node, collective. As shmwin_array_destroy(). */
SHMWIN_API int shmwin_levels_destroy(shmwin_segment* segment, shmwin_levels const* levels);
/* Local. NULL is allowed. */
SHMWIN_API void shmwin_levels_free_handle(shmwin_levels* levels);

/* Node, collective. One fence, and all ranks see next as now. Errors: NOT_FOUND (destroyed), those
 * of a fence. */
SHMWIN_API int shmwin_levels_flip(shmwin_levels const* levels);

/* Local. The current level, and that which flip makes the current one: their first elements; NULL
 * if the levels were destroyed. */
SHMWIN_API void const* shmwin_levels_now(shmwin_levels const* levels);
SHMWIN_API void* shmwin_levels_next(shmwin_levels const* levels);
/* Local. The level that was now `steps` flips ago; a level by its place in memory: NULL beyond. */
SHMWIN_API void const* shmwin_levels_ago(shmwin_levels const* levels, int steps);
SHMWIN_API void* shmwin_levels_level(shmwin_levels const* levels, int which);
SHMWIN_API int shmwin_levels_count(shmwin_levels const* levels);
/* Local. Which level, by its place, is now; -1 of NULL or destroyed ones. */
SHMWIN_API int shmwin_levels_index_of_now(shmwin_levels const* levels);

/* Local. Of one level: as those of arrays. */
SHMWIN_API shmwin_dtype const* shmwin_levels_dtype(shmwin_levels const* levels);
SHMWIN_API size_t shmwin_levels_n_dims(shmwin_levels const* levels);
SHMWIN_API int64_t const* shmwin_levels_shape(shmwin_levels const* levels);
SHMWIN_API int shmwin_levels_strides(shmwin_levels const* levels, int64_t* strides);
SHMWIN_API int shmwin_levels_order(shmwin_levels const* levels);
SHMWIN_API int64_t shmwin_levels_size(shmwin_levels const* levels);
SHMWIN_API int shmwin_levels_is_valid(shmwin_levels const* levels);
SHMWIN_API int shmwin_levels_rows(shmwin_levels const* levels, int64_t* begin, int64_t* end);
SHMWIN_API int
shmwin_levels_rows_of(shmwin_levels const* levels, int rank, int64_t* begin, int64_t* end);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_ARRAY_H */
