#!/bin/sh
# Downloads Debian's kernel for arm64, and the busybox that starts it on a test card: 60 MB, once. Nothing is installed.
set -eu
folder="${FIELDLINE_CARD_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/fieldline/card}"
lists="$folder/apt"
mkdir -p "$lists/lists/partial" "$lists/archives/partial"
cd "$folder"
found() { [ -e "$1" ]; }
if found linux-image-*.deb && found busybox-static_*.deb; then exit 0; fi
: >"$lists/status"
options="-q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::Lists=$lists/lists -o Dir::Cache=$lists
  -o Dir::State::status=$lists/status -o APT::Sandbox::User=root"
# A mirror that is being renewed fails in parts; what is missing then is told by the download.
apt-get $options update || true
kernel=$(apt-cache $options depends linux-image-arm64 | sed -n 's/^ *Depends: \(linux-image-.*\)$/\1/p' | head -n 1)
apt-get $options download "$kernel" busybox-static
