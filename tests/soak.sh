#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The long version of the tests io/kills: soak.sh [KILLS] [BUILD-FOLDER] (200, build/dev).
# Kills a program that saves without end, KILLS times with one rank and a quarter as often with
# two; every restart must find a whole checkpoint with the right values. Another seed each time.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
kills=${1:-200}
program=$(find "${2:-$root/build/dev}" -name test_io_program -type f -perm -u+x 2>/dev/null | head -n 1)
if [[ -z $program ]]; then
    echo "soak.sh: build the tests first (tests/run.sh --quick), or name the build folder" >&2
    exit 1
fi
# shellcheck source=tests/support/bootstrap.sh
source "$root/tests/support/bootstrap.sh"
allow_mpi_here
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none
scratch=$(mktemp -d "${TMPDIR:-/tmp}/soak.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 "$root/tests/support/io_kill_soak.py" "$program" "$kills" --seed $RANDOM
python3 "$root/tests/support/io_kill_soak.py" "$program" $((kills / 4)) --seed $RANDOM -- mpirun -n 2
