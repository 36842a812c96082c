#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# model.sh MODEL.pml: explores every interleaving of a model in Promela with spin, and then, one by
# one, with each of the mistakes in it that `#ifdef BROKEN_...` turns on: those must be found, or
# the model proves nothing. Exit status: 0 if all is as it should be; 77 without spin or a C
# compiler ($CC, else cc).
set -u
(($# == 1)) || { sed -n '3,6p' "$0" >&2; exit 2; }
model=$(realpath -- "$1") || exit 2
compiler=${CC:-cc}
for each in spin "$compiler"; do
    command -v "$each" >/dev/null || { echo "model.sh: there is no $each here" >&2; exit 77; }
done

scratch=$(mktemp -d "${TMPDIR:-/tmp}/model.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

# explore DEFINES...: status 0 if nothing is wrong in any state, 1 if something is; else it gives up.
explore() {
    rm -f pan ./*.trail
    spin "$@" -a "$model" >spin.out 2>&1 || { cat spin.out; exit 1; }
    "$compiler" -O2 -w -DSAFETY -DNOREDUCE -DMEMLIM=1500 -o pan pan.c || exit 1
    ./pan -m1000000 -w22 >pan.out 2>&1
    grep -q "errors: [1-9]" pan.out && return 1
    if ! grep -q "errors: 0" pan.out || grep -qE "not completed|depth too small" pan.out; then
        cat pan.out
        echo "model.sh: the model is too large" >&2
        exit 1
    fi
}

if ! explore; then
    cat pan.out
    spin -t -p "$model" 2>&1 | tail -n 60
    echo "model.sh: $(basename "$model") is wrong; the steps to it are above" >&2
    exit 1
fi
grep -E "states, stored" pan.out
failed=0
mapfile -t mistakes < <(grep -oE "BROKEN_[A-Z_]+" "$model" | sort -u)
for mistake in "${mistakes[@]}"; do
    if explore "-D$mistake"; then
        echo "model.sh: $mistake is not found" >&2
        failed=1
    else
        echo "$mistake: $(grep -m 1 "^pan:1:" pan.out)"
    fi
done
exit "$failed"
