#!/bin/sh
# Every check there is, in one run: ./ferrule test calls it with the folder in which the program has been built.
# Its last line is `N passed, N failed`; the status is 1 when anything failed.
set -eu

build=$1
unset FERRULE_COURSE
cd "$FERRULE_ROOT"
passed=0
failed=0
scratch=$(mktemp -d)
began=$(date +%s)
sanitizing= # the process that builds with sanitizers
trap '[ -z "$sanitizing" ] || kill "$sanitizing" 2>/dev/null || true; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

result() { # ok|FAILED, name, seconds
    printf '%-6s %s (%s s)\n' "$1" "$2" "$3"
}

# One check: a name and a command. Its output is shown when it fails.
check() {
    name=$1
    shift
    start=$(date +%s)
    if "$@" </dev/null >"$scratch/log" 2>&1; then
        passed=$((passed + 1))
        result ok "$name" $(($(date +%s) - start))
    else
        failed=$((failed + 1))
        cat "$scratch/log"
        result FAILED "$name" $(($(date +%s) - start))
        return 1
    fi
}

# The test programs below a build folder, with what CTest is to select. Each of their test cases counts.
run_tests() { # name, build folder, ctest arguments
    name=$1
    tests=$2
    shift 2
    start=$(date +%s)
    word=ok
    rm -f "$tests/Testing/Temporary/LastTest.log"
    ctest --test-dir "$tests" --output-on-failure --no-tests=error "$@" </dev/null || word=FAILED
    counts=$(awk -f cmake/count_tests.awk "$tests/Testing/Temporary/LastTest.log") || counts='0 1'
    good=${counts% *}
    bad=${counts#* }
    if [ "$word" = FAILED ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if [ "$bad" -gt 0 ]; then word=FAILED; fi
    passed=$((passed + good))
    failed=$((failed + bad))
    result "$word" "$name: $good passed, $bad failed" $(($(date +%s) - start))
}

# Of course and corpus: starters fail, solutions pass, mutants are caught; one line for each, "ok …" or "FAILED …".
# What was observed before of the very same, by the very same runner, is not run again but judged again.
check_exercises() {
    start=$(date +%s)
    { "$build/cli/ferrule" check --all </dev/null && echo ended-well >"$scratch/ended"; } | tee "$scratch/cases"
    good=$(grep -c '^ok ' "$scratch/cases") || true
    bad=$(grep -c '^FAILED ' "$scratch/cases") || true
    if [ ! -f "$scratch/ended" ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if [ "$good" -eq 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    passed=$((passed + good))
    failed=$((failed + bad))
    word=ok
    if [ "$bad" -gt 0 ]; then word=FAILED; fi
    result "$word" "exercises: $good passed, $bad failed" $(($(date +%s) - start))
}

shell_scripts() { # by their first line
    find . \( -name .git -o -path ./build -o -path './build-*' \) -prune -o -type f -size -64k -exec awk \
        'FNR == 1 && /^#!\/bin\/(ba)?sh/ { print FILENAME } { nextfile }' {} +
}
shellcheck_all() { shell_scripts | xargs -d '\n' shellcheck; }
# clang-tidy runs with the compiler, so that ninja knows what is stale. It takes longest of all and goes beside what runs
# guests, which wait as often as they compute; nice, so that it does not slow them.
start_sanitized_build() {
    {
        cmake --preset asan -B "$build-sanitizers" -DCMAKE_CXX_CLANG_TIDY="$FERRULE_ROOT/cmake/tidy.sh;--quiet" &&
            exec nice -n 19 ninja -C "$build-sanitizers" -k 0 all ferrule_tests
    } </dev/null >"$scratch/sanitized" 2>&1 &
    sanitizing=$!
}
end_sanitized_build() {
    status=0
    wait "$sanitizing" || status=$?
    sanitizing=
    cat "$scratch/sanitized"
    return "$status"
}

check shellcheck shellcheck_all || true
check 'clang-format (cmake/format.sh mends it)' cmake/format.sh --check || true
check launcher cmake/launcher_test.sh || true
if check 'build of the tests' ninja -C "$build" -k 0 all ferrule_tests; then
    run_tests 'unit tests' "$build" -LE image
    check 'what observations depend on' cmake/hash_sources_test.sh "$build/grader" || true
fi
start_sanitized_build
# The image is big and the exercises are many: what they say is shown as it comes.
if "$build/cli/ferrule" image build </dev/null; then
    passed=$((passed + 1))
    run_tests 'tests in the virtual machine' "$build" -L image
    check_exercises
else
    failed=$((failed + 1))
    result FAILED 'kernel image; nothing that needs it was run' -
fi
if check 'what is left of the build with sanitizers and clang-tidy' end_sanitized_build; then
    run_tests 'unit tests with sanitizers' "$build-sanitizers" -LE image
    check 'fuzz targets, 20 s each' grader/fuzz/run.sh "$build-sanitizers" 20 || true
fi

printf '\n%d s\n%d passed, %d failed\n' $(($(date +%s) - began)) "$passed" "$failed"
[ "$failed" -eq 0 ]
