#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs the benchmarks: see usage().
set -uo pipefail

usage() {
    cat <<'END'
usage: tests/benchmarks/run.sh [NAME...] [--json FILE] [--quick] [--rounds N] [--dir DIR]
                               [--list] [--no-install]

Builds the preset `release` and measures ours beside its peers, in turn within one program. NAME is
the beginning of names: `segment`, `sync/fence`; none: all.

  --json FILE   also one JSON object a line: name, ranks, unit, ours, peer, peer_name, better,
                better_min, better_max, runs
  --quick       3 rounds, and smaller: to see that all works, not to compare
  --rounds N    instead of 7 (or 3)
  --dir DIR     where the files of io/ are written (default: a new folder in the build folder)
  --list        names and rank counts
  --no-install  take the tools that are there, also where there is no apt-get

`ours` and `peer` are medians; `better` is the median of the rounds' ratios, above 1 if ours is
better, whatever the unit. Rows of heap/ and directory/ count the processors' time of all ranks;
a second line, its name with _wall, has what all ranks together did by the clock meanwhile.
sync/lock_uncontended and sync/fetch_add count the processor's time of the slowest rank. Second
lines: _poorest_share is the turns of the rank that got fewest, by its fair share; _balance is the
time until the last rank was done, by the mean of all.
Exit status 0: every row was measured. No figure makes it fail.
END
}

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd) || exit 1
# shellcheck source=tests/support/bootstrap.sh
source "$root/tests/support/bootstrap.sh"

names=()
options=()
json=""
directory=""
list=no
install=yes
while (($# > 0)); do
    case $1 in
        --json) json=$(realpath -m -- "${2:?--json needs a file}"); shift ;;
        --dir) directory=$(realpath -m -- "${2:?--dir needs a folder}"); shift ;;
        --rounds) options+=(--rounds "${2:?--rounds needs a number}"); shift ;;
        --quick) options+=(--quick) ;;
        --list) list=yes ;;
        --no-install) install=no ;;
        --help | -h) usage; exit 0 ;;
        -*) echo "unknown argument: $1" >&2; usage >&2; exit 2 ;;
        *) names+=("$1") ;;
    esac
    shift
done

[[ $install == no ]] || install_packages "${packages_to_build[@]}" libgtest-dev libgmock-dev libboost-dev \
    valgrind
allow_mpi_here
build=$root/build/release

# A build folder that was made at another path (a moved clone) is of no use here.
configure() {
    local fresh=()
    if [[ -f $build/CMakeCache.txt ]] &&
        ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt"; then
        fresh=(--fresh)
    fi
    (cd "$root" && cmake --preset release "${fresh[@]}" --log-level=NOTICE)
}

# What builds is said only if it fails: standard output is the table.
if ! log=$(configure 2>&1 && cmake --build "$build" --target shmwin_benchmarks \
    --parallel "$(parallel_jobs)" 2>&1); then
    printf '%s\n' "$log" >&2
    echo "the benchmarks cannot be built" >&2
    exit 1
fi
mpiexec=$(sed -n 's/^MPIEXEC_EXECUTABLE:[A-Z]*=//p' "$build/CMakeCache.txt")

wanted() {
    local prefix
    ((${#names[@]} > 0)) || return 0
    for prefix in "${names[@]}"; do
        [[ $1 == "$prefix"* ]] && return 0
    done
    return 1
}

# Two arrays side by side: a program, and one of its rows with its rank counts.
programs=()
rows=()
for program in "$build"/tests/benchmarks/benchmark_*; do
    [[ -x $program && -f $program ]] || continue
    while read -r row ranks; do
        wanted "$row" || continue
        programs+=("$program")
        rows+=("$row $ranks")
    done < <("$program" --list)
done
if ((${#rows[@]} == 0)); then
    echo "no such benchmark: ${names[*]} (--list names all)" >&2
    exit 2
fi
if [[ $list == yes ]]; then
    printf '%s\n' "${rows[@]}"
    exit 0
fi

if [[ -z $directory ]]; then
    directory=$(mktemp -d "$build/tests/benchmarks/files.XXXXXX") || exit 1
    trap 'rm -rf -- "$directory"' EXIT
fi
mkdir -p -- "$directory" || exit 1
options+=(--dir "$directory")
if [[ -n $json ]]; then
    : >"$json" || exit 1
    options+=(--json "$json")
fi

# Debian's Open MPI loses data of collective writes without this.
export OMPI_MCA_fs_ufs_lock_algorithm=3
printf '%-33s %5s %-22s %6s %11s %11s %9s %9s %9s %5s\n' \
    name ranks peer unit ours peer better min max runs
status=0
for i in "${!rows[@]}"; do
    read -r row ranks <<<"${rows[i]}"
    for n in $ranks; do
        if ! "$mpiexec" -n "$n" "${programs[i]}" --row "$row" "${options[@]}" </dev/null; then
            echo "FAILED: $row with $n ranks" >&2
            status=1
        fi
    done
done
exit "$status"
