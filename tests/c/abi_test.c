/* SPDX-License-Identifier: MIT
 * What programs that are compiled already rely on: sizes, places of members, numbers. Written down
 * here a second time, as they were when they first came: a line that fails is a program that
 * breaks. New members and enumerators get new lines; no line changes. (x86-64, AArch64: LP64.)
 * Options have no padding at their end: a new member there would be read where older programs have
 * written nothing. */
#include "shmwin.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static int n_wrong = 0;

static void expect(char const* what, long long is, long long was) {
    if (is == was) return;
    ++n_wrong;
    fprintf(stderr, "%s is %lld, and was %lld\n", what, is, was);
}

static void expect_at_least(char const* what, size_t is, size_t was) {
    if (is >= was) return;
    ++n_wrong;
    fprintf(stderr, "%s has %lu bytes, and had %lu\n", what, (unsigned long)is, (unsigned long)was);
}

#define NUMBER(enumerator, was) expect(#enumerator, (long long)(enumerator), was)
#define MEMBER(type, member, was) expect(#type "." #member, (long long)offsetof(type, member), was)
#define GROWS(type, was) expect_at_least(#type, sizeof(type), was)
/* `last` ends where the struct does. */
#define NO_PADDING(type, last)                                                                     \
    expect("the padding of " #type,                                                                \
           (long long)(sizeof(type) - offsetof(type, last) - sizeof(((type*)0)->last)),            \
           0)
#define STAYS(type, was) expect("the size of " #type, (long long)sizeof(type), was)

static void check_statuses(void) {
    static char const* const names[] = {"ok",
                                        "invalid_argument",
                                        "not_found",
                                        "already_exists",
                                        "type_mismatch",
                                        "shape_mismatch",
                                        "out_of_memory",
                                        "no_space",
                                        "not_shared",
                                        "disagreement",
                                        "peer_left",
                                        "owner_died",
                                        "not_recoverable",
                                        "timed_out",
                                        "closed",
                                        "corrupted",
                                        "bad_pointer",
                                        "layout_mismatch",
                                        "mpi_failure",
                                        "system_failure",
                                        "io_failure",
                                        "not_a_checkpoint",
                                        "damaged",
                                        "busy",
                                        "unsupported",
                                        "out_of_range",
                                        "barrier_broken",
                                        "would_deadlock",
                                        "data_race"};
    int i;
    for (i = 0; i < (int)(sizeof names / sizeof *names); ++i) {
        if (strcmp(shmwin_status_name(i), names[i]) == 0) continue;
        ++n_wrong;
        fprintf(stderr, "status %d is %s, and was %s\n", i, shmwin_status_name(i), names[i]);
    }
    NUMBER(SHMWIN_SUCCESS, 0);
    NUMBER(SHMWIN_ERR_INVALID_ARGUMENT, 1);
    NUMBER(SHMWIN_ERR_NOT_FOUND, 2);
    NUMBER(SHMWIN_ERR_ALREADY_EXISTS, 3);
    NUMBER(SHMWIN_ERR_TYPE_MISMATCH, 4);
    NUMBER(SHMWIN_ERR_SHAPE_MISMATCH, 5);
    NUMBER(SHMWIN_ERR_OUT_OF_MEMORY, 6);
    NUMBER(SHMWIN_ERR_NO_SPACE, 7);
    NUMBER(SHMWIN_ERR_NOT_SHARED, 8);
    NUMBER(SHMWIN_ERR_DISAGREEMENT, 9);
    NUMBER(SHMWIN_ERR_PEER_LEFT, 10);
    NUMBER(SHMWIN_ERR_OWNER_DIED, 11);
    NUMBER(SHMWIN_ERR_NOT_RECOVERABLE, 12);
    NUMBER(SHMWIN_ERR_TIMED_OUT, 13);
    NUMBER(SHMWIN_ERR_CLOSED, 14);
    NUMBER(SHMWIN_ERR_CORRUPTED, 15);
    NUMBER(SHMWIN_ERR_BAD_POINTER, 16);
    NUMBER(SHMWIN_ERR_LAYOUT_MISMATCH, 17);
    NUMBER(SHMWIN_ERR_MPI_FAILURE, 18);
    NUMBER(SHMWIN_ERR_SYSTEM_FAILURE, 19);
    NUMBER(SHMWIN_ERR_IO_FAILURE, 20);
    NUMBER(SHMWIN_ERR_NOT_A_CHECKPOINT, 21);
    NUMBER(SHMWIN_ERR_DAMAGED, 22);
    NUMBER(SHMWIN_ERR_BUSY, 23);
    NUMBER(SHMWIN_ERR_UNSUPPORTED, 24);
    NUMBER(SHMWIN_ERR_OUT_OF_RANGE, 25);
    NUMBER(SHMWIN_ERR_BARRIER_BROKEN, 26);
    NUMBER(SHMWIN_ERR_WOULD_DEADLOCK, 27);
    NUMBER(SHMWIN_ERR_DATA_RACE, 28);
}

