/* SPDX-License-Identifier: MIT
 * Locks and what else ranks wait with, by name: mutex, recursive_mutex, shared_mutex,
 * condition_variable, semaphore, event, barrier, latch, counter. And synchronized data, which bring
 * their lock. All live in the segment, survive whoever is killed, and are re-made after a restart:
 * no checkpoint holds them (of synchronized data it holds the data).
 *
 * shmwin_X_create() is node, collective; it succeeds on all ranks or fails alike on all. Errors:
 * ALREADY_EXISTS, INVALID_ARGUMENT (name), OUT_OF_MEMORY, NO_SPACE, DISAGREEMENT, CLOSED,
 * PEER_LEFT.
 * shmwin_X_find() is local. Errors: NOT_FOUND, TYPE_MISMATCH.
 * shmwin_X_free_handle() is local; NULL is allowed. The object stays: shmwin_segment_destroy() ends
 * it (of synchronized data shmwin_synchronized_destroy()), and the handles that are left are then
 * only good to be freed.
 *
 * All else is local, unless it says otherwise, and safe from any thread. Waits drive MPI. Times are
 * seconds from now; negative: no deadline; 0: what there is now. At the deadline a function returns
 * TIMED_OUT, which is no error: nothing was taken.
 * What points to a result may be NULL where it is optional (it says so).
 */
#ifndef SHMWIN_C_SYNC_H
#define SHMWIN_C_SYNC_H

#include "shmwin/c/array.h"
#include "shmwin/c/base.h"
#include "shmwin/c/dtype.h"
#include "shmwin/c/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- mutex: a lock that survives its holder ----------------------------------------------------
 *
 * A thread holds it; only that thread unlocks. What was stored before unlock is visible after the
 * next lock.
 *
 * If the holder's process dies, who waits or tries learns it within a second: everybody gets
 * OWNER_DIED, without holding the lock, until one calls lock_to_repair, mends the data and says so
 * by mark_consistent. Unlocked without that, it is never had again: NOT_RECOVERABLE.
 *
 *     int status = shmwin_mutex_lock(mutex, -1);
 *     if (status == SHMWIN_ERR_OWNER_DIED) {
 *         int died = 0;
 *         status = shmwin_mutex_lock_to_repair(mutex, &died);
 *         if (status == SHMWIN_SUCCESS && died) {
 *             mend_the_data();
 *             status = shmwin_mutex_mark_consistent(mutex);
 *         }
 *     }
 *
 * Errors of what locks: OWNER_DIED; NOT_RECOVERABLE; WOULD_DEADLOCK (this thread holds it);
 * PEER_LEFT (the holder left the segment and lives on; waits of a second or more). Of unlock and
 * mark_consistent: INVALID_ARGUMENT (this thread does not hold it). */
typedef struct shmwin_mutex shmwin_mutex;

SHMWIN_API int shmwin_mutex_create(shmwin_segment* segment, char const* name, shmwin_mutex** mutex);
SHMWIN_API int
shmwin_mutex_find(shmwin_segment const* segment, char const* name, shmwin_mutex** mutex);
SHMWIN_API void shmwin_mutex_free_handle(shmwin_mutex* mutex);

SHMWIN_API int shmwin_mutex_lock(shmwin_mutex const* mutex, double seconds);
SHMWIN_API int shmwin_mutex_unlock(shmwin_mutex const* mutex);
/* Waits until this thread holds it, also after a death. owner_died: 1 if the last holder died, so
 * that the data may be half changed; else 0. */
SHMWIN_API int shmwin_mutex_lock_to_repair(shmwin_mutex const* mutex, int* owner_died);
/* Before unlock: the data are whole again. */
SHMWIN_API int shmwin_mutex_mark_consistent(shmwin_mutex const* mutex);
/* Who holds it; rank -1: nobody. A snapshot. `thread` may be NULL. */
SHMWIN_API int shmwin_mutex_holder(shmwin_mutex const* mutex, int* rank, uint32_t* thread);

