#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two jobs on one store: the second is refused, soon, with a clear error, and harms nothing.
# io_two_jobs.sh PROGRAM LAUNCHER...      PROGRAM is io_program
set -u

program=$1
shift
rm -rf two_jobs
mkdir two_jobs
fail() {
    echo "FAILED: $*" >&2
    sed 's/^/  /' two_jobs/first.log two_jobs/second.log >&2
    exit 1
}
# Waits until rank 0 of the first job has saved at least that step.
await_saved() {
    local i
    for ((i = 0; i < 600; ++i)); do
        if (($(sed -n 's/^saved //p' two_jobs/first.log | tail -n 1 | grep . || echo -1) >= $1)); then return; fi
        kill -0 "$first" 2>/dev/null || fail "the first job ended"
        sleep 0.1
    done
    fail "the first job did not save step $1"
}

for kind in plain async; do
    SOAK_KIND=$kind "$@" "$program" soak two_jobs/state >two_jobs/first.log 2>&1 &
    first=$!
    trap 'kill -9 "$first" 2>/dev/null' EXIT
    : >two_jobs/second.log
    await_saved 1
    for command in read write; do
        if timeout 60 "$@" "$program" "$command" two_jobs/state >two_jobs/second.log 2>&1; then
            fail "$kind: a second job was let in ($command)"
        fi
        # All ranks say it, with the file that is held and what helps.
        n_said=$(grep -c "store is in use (another job holds two_jobs/.state.lock; end it" \
            two_jobs/second.log)
        ((n_said >= 1)) || fail "$kind: it was refused with another error ($command)"
    done
    newest=$(sed -n 's/^saved //p' two_jobs/first.log | tail -n 1)
    await_saved $((newest + 2)) # the first goes on
    kill -TERM "$first" # mpirun ends its ranks
    wait "$first" 2>/dev/null
    trap - EXIT
done
# Nobody holds it any more, and all is whole: soak compares.
timeout 60 "$@" "$program" soak two_jobs/state >two_jobs/first.log 2>&1 &
first=$!
trap 'kill -9 "$first" 2>/dev/null' EXIT
await_saved "$newest"
kill -TERM "$first"
wait "$first" 2>/dev/null
grep -q "wrong values\|not whole\|not swept" two_jobs/first.log && fail "what is there is not whole"
trap - EXIT
echo "a second job was refused beside plain and asynchronous saves"
