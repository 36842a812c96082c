#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# survivors.sh MPIEXEC RANKS PROGRAM HOW CALL: runs PROGRAM (tests/segment/departure_test.cpp), in
# which the last rank goes HOW while the others are in CALL. Success: each of the others has
# written "ok" to its file, whatever becomes of the job.
set -u
mpiexec=$1 ranks=$2
shift 2

rm -f survivor.*
# A job that has lost a process goes on for a while.
export OMPI_MCA_odls_base_sigkill_timeout=20 OMPI_MCA_orte_enable_recovery=1
command=("$@")
options=()
if [[ $("$mpiexec" --version 2>&1) == *HYDRA* ]]; then
    options=(-disable-auto-cleanup)
    # Whatever the option says, a process that ends by a signal ends the job; and those that are
    # left get SIGUSR1.
    command=(sh -c 'trap "" USR1; "$@"; exit 0' sh "$@")
fi
timeout -k 5 60 "$mpiexec" "${options[@]}" -n "$ranks" "${command[@]}" </dev/null
status=$?
((status != 124)) || { echo "survivors.sh: the job hangs"; exit 1; }

failed=0
for ((rank = 0; rank < ranks - 1; rank++)); do
    said=$(cat "survivor.$rank" 2>/dev/null) || said="nothing"
    echo "rank $rank: $said"
    [[ $said == ok ]] || failed=1
done
exit "$failed"
