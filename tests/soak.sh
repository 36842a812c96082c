#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What takes too long for tests/run.sh: see usage().
set -euo pipefail

usage() {
    cat <<'END'
usage: tests/soak.sh [STAGE...] [--kills N] [--build FOLDER]

  io      kills a program that saves without end, N times with one rank and a quarter as often
          with two, and again while it saves asynchronously, 5 N times with one; every restart
          must find a whole checkpoint. Another seed each time.
  faults  each fail point of saves and restores with each action on each of 3 ranks, for each kind
          of save (plain, asynchronous, incremental, compressed), for new steps and replaced ones;
          each bit of a small file flipped
  memory  the heap: 5 N random kills under load, deaths at more instructions, N seeds of the model
  sync    kills N ranks at random moments in each of: holding or waiting for a lock, a barrier and
          the like, waiting for a value, a lease out, find_or_construct; then all ranks together at
          each primitive, 20 times as long, on one core and on two. Prints how long survivors waited;
          longer than 2 s is a failure
  fuzz    the fuzzers of the heap and of the checkpoint reader for 10 minutes each (needs clang:
          cmake --preset fuzz, build heap_fuzz and checkpoint_fuzz)
  python  10,000 objects of each kind made and dropped, at 1 and 2 ranks: nothing is left of them
  pinned  the tests of sync, memory and segment on one core, with 8 ranks where they take a number;
          prints the seconds of each

Without a stage: io, faults, memory and sync. N is 200, FOLDER is build/dev.
END
}

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/support/bootstrap.sh
source "$root/tests/support/bootstrap.sh"

stages=()
kills=200
build=$root/build/dev
while (($# > 0)); do
    case $1 in
        io | faults | memory | sync | fuzz | python | pinned) stages+=("$1") ;;
        --kills) kills=${2:?--kills needs a number}; shift ;;
        --build) build=$(cd -- "${2:?--build needs a folder}" && pwd); shift ;;
        --help | -h) usage; exit 0 ;;
        *) echo "unknown argument: $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
