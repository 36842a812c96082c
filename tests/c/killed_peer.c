/* SPDX-License-Identifier: MIT
 * killed_peer WHAT: the last rank kills itself while the others wait for it. WHAT: barrier, latch,
 * condition_variable, semaphore, event; or lease: it had taken a task. Each survivor writes "ok",
 * or what was wrong, to survivor.<rank>. */
#define _POSIX_C_SOURCE 200809L
#include "support/c_survivor.h"

#include <mpi.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

static int rank = -1;
static int last = -1;

static void die(void) {
    kill(getpid(), SIGKILL);
}

static void expect_named(char const* what, int status, int expected) {
    char name[32];
    expect(what, status, expected);
    snprintf(name, sizeof name, "rank %d", last);
    if (strstr(shmwin_last_error(), name) == NULL) expect("who is missing", 0, -1);
}

static void at_barrier(shmwin_segment* segment) {
    shmwin_barrier* barrier = NULL;
    int is_broken = 0;
    require("create", shmwin_barrier_create(segment, "all", &barrier));
    require("first", shmwin_barrier_arrive_and_wait(barrier, -1));
    if (rank == last) die();
    expect_named("wait", shmwin_barrier_arrive_and_wait(barrier, -1), SHMWIN_ERR_BARRIER_BROKEN);
    expect("again", shmwin_barrier_arrive_and_wait(barrier, 30), SHMWIN_ERR_BARRIER_BROKEN);
    expect("is_broken", shmwin_barrier_is_broken(barrier, &is_broken), SHMWIN_SUCCESS);
    if (!is_broken) expect("broken", 0, -1);
}

static void at_latch(shmwin_segment* segment) {
    shmwin_latch* latch = NULL;
    require("create", shmwin_latch_create(segment, "done", last + 1, &latch));
    if (rank == last) die();
    require("count", shmwin_latch_count_down(latch, 1));
    expect_named("wait", shmwin_latch_wait(latch, -1), SHMWIN_ERR_BARRIER_BROKEN);
}

static void at_condition_variable(shmwin_segment* segment) {
    shmwin_condition_variable* changed = NULL;
    shmwin_mutex* mutex = NULL;
    int status = SHMWIN_SUCCESS;
    require("create", shmwin_condition_variable_create(segment, "changed", &changed));
    require("mutex", shmwin_mutex_create(segment, "mutex", &mutex));
    if (rank == last) die();
    require("lock", shmwin_mutex_lock(mutex, -1));
    while (status == SHMWIN_SUCCESS) /* it may wake by itself */
        status = shmwin_condition_variable_wait(changed, mutex, -1);
    expect_named("wait", status, SHMWIN_ERR_BARRIER_BROKEN);
    expect("held again", shmwin_mutex_unlock(mutex), SHMWIN_SUCCESS);
}

static void at_semaphore(shmwin_segment* segment) {
    shmwin_semaphore* units = NULL;
    require("create", shmwin_semaphore_create(segment, "units", last, -1, &units));
    if (rank == last) die();
    expect("there is one", shmwin_semaphore_acquire(units, -1), SHMWIN_SUCCESS);
    require("each has one", shmwin_barrier_arrive_and_wait(survivors, -1));
    expect_named("wait", shmwin_semaphore_acquire(units, -1), SHMWIN_ERR_PEER_LEFT);
}

static void at_event(shmwin_segment* segment) {
    shmwin_event* event = NULL;
    require("create", shmwin_event_create(segment, "go", &event));
    if (rank == last) die();
    expect_named("wait", shmwin_event_wait(event, -1), SHMWIN_ERR_PEER_LEFT);
}

/* The task of the dead comes back, once, and then all work is done: no death ends that wait. */
static void with_lease(shmwin_segment* segment) {
    shmwin_queue* tasks = NULL;
    shmwin_semaphore* n_back = NULL;
    shmwin_lease* lease = NULL;
    int64_t n = 0;
    require("create", shmwin_queue_create(segment, "tasks", shmwin_dtype_int(), NULL, &tasks));
    require("count", shmwin_semaphore_create(segment, "n_back", 0, -1, &n_back));
    if (rank == last) {
        int const task = 17;
        require("push", shmwin_queue_push(tasks, &task, 1));
        require("take", shmwin_queue_pop(tasks, -1, &lease));
    }
    require("fence", shmwin_segment_fence(segment));
    if (rank == last) die();
    while (expect("pop", shmwin_queue_pop(tasks, -1, &lease), SHMWIN_SUCCESS) && lease != NULL) {
        if (*(int const*)shmwin_lease_task(lease) != 17) expect("task", 0, -1);
        if (shmwin_lease_attempts(lease) != 2) expect("second attempt", 0, -1);
        expect("told", shmwin_semaphore_release(n_back, 1), SHMWIN_SUCCESS);
        expect("done", shmwin_lease_done(lease), SHMWIN_SUCCESS);
    }
    require("all popped", shmwin_barrier_arrive_and_wait(survivors, -1));
    expect("units", shmwin_semaphore_units(n_back, &n), SHMWIN_SUCCESS);
    if (n != 1) expect("once", 0, -1);
}

int main(int argc, char** argv) {
    static struct {
        char const* name;
        void (*run)(shmwin_segment*);
    } const all[] = {
        {"barrier", at_barrier},
        {"latch", at_latch},
        {"condition_variable", at_condition_variable},
        {"semaphore", at_semaphore},
        {"event", at_event},
        {"lease", with_lease},
    };
    shmwin_segment* segment = NULL;
    size_t i = 0;
    MPI_Init(&argc, &argv);
    while (argc > 1 && i < sizeof all / sizeof all[0] && strcmp(argv[1], all[i].name) != 0)
        ++i;
    if (argc < 2 || i == sizeof all / sizeof all[0]) MPI_Abort(MPI_COMM_WORLD, 2);
    segment = open_segment(&rank, &last);
    all[i].run(segment);
    tell(rank);
}
