#!/bin/sh
# Downloads Debian's kernel, for tests that boot it in an emulator: about 100 MB, once. Nothing is installed.
# The tests look for linux-image-*.deb in this folder; an older download beside a newer one is not used.
set -eu
folder="${FIELDLINE_KERNEL_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/fieldline/kernel}"
mkdir -p "$folder"
cd "$folder"
set -- linux-image-*.deb
if [ -e "$1" ]; then exit 0; fi
# The industrial I/O triggers by time came with 6.12, which Debian 12 has beside its own 6.1.
find_package() {
  for meta in linux-image-6.12-amd64 linux-image-amd64; do
    apt-cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-.*\)$/\1/p'
  done | head -n 1
}
package=$(find_package)
if [ -z "$package" ]; then
  if [ "$(id -u)" -eq 0 ]; then apt-get update -q; else sudo -n apt-get update -q; fi
  package=$(find_package)
fi
apt-get download -q "$package"
