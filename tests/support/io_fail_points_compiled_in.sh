#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Are there fail points in the library if, and only if, the build was asked for them?
# io_fail_points_compiled_in.sh 0|1 LIBRARY
set -euo pipefail

wanted=$1
library=$2
found=0
if grep -qa 'SHMWIN_FAIL_POINT' "$library"; then found=1; fi
symbols=$(nm -C "$library" 2>/dev/null | grep -Ec 'detail::(fail_point|is_to_fail|arm_fail_points)\(' || true)
echo "wanted: $wanted; the name of the variable: $found; symbols: $symbols"
((found == wanted)) && (((symbols > 0) == wanted))
