#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Some ranks write, other numbers of ranks read: io_elastic.sh PROGRAM "WRITERS" "READERS"
# LAUNCHER..., where LAUNCHER ends with the option for the number of ranks.
set -eu

program=$1 writers=$2 readers=$3
shift 3
rm -rf elastic
mkdir elastic
for n in $writers; do
    "$@" "$n" "$program" write "elastic/of$n"
    for m in $readers; do
        "$@" "$m" "$program" read "elastic/of$n"
        echo "$n wrote, $m read: the same to the last bit"
    done
done
