/* SPDX-License-Identifier: MIT
 * Per-rank vectors: one for each rank, which lets it grow, alone; the others read it.
 *
 * Phases are separated by fences (any collective call): in a phase a rank either changes its own
 * vector, or others read it. What growth replaces stays readable until the next fence. Debug builds
 * of the library log an error where a vector changed after others looked at it in one phase.
 *
 * What creates and destroys is node, collective; all else is local.
 */
#ifndef SHMWIN_C_PER_RANK_H
#define SHMWIN_C_PER_RANK_H

#include "shmwin/c/base.h"
#include "shmwin/c/dtype.h"
#include "shmwin/c/queue.h"
#include "shmwin/c/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct shmwin_per_rank shmwin_per_rank;

/* Node, collective. An empty vector for each rank. Checkpoints hold them, in one order: restored on
 * another number of ranks they are shared out anew. Options: NULL is the defaults.
 * Errors, alike on all ranks: ALREADY_EXISTS, INVALID_ARGUMENT (name), OUT_OF_MEMORY, NO_SPACE,
 * DISAGREEMENT, CLOSED, PEER_LEFT; UNSUPPORTED (the type is aligned to more than 16 bytes). */
SHMWIN_API int shmwin_per_rank_create(shmwin_segment* segment,
                                      char const* name,
                                      shmwin_dtype const* type,
                                      shmwin_container_options const* options,
                                      shmwin_per_rank** vectors);
/* Errors: NOT_FOUND, TYPE_MISMATCH (no vectors, or of a class of C++ without description). */
SHMWIN_API int
shmwin_per_rank_find(shmwin_segment const* segment, char const* name, shmwin_per_rank** vectors);
/* Node, collective. Ends them for all ranks; handles stay until they are freed.
 * Errors: NOT_FOUND (destroyed before), BAD_POINTER (of another segment), and those of creating. */
SHMWIN_API int shmwin_per_rank_destroy(shmwin_segment* segment, shmwin_per_rank const* vectors);
/* NULL is allowed. The vectors stay. */
SHMWIN_API void shmwin_per_rank_free_handle(shmwin_per_rank* vectors);

/* Puts copies of n elements behind the last of this rank's: they lie one after the other, elsewhere
 * than in this vector. Amortised O(n). Errors: OUT_OF_MEMORY, NO_SPACE; nothing changed. */
SHMWIN_API int
shmwin_per_rank_append(shmwin_per_rank const* vectors, void const* elements, size_t n);
/* This rank's gets n elements: the first ones stay, new ones are zero. Errors as of append. */
SHMWIN_API int shmwin_per_rank_resize(shmwin_per_rank const* vectors, size_t n);
/* Room for n elements: until there are so many, none moves. Errors as of append. */
SHMWIN_API int shmwin_per_rank_reserve(shmwin_per_rank const* vectors, size_t n);
/* This rank's has no elements any more. */
SHMWIN_API int shmwin_per_rank_clear(shmwin_per_rank const* vectors);

/* The elements of this rank, to be written to; good until they move. */
SHMWIN_API int shmwin_per_rank_mine(shmwin_per_rank const* vectors, void** elements, size_t* n);
/* Those of a rank, to be read; good until the next fence.
 * Errors: OUT_OF_RANGE (there is no such rank). */
SHMWIN_API int
shmwin_per_rank_of(shmwin_per_rank const* vectors, int rank, void const** elements, size_t* n);
/* How many vectors there are: one a rank; 0 of NULL. */
SHMWIN_API int shmwin_per_rank_size(shmwin_per_rank const* vectors);
/* NULL of NULL. */
SHMWIN_API shmwin_dtype const* shmwin_per_rank_dtype(shmwin_per_rank const* vectors);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_PER_RANK_H */
