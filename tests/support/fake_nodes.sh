#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs an MPI program on this one machine as if it were several: see usage().
set -u

usage() {
    cat <<'END'
usage: fake_nodes.sh [-n NODES] [-p RANKS] [-m plain|net] [-s SIZE] [-e MPIEXEC] -- PROGRAM [ARG...]

Starts NODES times RANKS processes (2 x 2); MPI_Comm_split_type(MPI_COMM_TYPE_SHARED) tells them
apart by node, and SHMWIN_TEST_NODES tells them how many there are. Exit status: mpiexec's; 77 if
nodes cannot be made here.

  -m plain  needs no privilege: one daemon of Open MPI for each made-up host name, messages over
            TCP; all see one /dev/shm. With MPICH, its own number of cliques.
  -m net    needs root and iproute2; Open MPI only: each node is a set of namespaces (network, host
            name, mounts, IPC) with an address and a /dev/shm of its own, SIZE bytes large (1g)
END
}

nodes=2 ranks=2 mode=plain shm_size=1g mpiexec=mpirun
while getopts n:p:m:s:e:h option; do
    case $option in
        n) nodes=$OPTARG ;;
        p) ranks=$OPTARG ;;
        m) mode=$OPTARG ;;
        s) shm_size=$OPTARG ;;
        e) mpiexec=$OPTARG ;;
        h) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[[ ${1:-} == -- ]] && shift
(($# > 0)) || { usage >&2; exit 2; }

skip() {
    echo "fake_nodes.sh: $*" >&2
    exit 77
}

export SHMWIN_TEST_NODES=$nodes
version=$("$mpiexec" --version 2>&1) || skip "$mpiexec does not run"
if [[ $version == *HYDRA* ]]; then
    [[ $mode == plain ]] || skip "-m $mode is for Open MPI"
    MPIR_CVAR_NUM_CLIQUES=$nodes exec "$mpiexec" -n $((nodes * ranks)) "$@"
fi
[[ $version == *"Open MPI"*" 4."* || $version == *"OpenRTE"*" 4."* ]] ||
    skip "needs Open MPI 4 or MPICH"

# All that is made has this name in it. The bridge's network exists inside the namespaces only.
tag=shmwin$$
network=10.213.77
folder=$(mktemp -d "${TMPDIR:-/tmp}/$tag.XXXXXX") || skip "no temporary folder"

# Ends what still runs in the namespaces made here; they take their devices with them.
remove_namespaces() {
    local namespace pids
    for namespace in $(ip netns list 2>/dev/null | awk '{ print $1 }' | grep "^$tag"); do
        pids=$(ip netns pids "$namespace" 2>/dev/null)
        # shellcheck disable=SC2086 # a list of numbers
        [[ -n $pids ]] && kill -KILL $pids 2>/dev/null
        ip netns del "$namespace" 2>/dev/null
    done
}

job=
clean_up() {
    local status=$?
    trap - EXIT INT TERM HUP
    [[ $mode == net ]] && remove_namespaces
    rm -rf "$folder"
    exit "$status"
}
trap clean_up EXIT
trap '[[ -n $job ]] && kill -TERM "$job" 2>/dev/null; exit 143' INT TERM HUP

# A bridge in a namespace of its own, and for each node a namespace with a cable to it.
make_network() {
    ((EUID == 0)) || skip "-m net needs root"
    command -v ip >/dev/null || skip "-m net needs iproute2"
    ip netns add "${tag}hub" || skip "network namespaces are not allowed here"
    ip -n "${tag}hub" link add br0 type bridge || skip "the kernel has no bridges"
    ip -n "${tag}hub" link set br0 up
    local i
    for ((i = 0; i < nodes; i++)); do
        ip netns add "$tag$i" || skip "network namespaces are not allowed here"
        ip -n "${tag}hub" link add "port$i" type veth peer name eth0 netns "$tag$i" ||
            skip "the kernel has no virtual cables"
        ip -n "${tag}hub" link set "port$i" master br0 up
        ip -n "$tag$i" addr add "$network.$((i + 1))/24" dev eth0
        ip -n "$tag$i" link set eth0 up
        ip -n "$tag$i" link set lo up
        echo "$network.$((i + 1)) fnode$i" >>"$folder/hosts"
    done
}

# enter HOST COMMAND...: runs the command as on that host.
write_enter() {
    echo '#!/usr/bin/env bash' >"$folder/enter"
    if [[ $mode == plain ]]; then
        # Daemons that start at the same time in one folder for temporary files may lose the race
        # to make their session's; then mpirun waits for ever.
        cat >>"$folder/enter" <<END
mkdir -p "$folder/tmp.\$1"; export TMPDIR="$folder/tmp.\$1"
shift
exec "\$@"
END
    else
        cat >>"$folder/enter" <<END
host=\$1; shift
exec ip netns exec "$tag\${host#fnode}" unshare -i -u -m --propagation private bash -c '
    hostname "\$0"
    mount -t tmpfs -o size=$shm_size,mode=1777 tmpfs /dev/shm
    mount --bind "$folder/hosts" /etc/hosts
    mkdir -p "$folder/tmp.\$0"; export TMPDIR="$folder/tmp.\$0"
    exec "\$@"' "\$host" "\$@"
END
    fi
    # What mpirun takes for a remote shell: [options] HOST COMMAND-LINE.
    cat >"$folder/shell" <<END
#!/usr/bin/env bash
while [[ \${1:-} == -* ]]; do shift; done
host=\$1; shift
exec "$folder/enter" "\$host" bash -c "\$*"
END
    chmod +x "$folder/enter" "$folder/shell"
}

echo "127.0.0.1 localhost" >"$folder/hosts"
[[ $mode == net ]] && make_network
for ((i = 0; i < nodes; i++)); do
    echo "fnode$i slots=$ranks" >>"$folder/hostfile"
done
write_enter

# Within one host name space, files of the shared-memory transport would clash: TCP alone.
transports=self,tcp interface=lo
[[ $mode == net ]] && transports=self,vader,tcp interface=$network.0/24
first_node=fnode0
[[ $mode == plain ]] && first_node=launcher # apart from the daemon of that name
# In the background, so that a signal to this script is handled at once.
"$folder/enter" "$first_node" "$mpiexec" --hostfile "$folder/hostfile" -n $((nodes * ranks)) \
    --map-by "ppr:$ranks:node" --oversubscribe --bind-to none \
    --mca plm rsh --mca plm_rsh_agent "$folder/shell" --mca plm_rsh_no_tree_spawn 1 \
    --mca oob_tcp_if_include "$interface" --mca btl_tcp_if_include "$interface" \
    --mca pml ob1 --mca btl "$transports" --mca mpi_yield_when_idle 1 \
    -x SHMWIN_TEST_NODES "$@" <&0 &
job=$!
wait "$job"
