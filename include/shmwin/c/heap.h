/* SPDX-License-Identifier: MIT
 * The heap of a segment: any rank allocates alone, any rank gives back; and objects that one rank
 * makes alone and all find by name.
 *
 * All functions are local and safe from any thread; none calls MPI. Of a group, the heap is the
 * segment's; names are the group's.
 */
#ifndef SHMWIN_C_HEAP_H
#define SHMWIN_C_HEAP_H

#include "shmwin/c/base.h"
#include "shmwin/c/dtype.h"
#include "shmwin/c/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- blocks ------------------------------------------------------------------------------------
 */

/* A block of at least n_bytes bytes (0 gives a block of its own too), not initialised; all bytes 0.
 * Touching it is never SIGBUS.
 * alignment: of the address, in every rank: a power of two, at most 2 MiB; 0: for any type of C.
 * Errors: OUT_OF_MEMORY (the segment is full), NO_SPACE (the system is), INVALID_ARGUMENT. */
SHMWIN_API int
shmwin_heap_allocate(shmwin_segment const* segment, size_t n_bytes, size_t alignment, void** block);
SHMWIN_API int shmwin_heap_allocate_zeroed(shmwin_segment const* segment,
                                           size_t n_bytes,
                                           size_t alignment,
                                           void** block);
/* Gives a block back, on any rank. NULL is allowed.
 * Errors: BAD_POINTER, it is no block in use: freed before, inside a block, of no segment. */
SHMWIN_API int shmwin_heap_deallocate(shmwin_segment const* segment, void* block);
/* Makes a block larger where it stands, if it can: then is_expanded is 1, and what is new is not
 * initialised; else it is 0, and nothing changed. Errors: BAD_POINTER, NO_SPACE. */
SHMWIN_API int shmwin_heap_try_expand(shmwin_segment const* segment,
                                      void* block,
                                      size_t n_bytes,
                                      int* is_expanded);
/* Gives back what lies behind the first n_bytes bytes, in whole pages. usable_bytes: what the block
 * has from now on; NULL is allowed. Errors: BAD_POINTER, NO_SPACE. */
SHMWIN_API int shmwin_heap_shrink(shmwin_segment const* segment,
                                  void* block,
                                  size_t n_bytes,
                                  size_t* usable_bytes);
/* Bytes of the block that begins there; 0 if none does. */
SHMWIN_API size_t shmwin_heap_usable_size(shmwin_segment const* segment, void const* block);

/* Positions in the segment, in bytes, are the same on all ranks; addresses are not: what stands in
 * the segment refers to other things there by position. NULL is 0, and 0 is NULL. */
SHMWIN_API uint64_t shmwin_heap_offset_of(shmwin_segment const* segment, void const* address);
SHMWIN_API void* shmwin_heap_at(shmwin_segment const* segment, uint64_t offset);
/* 1 if the address lies in the heap, used or free. */
SHMWIN_API int shmwin_heap_owns(shmwin_segment const* segment, void const* address);

/* In bytes; of one moment. Later versions append members: the caller says what it knows. */
typedef struct shmwin_heap_stats {
    size_t struct_bytes;
    size_t capacity;      /* for objects, in all */
    size_t used;          /* of blocks in use, rounded up as the heap does */
    size_t available;     /* capacity - used */
    size_t largest_free;  /* the largest run of whole pages */
    size_t most_used;     /* high-water mark of pages */
    size_t in_pages;      /* of pages in use: `used`, and what is free in slabs */
    size_t metadata;      /* the heap's own */
    size_t present;       /* really taken from the system */
    uint64_t n_blocks;    /* in use */
    uint64_t n_takeovers; /* how often a process died inside the heap */
} shmwin_heap_stats;
#define SHMWIN_HEAP_STATS_INIT                                                                     \
    { sizeof(shmwin_heap_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
SHMWIN_API int shmwin_heap_get_stats(shmwin_segment const* segment, shmwin_heap_stats* stats);

/* --- objects -----------------------------------------------------------------------------------
 */
/* One element of a type, without dimensions. Objects of a described class of C++ are found here,
 * and objects made here are found by C++. */

enum shmwin_object_flags {
    SHMWIN_OBJECT_UNSAVED = 1 /* checkpoints leave it out */
};

/* Made from the bytes at `initial`; of zeros, if it is NULL. flags: 0, or SHMWIN_OBJECT_UNSAVED.
 * Errors: ALREADY_EXISTS, INVALID_ARGUMENT, OUT_OF_MEMORY, NO_SPACE, CLOSED. */
SHMWIN_API int shmwin_object_construct(shmwin_segment const* segment,
                                       char const* name,
                                       shmwin_dtype const* type,
                                       void const* initial,
                                       unsigned flags,
                                       void** object);
/* The object of that name; if there is none, exactly one of all ranks and threads that ask makes it
 * (then is_created is 1 there; NULL is allowed). Errors besides: TYPE_MISMATCH. */
SHMWIN_API int shmwin_object_find_or_construct(shmwin_segment const* segment,
                                               char const* name,
                                               shmwin_dtype const* type,
                                               void const* initial,
                                               unsigned flags,
                                               void** object,
                                               int* is_created);
/* The object of that name; of that type, if it is not NULL. As long as the object and a handle of
 * the segment. Errors: NOT_FOUND, TYPE_MISMATCH. */
SHMWIN_API int shmwin_object_find(shmwin_segment const* segment,
                                  char const* name,
                                  shmwin_dtype const* type,
                                  void** object);
/* By this rank alone; no rank may use it any more. Errors: NOT_FOUND, TYPE_MISMATCH. */
SHMWIN_API int shmwin_object_destroy(shmwin_segment const* segment, char const* name);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_HEAP_H */
