#!/bin/sh
# The benchmark: bench/run.sh [EXERCISE...]. Builds what is missing, measures, prints Markdown on standard output.
# Leave the machine alone meanwhile: the ratios are from one run and only mean something on a quiet machine.
set -eu

FERRULE_ROOT=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
export FERRULE_ROOT
case ${XDG_CACHE_HOME-} in
    /*) cache=$XDG_CACHE_HOME ;;
    *) cache=$HOME/.cache ;;
esac
build=$cache/ferrule/program/$(printf %s "$FERRULE_ROOT" | sha256sum | cut -c1-16) # the launcher's

"$FERRULE_ROOT/ferrule" image build >&2
ninja -C "$build" ferrule_bench >&2
exec "$build/bench/ferrule_bench" "$@"
