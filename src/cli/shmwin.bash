# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Completion of `shmwin` in bash: installed where bash-completion looks, or sourced by hand. What
# there is to complete is asked from `shmwin --help`, so it cannot fall behind.

# Prints the words of a help text that begin lines: subcommands, or options.
_shmwin_words() { # subcommands|options [SUBCOMMAND]
    local what=$1
    shift
    "${COMP_WORDS[0]}" "$@" --help 2>/dev/null | awk -v what="$what" '
        /^Subcommands:/ { listed = 1; next }
        /^[^ ]/ { listed = 0 }
        what == "subcommands" && listed && /^  [a-z]/ { print $1 }
        what == "options" && /^  -/ {
            n = split($1, words, ",")
            for (i = 1; i <= n; ++i) print words[i]
        }'
}

_shmwin() {
    local word=${COMP_WORDS[COMP_CWORD]} subcommand=${COMP_WORDS[1]-}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        local words
        words=$(_shmwin_words subcommands; _shmwin_words options)
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_shmwin_words options "$subcommand")" -- "$word")
    elif [[ $subcommand == extract && $COMP_CWORD -eq 3 ]]; then # names of objects
        local names
        names=$("${COMP_WORDS[0]}" info "${COMP_WORDS[2]}" 2>/dev/null |
            awk 'listed { print $1 } /^OBJECT / { listed = 1 }')
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}

complete -F _shmwin shmwin
