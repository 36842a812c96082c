#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a command with a file system of its own that has reflinks: io_reflink_disk.sh COMMAND...
# Its folder is in SHMWIN_TEST_REFLINK_DISK; it ends with the command. Exit status 77: not possible
# here (needs root, a loop device, and mkfs.xfs or mkfs.btrfs).
set -u

PATH=$PATH:/usr/sbin:/sbin
if [[ ${SHMWIN_TEST_REFLINK_DISK:-} == "" ]]; then
    folder=$(mktemp -d) || exit 77
    trap 'rmdir "$folder/disk"; rm -f "$folder/image"; rmdir "$folder"' EXIT
    mkdir "$folder/disk"
    truncate -s 512M "$folder/image"
    mkfs.xfs -q -m reflink=1 "$folder/image" 2>/dev/null || mkfs.btrfs -q "$folder/image" 2>/dev/null || exit 77
    unshare -m true 2>/dev/null || exit 77
    SHMWIN_TEST_REFLINK_DISK=$folder/disk unshare -m -- "$0" "$@"
    exit
fi
mount -o loop "${SHMWIN_TEST_REFLINK_DISK%/disk}/image" "$SHMWIN_TEST_REFLINK_DISK" 2>/dev/null || exit 77
"$@"
