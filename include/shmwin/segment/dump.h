/* SPDX-License-Identifier: MIT
 * shmwin_dump: for C, C++ and debuggers.
 */
#ifndef SHMWIN_SEGMENT_DUMP_H
#define SHMWIN_SEGMENT_DUMP_H

#include "shmwin/base/export.hpp" /* macros only */

#ifdef __cplusplus
extern "C" {
#endif

/* Local. Writes to stderr, for each open segment of this process: every rank with its process,
 * the call it waits in and for how long, the locks it holds; then every named object with its
 * type, shape, address in this process and state. Takes no lock and no memory, and waits for
 * nobody: it may be called by a signal handler, and by a debugger of a process that stands
 * anywhere (gdb: call shmwin_dump()). What others change meanwhile may be told half, or be left
 * out. O(objects * (ranks + waits)). */
#ifdef __cplusplus
SHMWIN_API void shmwin_dump();
#else
SHMWIN_API void shmwin_dump(void);
#endif

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_SEGMENT_DUMP_H */
