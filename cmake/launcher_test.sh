#!/bin/sh
# The launcher in a checkout of its own, whose "program" is a script, on a machine whose packages, sudo and apt-get are
# ours: what is asked for is written down, nothing is installed.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
checkout="$scratch/a check out"
mkdir -p "$checkout/cmake" "$scratch/bin"
cp "$here/../ferrule" "$checkout/"
cp "$here/packages.txt" "$checkout/cmake/"
cp "$here/../CMakePresets.json" "$checkout/"
export XDG_CACHE_HOME="$scratch/the cache"
unset FERRULE_ROOT

cat >"$checkout/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(fake LANGUAGES NONE)
add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/cli/ferrule COMMAND cp ${PROJECT_SOURCE_DIR}/program cli/ferrule DEPENDS program)
add_custom_target(ferrule DEPENDS ${PROJECT_BINARY_DIR}/cli/ferrule)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/cli)
END
cat >"$checkout/program" <<'END'
#!/bin/sh
printf '%s|' "$FERRULE_ROOT" "$@"
[ "${1-}" != cat ] || cat
[ "${1-}" != seven ] || exit 7
END
chmod +x "$checkout/program"

# Stand-ins. $scratch/absent: packages this machine has not; apt-get "installs" them; $scratch/did: what was called.
cat >"$scratch/bin/dpkg-query" <<END
#!/bin/sh
/usr/bin/dpkg-query "\$@" | grep -vxFf "$scratch/absent"
END
cat >"$scratch/bin/apt-get" <<END
#!/bin/sh
echo "apt-get \$*" >>"$scratch/did"
echo "words of apt-get"
case "\$*" in *--simulate*) exit 0 ;; *" install "*) : >"$scratch/absent" ;; esac
END
cat >"$scratch/bin/id" <<END
#!/bin/sh
cat "$scratch/uid"
END
chmod +x "$scratch/bin/"*
export PATH="$scratch/bin:$PATH"
: >"$scratch/absent"
echo 0 >"$scratch/uid"
failed=0

launch() { # the launcher's status, standard output and error output in $status, $out and $err
    status=0
    out=$("$checkout/ferrule" "$@" 2>"$scratch/err") || status=$?
    err=$(cat "$scratch/err")
}
expect() { # what, wanted, found
    [ "$2" = "$3" ] || { printf 'not as expected: %s\n  wanted: %s\n  found:  %s\n  stderr: %s\n' "$1" "$2" "$3" "$err"; failed=1; }
}
expect_in() { # what, part, whole
    case $3 in *"$2"*) ;; *) expect "$1" "… $2 …" "$3" ;; esac
}
absent() {
    rm -f "$scratch/did"
    : >"$scratch/absent"
    for package in "$@"; do echo "$package installed" >>"$scratch/absent"; done
}

launch one 'two  three' </dev/null
expect 'arguments, and nothing else on standard output' "$checkout|one|two  three|" "$out"
expect_in 'says that it builds' 'building' "$err"
launch again </dev/null
expect 'a second run is silent' '' "$err"
launch seven </dev/null
expect 'the status is the program'\''s' 7 "$status"
out=$(echo hello | "$checkout/ferrule" cat)
expect 'standard input is the program'\''s' "$checkout|cat|hello" "$out"
ln -s "$checkout/ferrule" "$scratch/link"
out=$(cd / && "$scratch/link" x)
expect 'through a link, from elsewhere' "$checkout|x|" "$out"
printf 'echo\n' >>"$checkout/program"
launch x </dev/null
expect_in 'a changed source is built' 'building' "$err"

absent libcmark-gfm-dev mmdebstrap
launch x </dev/null
expect 'root: the missing packages are installed' 0 "$status"
expect_in 'root: they are named' 'libcmark-gfm-dev mmdebstrap' "$err"
expect_in 'root: and no others' 'install -y --no-install-recommends libcmark-gfm-dev mmdebstrap' "$(tail -n 1 "$scratch/did")"
expect 'root: apt-get'\''s words are not on standard output' "$checkout|x|" "$out"

echo 1000 >"$scratch/uid"
cat >"$scratch/bin/sudo" <<'END'
#!/bin/sh
exit 1
END
chmod +x "$scratch/bin/sudo"
absent libcmark-gfm-dev
launch x </dev/null
expect 'user, sudo wants a password, no terminal: stops' 2 "$status"
expect_in 'and prints the command' 'run: sudo apt-get install -y --no-install-recommends libcmark-gfm-dev' "$err"
expect 'and has not run the program' '' "$out"

cat >"$scratch/bin/sudo" <<'END'
#!/bin/sh
[ "$1" != -n ] || shift
exec "$@"
END
launch x </dev/null
expect 'user, sudo without a password: installs' "$checkout|x|" "$out"

rm -rf "$scratch/the cache"
echo 'message(FATAL_ERROR "broken on purpose")' >>"$checkout/CMakeLists.txt"
launch x </dev/null
expect 'a build that fails: status' 2 "$status"
expect_in 'a build that fails: its words are shown' 'broken on purpose' "$err"
exit "$failed"
