#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Are two results of hillslope the same, bit for bit?
#   examples/hillslope/compare.sh A.h5 B.h5     exit status 0: the same; 1: not; 2: cannot tell
set -euo pipefail

if (($# != 2)); then
    sed -n '4s/^# *//p' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

# The bytes of the elevation, by HDF5's own tool. It may fail and still exit with 0.
bytes_of() {
    h5dump -d /elevation -b LE -o "$2" "$1" >/dev/null || exit 2
    [[ -s $2 ]] || { echo "$1: no elevation" >&2; exit 2; }
}
bytes_of "$1" "$scratch/a"
bytes_of "$2" "$scratch/b"
if ! cmp -s "$scratch/a" "$scratch/b"; then
    byte=$(cmp -l "$scratch/a" "$scratch/b" 2>/dev/null | awk '{ print $1; exit }') || true
    echo "$1 and $2 differ${byte:+, first in value $(((byte - 1) / 8)) (from 0)}"
    exit 1
fi

# Shape, type and attributes. Values of 0 and -0 are equal to h5diff: hence the bytes above.
h5diff "$1" "$2" || exit 1