((${#stages[@]} > 0)) || stages=(io faults memory sync)

allow_mpi_here
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_rmaps_base_oversubscribe=1
scratch=$(mktemp -d "${TMPDIR:-/tmp}/soak.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# The path of a program among the tests.
program() {
    local found
    found=$(find "$build" -name "$1" -type f -perm -u+x 2>/dev/null | head -n 1)
    if [[ -z $found ]]; then
        echo "soak.sh: there is no $1: build the tests first (tests/run.sh --quick), or name" \
            "the build folder" >&2
        exit 1
    fi
    printf '%s\n' "$found"
}

soak_io() {
    local saver
    saver=$(program test_io_program)
    python3 "$root/tests/support/io_kill_soak.py" "$saver" "$kills" --seed $RANDOM
    python3 "$root/tests/support/io_kill_soak.py" "$saver" $((kills / 4)) --seed $RANDOM \
        -- mpirun -n 2
    python3 "$root/tests/support/io_kill_soak.py" "$saver" $((5 * kills)) --async --seed $RANDOM
    python3 "$root/tests/support/io_kill_soak.py" "$saver" $((kills / 4)) --async --seed $RANDOM \
        -- mpirun -n 2
    # 100,000 names, and 4.3 GiB in one data set.
    SHMWIN_TEST_SOAK=5 mpirun -n 2 "$(program test_io_many_names)" --gtest_brief=1
    SHMWIN_TEST_SOAK=5 mpirun -n 2 "$(program test_io_large_dataset)" --gtest_brief=1
}

# On a file system with reflinks, if one can be made here.
with_reflinks() {
    local status=0
    bash "$root/tests/support/io_reflink_disk.sh" "$@" || status=$?
    if ((status == 77)); then
        echo "soak.sh: SKIPPED, no file system with reflinks: $*"
        status=0
    fi
    return "$status"
}

soak_faults() {
    SHMWIN_TEST_SOAK=2 mpirun -n 3 "$(program test_io_fail_point_matrix)" --gtest_brief=1 \
        --gtest_filter="*EveryFailPoint*"
    python3 "$root/tests/support/io_fail_points.py" "$(program test_io_program)" --all \
        -- mpirun -n 3
    # Blocks of the checkpoint before are taken where there are reflinks.
    with_reflinks python3 "$root/tests/support/io_fail_points.py" "$(program test_io_program)" \
        --all --kinds incremental,async_incremental -- mpirun -n 3
    SHMWIN_TEST_SOAK=2 with_reflinks mpirun -n 3 "$(program test_io_fail_point_matrix)" \
        --gtest_brief=1 --gtest_filter="*EveryFailPoint*incremental*"
    SHMWIN_TEST_SOAK=20 "$(program test_io_flipped_bytes)" --gtest_brief=1
}

# The usual length has 80 random kills.
soak_memory() {
    export SHMWIN_TEST_SOAK=$(((kills + 15) / 16))
    local each
    for each in slabs_kill slabs_adoption directory_claims_kill heap_model full_heap \
        task_queue_kill task_queue_together; do
        "$(program "test_memory_$each")"
    done
}

# The kills of a program, as many as wanted: it makes `usual` by itself.
kills_of() {
    local usual=$1 name=$2 filter=${3:-*}
    SHMWIN_TEST_SOAK=$(((kills + usual - 1) / usual)) "$(program "$name")" \
        --gtest_brief=1 --gtest_filter="$filter"
}

soak_sync() {
    local each
    kills_of 20 test_sync_mutex_kill # and recursive_mutex
    kills_of 20 test_segment_synchronized_kill
    kills_of 8 test_sync_section_kill
    kills_of 10 test_sync_shared_mutex_death '*Kills*'
    kills_of 12 test_sync_barrier_kill
    kills_of 8 test_sync_value_wait_kill
    for each in condition_variable event latch semaphore; do
        kills_of 8 "test_sync_$each" '*Killed*'
    done
    kills_of 100 test_memory_task_queue_kill '*UnderKills*'
    kills_of 120 test_memory_directory_claims_kill '*UnderLoad*'
    for each in mutex recursive_mutex shared_mutex condition_variable semaphore event latch barrier \
        section value_wait counter; do
        SHMWIN_TEST_SOAK=20 "$(program "test_sync_${each}_together")" --gtest_brief=1
    done
    for each in 2 4 8; do
        SHMWIN_TEST_SOAK=20 mpirun -n "$each" "$(program test_segment_synchronized_together)" \
            --gtest_brief=1
    done
}

soak_fuzz() {
    local each
    for each in heap checkpoint; do
        if [[ ! -x $root/build/fuzz/tests/${each}_fuzz ]]; then
            echo "soak.sh: build the fuzzers first (tests/memory/heap_fuzz.cpp says how)" >&2
            exit 1
        fi
    done
    mkdir corpus corpus_io
    "$root/build/fuzz/tests/heap_fuzz" -max_total_time=600 -max_len=3001 corpus \
        "$root/tests/memory/fuzz_corpus"
    "$root/build/fuzz/tests/checkpoint_fuzz" -max_total_time=600 -max_len=400 corpus_io
}

# Runs a command on the first core; prints its seconds.
on_one_core() {
    local name=$1 begin=$SECONDS status=0
    shift
    taskset -c 0 timeout 300 "$@" >"$name.log" 2>&1 || status=$?
    printf '%4d s  %s%s\n' $((SECONDS - begin)) "$name" \
        "$( ((status == 0)) || echo "  FAILED ($status)")"
    if ((status != 0)); then
        tail -n 30 "$name.log"
        failed=1
    fi
}

soak_python() {
    local python n name
    python=$(sed -n 's/^SHMWIN_PYTHON_EXECUTABLE:[A-Z]*=//p' "$build/CMakeCache.txt")
    for name in leaks multiprocessing_leak multiprocessing_heap; do
        for n in 1 2; do
            echo "$name, $n ranks"
            PYTHONPATH=$build/python SHMWIN_TEST_ROUNDS=10000 SHMWIN_TEST_PATIENCE_S=3000 \
                mpirun -n "$n" "$python" -X dev "$root/tests/python/run.py" \
                "$root/tests/python/${name}_test.py"
        done
    done
}

soak_pinned() {
    local path name failed=0
    for path in "$build"/tests/test_{sync,memory}_*; do
        on_one_core "${path##*/}" "$path"
    done
    for path in "$build"/tests/test_segment_*; do
        name=${path##*/}
        case $name in
            # These have launchers or numbers of ranks of their own.
            *_left_behind | *_small_shm | *_several_nodes | *_departure) ;;
            *_killed_rank) on_one_core "$name" mpirun -n 1 "$path" ;;
            *_threads) on_one_core "$name.np8" mpirun -n 8 "$path" --thread-multiple ;;
            *_lifetime) on_one_core "$name.np8" mpirun -n 8 "$path" closed_then_handles ;;
            *) on_one_core "$name.np8" mpirun -n 8 "$path" ;;
        esac
    done
    return "$failed"
}

for stage in "${stages[@]}"; do
    printf '\n==== %s\n' "$stage"
    "soak_$stage"
done
