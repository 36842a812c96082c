#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# left_behind.sh MPIEXEC RANKS PROGRAM: starts PROGRAM (tests/segment/left_behind_test.cpp) with a
# folder of its own for the files behind shared memory, kills all of the job by SIGKILL while it
# works, and looks into that folder and /dev/shm for what is left.
set -u
mpiexec=$1 ranks=$2 program=$3

# On the same file system as ever, so that it is the same code that makes the files.
folder=$(mktemp -d /dev/shm/shmwin-test.XXXXXX) || exit 77
job=
clean_up() {
    [[ -n $job ]] && kill -KILL "$job" 2>/dev/null
    rm -rf "$folder"
}
trap clean_up EXIT
mkdir "$folder/windows" "$folder/messages" "$folder/session"
export OMPI_MCA_osc_sm_backing_directory=$folder/windows
export OMPI_MCA_btl_vader_backing_directory=$folder/messages # Open MPI's own: may stay
export OMPI_MCA_orte_tmpdir_base=$folder/session             # Open MPI's own: may stay
# MPICH has no such setting.
files_of_ours() {
    find /dev/shm /tmp -maxdepth 1 \( -name 'shmwin*' -o -name 'mpich_shar_tmp*' \) \
        ! -path "$folder" | sort
}

before=$(files_of_ours)
rm -f rank.*
"$mpiexec" -n "$ranks" "$program" 100 </dev/null &
job=$!

# Until all ranks have used everything.
pids=()
for ((tries = 0; tries < 300 && ${#pids[@]} < ranks; tries++)); do
    sleep 0.1
    mapfile -t pids < <(cat rank.* 2>/dev/null)
done
((${#pids[@]} == ranks)) || { echo "left_behind.sh: the job did not start"; exit 1; }
sleep 0.3
kill -KILL "$job" "${pids[@]}"
wait "$job" 2>/dev/null
job=
for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done # ctest has a limit
done

left=$(find "$folder/windows" -mindepth 1)
new=$(comm -13 <(echo "$before") <(files_of_ours))
[[ -z $left$new ]] && exit 0
printf 'left behind:\n%s\n%s\n' "$left" "$new"
exit 1
