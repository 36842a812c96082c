#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Some ranks write, other numbers of ranks read: io_elastic.sh PROGRAM FOLDER "WRITERS" "READERS"
# LAUNCHER..., where LAUNCHER ends with the option for the number of ranks. With "deflate" in the
# name of FOLDER, the files are compressed.
set -eu

program=$1 folder=$2 writers=$3 readers=$4
shift 4
rm -rf "$folder"
mkdir "$folder"
for n in $writers; do
    "$@" "$n" "$program" spread "$folder/of$n"
    for m in $readers; do
        "$@" "$m" "$program" gather "$folder/of$n"
        echo "$n wrote, $m read: the same to the last bit"
    done
done