/* --- recursive_mutex: its thread may lock it again, and unlocks as often -----------------------
 * All else as mutex. To the thread that repairs, lock_to_repair says 0 when it locks once more. */
typedef struct shmwin_recursive_mutex shmwin_recursive_mutex;

SHMWIN_API int shmwin_recursive_mutex_create(shmwin_segment* segment,
                                             char const* name,
                                             shmwin_recursive_mutex** mutex);
SHMWIN_API int shmwin_recursive_mutex_find(shmwin_segment const* segment,
                                           char const* name,
                                           shmwin_recursive_mutex** mutex);
SHMWIN_API void shmwin_recursive_mutex_free_handle(shmwin_recursive_mutex* mutex);

SHMWIN_API int shmwin_recursive_mutex_lock(shmwin_recursive_mutex const* mutex, double seconds);
SHMWIN_API int shmwin_recursive_mutex_unlock(shmwin_recursive_mutex const* mutex);
SHMWIN_API int shmwin_recursive_mutex_lock_to_repair(shmwin_recursive_mutex const* mutex,
                                                     int* owner_died);
SHMWIN_API int shmwin_recursive_mutex_mark_consistent(shmwin_recursive_mutex const* mutex);
SHMWIN_API int
shmwin_recursive_mutex_holder(shmwin_recursive_mutex const* mutex, int* rank, uint32_t* thread);

/* --- shared_mutex: one writes under it, or many read -------------------------------------------
 * Errors and deaths of the writer as of mutex. A reader that is killed is no reader any more; who
 * waits to write notices within a second. Not recursive: a thread that reads and locks again may
 * wait for ever. */
typedef struct shmwin_shared_mutex shmwin_shared_mutex;

SHMWIN_API int
shmwin_shared_mutex_create(shmwin_segment* segment, char const* name, shmwin_shared_mutex** mutex);
SHMWIN_API int shmwin_shared_mutex_find(shmwin_segment const* segment,
                                        char const* name,
                                        shmwin_shared_mutex** mutex);
SHMWIN_API void shmwin_shared_mutex_free_handle(shmwin_shared_mutex* mutex);

/* To write. */
SHMWIN_API int shmwin_shared_mutex_lock(shmwin_shared_mutex const* mutex, double seconds);
SHMWIN_API int shmwin_shared_mutex_unlock(shmwin_shared_mutex const* mutex);
SHMWIN_API int shmwin_shared_mutex_lock_to_repair(shmwin_shared_mutex const* mutex,
                                                  int* owner_died);
SHMWIN_API int shmwin_shared_mutex_mark_consistent(shmwin_shared_mutex const* mutex);
/* To read. Errors of unlock_shared: INVALID_ARGUMENT (no thread of this rank reads). */
SHMWIN_API int shmwin_shared_mutex_lock_shared(shmwin_shared_mutex const* mutex, double seconds);
SHMWIN_API int shmwin_shared_mutex_unlock_shared(shmwin_shared_mutex const* mutex);
/* The writer, or who waits for the readers to go; how many read. Snapshots. */
SHMWIN_API int
shmwin_shared_mutex_holder(shmwin_shared_mutex const* mutex, int* rank, uint32_t* thread);
SHMWIN_API int shmwin_shared_mutex_n_readers(shmwin_shared_mutex const* mutex, uint64_t* n_readers);

/* --- synchronized: data of any type, and their lock --------------------------------------------
 * What multiprocessing.Value and Array are in Python. The lock is a mutex: errors and deaths as
 * there. The address of the data is good for the thread that holds it, until it unlocks. */
typedef struct shmwin_synchronized shmwin_synchronized;

/* One element, which begins as the bytes at `initial` on rank 0; NULL on rank 0: zeros. */
SHMWIN_API int shmwin_synchronized_create(shmwin_segment* segment,
                                          char const* name,
                                          shmwin_dtype const* type,
                                          void const* initial,
                                          shmwin_synchronized** data);
