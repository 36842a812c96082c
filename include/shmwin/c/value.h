/* SPDX-License-Identifier: MIT
 * Values: atomics with a name, of 1, 2, 4 or 8 bytes, that any rank changes alone and can wait for.
 *
 * All but create and destroy is local, safe from any thread and sequentially consistent. What is
 * given as void* is the address of shmwin_dtype_bytes() bytes of the caller, of any alignment.
 */
#ifndef SHMWIN_C_VALUE_H
#define SHMWIN_C_VALUE_H

#include "shmwin/c/base.h"
#include "shmwin/c/dtype.h"
#include "shmwin/c/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct shmwin_value shmwin_value;

/* Node, collective. Begins with the bytes at `initial`; with 0 if it is NULL. In a line of the
 * cache of its own: 64 bytes. Many that ranks change one after the other are smaller as elements of
 * an array, with the functions at the end of this file.
 * Errors: INVALID_ARGUMENT (another size), and those of all that create: see array.h. */
SHMWIN_API int shmwin_value_create(shmwin_segment* segment,
                                   char const* name,
                                   shmwin_dtype const* type,
                                   void const* initial,
                                   shmwin_value** value);
/* Local. Errors: NOT_FOUND, TYPE_MISMATCH (it is no value). */
SHMWIN_API int
shmwin_value_find(shmwin_segment const* segment, char const* name, shmwin_value** value);
/* Node, collective. As shmwin_array_destroy(). */
SHMWIN_API int shmwin_value_destroy(shmwin_segment* segment, shmwin_value const* value);
/* Local. NULL is allowed. */
SHMWIN_API void shmwin_value_free_handle(shmwin_value* value);

SHMWIN_API int shmwin_value_load(shmwin_value const* value, void* seen);
SHMWIN_API int shmwin_value_store(shmwin_value const* value, void const* desired);
SHMWIN_API int shmwin_value_exchange(shmwin_value const* value, void const* desired, void* before);
/* Stores `desired` if what is there equals `expected`, bit by bit: then is_stored is 1; else it is
 * 0, and `expected` becomes what is there. */
SHMWIN_API int shmwin_value_compare_exchange(shmwin_value const* value,
                                             void* expected,
                                             void const* desired,
                                             int* is_stored);

/* Arithmetic; `before` gets what was there; NULL is allowed.
 * Errors: TYPE_MISMATCH, the type is no number (of and, or, xor: no integer). */
SHMWIN_API int shmwin_value_fetch_add(shmwin_value const* value, void const* change, void* before);
SHMWIN_API int shmwin_value_fetch_sub(shmwin_value const* value, void const* change, void* before);
SHMWIN_API int shmwin_value_fetch_min(shmwin_value const* value, void const* other, void* before);
SHMWIN_API int shmwin_value_fetch_max(shmwin_value const* value, void const* other, void* before);
SHMWIN_API int shmwin_value_fetch_and(shmwin_value const* value, void const* bits, void* before);
SHMWIN_API int shmwin_value_fetch_or(shmwin_value const* value, void const* bits, void* before);
SHMWIN_API int shmwin_value_fetch_xor(shmwin_value const* value, void const* bits, void* before);

/* Waits until the bits are others than `old`'s. Drives MPI meanwhile. Whoever changes the value
 * wakes who waits by notify; one who does not is noticed later. `seen` gets what was seen last;
 * NULL is allowed. Errors: TIMED_OUT (after `seconds`; negative: no deadline), PEER_LEFT, CLOSED.
 */
SHMWIN_API int
shmwin_value_wait(shmwin_value const* value, void const* old, double seconds, void* seen);
/* Makes all who wait for the value look again. */
SHMWIN_API int shmwin_value_notify(shmwin_value const* value);

/* Of NULL: 0, NULL. */
SHMWIN_API shmwin_dtype const* shmwin_value_dtype(shmwin_value const* value);
SHMWIN_API int shmwin_value_is_valid(shmwin_value const* value);
/* The bytes, for atomics of the caller's language; NULL of a destroyed value. */
SHMWIN_API void* shmwin_value_data(shmwin_value const* value);
/* The same, for the functions below; NULL also if it is of another type. */
SHMWIN_API int64_t* shmwin_value_int64(shmwin_value const* value);
SHMWIN_API double* shmwin_value_double(shmwin_value const* value);

/* --- without a call ----------------------------------------------------------------------------
 */
/* Local. One instruction (add of double: a loop) on a value's bytes, or on an aligned element of an
 * array or a block of the heap. With notify after it, where somebody waits. */

static inline int64_t shmwin_int64_load(int64_t const* at) {
    return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static inline void shmwin_int64_store(int64_t* at, int64_t desired) {
    __atomic_store_n(at, desired, __ATOMIC_SEQ_CST);
}

/* Returns what was there; so do all below. */
static inline int64_t shmwin_int64_exchange(int64_t* at, int64_t desired) {
    return __atomic_exchange_n(at, desired, __ATOMIC_SEQ_CST);
}

static inline int64_t shmwin_int64_fetch_add(int64_t* at, int64_t change) {
    return __atomic_fetch_add(at, change, __ATOMIC_SEQ_CST);
}

/* 1 if `desired` was stored; else 0, and `expected` becomes what is there. */
static inline int shmwin_int64_compare_exchange(int64_t* at, int64_t* expected, int64_t desired) {
    return __atomic_compare_exchange_n(at, expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
               ? 1
               : 0;
}

static inline double shmwin_double_load(double const* at) {
    double seen;
    __atomic_load(at, &seen, __ATOMIC_SEQ_CST);
    return seen;
}

static inline void shmwin_double_store(double* at, double desired) {
    __atomic_store(at, &desired, __ATOMIC_SEQ_CST);
}

static inline double shmwin_double_fetch_add(double* at, double change) {
    double before = shmwin_double_load(at);
    double after = before + change;
    while (!__atomic_compare_exchange(at, &before, &after, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        after = before + change;
    }
    return before;
}

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_VALUE_H */
