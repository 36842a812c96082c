#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# stopped_and_resumed.sh HILLSLOPE DATA LAUNCHER...: a run that gets SIGUSR1 in the middle, at one of
# its ranks, and goes on, on another number of them, ends with what an uninterrupted one does, bit
# for bit. The launcher is followed by the number of ranks. Exit status 77: no h5dump to compare.
set -u
program=$1 data=$2
shift 2
command -v h5dump >/dev/null && command -v h5diff >/dev/null || { echo "skipped: no h5dump"; exit 77; }
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
fail() { echo "$*"; [[ ! -e said ]] || cat said; exit 1; }

rm -rf checkpoints said pid.* ./*.h5
run=("$program" --input "$data")
saving=(--checkpoint checkpoints --every 20)

# A run that would take for ever.
# shellcheck disable=SC2016 # for the inner shell
timeout -k 5 120 "$@" 3 sh -c 'echo $$ >"pid.${OMPI_COMM_WORLD_RANK:-$PMI_RANK}"; exec "$0" "$@"' \
    "${run[@]}" "${saving[@]}" --years 1e10 --output early.h5 </dev/null >said 2>&1 &
job=$!
for ((i = 0; i < 600; i++)); do # with the first checkpoint all ranks catch the signal
    compgen -G 'checkpoints/state-*.h5' >/dev/null && break
    sleep 0.1
done
kill -USR1 "$(cat pid.1)" || fail "there is nothing to stop"
wait "$job"
status=$?
((status == 85)) || fail "stopped with status $status instead of 85"
[[ ! -e early.h5 ]] || fail "a run that was stopped wrote its result"
grep -q 'stops: signal' said || fail "it does not say why"

# Some 50 steps more: the step's length does not depend on the run's.
newest=(checkpoints/state-*.h5)
step=${newest[-1]//[^0-9]/}
years=$(sed -n 's/.* steps of \([0-9.]*\) years/\1/p' said |
    awk -v steps="$((10#${step%5} + 50))" '{ print steps * $1 }')
timeout -k 5 120 "$@" 1 "${run[@]}" "${saving[@]}" --years "$years" --output resumed.h5 \
    </dev/null >said 2>&1 || fail "the run that goes on failed"
grep 'goes on from step' said || fail "it began anew"
timeout -k 5 120 "$@" 2 "${run[@]}" --years "$years" --output whole.h5 </dev/null >said 2>&1 ||
    fail "the uninterrupted run failed"
bash "$here/compare.sh" whole.h5 resumed.h5 || fail "the results differ"
