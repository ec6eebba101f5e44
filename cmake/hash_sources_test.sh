#!/bin/sh
# hash_sources.cmake on a small tree, and what it made of the real one (the folder of the generated files is the argument).
set -eu

cmake_folder=$(dirname -- "$(readlink -f -- "$0")")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

put() { mkdir -p "$(dirname "$tree/$1")" && printf '%s\n' "$2" >"$tree/$1"; }
hash_of() {
    cmake -DROOT="$tree" '-DSOURCES=run/run.cpp;run/more.cpp' -DNAMESPACE=a::b -DNAME=kHash -DOUTPUT="$tree/out.cpp" \
        -DDEPFILE="$tree/out.d" -P "$cmake_folder/hash_sources.cmake" &&
        grep -o '"[0-9a-f]\{64\}"' "$tree/out.cpp"
}
changes() { # file, new content, changed|same
    before=$(hash_of)
    put "$1" "$2"
    after=$(hash_of)
    if [ "$before" = "$after" ]; then word=same; else word=changed; fi
    [ "$word" = "$3" ] || { echo "$1: $word, expected: $3"; exit 1; }
}

put run/run.cpp '#include "base/files.hpp"'
put run/more.cpp '  #  include "run/more.hpp"'
put run/more.hpp 'int more();'
put base/files.hpp '#include <string>'
put base/files.cpp '#include "base/deep.hpp"'
put base/deep.hpp 'int deep();'
put base/other.cpp 'int other();'
put judge.cpp '#include "run/more.hpp"'
changes run/run.cpp '#include "base/files.hpp" // x' changed
changes run/more.hpp 'int more(int);' changed
changes base/files.cpp '#include "base/deep.hpp" // x' changed
changes base/deep.hpp 'int deep(int);' changed
changes judge.cpp 'int judge();' same
changes base/other.cpp 'int other(int);' same
for file in run/run.cpp run/more.hpp base/files.cpp base/deep.hpp; do
    grep -q "$tree/$file" "$tree/out.d" || { echo "$file is not in the depfile"; exit 1; }
done
put run/more.cpp '#include "run/absent.hpp"'
if hash_of 2>/dev/null; then echo 'a header that is not there went unnoticed'; exit 1; fi

for file in grader/run/runner.cpp grader/run/scenario_run.hpp grader/exercise/step_parser.cpp sandbox/vm/qemu_command.cpp \
    sandbox/build/build_script.cpp sandbox/base/subprocess.cpp kernel-image/agent/protocol.h; do
    grep -q "$file " "$1/runner_sources.cpp" || { echo "$file decides observations and is not in their key"; exit 1; }
done
for file in grader/judge.cpp grader/detectors/kcsan.cpp; do
    grep -q "$file " "$1/judge_sources.cpp" || { echo "$file decides when a race is enough and is not in its key"; exit 1; }
done
if grep -E ' grader/(detectors|report|judge)' "$1/runner_sources.cpp"; then echo 'these do not decide observations'; exit 1; fi
echo 'as it should be'
