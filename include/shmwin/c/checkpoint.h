/* SPDX-License-Identifier: MIT
 * Checkpoints: a directory of plain HDF5 files, which h5dump, h5py and xarray read with nothing of
 * ours. Any number of ranks restores what any number saved; files of every earlier version of the
 * library are read.
 *
 * Everything of a store is all, collective over the communicator that it was opened with, unless it
 * says otherwise: it succeeds on all ranks or returns the same error on all. Where the library was
 * built without HDF5 all functions that return a status return UNSUPPORTED.
 */
#ifndef SHMWIN_C_CHECKPOINT_H
#define SHMWIN_C_CHECKPOINT_H

#include "shmwin/c/base.h"
#include "shmwin/c/segment.h"

#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct shmwin_checkpoint_store shmwin_checkpoint_store;

/* --- options ------------------------------------------------------------------------------------
 */

/* Where an asynchronous save keeps what it has still to write. Never renumbered. */
enum shmwin_staging {
    SHMWIN_STAGING_FULL = 0,    /* a copy of all: returns after a copy at memory speed */
    SHMWIN_STAGING_BOUNDED = 1, /* staging_bytes at a time: returns when the last part is copied */
    SHMWIN_STAGING_FROZEN = 2   /* no copy of arrays and levels: nothing may be written to them, and
                                   none destroyed, until it is done */
};

/* What a save does while an asynchronous one of the same store is in flight. Never renumbered. */
enum shmwin_when_busy {
    SHMWIN_WHEN_BUSY_WAIT = 0,  /* for the one in flight to end; then it begins */
    SHMWIN_WHEN_BUSY_SKIP = 1,  /* saves nothing, and says so in its report */
    SHMWIN_WHEN_BUSY_REFUSE = 2 /* BUSY */
};

/* Of a store; the same on all ranks. All 0 is the defaults. */
typedef struct shmwin_checkpoint_options {
    size_t struct_bytes;
    int keep;           /* how many retention leaves after each save; 0: 2 */
    int64_t keep_every; /* it leaves steps that are multiples of this, too; 0: none */
    int is_not_durable; /* no fsync; a power failure may then lose the newest */
    int verify_first;   /* restore checks all bytes before it moves the first: reads twice */
    int incremental;    /* blocks as in the checkpoint before are taken from there (reflink) */
    int deflate;        /* 1 (fast) to 9 (small); 0: not compressed */
    /* Objects whose name fits one of `only` (none: all) and none of `except`. Patterns as
     * fnmatch(3) has them without flags: "fields/(asterisk)" is all of that group. */
    char const* const* only;
    size_t n_only;
    char const* const* except;
    size_t n_except;
    int staging;          /* enum shmwin_staging */
    int when_busy;        /* enum shmwin_when_busy */
    size_t staging_bytes; /* of SHMWIN_STAGING_BOUNDED, of all ranks; 0: 64 MiB */
    /* When shmwin_checkpoint_store_due() says so: each that is set, alone. Times in seconds. */
    int64_t every_steps;
    double every_time;       /* since the last */
    double overhead;         /* as often as costs this share of the time: 0.01 */
    double failure_interval; /* mean time between failures: as often as loses least */
    double wall_clock;       /* the job ends after that, from now; 0: SHMWIN_WALL_CLOCK, or Slurm's
                                environment, or never */
    int const* signals;      /* caught while the store is open: one came */
    size_t n_signals;
} shmwin_checkpoint_options;
#define SHMWIN_CHECKPOINT_OPTIONS_INIT                                                             \
    {                                                                                              \
        sizeof(shmwin_checkpoint_options), 0, 0, 0, 0, 0, 0, NULL, 0, NULL, 0, 0, 0, 0, 0, 0.0,    \
            0.0, 0.0, 0.0, NULL, 0                                                                 \
    }

