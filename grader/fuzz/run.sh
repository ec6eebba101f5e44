#!/bin/sh
# run.sh BUILD [SECONDS [TARGET…]]: the fuzz targets that were built in BUILD, each for so long, two at a time. Status 1: one of
# them failed; its input is printed (base64) and kept in BUILD/fuzz-failures.
set -eu

build=$(readlink -f -- "$1")
seconds=${2:-20}
[ $# -lt 2 ] || shift
shift
[ $# -gt 0 ] || set -- console ledger observations channel exercise module
here=$(dirname -- "$(readlink -f -- "$0")")
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

seeds() { # TARGET, FOLDER
    mkdir -p "$2"
    case $1 in
        console) cp "$root"/grader/detectors/testdata/*.log "$2" ;;
        exercise)
            find "$root/lessons/course" "$root/grader/corpus" -name exercise.toml 2>/dev/null |
                while read -r file; do cp "$file" "$2/$(printf %s "$file" | cksum | cut -d' ' -f1)"; done
            ;;
        observations) cp "$root"/grader/detectors/testdata/race/racer.json "$2" ;;
        module)
            cp "$root"/grader/symbols/testdata/*.o "$2"
            printf 'extern int sink(int);\nstatic inline int twice(int x) { return 2 * sink(x); }\nint load(int x) { return twice(x) + twice(3); }\n' >"$work/ring.c"
            for flags in '-gdwarf-4' '-gdwarf-5' '-gdwarf-5 -ffunction-sections'; do
                # shellcheck disable=SC2086  # words
                (cd "$work" && clang -c -O1 $flags ring.c -o "$2/$(printf %s "$flags" | tr -d ' ').o")
            done
            ;;
        *) if [ -d "$here/seeds/$1" ]; then cp "$here/seeds/$1"/* "$2"; fi ;;
    esac
}

fuzz() { # TARGET
    mkdir -p "$build/fuzz-failures" "$work/$1"
    # -timeout is for one input, and generous: other work may be going on beside it.
    "$build/grader/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=4096 -max_len=65536 -print_final_stats=1 \
        -verbosity=1 -artifact_prefix="$build/fuzz-failures/$1-" "$work/$1" >"$work/$1.log" 2>&1
}

running=
for target in "$@"; do
    seeds "$target" "$work/$target"
done
bad=0
finish() { # "PID TARGET"
    if wait "${1% *}"; then
        awk -v t="${1#* }" '/^stat::number_of_executed_units/ { n = $2 } /^INFO: Seed/ { s = $3 } END { print "fuzz " t ": " n " inputs, seed " s }' "$work/${1#* }.log"
    else
        bad=1
        cat "$work/${1#* }.log"
        for input in "$build/fuzz-failures/${1#* }"-*; do
            [ ! -f "$input" ] || { printf 'FAILED fuzz %s; %s:\n' "${1#* }" "$input" && base64 "$input" | head -n 400; }
        done
    fi
}
for target in "$@"; do
    fuzz "$target" &
    new="$! $target"
    [ -z "$running" ] || finish "$running"
    running=$new
done
finish "$running"
exit $bad
