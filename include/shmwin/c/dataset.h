/* SPDX-License-Identifier: MIT
 * Other people's HDF5 data, straight into a shared array.
 */
#ifndef SHMWIN_C_DATASET_H
#define SHMWIN_C_DATASET_H

#include "shmwin/c/array.h"
#include "shmwin/c/base.h"
#include "shmwin/c/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Node, collective. Creates the array `name` with type and shape of the data set `path` in `file`,
 * and reads it: each rank its rows, whatever the file's layout (contiguous, chunked, compressed)
 * and byte order. A compound becomes a structure. options: in C order; NULL is the defaults.
 * Errors, alike on all ranks: NOT_FOUND (no such data set), UNSUPPORTED (a type without dtype: text
 * of variable length, references; or the library was built without HDF5), IO_FAILURE,
 * NOT_A_CHECKPOINT (no HDF5), DAMAGED, INVALID_ARGUMENT (Fortran order), and those of
 * shmwin_array_create(). */
SHMWIN_API int shmwin_read_dataset(shmwin_segment* segment,
                                   char const* name,
                                   char const* file,
                                   char const* path,
                                   shmwin_array_options const* options,
                                   shmwin_array** array);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_DATASET_H */
