#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# io_due_signal.sh PROGRAM WHO LAUNCHER...: starts PROGRAM (tests/support/io_due_program.cpp) under
# the launcher, and sends SIGUSR1 to its rank WHO, or to the launcher if WHO is "launcher". Success:
# the job saved, and ended with status 85.
set -u
program=$1 who=$2
shift 2

rm -rf signal ready pid.*
# shellcheck disable=SC2016 # for the inner shell
timeout -k 5 90 "$@" sh -c 'echo $$ >"pid.${OMPI_COMM_WORLD_RANK:-$PMI_RANK}"; exec "$0" signal' \
    "$program" </dev/null >said 2>&1 &
job=$!
for ((i = 0; i < 600; i++)); do
    [[ -e ready ]] && break
    sleep 0.1
done
[[ -e ready ]] || { echo "the job does not begin"; cat said; kill "$job"; exit 1; }
if [[ $who == launcher ]]; then
    kill -USR1 "$(cat /proc/"$job"/task/"$job"/children)"
else
    kill -USR1 "$(cat "pid.$who")"
fi
wait "$job"
status=$?
cat said
((status == 85)) || { echo "status $status instead of 85"; exit 1; }
compgen -G 'signal/state-*.h5' >/dev/null || { echo "nothing was saved"; exit 1; }
