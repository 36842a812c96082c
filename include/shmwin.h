/* SPDX-License-Identifier: MIT
 * The C interface of shmwin, whole. C99 and C++11.
 */
#ifndef SHMWIN_H
#define SHMWIN_H

#include "shmwin/c/base.h"
#include "shmwin/c/dtype.h"
#include "shmwin/c/per_rank.h"
#include "shmwin/c/queue.h"
#include "shmwin/c/segment.h"
#include "shmwin/c/sync.h"

#endif /* SHMWIN_H */