static void check_enumerators(void) {
    NUMBER(SHMWIN_KIND_BOOLEAN, 1);
    NUMBER(SHMWIN_KIND_RAW_BYTE, 2);
    NUMBER(SHMWIN_KIND_CHARACTER, 3);
    NUMBER(SHMWIN_KIND_WIDE_CHARACTER, 4);
    NUMBER(SHMWIN_KIND_UNICODE, 5);
    NUMBER(SHMWIN_KIND_SIGNED_INTEGER, 6);
    NUMBER(SHMWIN_KIND_UNSIGNED_INTEGER, 7);
    NUMBER(SHMWIN_KIND_FLOATING, 8);
    NUMBER(SHMWIN_KIND_COMPLEX, 9);
    NUMBER(SHMWIN_KIND_STRING, 10);
    NUMBER(SHMWIN_KIND_ENUMERATION, 11);
    NUMBER(SHMWIN_KIND_ARRAY, 12);
    NUMBER(SHMWIN_KIND_STRUCTURE, 13);
    NUMBER(SHMWIN_BACKING_AUTOMATIC, 0);
    NUMBER(SHMWIN_BACKING_MPI_WINDOW, 1);
    NUMBER(SHMWIN_BACKING_MEMFD, 2);
    NUMBER(SHMWIN_OBJECT_ARRAY, 1);
    NUMBER(SHMWIN_OBJECT_LEVELS, 2);
    NUMBER(SHMWIN_OBJECT_VALUE, 3);
    NUMBER(SHMWIN_OBJECT_OBJECT, 4);
    NUMBER(SHMWIN_OBJECT_PER_RANK, 5);
    NUMBER(SHMWIN_OBJECT_SYNC, 6);
    NUMBER(SHMWIN_OBJECT_SYNCHRONIZED, 7);
    NUMBER(SHMWIN_OBJECT_QUEUE, 8);
    NUMBER(SHMWIN_ORDER_NONE, 0);
    NUMBER(SHMWIN_ORDER_C, 1);
    NUMBER(SHMWIN_ORDER_FORTRAN, 2);
    NUMBER(SHMWIN_ORDER_STRIDED, 3);
    NUMBER(SHMWIN_TOUCH_BY_ROWS, 0);
    NUMBER(SHMWIN_TOUCH_INTERLEAVE, 1);
    NUMBER(SHMWIN_TOUCH_LATER, 2);
    NUMBER(SHMWIN_OBJECT_UNSAVED, 1);
}

