/* SPDX-License-Identifier: MIT
 * Queues of tasks of any type: any rank pushes, any rank takes, each task as a lease. A task is
 * gone when its lease is done, and comes back when the lease ends otherwise, as by the death of its
 * rank.
 *
 * What creates and destroys is node, collective; all else is local and safe from any thread.
 */
#ifndef SHMWIN_C_QUEUE_H
#define SHMWIN_C_QUEUE_H

#include "shmwin/c/base.h"
#include "shmwin/c/dtype.h"
#include "shmwin/c/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct shmwin_queue shmwin_queue;

/* Of queues, and of containers of each rank. All 0 is the defaults. */
typedef struct shmwin_container_options {
    size_t struct_bytes;
    int is_unsaved; /* checkpoints leave it out */
    int reserved;   /* 0 */
} shmwin_container_options;
#define SHMWIN_CONTAINER_OPTIONS_INIT                                                              \
    { sizeof(shmwin_container_options), 0, 0 }

/* Node, collective. An empty queue of tasks that are copied as bytes. Options: NULL is the
 * defaults. Errors, alike on all ranks: ALREADY_EXISTS, INVALID_ARGUMENT (name), OUT_OF_MEMORY,
 * NO_SPACE, DISAGREEMENT, CLOSED, PEER_LEFT. */
SHMWIN_API int shmwin_queue_create(shmwin_segment* segment,
                                   char const* name,
                                   shmwin_dtype const* type,
                                   shmwin_container_options const* options,
                                   shmwin_queue** queue);
/* Errors: NOT_FOUND, TYPE_MISMATCH (no queue, or of a class of C++ without description). */
SHMWIN_API int
shmwin_queue_find(shmwin_segment const* segment, char const* name, shmwin_queue** queue);
/* Node, collective. Ends the queue for all ranks; handles stay until they are freed.
 * Errors: NOT_FOUND (destroyed before), BAD_POINTER (of another segment), and those of creating. */
SHMWIN_API int shmwin_queue_destroy(shmwin_segment* segment, shmwin_queue const* queue);
/* NULL is allowed. The queue stays. */
SHMWIN_API void shmwin_queue_free_handle(shmwin_queue* queue);

/* Queues copies of n tasks, which lie one after the other, in their order: all, or none if it
 * fails. What this rank wrote before is visible to who gets them.
 * Errors: OUT_OF_MEMORY, NO_SPACE, CLOSED. */
SHMWIN_API int shmwin_queue_push(shmwin_queue const* queue, void const* tasks, size_t n);

/* A task that this rank has taken. Of one thread at a time. */
typedef struct shmwin_lease shmwin_lease;

/* Takes the first task; sleeps while there is none and a lease is out, for so many seconds
 * (negative: until there is one; 0: never). TIMED_OUT: all that is left is leased; it may come
 * back, or more be pushed. NULL in `lease` says that all work is done: nothing is queued and no
 * lease is out anywhere. Leases of ranks that left or died are taken back within a second.
 *
 *     while (shmwin_queue_pop(queue, -1, &lease) == SHMWIN_SUCCESS && lease != NULL) {
 *         work_on(shmwin_lease_task(lease));      may push more
 *         shmwin_lease_done(lease);
 *     }
 *
 * A thread that pops while it holds the last lease itself waits for itself. Ranks that end before
 * others push would take the queue for finished: push the first tasks before a fence.
 * Errors: CLOSED. */
SHMWIN_API int shmwin_queue_pop(shmwin_queue const* queue, double seconds, shmwin_lease** lease);
/* A copy of the task, aligned as its type, good until the lease ends; NULL of NULL. */
SHMWIN_API void const* shmwin_lease_task(shmwin_lease const* lease);
/* Which attempt at this task it is: 1 for the first; 0 of NULL. Counts to 32,767, and anew after a
 * restart. */
SHMWIN_API int shmwin_lease_attempts(shmwin_lease const* lease);
/* Ends the lease and frees it, whatever it returns; NULL is allowed. done: the task leaves the
 * queue; push what follows from it before. put_back: it goes back to where it stood.
 * Errors: NOT_FOUND (the task is not this rank's any more: this rank had left the segment, the
 * queue was destroyed, or a restore has replaced what it held). */
SHMWIN_API int shmwin_lease_done(shmwin_lease* lease);
SHMWIN_API int shmwin_lease_put_back(shmwin_lease* lease);

/* Takes all that is queued out, without a lease; leases go on. How many there were: NULL is
 * allowed. Errors: CLOSED. */
SHMWIN_API int shmwin_queue_clear(shmwin_queue const* queue, size_t* n_tasks);
/* Tasks that are queued; that are leased. Of one moment. */
SHMWIN_API int shmwin_queue_size(shmwin_queue const* queue, size_t* n_tasks);
SHMWIN_API int shmwin_queue_n_leased(shmwin_queue const* queue, size_t* n_tasks);
/* NULL of NULL. */
SHMWIN_API shmwin_dtype const* shmwin_queue_dtype(shmwin_queue const* queue);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_QUEUE_H */
