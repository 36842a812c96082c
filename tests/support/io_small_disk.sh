#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a command with a small file system of its own: io_small_disk.sh SIZE COMMAND...
# Its folder is in SHMWIN_TEST_SMALL_DISK; it ends with the command. Exit status 77: not possible
# here (needs root, or user namespaces).
set -u

size=$1
shift
if [[ ${SHMWIN_TEST_SMALL_DISK:-} == "" ]]; then
    folder=$(mktemp -d) || exit 77
    trap 'rmdir "$folder"' EXIT
    options=(-m)
    ((EUID == 0)) || options=(-r -m)
    unshare "${options[@]}" true 2>/dev/null || exit 77
    SHMWIN_TEST_SMALL_DISK=$folder unshare "${options[@]}" -- "$0" "$size" "$@"
    exit
fi
mount -t tmpfs -o "size=$size" tmpfs "$SHMWIN_TEST_SMALL_DISK" || exit 77
"$@"