/* What an attribute's `data` points to. Never renumbered. */
enum shmwin_attribute_kind {
    SHMWIN_ATTRIBUTE_INT64 = 0,      /* one int64_t */
    SHMWIN_ATTRIBUTE_DOUBLE = 1,     /* one double */
    SHMWIN_ATTRIBUTE_TEXT = 2,       /* a text, with its zero */
    SHMWIN_ATTRIBUTE_INT64_LIST = 3, /* n int64_t */
    SHMWIN_ATTRIBUTE_DOUBLE_LIST = 4 /* n double */
};

/* A fact about a checkpoint, an attribute of the file's root: h5dump -a and h5py's file.attrs show
 * it. At most 60,000 bytes each. This struct does not grow. */
typedef struct shmwin_attribute {
    char const* name; /* not one of the library's own: step, time, created, n_ranks, shmwin_... */
    int kind;         /* enum shmwin_attribute_kind */
    void const* data;
    size_t n; /* of lists; else not looked at: of what the library gives, 1 or a text's bytes */
} shmwin_attribute;

/* What the caller tells of a checkpoint; the same on all ranks. */
typedef struct shmwin_checkpoint_label {
    size_t struct_bytes;
    int64_t step; /* 0 or more; part of the file's name */
    double time;  /* model time, in the caller's unit */
    shmwin_attribute const* attributes;
    size_t n_attributes;
} shmwin_checkpoint_label;
#define SHMWIN_CHECKPOINT_LABEL_INIT                                                               \
    { sizeof(shmwin_checkpoint_label), 0, 0.0, NULL, 0 }

/* What per-rank vectors are given, when another number of ranks restores them. Never renumbered. */
enum shmwin_other_ranks {
    SHMWIN_OTHER_RANKS_REDISTRIBUTE = 0, /* equal blocks of the whole, in order */
    SHMWIN_OTHER_RANKS_REFUSE = 1        /* SHAPE_MISMATCH */
};

/* How a checkpoint comes back; the same on all ranks. */
typedef struct shmwin_restore_options {
    size_t struct_bytes;
    int partial; /* what only the file has stays there, what only the segment has stays as it is */
    int convert; /* numbers of another type are converted, if every one fits; else OUT_OF_RANGE */
    char const* const* only; /* as in shmwin_checkpoint_options: what is restored */
    size_t n_only;
    char const* const* except;
    size_t n_except;
    int other_ranks; /* enum shmwin_other_ranks */
    int reserved;    /* 0 */
} shmwin_restore_options;
#define SHMWIN_RESTORE_OPTIONS_INIT                                                                \
    { sizeof(shmwin_restore_options), 0, 0, NULL, 0, NULL, 0, 0, 0 }

/* --- what functions tell ------------------------------------------------------------------------
 * The library makes these structs: later versions append members. Each is freed, local, by the
 * function of its name; NULL is allowed. Until then all that it points to stays.
 */

typedef struct shmwin_checkpoint_info {
    size_t struct_bytes; /* of the library's, here and below */
    char const* file;
    int64_t step;
    double time;
    int n_ranks;             /* that wrote it */
    int64_t created_ns;      /* after 1970, UTC */
    char const* uuid;        /* of this checkpoint */
    char const* parent_uuid; /* of the one before it in this run, or restored from; or "" */
    shmwin_attribute const* attributes; /* of its label, by name */
    size_t n_attributes;
    char const* const* only_in_file; /* of a restore: created; with partial, left there */
    size_t n_only_in_file;
    char const* const* only_in_segment; /* of a restore with partial: as they were */
    size_t n_only_in_segment;
} shmwin_checkpoint_info;
SHMWIN_API void shmwin_checkpoint_info_free(shmwin_checkpoint_info* info);

/* Why a save leaves an object out. Never renumbered. */
enum shmwin_left_out_reason {
    SHMWIN_LEFT_OUT_TRANSIENT = 0,       /* it was constructed so, by C++ */
    SHMWIN_LEFT_OUT_UNSAVED = 1,         /* is_unsaved */
    SHMWIN_LEFT_OUT_NO_ELEMENT_TYPE = 2, /* files cannot hold what it is made of */
    SHMWIN_LEFT_OUT_BY_PATTERN = 3       /* only or except */
};
typedef struct shmwin_left_out {
    char const* name;
    int reason;
} shmwin_left_out;

