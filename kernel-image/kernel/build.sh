#!/bin/sh
# build.sh config|make|finish|record: one kernel, in the toolchain jail (sandbox/image/kernel.cpp).
#
# /usr/src/linux: the source, read-only. /build: the O= tree. /out: the part's folder. /recipe: kernel-image/.
# FERRULE_FRAGMENTS, FERRULE_JOBS. LLVM, ARCH and KBUILD_BUILD_* are the jail's. Resuming is make's business:
# a target whose .cmd file is missing is made again.
set -eu

cd /usr/src/linux
case $1 in
config)
    # A fresh merge each time: what is verified is what these fragments give now.
    set --
    for fragment in $FERRULE_FRAGMENTS; do
        set -- "$@" "/recipe/config/$fragment.config"
    done
    KCONFIG_CONFIG='' ./scripts/kconfig/merge_config.sh -n -O /build "$@"
    make -s O=/build rustavailable || {
        echo "@failed the toolchain root cannot build Rust for the kernel"
        exit 1
    }
    ;;
make)
    make O=/build -j"$FERRULE_JOBS" vmlinux modules
    ;;
finish)
    cp /build/vmlinux /build/System.map /out/
    cp /build/.config /out/config
    cp /build/include/config/kernel.release /out/release
    # What `make M=` needs stays: configuration, generated headers, host tools, Module.symvers, Rust metadata.
    # record.sh proves it, on the tree as it is kept.
    rm -rf /out/build
    mkdir /out/build
    cp -a /build/. /out/build/
    cd /out/build
    rm -f .tmp_* .checked* .config.old .gitignore .version .vmlinux* System.map built-in* modules.builtin* vmlinux* ./*.o ./*.a ./*.S
    find . -mindepth 1 -maxdepth 1 -type d ! -name arch ! -name include ! -name rust ! -name scripts ! -name tools -exec rm -rf {} +
    rm -rf arch/x86/boot arch/x86/entry arch/x86/realmode rust/host scripts/kconfig tools/objtool/arch tools/objtool/libsubcmd
    find . -type f \( -name '*.o' -o -name '*.a' -o -name '*.cmd' -o -name modules.order \) ! -path ./modules.order -delete
    find . -type d -empty -delete
    # Procedural macros are programs of the compiler's: their debug information is of no use and 12 MB each.
    llvm-strip-19 --strip-debug rust/*.so
    ;;
record)
    rm -rf /out/recipe
    sh /recipe/recipe/record.sh /build /out/recipe
    ;;
esac