static void check_more_enumerators(void) {
    NUMBER(SHMWIN_SCHEDULE_STATIC_BLOCKS, 0);
    NUMBER(SHMWIN_SCHEDULE_STATIC_CHUNKS, 1);
    NUMBER(SHMWIN_SCHEDULE_DYNAMIC, 2);
    NUMBER(SHMWIN_SCHEDULE_GUIDED, 3);
    NUMBER(SHMWIN_STAGING_FULL, 0);
    NUMBER(SHMWIN_STAGING_BOUNDED, 1);
    NUMBER(SHMWIN_STAGING_FROZEN, 2);
    NUMBER(SHMWIN_WHEN_BUSY_WAIT, 0);
    NUMBER(SHMWIN_WHEN_BUSY_SKIP, 1);
    NUMBER(SHMWIN_WHEN_BUSY_REFUSE, 2);
    NUMBER(SHMWIN_ATTRIBUTE_INT64, 0);
    NUMBER(SHMWIN_ATTRIBUTE_DOUBLE, 1);
    NUMBER(SHMWIN_ATTRIBUTE_TEXT, 2);
    NUMBER(SHMWIN_ATTRIBUTE_INT64_LIST, 3);
    NUMBER(SHMWIN_ATTRIBUTE_DOUBLE_LIST, 4);
    NUMBER(SHMWIN_OTHER_RANKS_REDISTRIBUTE, 0);
    NUMBER(SHMWIN_OTHER_RANKS_REFUSE, 1);
    NUMBER(SHMWIN_LEFT_OUT_TRANSIENT, 0);
    NUMBER(SHMWIN_LEFT_OUT_UNSAVED, 1);
    NUMBER(SHMWIN_LEFT_OUT_NO_ELEMENT_TYPE, 2);
    NUMBER(SHMWIN_LEFT_OUT_BY_PATTERN, 3);
    NUMBER(SHMWIN_VERDICT_INTACT, 0);
    NUMBER(SHMWIN_VERDICT_REPACKED, 1);
    NUMBER(SHMWIN_VERDICT_DAMAGED, 2);
    NUMBER(SHMWIN_SAVE_WRITING, 0);
    NUMBER(SHMWIN_SAVE_COMMITTING, 1);
    NUMBER(SHMWIN_SAVE_DONE, 2);
    NUMBER(SHMWIN_SAVE_FAILED, 3);
    NUMBER(SHMWIN_DUE_NO, 0);
    NUMBER(SHMWIN_DUE_STEPS, 1);
    NUMBER(SHMWIN_DUE_TIME, 2);
    NUMBER(SHMWIN_DUE_OVERHEAD, 3);
    NUMBER(SHMWIN_DUE_FAILURE_INTERVAL, 4);
    NUMBER(SHMWIN_DUE_WALL_CLOCK, 5);
    NUMBER(SHMWIN_DUE_SIGNAL, 6);
}

static void check_options(void) {
    GROWS(shmwin_segment_options, 48);
    MEMBER(shmwin_segment_options, struct_bytes, 0);
    MEMBER(shmwin_segment_options, capacity, 8);
    MEMBER(shmwin_segment_options, backing, 16);
    MEMBER(shmwin_segment_options, threads_per_rank, 20);
    MEMBER(shmwin_segment_options, in_all_core_dumps, 24);
    MEMBER(shmwin_segment_options, spin, 28);
    MEMBER(shmwin_segment_options, wait_slice, 32);
    MEMBER(shmwin_segment_options, wait_warn, 40);
    GROWS(shmwin_array_options, 40);
    MEMBER(shmwin_array_options, struct_bytes, 0);
    MEMBER(shmwin_array_options, order, 8);
    MEMBER(shmwin_array_options, touch, 12);
    MEMBER(shmwin_array_options, align, 16);
    MEMBER(shmwin_array_options, is_unsaved, 24);
    MEMBER(shmwin_array_options, whole_pages, 28);
    MEMBER(shmwin_array_options, n_levels, 32);
    MEMBER(shmwin_array_options, reserved, 36);
    GROWS(shmwin_adopt_options, 40);
    MEMBER(shmwin_adopt_options, struct_bytes, 0);
    MEMBER(shmwin_adopt_options, align, 8);
    MEMBER(shmwin_adopt_options, offset_bytes, 16);
    MEMBER(shmwin_adopt_options, order, 24);
    MEMBER(shmwin_adopt_options, is_unsaved, 28);
    MEMBER(shmwin_adopt_options, is_shared, 32);
    MEMBER(shmwin_adopt_options, is_read_only, 36);
}

