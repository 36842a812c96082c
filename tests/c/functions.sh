#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# functions.sh INCLUDE-FOLDER: the functions of the C interface, against functions.txt, where they
# are written down a second time, as they were when they first came. None may go or change; a new
# one gets its line (this script says which).
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
export LC_ALL=C

# Each declaration in a line, without comments.
declared() {
    cat "$1"/shmwin/c/*.h "$1/shmwin/segment/dump.h" | sed 's/^#.*//' | tr '\n' ' ' |
        sed 's|/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/||g' | grep -o 'SHMWIN_API [^;{]*;' |
        sed 's/^SHMWIN_API //; s/  */ /g; s/( /(/g' | sort -u
}

gone=$(comm -23 <(sort -u "$here/functions.txt") <(declared "$1"))
new=$(comm -13 <(sort -u "$here/functions.txt") <(declared "$1"))
[[ -z $gone ]] || printf 'gone, or changed:\n%s\n' "$gone"
[[ -z $new ]] || printf 'to be written down in %s:\n%s\n' "$here/functions.txt" "$new"
[[ -z $gone && -z $new ]]
