/* SPDX-License-Identifier: MIT
 * What all of the C interface shares: status codes, the last error of a thread, versions.
 * C99 and C++11; nothing here needs MPI.
 */
#ifndef SHMWIN_C_BASE_H
#define SHMWIN_C_BASE_H

#include "shmwin/base/export.hpp" /* macros only: version, SHMWIN_API */

#include <stddef.h>
#include <stdint.h>

/* The version of the binary interface. A program works with every library whose number is the
 * same or higher, up to the next change of the library's major version (its SONAME). */
#define SHMWIN_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

/* What a function returns: SHMWIN_SUCCESS, or what went wrong. Functions return it as int. The
 * values never change and none is ever reused; newer libraries may return ones that are not here.
 */
enum shmwin_status {
    SHMWIN_SUCCESS = 0,
    SHMWIN_ERR_INVALID_ARGUMENT = 1,  /* an argument that no call could accept */
    SHMWIN_ERR_NOT_FOUND = 2,         /* no object of that name */
    SHMWIN_ERR_ALREADY_EXISTS = 3,    /* the name is taken */
    SHMWIN_ERR_TYPE_MISMATCH = 4,     /* the object has another element type or kind */
    SHMWIN_ERR_SHAPE_MISMATCH = 5,    /* the object has other dimensions, extents or layout */
    SHMWIN_ERR_OUT_OF_MEMORY = 6,     /* the segment has no room for the request */
    SHMWIN_ERR_NO_SPACE = 7,          /* the system has no room: /dev/shm, memory, disk */
    SHMWIN_ERR_NOT_SHARED = 8,        /* the ranks cannot share memory */
    SHMWIN_ERR_DISAGREEMENT = 9,      /* ranks are in different calls, or with other arguments */
    SHMWIN_ERR_PEER_LEFT = 10,        /* another rank failed, returned, exited or died */
    SHMWIN_ERR_OWNER_DIED = 11,       /* the holder of a lock died; its data may be half changed */
    SHMWIN_ERR_NOT_RECOVERABLE = 12,  /* nobody repaired the data after OWNER_DIED */
    SHMWIN_ERR_TIMED_OUT = 13,        /* a deadline passed */
    SHMWIN_ERR_CLOSED = 14,           /* the segment is closed */
    SHMWIN_ERR_CORRUPTED = 15,        /* an invariant of the segment does not hold */
    SHMWIN_ERR_BAD_POINTER = 16,      /* double free, interior or foreign pointer */
    SHMWIN_ERR_LAYOUT_MISMATCH = 17,  /* segment or file of an incompatible version */
    SHMWIN_ERR_MPI_FAILURE = 18,      /* an MPI call failed */
    SHMWIN_ERR_SYSTEM_FAILURE = 19,   /* a system call failed */
    SHMWIN_ERR_IO_FAILURE = 20,       /* reading or writing a file failed */
    SHMWIN_ERR_NOT_A_CHECKPOINT = 21, /* the file is not ours, or not HDF5 */
    SHMWIN_ERR_DAMAGED = 22,          /* the file is ours, and its bytes have changed */
    SHMWIN_ERR_BUSY = 23,             /* somebody else is using it */
    SHMWIN_ERR_UNSUPPORTED = 24,      /* valid, but not on this machine or in this version */
    SHMWIN_ERR_OUT_OF_RANGE = 25,     /* an index beyond its extent, a value beyond its type */
    SHMWIN_ERR_BARRIER_BROKEN = 26,   /* a barrier cannot be met: who must come left or died */
    SHMWIN_ERR_WOULD_DEADLOCK = 27,   /* the caller would wait for itself */
    SHMWIN_ERR_DATA_RACE = 28         /* two ranks used an element without a fence, one wrote */
};

/* Local. SHMWIN_ABI_VERSION of the library that runs. */
SHMWIN_API int shmwin_abi_version(void);
/* Local. Version of the library that runs: "0.1.0". */
SHMWIN_API char const* shmwin_version(void);

/* Local. The code's name: "out_of_memory"; "unknown" for a code of a newer version. */
SHMWIN_API char const* shmwin_status_name(int status);

/* Local. What the last function that failed on this thread had to say: what, why, with values, and
 * the knob that helps. "" if none has failed. Good until the next function fails on this thread;
 * functions that succeed leave it as it is. */
SHMWIN_API char const* shmwin_last_error(void);
/* Local. Its code; SHMWIN_SUCCESS if none has failed. */
SHMWIN_API int shmwin_last_error_status(void);
/* Local. The rank where it happened, in the communicator of the call; -1: this one. */
SHMWIN_API int shmwin_last_error_rank(void);
/* Local. 1 if every rank of the collective call got this same error, else 0. */
SHMWIN_API int shmwin_last_error_is_agreed(void);

/* One failure, for shmwin_error_handler. */
typedef struct shmwin_error_info {
    size_t struct_bytes; /* of the library's; later versions append members */
    int status;
    int is_agreed;
    int rank;
    char const* text; /* good until the handler returns */
} shmwin_error_info;

/* Called with each error on the thread where it happens, before the function returns it; also with
 * those of C++ code in this process. It may end the process (MPI_Abort); it must return otherwise:
 * no longjmp. That a deadline passed is no error. */
typedef void (*shmwin_error_handler)(shmwin_error_info const* error);

/* Local. Sets the handler of this process; NULL for none. Returns the one before. Any thread. */
SHMWIN_API shmwin_error_handler shmwin_set_error_handler(shmwin_error_handler handler);

/* Local. Which line of the program this thread's next call stands for: object listings, reports and
 * errors of disagreement name it. `file` must stay until the process ends, as a literal does. */
SHMWIN_API void shmwin_set_call_line(char const* file, unsigned line);

/* A call that is known by its line: SHMWIN_HERE(shmwin_segment_fence(segment)) */
#define SHMWIN_HERE(call) (shmwin_set_call_line(__FILE__, __LINE__), (call))

/* Local. Frees a text that a function gave; NULL is allowed. */
SHMWIN_API void shmwin_text_free(char* text);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_BASE_H */