typedef struct shmwin_save_report {
    size_t struct_bytes;
    char const* file;
    size_t n_bytes;           /* of payload */
    size_t n_bytes_written;   /* of it, as it was written: compressed, if it was */
    size_t n_bytes_reused;    /* of it, taken from the checkpoint before */
    double seconds;           /* until it was durable */
    int is_skipped;           /* nothing was saved: SHMWIN_WHEN_BUSY_SKIP */
    char const* const* saved; /* names */
    size_t n_saved;
    shmwin_left_out const* left_out; /* by name; locks need none */
    size_t n_left_out;
} shmwin_save_report;
SHMWIN_API void shmwin_save_report_free(shmwin_save_report* report);

/* Never renumbered. */
enum shmwin_verdict {
    SHMWIN_VERDICT_INTACT = 0,   /* every byte is as it was written */
    SHMWIN_VERDICT_REPACKED = 1, /* the payload is; another tool rewrote the structure around it */
    SHMWIN_VERDICT_DAMAGED = 2   /* something changed: see problems */
};
typedef struct shmwin_verify_report {
    size_t struct_bytes;
    int verdict;
    char const* const* problems; /* object and block, or what part of the structure */
    size_t n_problems;
    size_t n_bytes; /* of payload that was checked */
} shmwin_verify_report;
SHMWIN_API void shmwin_verify_report_free(shmwin_verify_report* report);

typedef struct shmwin_file_list {
    size_t struct_bytes;
    char const* const* files;
    size_t n_files;
} shmwin_file_list;
SHMWIN_API void shmwin_file_list_free(shmwin_file_list* list);

/* --- a store ------------------------------------------------------------------------------------
 */

/* Makes the directory if it is missing, and sweeps what dead jobs left there. Options: NULL is the
 * defaults. `path` is directory and stem: "run/state" gives run/state-000000001200.h5
 * Errors: IO_FAILURE (the directory cannot be made or written), BUSY (another job has this store
 * open), INVALID_ARGUMENT (path or options are not possible). */
SHMWIN_API int shmwin_checkpoint_store_open(MPI_Comm comm,
                                            char const* path,
                                            shmwin_checkpoint_options const* options,
                                            shmwin_checkpoint_store** store);
/* The same over a communicator of Fortran (MPI_Comm_f2c). */
SHMWIN_API int shmwin_checkpoint_store_open_f(int fortran_comm,
                                              char const* path,
                                              shmwin_checkpoint_options const* options,
                                              shmwin_checkpoint_store** store);
/* Local. Frees the store; NULL is allowed. Waits for nothing: an asynchronous save in flight goes
 * on, and MPI_Finalize and exit() wait for it. */
SHMWIN_API void shmwin_checkpoint_store_close(shmwin_checkpoint_store* store);

/* Writes every saved object of the segment, by all ranks, straight from it. A checkpoint of the
 * same step is replaced. The objects must not change meanwhile. `report` may be NULL.
 * The file appears under its name when it is whole and durable, never before; older ones are
 * removed only after that.
 * Errors: INVALID_ARGUMENT (step, attributes; or an object's name is also a group of another's),
 * NO_SPACE (the disk), IO_FAILURE, UNSUPPORTED (several nodes), BUSY (a queue or a per-rank vector
 * changed meanwhile; SHMWIN_WHEN_BUSY_REFUSE), DATA_RACE, PEER_LEFT, DISAGREEMENT, CLOSED. */
SHMWIN_API int shmwin_checkpoint_store_save(shmwin_checkpoint_store* store,
                                            shmwin_segment* segment,
                                            shmwin_checkpoint_label const* label,
                                            shmwin_save_report** report);

/* A save that may still be in flight. It may outlive store, segment and MPI. */
typedef struct shmwin_pending_save shmwin_pending_save;

