#!/bin/sh
# build.sh OUT: the guest's first file system, in the toolchain jail. /src/kernel-image holds the agent's source.
# The agent is /init; busybox is there for the interactive shell. Not compressed: unpacking under plain
# emulation costs more than reading 3 MB. The same input gives the same bytes.
set -eu

out=$1
cd /tmp
clang-19 -std=gnu11 -O2 -g0 -Wall -Wextra -static -fuse-ld=lld -Wl,--build-id=none -s -I/src -I/src/kernel-image \
    -o init /src/kernel-image/agent/*.c
# The kernel's own tool: device nodes need no root with it.
clang-19 -O1 -fuse-ld=lld -o gen_init_cpio /usr/src/linux/usr/gen_init_cpio.c

{
    for folder in /bin /dev /etc /proc /root /run /sys /tmp; do
        echo "dir $folder 0755 0 0"
    done
    echo "nod /dev/console 0600 0 0 c 5 1"
    echo "nod /dev/null 0666 0 0 c 1 3"
    echo "file /init /tmp/init 0755 0 0"
    echo "file /bin/busybox /usr/bin/busybox 0755 0 0"
    /usr/bin/busybox --list | sort | while read -r applet; do
        [ "$applet" = busybox ] || echo "slink /bin/$applet busybox 0777 0 0"
    done
} >list
./gen_init_cpio -t 0 list >"$out/initramfs.cpio"