/* An array of zeros in C order, and one lock for all of it. Options as of shmwin_array_create(),
 * in C order; NULL: the defaults. Further errors: INVALID_ARGUMENT (shape, options). */
SHMWIN_API int shmwin_synchronized_create_array(shmwin_segment* segment,
                                                char const* name,
                                                shmwin_dtype const* type,
                                                size_t n_dims,
                                                int64_t const* shape,
                                                shmwin_array_options const* options,
                                                shmwin_synchronized** data);
/* Either, whatever its type. */
SHMWIN_API int shmwin_synchronized_find(shmwin_segment const* segment,
                                        char const* name,
                                        shmwin_synchronized** data);
/* Node, collective. Ends it for all ranks; the handle stays.
 * Errors: NOT_FOUND (destroyed before), BAD_POINTER (of another segment). */
SHMWIN_API int shmwin_synchronized_destroy(shmwin_segment* segment,
                                           shmwin_synchronized const* data);
SHMWIN_API void shmwin_synchronized_free_handle(shmwin_synchronized* data);

/* `bytes` gets the address of the data; NULL is allowed, and it is set to NULL on failure. */
SHMWIN_API int
shmwin_synchronized_lock(shmwin_synchronized const* data, double seconds, void** bytes);
SHMWIN_API int shmwin_synchronized_unlock(shmwin_synchronized const* data);
SHMWIN_API int
shmwin_synchronized_lock_to_repair(shmwin_synchronized const* data, void** bytes, int* owner_died);
SHMWIN_API int shmwin_synchronized_mark_consistent(shmwin_synchronized const* data);
SHMWIN_API int
shmwin_synchronized_holder(shmwin_synchronized const* data, int* rank, uint32_t* thread);
/* They never change: no lock is needed. NULL, 0 and NULL of NULL. */
SHMWIN_API shmwin_dtype const* shmwin_synchronized_dtype(shmwin_synchronized const* data);
SHMWIN_API size_t shmwin_synchronized_n_dims(shmwin_synchronized const* data); /* 0: one element */
SHMWIN_API int64_t const* shmwin_synchronized_shape(shmwin_synchronized const* data);

/* --- condition_variable: sleep until another one says that something changed --------------------
 * Waits with the lock that guards what is waited for; a wait may return without a notification, so
 * it stands in a loop. While a rank is missing, a wait returns BARRIER_BROKEN within a second,
 * naming all who are: they might have notified.
 *
 * The caller holds the lock. However the wait ends, with TIMED_OUT and BARRIER_BROKEN too, it is
 * held again; only if the lock itself failed (OWNER_DIED, NOT_RECOVERABLE) it is not. */
typedef struct shmwin_condition_variable shmwin_condition_variable;

SHMWIN_API int shmwin_condition_variable_create(shmwin_segment* segment,
                                                char const* name,
                                                shmwin_condition_variable** condition);
SHMWIN_API int shmwin_condition_variable_find(shmwin_segment const* segment,
                                              char const* name,
                                              shmwin_condition_variable** condition);
SHMWIN_API void shmwin_condition_variable_free_handle(shmwin_condition_variable* condition);

/* At least one who waits; all. */
SHMWIN_API int shmwin_condition_variable_notify_one(shmwin_condition_variable const* condition);
SHMWIN_API int shmwin_condition_variable_notify_all(shmwin_condition_variable const* condition);
SHMWIN_API int shmwin_condition_variable_wait(shmwin_condition_variable const* condition,
                                              shmwin_mutex const* held,
                                              double seconds);
/* The same with other locks; a recursive_mutex is locked once, a shared_mutex to write. */
SHMWIN_API int shmwin_condition_variable_wait_recursive(shmwin_condition_variable const* condition,
                                                        shmwin_recursive_mutex const* held,
                                                        double seconds);
