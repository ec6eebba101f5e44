#!/bin/sh
# build.sh STAGING DOWNLOADS: unpacks the toolchain root into STAGING (empty); the Debian packages stay in DOWNLOADS.
#
# Run by sandbox/image/toolchain.cpp in a bubblewrap that shows the host read-only but for these two folders,
# both under names without blanks.
# FERRULE_MIRROR: a mirror's address; empty: the one mmdebstrap knows. FERRULE_PACKAGES_KEY: hash of packages.txt.
# Output for the caller: "@when F TEXT" (when a line starts with TEXT, fraction F is done), "@progress F TEXT",
# "@note TEXT" (kept with the root and shown), "@failed TEXT" (one line for the user). The rest is the log.
set -eu
export LC_ALL=C
unset CDPATH

here=$(cd -- "$(dirname -- "$0")" && pwd)
root=$1
downloads=$2
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
kept="$downloads/kept"      # "KEY" on the first line, then `sha256sum` lines: a complete set of packages
recipe=$(mktemp -d)
trap 'rm -rf "$recipe"' EXIT

# suites, list (names), without (names), preferences: packages.txt taken apart.
grep -v -e '^#' -e '^$' "$here/packages.txt" | while read -r first second; do
    case $first in
    suite) suite=$second; echo "$suite" >>"$recipe/suites" ;;
    without) echo "$second" >>"$recipe/without" ;;
    *)
        echo "$first" >>"$recipe/list"
        if [ -n "$second" ]; then
            printf '%s %s\n' "$first" "$second" >>"$recipe/pins"
            printf 'Package: %s\nPin: version %s\nPin-Priority: 1001\n\n' "$first" "$second" >>"$recipe/preferences"
        fi
        if [ "$suite" != "$(head -n 1 "$recipe/suites")" ]; then
            printf 'Package: %s\nPin: release n=%s\nPin-Priority: 990\n\n' "$first" "$suite" >>"$recipe/preferences"
        fi
        ;;
    esac
done
# rustc's own library is another package of the same source.
backports=$(tail -n 1 "$recipe/suites")
printf 'Package: libstd-rust-*\nPin: release n=%s\nPin-Priority: 990\n' "$backports" >>"$recipe/preferences"
release=$(head -n 1 "$recipe/suites")

# The packages of an earlier run, unpacked the way mmdebstrap does it, without asking any mirror.
unpack_kept() {
    echo "@progress 0.05 packages kept from an earlier run"
    for d in bin lib lib64 sbin; do
        mkdir -p "$root/usr/$d"
        ln -sfn "usr/$d" "$root/$d"
    done
    sed 1d "$kept" | cut -c67- >"$recipe/debs"
    # shellcheck disable=SC2016
    (cd "$downloads" && xargs -r -P 2 -n 8 sh -c 'for d; do dpkg-deb --fsys-tarfile "$d" | tar -x --keep-directory-symlink -C "$0" || exit 255; done' "$root") <"$recipe/debs"
}