/* As save, but returns when all bytes are copied (options: staging); a thread of rank 0 writes
 * them. What is written to objects after the return is not in the file. One is in flight at a time:
 * what else is called of the store, but due, waits for its end first. What the thread finds,
 * shmwin_pending_save_wait() returns; if nobody waited, the next save, which then saves nothing.
 * `pending` may be NULL. Errors: as save; NO_SPACE (no room for the copy), BUSY. */
SHMWIN_API int shmwin_checkpoint_store_save_async(shmwin_checkpoint_store* store,
                                                  shmwin_segment* segment,
                                                  shmwin_checkpoint_label const* label,
                                                  shmwin_pending_save** pending);
/* Local. 1 in `is_over` if the save is over, well or not. Waits for nothing. */
SHMWIN_API int shmwin_pending_save_test(shmwin_pending_save const* pending, int* is_over);
/* All, collective. Waits until it is over; drives MPI. `report` may be NULL.
 * Errors: NO_SPACE, IO_FAILURE (nothing is left of this save), PEER_LEFT (the process that writes
 * died). */
SHMWIN_API int shmwin_pending_save_wait(shmwin_pending_save* pending, shmwin_save_report** report);

/* Never renumbered. */
enum shmwin_save_phase {
    SHMWIN_SAVE_WRITING = 0,    /* payload and checksums */
    SHMWIN_SAVE_COMMITTING = 1, /* until it is durable and has its name */
    SHMWIN_SAVE_DONE = 2,
    SHMWIN_SAVE_FAILED = 3 /* wait tells why */
};
/* The caller makes it, with the macro. */
typedef struct shmwin_save_progress {
    size_t struct_bytes;
    int phase;
    size_t n_bytes;          /* of payload */
    size_t n_bytes_done;     /* of it, handed to the system */
    double seconds;          /* since it began; of one that is over, how long it took */
    double bytes_per_second; /* since it began */
    double seconds_left;     /* until all is handed to the system, at that rate */
} shmwin_save_progress;
#define SHMWIN_SAVE_PROGRESS_INIT                                                                  \
    { sizeof(shmwin_save_progress), 0, 0, 0, 0.0, 0.0, 0.0 }
/* Local. How far it is. Not from several threads at once with wait. */
SHMWIN_API int shmwin_pending_save_progress(shmwin_pending_save const* pending,
                                            shmwin_save_progress* progress);
/* Local. Waits for nothing: the save goes on. NULL is allowed. */
SHMWIN_API void shmwin_pending_save_free_handle(shmwin_pending_save* pending);

/* Restores the newest whole checkpoint: fills objects that exist in place (pointers stay good),
 * creates the others. `info` gets NULL if the directory holds none at all; it may not be NULL.
 * Options: NULL is the defaults. Per-rank vectors must have been created or found before, by all.
 * Errors: DAMAGED (there are checkpoints, and none is whole: never a fresh start by accident), and
 * those of restore. */
SHMWIN_API int shmwin_checkpoint_store_restore_latest(shmwin_checkpoint_store* store,
                                                      shmwin_segment* segment,
                                                      shmwin_restore_options const* options,
                                                      shmwin_checkpoint_info** info);
/* Restores that file. Names, types and shapes are checked before the first byte moves. `info` may
 * be NULL. Errors: TYPE_MISMATCH, SHAPE_MISMATCH, NOT_FOUND (a saved object of the segment is not
 * in the file), OUT_OF_RANGE (convert), BUSY (an object is write-protected): nothing changed;
 * OUT_OF_MEMORY; NOT_A_CHECKPOINT, DAMAGED, IO_FAILURE (contents are unspecified, unless
 * verify_first); DATA_RACE, PEER_LEFT, DISAGREEMENT, CLOSED. */
SHMWIN_API int shmwin_checkpoint_store_restore(shmwin_checkpoint_store* store,
                                               shmwin_segment* segment,
                                               char const* file,
                                               shmwin_restore_options const* options,
                                               shmwin_checkpoint_info** info);

