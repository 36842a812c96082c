#!/bin/sh
# SPDX-License-Identifier: MIT
# std_mdspan.sh SOURCE_DIR [COMPILER...]: the tests of tests/view/standard/ against the std::mdspan
# of libc++, and the conversions between it and ours. Uses the first compiler that has one; 77 if
# none has (Debian: clang-19 libc++-19-dev libc++abi-19-dev).
set -eu
root=$1
shift
[ $# -gt 0 ] || set -- clang++-19 clang++-20 clang++-21 clang++

flags="-std=c++23 -stdlib=libc++ -Wall -Wextra -Werror -I$root/include -I$root/tests"
has_mdspan() {
    printf '#include <mdspan>\nstd::mdspan<int, std::extents<int, 3>> m(nullptr);\n' > probe.cpp
    "$1" $flags -c probe.cpp -o probe.o 2>&1 && "$1" $flags -shared probe.o -o probe.so 2>&1
}
compiler=
for each in "$@"; do
    if command -v "$each" > /dev/null && has_mdspan "$each" > probe.log; then
        compiler=$each
        break
    fi
done
if [ -z "$compiler" ]; then
    echo "skipped: no compiler with libc++'s <mdspan> (tried: $*)"
    exit 77
fi
"$compiler" --version | head -n 1

export compiler flags root
headers="mdspan extents layouts layout_stride conversions"
# shellcheck disable=SC2086 # words
printf '%s\n' $headers | xargs -P 2 -I @ sh -c '
    "$compiler" $flags "-DSTANDARD_HEADER=\"view/standard/@.hpp\"" \
        "$root/tests/view/standard/run_std.cpp" "$root/src/base/contract.cpp" -o @ > @.log 2>&1 &&
        ./@ >> @.log 2>&1 || echo FAILED >> @.log'
status=0
for each in $headers; do
    echo "== $each"
    cat "$each.log"
    ! grep -q FAILED "$each.log" || status=1
done
exit $status
