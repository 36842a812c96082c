/* SPDX-License-Identifier: MIT
 * The C interface in one program: an array that all ranks see, a counter, a sum without locks, and
 * a checkpoint, if a path is given.
 *     mpirun -n 4 hello_c [checkpoints/hello] */
#include <mpi.h>

#include <shmwin.h>
#include <stdio.h>
#include <stdlib.h>

enum { n_rows = 1000, n_columns = 500 };

/* An error that all ranks got is told once. MPI_Abort ends the others, whatever they wait for. */
static void check(int status) {
    int rank = 0;
    if (status == SHMWIN_SUCCESS) return;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0 || !shmwin_last_error_is_agreed())
        fprintf(stderr, "rank %d: %s\n", rank, shmwin_last_error());
    MPI_Abort(MPI_COMM_WORLD, 1);
}

/* With the line of the call, for reports and listings. */
#define CHECK(call) check(SHMWIN_HERE(call))

/* Element (i, j) is i + j. Each rank writes its rows. */
static void fill(shmwin_array* field, int64_t* n_filled) {
    double* const u = (double*)shmwin_array_data(field);
    int64_t begin, end, i, j;
    CHECK(shmwin_array_rows(field, &begin, &end));
    for (i = begin; i < end; ++i)
        for (j = 0; j < n_columns; ++j)
            u[i * n_columns + j] = (double)(i + j);
    shmwin_int64_fetch_add(n_filled, end - begin); /* one instruction, no lock */
}

/* Each rank loses its rows; the checkpoint has them. */
static void save_lose_restore(char const* path, shmwin_segment* segment, shmwin_array* field) {
    shmwin_checkpoint_label label = SHMWIN_CHECKPOINT_LABEL_INIT;
    shmwin_checkpoint_store* store;
    shmwin_checkpoint_info* info;
    double* const u = (double*)shmwin_array_data(field);
    int64_t begin, end, k;
    label.step = 1;
    CHECK(shmwin_checkpoint_store_open(MPI_COMM_WORLD, path, NULL, &store));
    CHECK(shmwin_checkpoint_store_save(store, segment, &label, NULL));
    CHECK(shmwin_array_rows(field, &begin, &end));
    for (k = begin * n_columns; k < end * n_columns; ++k)
        u[k] = 0;
    CHECK(shmwin_checkpoint_store_restore_latest(store, segment, NULL, &info));
    if (shmwin_segment_rank(segment) == 0)
        printf("restored step %d from %s\n", (int)info->step, info->file);
    shmwin_checkpoint_info_free(info);
    shmwin_checkpoint_store_close(store);
}

/* Rank r of s takes every s-th column, whoever wrote it: no copy, no message. */
static void add_columns(shmwin_array const* field, double* total) {
    double const* const u = (double const*)shmwin_array_const_data(field);
    int rank, size, i, j;
    double mine = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (j = rank; j < n_columns; j += size)
        for (i = 0; i < n_rows; ++i)
            mine += u[i * n_columns + j];
    shmwin_double_fetch_add(total, mine);
}

int main(int argc, char** argv) {
    int64_t const shape[] = {n_rows, n_columns};
    double const expected = 0.5 * n_rows * n_columns * (n_rows + n_columns - 2);
    shmwin_segment_options options = SHMWIN_SEGMENT_OPTIONS_INIT;
    shmwin_node* node;
    shmwin_segment* segment;
    shmwin_array* field;
    shmwin_value* filled;
    shmwin_value* total;
    int64_t rows;
    double sum;

    MPI_Init(&argc, &argv);
    options.capacity = (size_t)16 << 20;
    CHECK(shmwin_node_open(MPI_COMM_WORLD, &node));
    CHECK(shmwin_segment_open(node, &options, &segment));
    CHECK(shmwin_array_create(segment, "field", shmwin_dtype_double(), 2, shape, NULL, &field));
    CHECK(shmwin_value_create(segment, "rows filled", shmwin_dtype_int64(), NULL, &filled));
    CHECK(shmwin_value_create(segment, "total", shmwin_dtype_double(), NULL, &total));

    fill(field, shmwin_value_int64(filled));
    CHECK(shmwin_segment_fence(segment)); /* now all ranks see all of it */
    if (argc > 1) save_lose_restore(argv[1], segment, field);
    add_columns(field, shmwin_value_double(total));
    CHECK(shmwin_segment_fence(segment));

    rows = shmwin_int64_load(shmwin_value_int64(filled));
    sum = shmwin_double_load(shmwin_value_double(total));
    printf("rank %d of %d: %d rows, the sum is %.0f\n",
           shmwin_segment_rank(segment),
           shmwin_segment_size(segment),
           (int)rows,
           sum);

    CHECK(shmwin_segment_close(segment));
    shmwin_array_free_handle(field);
    shmwin_value_free_handle(filled);
    shmwin_value_free_handle(total);
    shmwin_segment_free_handle(segment);
    CHECK(shmwin_node_close(node));
    shmwin_node_free_handle(node);
    MPI_Finalize();
    return rows == n_rows && sum == expected ? EXIT_SUCCESS : EXIT_FAILURE;
}
