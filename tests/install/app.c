/* SPDX-License-Identifier: MIT
 * A user's program in C, built outside of the project (run.cmake). */
#include <mpi.h>

#include <shmwin.h>
#include <stdio.h>

static int fill_and_add(shmwin_segment* segment, double* sum) {
    int const rank = shmwin_segment_rank(segment);
    int const size = shmwin_segment_size(segment);
    int64_t const n = size;
    shmwin_array* table = NULL;
    double* elements;
    int r;
    int status = shmwin_array_create(segment, "table", shmwin_dtype_double(), 1, &n, NULL, &table);
    if (status != SHMWIN_SUCCESS) return status;
    elements = (double*)shmwin_array_data(table);
    elements[rank] = 1.5 * (rank + 1);
    status = shmwin_segment_fence(segment);
    for (r = 0; r < size; ++r)
        *sum += elements[r];
    shmwin_array_free_handle(table);
    return status;
}

int main(int argc, char** argv) {
    shmwin_node* node = NULL;
    shmwin_segment* segment = NULL;
    shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
    double sum = 0;
    int status;
    int size = 0;
    options.capacity = (size_t)16 << 20;
    MPI_Init(&argc, &argv);
    status = shmwin_node_open(MPI_COMM_WORLD, &node);
    if (status == SHMWIN_SUCCESS) status = shmwin_segment_open(node, &options, &segment);
    if (status == SHMWIN_SUCCESS) status = fill_and_add(segment, &sum);
    if (status == SHMWIN_SUCCESS) {
        size = shmwin_segment_size(segment);
        if (shmwin_segment_rank(segment) == 0)
            printf("%d ranks share an array: the sum is %g\n", size, sum);
        status = shmwin_segment_close(segment);
    }
    if (status != SHMWIN_SUCCESS) fprintf(stderr, "%s\n", shmwin_last_error());
    shmwin_segment_free_handle(segment);
    shmwin_node_free_handle(node);
    MPI_Finalize();
    return status == SHMWIN_SUCCESS && sum == 0.75 * size * (size + 1) ? 0 : 1;
}
