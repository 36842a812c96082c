# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Sourced by tests/run.sh and examples/quickstart.sh: from a bare system to a build that runs.
#
#   install_packages <Debian package>...   installs what is missing; else says what, and exits
#   parallel_jobs                          prints how many compilations to run at a time
#   allow_mpi_here                         exports what Open MPI needs to start ranks on this host

packages_to_build=(g++ cmake ninja-build pkg-config libopenmpi-dev openmpi-bin
    libhdf5-openmpi-dev libxxhash-dev libpng-dev libcli11-dev libfmt-dev)

# Prints those of the packages that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        if [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]]; then
            printf '%s\n' "$package"
        fi
    done
}

# With apt-get, through sudo when not root. Does nothing, and needs no network, when all is there.
install_packages() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        cat >&2 <<END
This system has no apt-get. What shmwin needs is, by the names of Debian's packages:
  $*
Install your system's equivalents, then call this script again with --no-install.
END
        exit 1
    fi
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]} == 0)); then
        return 0
    fi

    local as_root=()
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "These packages are missing, and there is no sudo to install them:" >&2
            echo "  apt-get install ${missing[*]}" >&2
            echo "(--no-install: go on without them, with tools from elsewhere)" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "installing ${missing[*]}"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get)
    # An old list of packages often still does.
    "${apt[@]}" update -qq || echo "apt-get update failed; trying with the list that is there" >&2
    if ! "${apt[@]}" install -y -qq --no-install-recommends "${missing[@]}"; then
        echo "These packages could not be installed: ${missing[*]}" >&2
        exit 1
    fi
}

# Compilations at a time: all cores, but no more than memory allows (about 1 GiB each).
parallel_jobs() {
    local n_cores n_kib
    n_cores=$(nproc)
    n_kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
    local by_memory=$((${n_kib:-1048576} / 1048576))
    ((by_memory < 1)) && by_memory=1
    echo $((n_cores < by_memory ? n_cores : by_memory))
}

# What Open MPI needs to start ranks here: more of them than cores, and by root in a container.
allow_mpi_here() {
    export OMPI_MCA_rmaps_base_oversubscribe=1
    export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
    if ((EUID == 0)); then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
}