# fetch NAMES…: download with apt's signature checks, and unpack.
fetch() {
    find "$root" -mindepth 1 -delete
    set -- --mode=chrootless --variant=extract --format=directory --include="$(echo "$*" | tr ' ' ,)" --keyring="$keyring" \
        --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
        --aptopt='Acquire::Retries "2"' --aptopt='Acquire::http::Timeout "20"' --aptopt='Acquire::https::Timeout "20"' \
        --skip=download/empty,essential/unlink,check/empty,cleanup/apt/cache \
        --setup-hook="mkdir -p \"\$1/etc/apt/preferences.d\" \"\$1/var/cache/apt\" && cp $recipe/preferences \"\$1/etc/apt/preferences.d/ferrule\"" \
        --extract-hook="APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG apt-get -s install $* >$recipe/plan && sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*\[\(.*\)\]).*/\1 \2 \3/p' $recipe/plan >$recipe/inst && test -s $recipe/inst" \
        --setup-hook="rm -rf \"\$1/var/cache/apt/archives\" && ln -s $downloads \"\$1/var/cache/apt/archives\""
    proxy=
    eval "$(apt-config shell proxy Acquire::http::Proxy || true)"
    if [ -n "$proxy" ]; then
        set -- "$@" --aptopt="Acquire::http::Proxy \"$proxy\""
    fi
    if [ -n "${FERRULE_MIRROR:-}" ]; then
        while read -r suite; do printf 'deb %s %s main\n' "$FERRULE_MIRROR" "$suite"; done <"$recipe/suites" >"$recipe/sources"
    else
        # mmdebstrap writes the lines of its own mirror; the suites here take the place of the ones it chose.
        cat >"$recipe/sources.sh" <<'HOOK'
line=$(grep "^deb .* $2 main" "$1" | head -n 1)
while read -r suite; do printf '%s\n' "$line" | sed "s/ $2 main/ $suite main/"; done <"$3" >"$1.new"
mv "$1.new" "$1"
HOOK
        set -- "$@" --setup-hook="sh $recipe/sources.sh \"\$1/etc/apt/sources.list\" $release $recipe/suites"
    fi
    if [ -n "${probe:-}" ]; then
        set -- "$@" --setup-hook="APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG apt-get update && APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG apt-cache pkgnames linux-source- >$probe; exit 1"
    fi
    if [ -f "$recipe/sources" ]; then
        mmdebstrap "$@" "$release" "$root" "$recipe/sources" 2>&1
    else
        mmdebstrap "$@" "$release" "$root" 2>&1
    fi
}

# logged NAMES…: fetch with its output both shown and in $recipe/out.
logged() {
    { fetch "$@" && echo ok >"$recipe/ok"; } | tee "$recipe/out"
    [ -f "$recipe/ok" ]
}

find "$root" -mindepth 1 -delete
if [ -f "$kept" ] && [ "$(head -n 1 "$kept")" = "$FERRULE_PACKAGES_KEY" ] &&
    (sed 1d "$kept" | (cd "$downloads" && sha256sum --quiet -c -)); then
    unpack_kept
else
    echo "@when 0.03 I: running apt-get update"
    echo "@when 0.08 I: downloading packages"
    echo "@when 0.25 I: extracting archives"
    echo "@when 0.55 I: cleaning package lists"
    rm -f "$kept"
    # shellcheck disable=SC2046  # names are words
    if ! logged $(cat "$recipe/list"); then
        missing=$(sed -n 's/.*Unable to locate package \(linux-source-[0-9.]*[0-9]\).*/\1/p' "$recipe/out" | head -n 1)
        [ -n "$missing" ] || exit 1
        probe="$recipe/names"
        fetch base-files >/dev/null || true
        probe=
        newest=$(grep -E '^linux-source-[0-9.]+$' "$recipe/names" | sort -V | tail -n 1)
        if [ -z "$newest" ]; then
            echo "@failed the Debian mirror has neither $missing nor any other linux-source package"
            exit 1
        fi
        # shellcheck disable=SC2046
        logged $(sed "s/^$missing\$/$newest/" "$recipe/list")
    fi
    rm -f "$root/var/cache/apt/archives"

    # Out of the root and out of the downloads: what nothing uses, and what an older run left.
    [ -s "$recipe/inst" ] || { echo "@failed apt did not say which packages it took"; exit 1; }
    awk '{ gsub(":", "%3a", $2); print $1 "_" $2 "_" $3 ".deb" }' "$recipe/inst" | sort >"$recipe/used"
    sed 's/$/_/' "$recipe/without" >"$recipe/without_"
    grep -v -F -f "$recipe/without_" "$recipe/used" >"$recipe/wanted" || true
    while read -r name; do
        grep "^${name}_" "$recipe/used" | while read -r deb; do
            dpkg-deb --fsys-tarfile "$downloads/$deb" | tar -t | grep -v '/$' | sed "s|^\./|$root/|" | tr '\n' '\0' | xargs -0 -r rm -f
        done
    done <"$recipe/without"
    for deb in "$downloads"/*.deb; do
        grep -q -x -F "${deb##*/}" "$recipe/wanted" || rm -f "$deb"
    done
    (cd "$downloads" && { echo "$FERRULE_PACKAGES_KEY"; xargs -r sha256sum <"$recipe/wanted"; } >kept.new && sync kept.new && mv kept.new kept)