/* Why a checkpoint is due. Never renumbered. */
enum shmwin_due_kind {
    SHMWIN_DUE_NO = 0,
    SHMWIN_DUE_STEPS = 1,
    SHMWIN_DUE_TIME = 2,
    SHMWIN_DUE_OVERHEAD = 3,
    SHMWIN_DUE_FAILURE_INTERVAL = 4,
    SHMWIN_DUE_WALL_CLOCK = 5, /* the job is ended soon: there is time for one more save */
    SHMWIN_DUE_SIGNAL = 6      /* one of the signals came, at some rank */
};
/* The caller makes it, with the macro. */
typedef struct shmwin_due {
    size_t struct_bytes;
    int kind;   /* 0: none is due */
    int stop;   /* 1: the job should end after it (wall clock, signal) */
    int signal; /* its number; 0 if it was none */
} shmwin_due;
#define SHMWIN_DUE_INIT                                                                            \
    { sizeof(shmwin_due), 0, 0, 0 }
/* All ranks, in the same order, but not together. Is a checkpoint due, now that `step` has been
 * done? The same answer on all ranks. Steps count from 0: after `step` there are step + 1, and that
 * is the label to save under.
 *
 *     shmwin_due due = SHMWIN_DUE_INIT;
 *     if (shmwin_checkpoint_store_due(store, step, &due) == SHMWIN_SUCCESS && due.kind) {
 *         label.step = step + 1;
 *         shmwin_checkpoint_store_save(store, segment, &label, NULL);
 *         if (due.stop) return 85;
 *     }
 *
 * Errors: PEER_LEFT, DISAGREEMENT (another step than rank 0's), INVALID_ARGUMENT (negative). */
SHMWIN_API int
shmwin_checkpoint_store_due(shmwin_checkpoint_store* store, int64_t step, shmwin_due* due);
/* Local. "steps", "signal 10", for shmwin_text_free(). */
SHMWIN_API int shmwin_due_text(shmwin_due const* due, char** text);

/* The newest checkpoint whose structure is whole; NULL in `info` if there is none. Does not read
 * the payload. */
SHMWIN_API int shmwin_checkpoint_store_latest(shmwin_checkpoint_store* store,
                                              shmwin_checkpoint_info** info);
/* All checkpoints of this store, oldest first, by their names alone. */
SHMWIN_API int shmwin_checkpoint_store_list(shmwin_checkpoint_store* store,
                                            shmwin_file_list** list);
/* Reads every byte of a file and compares checksums. `report` may not be NULL.
 * Errors: NOT_A_CHECKPOINT, IO_FAILURE. */
SHMWIN_API int shmwin_checkpoint_store_verify(shmwin_checkpoint_store* store,
                                              char const* file,
                                              shmwin_verify_report** report);
/* Retention leaves that file, in this job and all later ones, until unpin. Pinned twice is pinned.
 * Errors: NOT_FOUND (it is none of this store's), IO_FAILURE. */
SHMWIN_API int shmwin_checkpoint_store_pin(shmwin_checkpoint_store* store, char const* file);
SHMWIN_API int shmwin_checkpoint_store_unpin(shmwin_checkpoint_store* store, char const* file);
/* The pinned ones, oldest first. */
SHMWIN_API int shmwin_checkpoint_store_pinned(shmwin_checkpoint_store* store,
                                              shmwin_file_list** list);
/* Removes the checkpoints of later steps: the way to go on for good from an older one than the
 * newest. `removed` tells which, newest first; NULL is allowed.
 * Errors: NOT_FOUND (of what would be left, nothing is whole), INVALID_ARGUMENT (a later one is
 * pinned): nothing was removed; IO_FAILURE (some may have been removed, newest first). */
SHMWIN_API int shmwin_checkpoint_store_discard_after(shmwin_checkpoint_store* store,
                                                     int64_t step,
                                                     shmwin_file_list** removed);

#ifdef __cplusplus
}
#endif

#endif /* SHMWIN_C_CHECKPOINT_H */
