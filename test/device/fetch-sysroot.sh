#!/bin/sh
# The C and C++ libraries of a foreign architecture, for tests that run the agent's bundle under user emulation.
set -eu
arch="$1"
cache="${FIELDLINE_SYSROOT_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/fieldline/sysroot}"
root="$cache/$arch"
[ -e "$root/complete" ] && exit 0
mkdir -p "$cache/apt-$arch/lists/partial" "$cache/apt-$arch/archives/partial" "$root"
apt() {
  apt-get -q -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o "Dir::State::Lists=$cache/apt-$arch/lists" \
    -o "Dir::Cache=$cache/apt-$arch" -o "Dir::State::status=$cache/apt-$arch/status" -o "APT::Sandbox::User=root" "$@"
}
: >"$cache/apt-$arch/status"
# A mirror that is being renewed fails in parts; what is missing then is told by the download.
apt update || true
cd "$cache/apt-$arch"
apt download libc6 libstdc++6 libgcc-s1 libatomic1 gcc-12-base
for package in *.deb; do dpkg -x "$package" "$root"; done
touch "$root/complete"
