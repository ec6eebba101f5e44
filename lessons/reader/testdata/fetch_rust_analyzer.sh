#!/bin/sh
# fetch_rust_analyzer.sh FOLDER: the rust-analyzer of the suite that the toolchain's rustc is from, unpacked into FOLDER.
# From the mirror that this machine's apt uses, with apt's signature checks. Done once: a folder that is there is kept.
set -eu
export LC_ALL=C

folder=$1
[ ! -e "$folder" ] || exit 0
here=$(cd -- "$(dirname -- "$0")" && pwd)
suite=$(sed -n 's/^suite //p' "$here/../../../kernel-image/toolchain/packages.txt" | tail -n 1)
# shellcheck disable=SC2016 # apt's own variables
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | head -n 1)
[ -n "$mirror" ] || { echo "apt knows no mirror; apt-get update"; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/parts" "$work/root"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
touch "$work/status"
cat >"$work/apt.conf" <<END
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "$work/parts";
Dir::State "$work";
Dir::State::Status "$work/status";
Dir::Cache "$work";
Acquire::Languages "none";
APT::Sandbox::User "";
END
export APT_CONFIG="$work/apt.conf"
cd "$work"
apt-get -q update
apt-get -q download rust-analyzer
dpkg-deb -x rust-analyzer_*.deb "$work/root"
mkdir -p "$(dirname -- "$folder")"
mv -T "$work/root" "$folder"