static void check_more_options(void) {
    GROWS(shmwin_container_options, 16);
    MEMBER(shmwin_container_options, struct_bytes, 0);
    MEMBER(shmwin_container_options, is_unsaved, 8);
    MEMBER(shmwin_container_options, reserved, 12);
    GROWS(shmwin_checkpoint_options, 144);
    MEMBER(shmwin_checkpoint_options, struct_bytes, 0);
    MEMBER(shmwin_checkpoint_options, keep, 8);
    MEMBER(shmwin_checkpoint_options, keep_every, 16);
    MEMBER(shmwin_checkpoint_options, is_not_durable, 24);
    MEMBER(shmwin_checkpoint_options, verify_first, 28);
    MEMBER(shmwin_checkpoint_options, incremental, 32);
    MEMBER(shmwin_checkpoint_options, deflate, 36);
    MEMBER(shmwin_checkpoint_options, only, 40);
    MEMBER(shmwin_checkpoint_options, n_only, 48);
    MEMBER(shmwin_checkpoint_options, except, 56);
    MEMBER(shmwin_checkpoint_options, n_except, 64);
    MEMBER(shmwin_checkpoint_options, staging, 72);
    MEMBER(shmwin_checkpoint_options, when_busy, 76);
    MEMBER(shmwin_checkpoint_options, staging_bytes, 80);
    MEMBER(shmwin_checkpoint_options, every_steps, 88);
    MEMBER(shmwin_checkpoint_options, every_time, 96);
    MEMBER(shmwin_checkpoint_options, overhead, 104);
    MEMBER(shmwin_checkpoint_options, failure_interval, 112);
    MEMBER(shmwin_checkpoint_options, wall_clock, 120);
    MEMBER(shmwin_checkpoint_options, signals, 128);
    MEMBER(shmwin_checkpoint_options, n_signals, 136);
    STAYS(shmwin_attribute, 32);
    MEMBER(shmwin_attribute, name, 0);
    MEMBER(shmwin_attribute, kind, 8);
    MEMBER(shmwin_attribute, data, 16);
    MEMBER(shmwin_attribute, n, 24);
    GROWS(shmwin_checkpoint_label, 40);
    MEMBER(shmwin_checkpoint_label, struct_bytes, 0);
    MEMBER(shmwin_checkpoint_label, step, 8);
    MEMBER(shmwin_checkpoint_label, time, 16);
    MEMBER(shmwin_checkpoint_label, attributes, 24);
    MEMBER(shmwin_checkpoint_label, n_attributes, 32);
    GROWS(shmwin_restore_options, 56);
    MEMBER(shmwin_restore_options, struct_bytes, 0);
    MEMBER(shmwin_restore_options, partial, 8);
    MEMBER(shmwin_restore_options, convert, 12);
    MEMBER(shmwin_restore_options, only, 16);
    MEMBER(shmwin_restore_options, n_only, 24);
    MEMBER(shmwin_restore_options, except, 32);
    MEMBER(shmwin_restore_options, n_except, 40);
    MEMBER(shmwin_restore_options, other_ranks, 48);
    MEMBER(shmwin_restore_options, reserved, 52);
    NO_PADDING(shmwin_segment_options, wait_warn);
    NO_PADDING(shmwin_array_options, reserved);
    NO_PADDING(shmwin_adopt_options, is_read_only);
    NO_PADDING(shmwin_heap_stats, n_takeovers);
    NO_PADDING(shmwin_container_options, reserved);
    NO_PADDING(shmwin_checkpoint_options, n_signals);
    NO_PADDING(shmwin_checkpoint_label, n_attributes);
    NO_PADDING(shmwin_restore_options, reserved);
    NO_PADDING(shmwin_save_progress, seconds_left);
}

static void check_more_results(void) {
    GROWS(shmwin_checkpoint_info, 112);
    MEMBER(shmwin_checkpoint_info, struct_bytes, 0);
    MEMBER(shmwin_checkpoint_info, file, 8);
    MEMBER(shmwin_checkpoint_info, step, 16);
    MEMBER(shmwin_checkpoint_info, time, 24);
    MEMBER(shmwin_checkpoint_info, n_ranks, 32);
    MEMBER(shmwin_checkpoint_info, created_ns, 40);
    MEMBER(shmwin_checkpoint_info, uuid, 48);
    MEMBER(shmwin_checkpoint_info, parent_uuid, 56);
    MEMBER(shmwin_checkpoint_info, attributes, 64);
    MEMBER(shmwin_checkpoint_info, n_attributes, 72);
    MEMBER(shmwin_checkpoint_info, only_in_file, 80);
    MEMBER(shmwin_checkpoint_info, n_only_in_file, 88);
    MEMBER(shmwin_checkpoint_info, only_in_segment, 96);
    MEMBER(shmwin_checkpoint_info, n_only_in_segment, 104);
    STAYS(shmwin_left_out, 16);
    MEMBER(shmwin_left_out, name, 0);
    MEMBER(shmwin_left_out, reason, 8);
    GROWS(shmwin_save_report, 88);
    MEMBER(shmwin_save_report, struct_bytes, 0);
    MEMBER(shmwin_save_report, file, 8);
    MEMBER(shmwin_save_report, n_bytes, 16);
    MEMBER(shmwin_save_report, n_bytes_written, 24);
    MEMBER(shmwin_save_report, n_bytes_reused, 32);
    MEMBER(shmwin_save_report, seconds, 40);
    MEMBER(shmwin_save_report, is_skipped, 48);
    MEMBER(shmwin_save_report, saved, 56);
    MEMBER(shmwin_save_report, n_saved, 64);
    MEMBER(shmwin_save_report, left_out, 72);
    MEMBER(shmwin_save_report, n_left_out, 80);
    GROWS(shmwin_verify_report, 40);
    MEMBER(shmwin_verify_report, struct_bytes, 0);
    MEMBER(shmwin_verify_report, verdict, 8);
    MEMBER(shmwin_verify_report, problems, 16);
    MEMBER(shmwin_verify_report, n_problems, 24);
    MEMBER(shmwin_verify_report, n_bytes, 32);
    GROWS(shmwin_file_list, 24);
    MEMBER(shmwin_file_list, struct_bytes, 0);
    MEMBER(shmwin_file_list, files, 8);
    MEMBER(shmwin_file_list, n_files, 16);
    GROWS(shmwin_save_progress, 56);
    MEMBER(shmwin_save_progress, struct_bytes, 0);
    MEMBER(shmwin_save_progress, phase, 8);
    MEMBER(shmwin_save_progress, n_bytes, 16);
    MEMBER(shmwin_save_progress, n_bytes_done, 24);
    MEMBER(shmwin_save_progress, seconds, 32);
    MEMBER(shmwin_save_progress, bytes_per_second, 40);
    MEMBER(shmwin_save_progress, seconds_left, 48);
    GROWS(shmwin_due, 24);
    MEMBER(shmwin_due, struct_bytes, 0);
    MEMBER(shmwin_due, kind, 8);
    MEMBER(shmwin_due, stop, 12);
    MEMBER(shmwin_due, signal, 16);
}

