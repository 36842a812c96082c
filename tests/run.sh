#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs the tests: see usage().
set -uo pipefail

usage() {
    cat <<'END'
usage: tests/run.sh [STAGE...] [--jobs N] [--no-install] [-- CTEST-ARGUMENT...]

Installs what is missing (Debian and its kin), builds the stages, and runs all of their tests in
one go; the last lines are ctest's summary. Exit status 0: everything was built and passed.

  (none)        dev, tsan and asan
  --quick       dev:   all tests, 1 to 4 ranks; headers, layers, installation
  --tsan        tsan:  the tests without MPI, under ThreadSanitizer
  --asan        asan:  tests at 0 and 2 ranks, under AddressSanitizer and UBSan
  --mpich       mpich: all tests with MPICH and its HDF5, at 1 and 2 ranks; each header alone;
                mdspan in C++23, installed static libraries, add_subdirectory()
  --tidy        tidy:  clang++ and clang-tidy on every source; tests at 1 and 2 ranks; mdspan
                beside the standard library's
  --all         all of these

  --jobs N      compilations at a time (default: by cores and memory); tests, which mostly wait,
                take turns on twice as many
  --no-install  take the tools that are there, also where there is no apt-get
END
}

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
# shellcheck source=tests/support/bootstrap.sh
source "$root/tests/support/bootstrap.sh"

stages=()
install=yes
jobs=$(parallel_jobs)
while (($# > 0)); do
    case $1 in
        --quick) stages+=(dev) ;;
        --tsan | --asan | --mpich | --tidy) stages+=("${1#--}") ;;
        --all) stages+=(dev tsan asan mpich tidy) ;;
        --no-install) install=no ;;
        --jobs) jobs=${2:?--jobs needs a number}; shift ;;
        --help | -h) usage; exit 0 ;;
        --) shift; break ;;
        *) echo "unknown argument: $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
((${#stages[@]} > 0)) || stages=(dev tsan asan)

packages=("${packages_to_build[@]}" libgtest-dev libgmock-dev hdf5-tools python3-numpy python3-h5py
    libeigen3-dev libblas-dev libboost-dev spin gdb
    pybind11-dev python3-dev python3-mpi4py python3-pytest python3-setuptools python3-venv python3-wheel)
[[ " ${stages[*]} " == *" mpich "* ]] && packages+=(mpich libmpich-dev libhdf5-mpich-dev)
[[ " ${stages[*]} " == *" tidy "* ]] && packages+=(clang clang-tidy clang-19 libc++-19-dev libc++abi-19-dev)
[[ $install == no ]] || install_packages "${packages[@]}"
allow_mpi_here

# A build folder that was made at another path (a moved clone) is of no use here.
freshness_of() {
    local cache=$root/build/$1/CMakeCache.txt
    if [[ -f $cache ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then
        echo --fresh
    fi
}

build() {
    # shellcheck disable=SC2046 # nothing, or one option
    cmake --preset "$1" $(freshness_of "$1") --log-level=NOTICE &&
        cmake --build --preset "$1" --parallel "$jobs" -- -k 0 # all errors at once
}

cd "$root" || exit 1
built=()
broken=()
for stage in "${stages[@]}"; do
    printf '\n==== %s: configure and build\n' "$stage"
    if build "$stage"; then built+=("$stage"); else broken+=("$stage"); fi
done

# One ctest run over the build folders of all stages, so that there is one summary. The names of
# the tests begin with their stage (but for dev).
mkdir -p build/run
rm -f build/run/CTestTestfile.cmake
for stage in "${built[@]}"; do
    echo "subdirs([==[$root/build/$stage]==])" >>build/run/CTestTestfile.cmake
done
if ((${#built[@]} == 0)); then
    echo "==== nothing was built: ${broken[*]}" >&2
    exit 1
fi
printf '\n==== tests of: %s\n' "${built[*]}"
if ((${#broken[@]} > 0)); then
    echo "==== NOT BUILT, so without tests (the run fails): ${broken[*]}"
fi
ctest --test-dir build/run --output-on-failure --no-tests=error --parallel $((2 * jobs)) "$@" </dev/null
status=$?
((${#broken[@]} == 0)) || status=1
exit "$status"
