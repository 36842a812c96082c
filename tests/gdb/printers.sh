#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# printers.sh GDB MPIEXEC PROGRAM SCRIPT: what gdb prints of PROGRAM (program.cpp) with the printers
# of SCRIPT.
# Exit status 77: gdb cannot be used here; why is said.
set -u
gdb=$1 mpiexec=$2 program=$3 script=$4

skip() { echo "printers.sh: skipped ($1)"; exit 77; }
[[ -x $gdb ]] || skip "there is no gdb"
"$gdb" -nx -batch -ex 'python print(40 + 2)' 2>/dev/null | grep -qx 42 || skip "this gdb has no Python"
"$gdb" -nx -batch -ex 'starti' -ex 'kill' /bin/true 2>&1 | grep -q 'Program stopped' ||
    skip "gdb cannot run a program: containers may forbid ptrace"

commands=(
    "source $script"
    'set print address on' 'set width 0' 'set debuginfod enabled off' 'set breakpoint pending on'
    'break stop_here' 'run' 'up'
    'print u' 'print left' 'print steps' 'print hits' 'print view' 'print fixed' 'print nothing'
    'print first' 'print second.next' 'print lock' 'print no_lock'
    'set print elements 2' 'print u' 'set print elements 200'
    'call shmwin_dump()' 'continue' 'up' 'print lock' 'continue')
options=()
for each in "${commands[@]}"; do
    options+=(-ex "$each")
done
timeout -k 5 100 "$mpiexec" -n 1 "$gdb" -nx -batch "${options[@]}" "$program" \
    </dev/null >gdb.out 2>&1
cat gdb.out

failed=0
expect() {
    grep -qE -- "$1" gdb.out || { echo "printers.sh: not printed: $1"; failed=1; }
}
address='0x[0-9a-f]+'
expect "= array<double> 2 x 3 at $address = \{\[0,0\] = 0, \[0,1\] = 0.25, \[0,2\] = 0.5, \[1,0\] = 1, \[1,1\] = 1.25, \[1,2\] = 1.5\}"
expect "= array<(int|std::int32_t)> 2 x 3 at $address = \{\[0,0\] = 0, \[0,1\] = 1, \[0,2\] = 2, \[1,0\] = 10, \[1,1\] = 11, \[1,2\] = 12\}"
expect "= levels<float> 4, 2 of them, now is level 1 at $address = \{\[0\] = 0.5, \[1\] = 1.5, \[2\] = 2.5, \[3\] = 3.5\}"
expect '^\$[0-9]+ = 4711$'
expect "= mdspan<double> 2 x 3 at $address = \{\[0,0\] = 0, .*\[1,2\] = 1.5\}"
(($(grep -cE '= mdspan<double> 2 x 3 at' gdb.out) == 2)) || { echo "not both mdspans"; failed=1; }
expect '= array<double> 0 x 0, refers to nothing'
expect "number = 1, next = offset_ptr<.*link> to $address = \{\* = \{number = 2, next = offset_ptr<.*link> null\}\}"
expect '= offset_ptr<.*link> null$'
expect '^\$[0-9]+ = free$'
expect '^\$[0-9]+ = refers to nothing$'
expect '^\$[0-9]+ = held by rank 0 \(thread [0-9]+\)$'
expect "= array<double> 2 x 3 at $address = \{\[0,0\] = 0, \[0,1\] = 0.25\.\.\.\}"
expect '^shmwin: segment of 1 rank, seen by rank 0'
expect "^    \"fields/u\": array float64 2 x 3, 48 bytes at $address"
expect '^    "hits": value int64, .*: 4711, made by all at program.cpp:[0-9]+$'
expect 'exited normally'
exit "$failed"
