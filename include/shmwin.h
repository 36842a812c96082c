/* SPDX-License-Identifier: MIT
 * The C interface of shmwin, whole: C99 and C++11, for programs of any standard and for doors of
 * any language that can call C. CMake: shmwin::c; pkg-config: shmwin.
 *
 * Functions that can fail return a status, 0 (SHMWIN_SUCCESS) or one of enum shmwin_status, and
 * give results through pointers at the end; shmwin_last_error() has the words. No exception crosses
 * them. The first word of a comment is the scope: local, node (all ranks that share memory) or all
 * (of the communicator). Handles are opaque; ..._free_handle() is local and ends no object.
 *
 * What stays, for programs that were compiled with this file:
 *
 *   - A program works with every library of the same major version (its SONAME) that is as new or
 *     newer: shmwin_abi_version() >= the program's SHMWIN_ABI_VERSION. That number grows when
 *     something is added. Functions keep their types and their meaning; none goes away.
 *   - Enumerators and constants keep their numbers, and no number gets another meaning. New ones
 *     come: be ready for a status, a kind or an order that is not here.
 *   - Structs with `struct_bytes` grow at their end. Those that the program makes begin as
 *     SHMWIN_..._INIT, and what is 0 is the default: an older program's stand for the defaults of
 *     all that came later; a newer program's are refused as UNSUPPORTED by an older library only if
 *     they ask for something that it does not know. Of those that the library makes, struct_bytes
 *     says how much there is. Other structs never change.
 *   - Files: checkpoints of every earlier version are read. One that only a later version can read
 *     is refused as LAYOUT_MISMATCH, and never misread.
 *   - The memory of a segment is nobody's business but the library's: all ranks of a job use one
 *     version of it, which opening a segment checks (LAYOUT_MISMATCH).
 */
#ifndef SHMWIN_H
#define SHMWIN_H

#include "shmwin/c/array.h"
#include "shmwin/c/base.h"
#include "shmwin/c/checkpoint.h"
#include "shmwin/c/dataset.h"
#include "shmwin/c/dtype.h"
#include "shmwin/c/heap.h"
#include "shmwin/c/per_rank.h"
#include "shmwin/c/queue.h"
#include "shmwin/c/segment.h"
#include "shmwin/c/sync.h"
#include "shmwin/c/value.h"

#endif /* SHMWIN_H */