SHMWIN_API int shmwin_condition_variable_wait_shared(shmwin_condition_variable const* condition,
                                                     shmwin_shared_mutex const* held,
                                                     double seconds);
SHMWIN_API int shmwin_condition_variable_wait_synchronized(
    shmwin_condition_variable const* condition, shmwin_synchronized const* held, double seconds);

/* --- semaphore: units that are taken and given back ---------------------------------------------
 * It does not know who has its units: while a rank is missing, a wait returns PEER_LEFT within a
 * second; units that are there can be taken as before. */
typedef struct shmwin_semaphore shmwin_semaphore;

/* maximum: more can never be there; negative: 2^31 - 1.
 * Further errors: INVALID_ARGUMENT (not 0 <= initial <= maximum <= 2^31 - 1). */
SHMWIN_API int shmwin_semaphore_create(shmwin_segment* segment,
                                       char const* name,
                                       int64_t initial,
                                       int64_t maximum,
                                       shmwin_semaphore** semaphore);
SHMWIN_API int shmwin_semaphore_find(shmwin_segment const* segment,
                                     char const* name,
                                     shmwin_semaphore** semaphore);
SHMWIN_API void shmwin_semaphore_free_handle(shmwin_semaphore* semaphore);

/* Takes a unit. Errors: PEER_LEFT, CLOSED. */
SHMWIN_API int shmwin_semaphore_acquire(shmwin_semaphore const* semaphore, double seconds);
/* Gives n back. Errors: INVALID_ARGUMENT (negative, or above the maximum; nothing changed). */
SHMWIN_API int shmwin_semaphore_release(shmwin_semaphore const* semaphore, int64_t n);
/* How many are there now. */
SHMWIN_API int shmwin_semaphore_units(shmwin_semaphore const* semaphore, int64_t* units);

/* --- event: a flag that is set, cleared and waited for ------------------------------------------
 * While a rank is missing, a wait for a clear flag returns PEER_LEFT within a second. */
typedef struct shmwin_event shmwin_event;

SHMWIN_API int shmwin_event_create(shmwin_segment* segment, char const* name, shmwin_event** event);
SHMWIN_API int
shmwin_event_find(shmwin_segment const* segment, char const* name, shmwin_event** event);
SHMWIN_API void shmwin_event_free_handle(shmwin_event* event);

/* All who wait go on, also those that look only after a clear. */
SHMWIN_API int shmwin_event_set(shmwin_event const* event);
SHMWIN_API int shmwin_event_clear(shmwin_event const* event);
SHMWIN_API int shmwin_event_is_set(shmwin_event const* event, int* is_set);
/* Errors: PEER_LEFT, CLOSED. */
SHMWIN_API int shmwin_event_wait(shmwin_event const* event, double seconds);

/* --- barrier: none of the members passes before all have come -----------------------------------
 * It breaks, for good, when a member left, died or gave up at its deadline: then every call of
 * every member returns BARRIER_BROKEN, naming all that are missing, within a second. */
typedef struct shmwin_barrier shmwin_barrier;

/* Of all ranks; of some, in any order.
 * Further errors: INVALID_ARGUMENT (no ranks, one that is none, or one given twice). */
SHMWIN_API int
shmwin_barrier_create(shmwin_segment* segment, char const* name, shmwin_barrier** barrier);
SHMWIN_API int shmwin_barrier_create_of(shmwin_segment* segment,
                                        char const* name,
                                        int const* members,
                                        size_t n_members,
                                        shmwin_barrier** barrier);
SHMWIN_API int
shmwin_barrier_find(shmwin_segment const* segment, char const* name, shmwin_barrier** barrier);
SHMWIN_API void shmwin_barrier_free_handle(shmwin_barrier* barrier);

/* Members, collective. All stores before it are visible to all members after it. TIMED_OUT breaks
 * it. Errors: BARRIER_BROKEN; INVALID_ARGUMENT (this rank is no member). */
