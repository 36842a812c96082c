#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a fresh clone to running programs: installs what is missing (Debian and its kin), builds the
# library and the examples, optimised, into build/quickstart, and shows that nothing is lost when
# a job is killed: it goes on from its checkpoint, on fewer ranks, to the same result.
#   examples/quickstart.sh [--no-install]     --no-install: take the tools that are there
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/support/bootstrap.sh
source "$root/tests/support/bootstrap.sh"

case ${1-} in
    "") install_packages "${packages_to_build[@]}" hdf5-tools ;;
    --no-install) ;;
    *) sed -n '3,6s/^# //p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
allow_mpi_here

build=$root/build/quickstart
# A build folder that was made at another path (a moved clone) is of no use here.
if [[ -f $build/CMakeCache.txt ]] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt"; then
    rm -rf -- "$build"
fi
cmake -S "$root" -B "$build" -G Ninja -D CMAKE_BUILD_TYPE=Release -D SHMWIN_BUILD_TESTS=OFF \
    --log-level=NOTICE
cmake --build "$build" --parallel "$(parallel_jobs)"

# --- a job that is killed, and goes on ------------------------------------------------------------
here=$root/examples/hillslope
input=$root/examples/data/jacksboro_dem.h5
demo=$build/demo
rm -rf -- "$demo"
mkdir -p "$demo/pids"
# What mpirun leaves behind when it is killed, too, is gone at the end.
scratch=$(mktemp -d /tmp/shmwin-XXXXXX)
export OMPI_MCA_orte_tmpdir_base=$scratch OMPI_MCA_btl_vader_backing_directory=$scratch
job=
clean_up() {
    if [[ -n $job ]]; then
        cat "$demo/pids"/* 2>/dev/null | xargs kill -KILL "$job" 2>/dev/null || true
    fi
    rm -rf -- "$scratch"
}
trap clean_up EXIT

say() { printf '\n==== %s\n' "$*"; }
fail() { printf '\n==== FAILED: %s\n' "$*" >&2; exit 1; }

# Ten times finer than the data: 3431 x 4021 points, long enough to be killed in the middle.
problem=("$build/bin/hillslope" --input "$input" --refine 10 --years 2e6)
saving=(--checkpoint "$demo/checkpoints" --every 200)
run_on() { timeout --foreground 600 mpirun -n "$@" || fail "this run ended with status $?"; }

say "1. On 4 ranks, with a checkpoint every 200 steps"
# Each rank notes its process id before it becomes hillslope: so it can be killed.
# shellcheck disable=SC2016 # for the inner shell
mpirun -n 4 sh -c 'echo $$ >"$0/$$"; exec "$@"' "$demo/pids" "${problem[@]}" "${saving[@]}" \
    --output "$demo/never.h5" </dev/null 2>&1 &
job=$!

middle=$demo/checkpoints/state-000000000600.h5
deadline=$((SECONDS + 300))
until [[ -e $middle ]]; do
    kill -0 "$job" 2>/dev/null || fail "the job ended before it could be killed"
    ((SECONDS < deadline)) || fail "no checkpoint of step 600 within 300 s"
    sleep 0.1
done
sleep 0.5 # there is work that is not saved
mapfile -t pids < <(cat "$demo/pids"/*)
kill -KILL "$job" "${pids[@]}" || fail "the job ended before it could be killed"
status=0
{ wait "$job" || status=$?; } 2>/dev/null
for pid in "${pids[@]}"; do # a killed process may have to finish writing first
    while [[ $(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null) == [RSDTt] ]]; do sleep 0.1; done
done
job=
((status == 137)) || fail "mpirun was to be killed, but ended with status $status"
[[ ! -e $demo/never.h5 ]] || fail "the job finished before it was killed"

say "Killed mpirun and its ${#pids[@]} ranks (SIGKILL). What they leave:"
ls -A "$demo/checkpoints"

say "2. The same command goes on by itself; this time on 3 ranks"
run_on 3 "${problem[@]}" "${saving[@]}" --output "$demo/restarted.h5" \
    --picture "$demo/before_and_after.png" | tee "$demo/restarted.log"
grep -q '^goes on from step' "$demo/restarted.log" || fail "it did not go on from a checkpoint"

say "3. The same problem on 1 rank, never interrupted"
run_on 1 "${problem[@]}" --output "$demo/uninterrupted.h5"

say "4. Are the two results the same, bit for bit?"
"$here/compare.sh" "$demo/restarted.h5" "$demo/uninterrupted.h5" ||
    fail "the restarted run differs from the uninterrupted one"
echo "yes: every bit of 3431 x 4021 values, and the attributes"
# Would the comparison have noticed? Changes one bit of one value in a copy.
spoiled=$scratch/spoiled.h5
cp "$demo/restarted.h5" "$spoiled"
start=$(h5dump -p -H -d /elevation "$spoiled" | awk '$1 == "OFFSET" { print $2 }')
at=$((start + 8 * (4021 * 1700 + 2000)))
bits=$(od -An -tu1 -j "$at" -N 1 "$spoiled")
# shellcheck disable=SC2059 # the format is the byte
printf "\\x$(printf %x $((bits ^ 1)))" | dd of="$spoiled" bs=1 seek="$at" conv=notrunc status=none
status=0
said=$(cd "$scratch" && "$here/compare.sh" spoiled.h5 "$demo/uninterrupted.h5" 2>&1) || status=$?
((status == 1)) || fail "the comparison does not notice a changed bit (status $status): $said"
echo "and with one bit of one value changed in a copy, it says:"
echo "  $said"

years=$(awk '$1 == "year" { printf "%.1f million", $2 / 1e6 }' "$demo/restarted.log")
program() { printf '%q' "$build/bin/$1"; }
cat <<END

==== Done. 4 ranks were killed, 3 went on from the last whole checkpoint, and the result is the
     same to the last bit as that of 1 rank that was left alone.

The relief before and after $years years:
  $demo/before_and_after.png
The result, for any reader of HDF5:
  $demo/restarted.h5
Your own elevation model (HDF5, 2 dimensions, metres):
  mpirun -n 4 $(program hillslope) --input FILE --dataset NAME \\
      --spacing DY,DX --checkpoint DIR --output RESULT.h5 --picture PICTURE.png
  ($(program hillslope) --help says more)
Also to try:
  mpirun -n 4 $(program hello_segment)
  mpirun -n 4 $(program lookup_table)
  mpirun -n 4 $(program hello_c)
END
