/* SPDX-License-Identifier: MIT
 * What programs in C have in common of which a rank is killed: how the others say what they saw.
 * tests/support/survivors.sh starts them. */
#ifndef SHMWIN_TESTS_C_SURVIVOR_H
#define SHMWIN_TESTS_C_SURVIVOR_H

#include "shmwin.h"

#include <mpi.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The first thing that was not as expected. */
static char wrong[512];

static int expect(char const* what, int status, int expected) {
    if (status == expected) return 1;
    if (wrong[0] == '\0') {
        snprintf(wrong,
                 sizeof wrong,
                 "%s: %s, not %s: %s",
                 what,
                 shmwin_status_name(status),
                 shmwin_status_name(expected),
                 shmwin_last_error());
    }
    return 0;
}

/* For what must be before anything is tried. */
static void require(char const* what, int status) {
    if (expect(what, status, SHMWIN_SUCCESS)) return;
    fprintf(stderr, "%s\n", wrong);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

/* Of all but the last rank. */
static shmwin_barrier* survivors = NULL;

static shmwin_segment* open_segment(int* rank, int* last) {
    static shmwin_node* node = NULL;
    shmwin_segment* segment = NULL;
    int members[16] = {0};
    int i = 0;
    signal(SIGTERM, SIG_IGN); /* the launcher's way to end the rest: first let them speak */
    require("node", shmwin_node_open(MPI_COMM_WORLD, &node));
    require("segment", shmwin_segment_open(node, NULL, &segment));
    *rank = shmwin_node_rank(node);
    *last = shmwin_node_size(node) - 1;
    if (*last < 1 || *last > 16) MPI_Abort(MPI_COMM_WORLD, 2);
    for (i = 0; i < *last; ++i)
        members[i] = i;
    require("survivors",
            shmwin_barrier_create_of(segment, "survivors", members, (size_t)*last, &survivors));
    return segment;
}

/* Writes "ok" or what was wrong to survivor.<rank>, and ends when all have come here, so that none
 * is missing to the others; with a process missing, MPI_Finalize would wait for it. */
static void tell(int rank) {
    char file[64];
    FILE* told = NULL;
    expect("survivors", shmwin_barrier_arrive_and_wait(survivors, -1), SHMWIN_SUCCESS);
    snprintf(file, sizeof file, "survivor.%d", rank);
    told = fopen(file, "w");
    if (told != NULL) {
        fputs(wrong[0] == '\0' ? "ok" : wrong, told);
        fclose(told);
    }
    _exit(EXIT_SUCCESS);
}

#endif /* SHMWIN_TESTS_C_SURVIVOR_H */
