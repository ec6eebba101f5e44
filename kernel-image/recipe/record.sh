#!/bin/sh
# record.sh BUILD OUT: how Kbuild builds a module for the kernel in BUILD, written down in OUT.
#
# Runs inside the toolchain jail, when a kernel has been built: BUILD is its O= tree (read-only will do),
# the source is where BUILD/Makefile says. Three probe modules are built by the real Kbuild; the commands it
# ran are kept as it noted them (`.NAME.o.cmd`), and sandbox/build/recipe.cpp turns them into a build of any module.
# What is the same for every module is kept ready-made: module-common.o, and modc.pch, the headers of a
# generated .mod.c, precompiled (0.03 s instead of 0.25 s a module).
#
# Run it on the tree as it will be kept: if it was trimmed too far, this is where that shows.
set -eu

if [ $# -ne 2 ]; then
    echo "usage: record.sh BUILD OUT" >&2
    exit 2
fi
build=$1
out=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
export LLVM="${LLVM:--19}" ARCH="${ARCH:-x86}" LC_ALL=C
clang="clang$LLVM"

# Not mktemp: an `i` anywhere in M= passes for make's -i in Makefile.modpost and changes the command.
work=/tmp/probe
rm -rf "$work"
mkdir "$work"
trap 'rm -rf "$work"' EXIT
cp "$here"/probe/* "$work"/
mkdir -p "$out"

make -C "$build" M="$work" modules >"$work/log" 2>&1 || {
    echo "record.sh: the probe modules do not build:" >&2
    tail -n 40 "$work/log" >&2
    exit 1
}

# keep FILE NAME: the command of FILE's .cmd file, alone on one line.
keep() {
    sed -n '1s/^savedcmd_[^ ]* := //p' "$work/$1" >"$out/$2"
    if [ ! -s "$out/$2" ]; then
        echo "record.sh: Kbuild left no command in $1" >&2
        exit 1
    fi
}
keep .ferrule_c.o.cmd c.cmd
keep .ferrule_rust.o.cmd rust.cmd
keep .ferrule_pair.o.cmd parts.cmd
keep .Module.symvers.cmd modpost.cmd
keep .ferrule_c.mod.o.cmd modc.cmd
keep .ferrule_c.ko.cmd ko.cmd
cp "$work/.module-common.o" "$out/module-common.o"

# The flags of the .mod.c compile up to the first that names the module; no time stamps in it, so that
# a root unpacked again (same content, other times) is no reason to refuse it.
flags=$(sed -e 's/ -DKBUILD_BASENAME=.*//' -e 's/-Wp,-MMD,[^ ]* //' -e "s/^$clang //" "$out/modc.cmd")
source=$(sed -n 's/.* -include \([^ ]*\)\/include\/linux\/kconfig\.h.*/\1/p' "$out/modc.cmd")
# shellcheck disable=SC2086  # the flags are words
"$clang" $flags -Xclang -fno-pch-timestamp -include linux/module.h -include linux/compiler.h \
    -x c-header -o "$out/modc.pch" "$source/include/linux/export-internal.h"
