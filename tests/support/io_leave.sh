#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program ends while a save of it is in flight; the next one must find a whole checkpoint, with
# the values of when save_async() was called, and no temporary.
#
# usage: io_leave.sh PROGRAM LAUNCHER... (up to the number of ranks)
set -euo pipefail

program=$1
shift
for how in finalize exit unwind store; do
    rm -rf leave
    mkdir leave
    # The thread is held, so that the end comes first. Without MPI_Finalize mpirun complains.
    LEAVE=$how SHMWIN_FAIL_POINT="before_sign@0#1=delay:500" \
        "$@" "$program" leave leave/state >leave.log 2>&1 || [[ $how == exit ]] || {
        cat leave.log
        exit 1
    }
    if grep -q 'proves nothing' leave.log; then
        cat leave.log
        exit 1
    fi
    if compgen -G 'leave/.*.tmp' >/dev/null; then
        echo "$how: a temporary is left"
        exit 1
    fi
    "$@" "$program" read leave/state || { echo "$how: not whole"; exit 1; }
    echo "$how: whole"
done
