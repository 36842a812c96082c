#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# small_shm.sh SIZE COMMAND...: runs COMMAND where /dev/shm is a file system of SIZE, e.g. 64m, and
# SHMWIN_TEST_SHM tells it so. Exit status: the command's; 77 if that cannot be made here (needs
# root, or user namespaces).
set -u
(($# > 1)) || { sed -n '3,5p' "$0" >&2; exit 2; }
size=$1
shift

enter=(unshare --mount --propagation private)
((EUID == 0)) || enter+=(--map-root-user)
# shellcheck disable=SC2016 # for the inner shell
mount_it='mount -t tmpfs -o "size=$0,mode=1777" tmpfs /dev/shm || exit 77'
"${enter[@]}" bash -c "$mount_it" "$size" 2>/dev/null || {
    echo "small_shm.sh: cannot mount a /dev/shm here" >&2
    exit 77
}
# In the namespace of a plain user, mpirun takes that user for root.
((EUID == 0)) || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export SHMWIN_TEST_SHM=$size
exec "${enter[@]}" bash -c "$mount_it; exec \"\$@\"" "$size" "$@"