fi

sed 1d "$kept" | sed -e 's/^[0-9a-f]*  //' -e 's/%3a/:/' -e 's/^\([^_]*\)_\([^_]*\)_.*/\1 \2/' >"$root/packages"
wanted=$(grep '^linux-source-' "$recipe/list")
if ! grep -q "^$wanted " "$root/packages"; then
    echo "@note $wanted is no longer in $backports; took $(sed -n 's/^\(linux-source-[0-9.]*\) .*/\1/p' "$root/packages"). \`ferrule check\` tells which lessons that breaks"
fi
while read -r name pattern; do
    version=$(sed -n "s/^$name //p" "$root/packages")
    # shellcheck disable=SC2254  # the pin is a pattern
    case $version in
    $pattern) ;;
    *) echo "@note $name is $version, not the pinned $pattern" ;;
    esac
done <"$recipe/pins"

echo "@progress 0.58 kernel source"
tarball=$(find "$root/usr/src" -maxdepth 1 -name 'linux-source-*.tar.xz' | head -n 1)
if [ -z "$tarball" ]; then
    echo "@failed there is no kernel source in the linux-source package"
    exit 1
fi
grep -v -e '^#' -e '^$' "$here/source-trim.txt" | while read -r kind path; do
    case $kind in
    tree) echo "linux-source-*/$path" ;;
    arch)
        echo "linux-source-*/arch/$path/[!c]*"
        echo "linux-source-*/arch/$path/c[!r]*"
        echo "linux-source-*/arch/$path/crypto/[!K]*"
        ;;
    code) echo "linux-source-*/$path/*.[chS]" ;;
    esac
done >"$recipe/exclude"
mkdir "$root/usr/src/linux"
xz -dc -T0 "$tarball" | tar -x --strip-components=1 --anchored --wildcards -X "$recipe/exclude" -C "$root/usr/src/linux"
rm "$tarball"

echo "@progress 0.85 overlay and patches"
cp -R "$here/../kernel/overlay/." "$root/usr/src/linux/"
for patch in "$here"/../kernel/patches/*.patch; do
    [ -f "$patch" ] || continue
    if ! LD_LIBRARY_PATH='' patch -p1 -N --no-backup-if-mismatch -r - -d "$root/usr/src/linux" <"$patch" >"$recipe/patch" 2>&1; then
        cat "$recipe/patch"
        echo "@failed the kernel patch ${patch##*/} does not apply: $(grep -m 1 -i -e failed -e "can't find" -e ignored "$recipe/patch" || head -n 1 "$recipe/patch")"
        exit 1
    fi
    cat "$recipe/patch"
done

echo "@progress 0.90 trimming"
(
    cd "$root"
    for f in usr/lib/llvm-19/bin/*; do
        grep -q -x -F "${f##*/}" "$here/llvm-keep.txt" || rm -f "$f"
    done
    grep -v -e '^#' -e '^$' "$here/trim.txt" | while read -r pattern; do
        # shellcheck disable=SC2086  # patterns are expanded
        rm -rf -- $pattern
    done
    # Alternatives are links that maintainer scripts make; none ran.
    ln -sfn gawk usr/bin/awk
    find . -xdev -type f -perm /6000 -exec chmod a-s {} +
    chmod -R u+rwX .
)
echo "@progress 0.97 writing"