SHMWIN_API int shmwin_barrier_arrive_and_wait(shmwin_barrier const* barrier, double seconds);
SHMWIN_API int shmwin_barrier_is_broken(shmwin_barrier const* barrier, int* is_broken);
/* How many members there are; the first `n_room` of them, in order, are written to `members`, which
 * may be NULL if n_room is 0. */
SHMWIN_API int shmwin_barrier_members(shmwin_barrier const* barrier,
                                      int* members,
                                      size_t n_room,
                                      size_t* n_members);

/* --- latch: a count that goes down to zero once -------------------------------------------------
 * While a rank is missing, a wait for a count that is not zero returns BARRIER_BROKEN within a
 * second. */
typedef struct shmwin_latch shmwin_latch;

/* Further errors: INVALID_ARGUMENT (count is negative). */
SHMWIN_API int
shmwin_latch_create(shmwin_segment* segment, char const* name, int64_t count, shmwin_latch** latch);
SHMWIN_API int
shmwin_latch_find(shmwin_segment const* segment, char const* name, shmwin_latch** latch);
SHMWIN_API void shmwin_latch_free_handle(shmwin_latch* latch);

/* Errors: INVALID_ARGUMENT (n is negative, or more than is left: nothing was counted). */
SHMWIN_API int shmwin_latch_count_down(shmwin_latch const* latch, int64_t n);
SHMWIN_API int shmwin_latch_count(shmwin_latch const* latch, int64_t* count);
/* Errors: BARRIER_BROKEN, CLOSED. */
SHMWIN_API int shmwin_latch_wait(shmwin_latch const* latch, double seconds);

/* --- counter: a loop whose indices the ranks share out ------------------------------------------
 * Each index 0 ... n - 1 is handed out once. What a rank took and did not finish when it was killed
 * is lost: where it must not be, use a queue. */
typedef struct shmwin_counter shmwin_counter;

/* How indices are cut in chunks, and who gets which; under OpenMP's names. Never renumbered. */
enum shmwin_schedule {
    SHMWIN_SCHEDULE_STATIC_BLOCKS = 0, /* one block a rank; for work that is even */
    SHMWIN_SCHEDULE_STATIC_CHUNKS = 1, /* chunk k to rank k modulo the ranks */
    SHMWIN_SCHEDULE_DYNAMIC = 2,       /* chunks of equal size, to whoever asks */
    SHMWIN_SCHEDULE_GUIDED = 3         /* large ones first, then ever smaller ones */
};

/* chunk: indices in a chunk, of guided the least; 0: 1.
 * Further errors: INVALID_ARGUMENT (n_indices or chunk is negative; no such schedule). */
SHMWIN_API int shmwin_counter_create(shmwin_segment* segment,
                                     char const* name,
                                     int64_t n_indices,
                                     int schedule,
                                     int64_t chunk,
                                     shmwin_counter** counter);
SHMWIN_API int
shmwin_counter_find(shmwin_segment const* segment, char const* name, shmwin_counter** counter);
SHMWIN_API void shmwin_counter_free_handle(shmwin_counter* counter);

/* The next chunk for this rank: begin <= i < end. None is left: begin == end, and so until reset.
 * Orders nothing: what ranks computed is visible after a fence. */
SHMWIN_API int shmwin_counter_next(shmwin_counter const* counter, int64_t* begin, int64_t* end);
/* Node, collective. Begins anew, over n_indices. Orders memory as shmwin_segment_fence().
 * Errors: INVALID_ARGUMENT (negative), NOT_FOUND, PEER_LEFT, DISAGREEMENT, CLOSED. */
SHMWIN_API int shmwin_counter_reset(shmwin_counter const* counter, int64_t n_indices);
/* Indices of the loop; those that nobody has taken yet (a snapshot). */
SHMWIN_API int shmwin_counter_size(shmwin_counter const* counter, int64_t* n_indices);
SHMWIN_API int shmwin_counter_remaining(shmwin_counter const* counter, int64_t* n_indices);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_SYNC_H */