static void check_results(void) {
    GROWS(shmwin_error_info, 32);
    MEMBER(shmwin_error_info, struct_bytes, 0);
    MEMBER(shmwin_error_info, status, 8);
    MEMBER(shmwin_error_info, is_agreed, 12);
    MEMBER(shmwin_error_info, rank, 16);
    MEMBER(shmwin_error_info, text, 24);
    GROWS(shmwin_object_info, 104);
    MEMBER(shmwin_object_info, struct_bytes, 0);
    MEMBER(shmwin_object_info, name, 8);
    MEMBER(shmwin_object_info, kind, 16);
    MEMBER(shmwin_object_info, order, 20);
    MEMBER(shmwin_object_info, type, 24);
    MEMBER(shmwin_object_info, dtype, 32);
    MEMBER(shmwin_object_info, shape, 40);
    MEMBER(shmwin_object_info, n_dims, 48);
    MEMBER(shmwin_object_info, n_bytes, 56);
    MEMBER(shmwin_object_info, offset, 64);
    MEMBER(shmwin_object_info, where, 72);
    MEMBER(shmwin_object_info, created_ns, 80);
    MEMBER(shmwin_object_info, creator, 88);
    MEMBER(shmwin_object_info, is_saved, 92);
    MEMBER(shmwin_object_info, is_foreign, 96);
    GROWS(shmwin_heap_stats, 88);
    MEMBER(shmwin_heap_stats, struct_bytes, 0);
    MEMBER(shmwin_heap_stats, capacity, 8);
    MEMBER(shmwin_heap_stats, used, 16);
    MEMBER(shmwin_heap_stats, available, 24);
    MEMBER(shmwin_heap_stats, largest_free, 32);
    MEMBER(shmwin_heap_stats, most_used, 40);
    MEMBER(shmwin_heap_stats, in_pages, 48);
    MEMBER(shmwin_heap_stats, metadata, 56);
    MEMBER(shmwin_heap_stats, present, 64);
    MEMBER(shmwin_heap_stats, n_blocks, 72);
    MEMBER(shmwin_heap_stats, n_takeovers, 80);
    STAYS(shmwin_dtype_member, 24);
    MEMBER(shmwin_dtype_member, name, 0);
    MEMBER(shmwin_dtype_member, offset, 8);
    MEMBER(shmwin_dtype_member, type, 16);
    STAYS(shmwin_dtype_enumerator, 16);
    MEMBER(shmwin_dtype_enumerator, name, 0);
    MEMBER(shmwin_dtype_enumerator, value, 8);
}

int main(void) {
    if (SHMWIN_ABI_VERSION < 1 || shmwin_abi_version() != SHMWIN_ABI_VERSION) return 1;
    if (strcmp(shmwin_version(), SHMWIN_VERSION) != 0) return 1;
    check_statuses();
    check_enumerators();
    check_more_enumerators();
    check_options();
    check_more_options();
    check_results();
    check_more_results();
    return n_wrong == 0 ? 0 : 1;
}
