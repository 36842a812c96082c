#!/bin/sh
# SPDX-License-Identifier: MIT
# wrong_use.sh FOLDER COMPILER [FLAG...]: no file of the folder compiles, and the compiler's output
# has the sentence of the file's first line, "// says: sentence". A file that "says nothing" must
# compile.
set -eu
folder=$1
shift
status=0
for file in "$folder"/*.cpp; do
    name=$(basename "$file")
    sentence=$(sed -n '1s|^// says: ||p' "$file")
    if "$@" -fsyntax-only "$file" > "$name.log" 2>&1; then
        [ -z "$sentence" ] && continue
        echo "$name compiles"
        status=1
    elif [ -z "$sentence" ] || ! grep -qF -- "$sentence" "$name.log"; then
        echo "$name: the compiler does not say: $sentence"
        cat "$name.log"
        status=1
    fi
done
exit $status
