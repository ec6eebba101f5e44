#!/bin/sh
# clang-tidy as CMake calls it (CMAKE_CXX_CLANG_TIDY), but not once more for what has passed before, in whichever
# checkout: a pass leaves an empty file in the cache, named by the hash of all that clang-tidy saw. Arguments:
# clang-tidy's own, the source, "--", the compiler's command.
set -eu

root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
case ${XDG_CACHE_HOME-} in
    /*) passed=$XDG_CACHE_HOME/ferrule/tidy ;;
    *) passed=$HOME/.cache/ferrule/tidy ;;
esac
seen=$(mktemp)
trap 'rm -f "$seen"' EXIT

# Comments stay, for NOLINT. What cannot be preprocessed is clang-tidy's to complain about.
preprocess() { # clang-tidy's arguments
    while [ "$1" != -- ]; do shift; done
    shift
    "$@" -E -CC -P -o "$seen" 2>/dev/null
}
if ! preprocess "$@"; then
    clang-tidy "$@"
    exit
fi
{ clang-tidy --version; cat "$root/.clang-tidy"; printf '%s\n' "$@"; } >>"$seen"
# Where checkout and build folder lie does not matter.
key=$(sed "s|$root||g; s|$PWD||g" "$seen" | sha256sum | cut -c1-64)

[ ! -e "$passed/$key" ] || exit 0
clang-tidy "$@"
mkdir -p "$passed"
: >"$passed/$key"
