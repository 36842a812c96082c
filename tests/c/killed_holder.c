/* SPDX-License-Identifier: MIT
 * killed_holder WHAT any: the last rank locks, leaves the data half changed and kills itself. The
 * others learn it, one mends the data, all go on. WHAT: mutex, recursive_mutex, shared_mutex,
 * synchronized; or abandoned: nobody mends. Each survivor writes "ok", or what was wrong, to
 * survivor.<rank>: support/survivors.sh starts it and reads them. */
#define _POSIX_C_SOURCE 200809L
#include "support/c_survivor.h"

#include <mpi.h>

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Both are equal, but for a moment inside the lock. */
typedef struct pair {
    int64_t first;
    int64_t second;
} pair;

/* The lock of the run; the other handles are NULL. */
static struct {
    shmwin_mutex* mutex;
    shmwin_recursive_mutex* recursive_mutex;
    shmwin_shared_mutex* shared_mutex;
} with;
static shmwin_synchronized* data; /* the pair; its own lock is taken if there is no other */
static pair* seen;

static int lock(double seconds) {
    if (with.mutex != NULL) return shmwin_mutex_lock(with.mutex, seconds);
    if (with.recursive_mutex != NULL)
        return shmwin_recursive_mutex_lock(with.recursive_mutex, seconds);
    if (with.shared_mutex != NULL) return shmwin_shared_mutex_lock(with.shared_mutex, seconds);
    return shmwin_synchronized_lock(data, seconds, NULL);
}

static int lock_to_repair(int* died) {
    if (with.mutex != NULL) return shmwin_mutex_lock_to_repair(with.mutex, died);
    if (with.recursive_mutex != NULL)
        return shmwin_recursive_mutex_lock_to_repair(with.recursive_mutex, died);
    if (with.shared_mutex != NULL)
        return shmwin_shared_mutex_lock_to_repair(with.shared_mutex, died);
    return shmwin_synchronized_lock_to_repair(data, NULL, died);
}

static int mark_consistent(void) {
    if (with.mutex != NULL) return shmwin_mutex_mark_consistent(with.mutex);
    if (with.recursive_mutex != NULL)
        return shmwin_recursive_mutex_mark_consistent(with.recursive_mutex);
    if (with.shared_mutex != NULL) return shmwin_shared_mutex_mark_consistent(with.shared_mutex);
    return shmwin_synchronized_mark_consistent(data);
}

static int unlock(void) {
    if (with.mutex != NULL) return shmwin_mutex_unlock(with.mutex);
    if (with.recursive_mutex != NULL) return shmwin_recursive_mutex_unlock(with.recursive_mutex);
    if (with.shared_mutex != NULL) return shmwin_shared_mutex_unlock(with.shared_mutex);
    return shmwin_synchronized_unlock(data);
}

/* The lock, and the pair in data of their own, which nobody else locks. */
static void create(shmwin_segment* segment, char const* what) {
    shmwin_dtype_member const members[] = {
        {"first", offsetof(pair, first), shmwin_dtype_int64()},
        {"second", offsetof(pair, second), shmwin_dtype_int64()},
    };
    shmwin_dtype const* type = NULL;
    void* bytes = NULL;
    require("type", shmwin_dtype_structure(members, 2, sizeof(pair), &type));
    require("create", shmwin_synchronized_create(segment, "data", type, NULL, &data));
    require("lock", shmwin_synchronized_lock(data, -1, &bytes));
    require("unlock", shmwin_synchronized_unlock(data));
    seen = bytes;
    if (strcmp(what, "mutex") == 0 || strcmp(what, "abandoned") == 0) {
        require(what, shmwin_mutex_create(segment, "lock", &with.mutex));
    } else if (strcmp(what, "recursive_mutex") == 0) {
        require(what, shmwin_recursive_mutex_create(segment, "lock", &with.recursive_mutex));
    } else if (strcmp(what, "shared_mutex") == 0) {
        require(what, shmwin_shared_mutex_create(segment, "lock", &with.shared_mutex));
    }
    require("fence", shmwin_segment_fence(segment));
}

static void die(void) {
    expect("first lock", lock(-1), SHMWIN_SUCCESS);
    if (with.recursive_mutex != NULL) expect("again", lock(-1), SHMWIN_SUCCESS);
    seen->first = 1;
    kill(getpid(), SIGKILL);
}

/* Waits for the death. That lock() comes after the first rank's has been seen by its holder. */
static int first_word_after_death(void) {
    int status = SHMWIN_SUCCESS;
    do {
        status = lock(-1);
        if (status != SHMWIN_SUCCESS) return status;
        if (unlock() != SHMWIN_SUCCESS) return -1; /* before the other one had it */
    } while (1);
}

/* How many of those who locked to repair were told of the death: one, in all. */
static void mend(int is_mended) {
    int died = -1;
    int const status = first_word_after_death();
    expect("after the death", status, SHMWIN_ERR_OWNER_DIED);
    expect("tried", lock(0), SHMWIN_ERR_OWNER_DIED);
    if (strstr(shmwin_last_error(), "lock_to_repair") == NULL)
        expect(shmwin_last_error(), 0, -1); /* it says what helps */
    expect("to repair", lock_to_repair(&died), SHMWIN_SUCCESS);
    if (died != 1 || seen->first != seen->second + 1) expect("half changed data", died, -2);
    if (!is_mended) {
        expect("unlock", unlock(), SHMWIN_SUCCESS);
        expect("abandoned", lock(-1), SHMWIN_ERR_NOT_RECOVERABLE);
        return;
    }
    seen->second = seen->first;
    expect("mark_consistent", mark_consistent(), SHMWIN_SUCCESS);
    expect("unlock", unlock(), SHMWIN_SUCCESS);
}

/* The others wait until the data are mended. */
static void go_on(int is_mended) {
    int status = SHMWIN_SUCCESS;
    for (;;) {
        status = lock(-1);
        if (status == SHMWIN_SUCCESS) {
            int const is_whole = seen->first == seen->second;
            int const is_later = seen->first >= 1;
            seen->first += is_later;
            seen->second += is_later;
            if (unlock() != SHMWIN_SUCCESS || !is_whole) expect("whole data", 0, -1);
            if (is_later) return;
        } else if (status == SHMWIN_ERR_NOT_RECOVERABLE && !is_mended) {
            return;
        } else if (status != SHMWIN_ERR_OWNER_DIED) {
            expect("others", status, SHMWIN_ERR_OWNER_DIED);
            return;
        }
    }
}

int main(int argc, char** argv) {
    shmwin_segment* segment = NULL;
    int rank = -1;
    int last = -1;
    int is_mended = 0;
    MPI_Init(&argc, &argv);
    if (argc < 2) MPI_Abort(MPI_COMM_WORLD, 2);
    is_mended = strcmp(argv[1], "abandoned") != 0;
    segment = open_segment(&rank, &last);
    create(segment, argv[1]);
    if (rank == last) die();
    if (rank == 0) {
        mend(is_mended);
    } else {
        go_on(is_mended);
    }
    tell(rank);
}
