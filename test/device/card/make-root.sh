#!/bin/sh
# Makes the root file system of a test card, once: Debian for arm64 as one ext4 image in the user's cache.
#   make-root.sh firstrun      Bookworm, as Raspberry Pi OS was before cloud-init: about 5 minutes
#   make-root.sh cloud-init    Trixie, with cloud-init, netplan and NetworkManager as Raspberry Pi OS has them: about 15 minutes
# Programs of the foreign architecture run by a binfmt_misc of a user namespace of its own (Linux 6.7 and newer):
# nothing of this machine changes, and no root is needed where newuidmap is.
set -eu
kind="$1"
here=$(cd "$(dirname "$0")" && pwd)
folder="${FIELDLINE_CARD_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/fieldline/card}"
PATH="$PATH:/usr/sbin:/sbin"

inside() {
  mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  # The header of a 64-bit ELF program for AArch64; F: the emulator is opened now, and is there in any root.
  magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  emulator=$(command -v qemu-aarch64-static)
  printf '%s' ":aarch64:M::$magic:$mask:$emulator:F" >/proc/sys/fs/binfmt_misc/register
  packages=systemd-sysv,udev,dbus,openssh-server,iproute2,kmod,passwd,login,libstdc++6,libatomic1
  case "$kind" in
    firstrun) release=bookworm units='systemd-networkd test-console' ;;
    cloud-init)
      release=trixie units='NetworkManager test-console'
      packages="$packages,cloud-init,e2fsprogs,netplan.io,network-manager,sudo,tzdata,locales"
      ;;
  esac
  rm -rf "$work/root"
  nice -n 5 mmdebstrap --mode=root --variant=apt --architectures=arm64 --include="$packages" \
    --aptopt='Apt::Install-Recommends "false"' \
    --customize-hook="copy-in $here/root/etc /" \
    --customize-hook="copy-in $here/root-$kind/etc /" \
    --customize-hook='[ ! -d "$1/etc/netplan" ] || chmod -R go= "$1/etc/netplan"' \
    --customize-hook='mkdir -p "$1/boot/firmware"' \
    --customize-hook='ln -sf /dev/null "$1/etc/systemd/system/apt-daily.timer"' \
    --customize-hook='ln -sf /dev/null "$1/etc/systemd/system/apt-daily-upgrade.timer"' \
    --customize-hook='for unit in systemd-binfmt.service proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount; do ln -sf /dev/null "$1/etc/systemd/system/$unit"; done' \
    --customize-hook="chroot \"\$1\" systemctl enable $units" \
    "$release" "$work/root" http://deb.debian.org/debian
  truncate -s 0 "$work/root.ext4"
  mke2fs -q -t ext4 -L rootfs -d "$work/root" "$work/root.ext4" 1000M
  rm -rf "$work/root"
}

if [ "${2:-}" = --inside ]; then
  work="$3"
  # The map of users is written from outside, and the line comes after it.
  read -r _ <"$work/gate"
  inside
  exit
fi

case "$kind" in firstrun | cloud-init) ;; *) echo "make-root.sh: firstrun or cloud-init, not $kind" >&2; exit 2 ;; esac
missing=
for pair in mmdebstrap:mmdebstrap qemu-aarch64-static:qemu-user-static mke2fs:e2fsprogs; do
  command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
[ "$(id -u)" -eq 0 ] || command -v newuidmap >/dev/null || missing="$missing uidmap"
if [ -n "$missing" ]; then
  echo "make-root.sh: these are missing; install them with: apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
mkdir -p "$folder"
[ ! -e "$folder/root-$kind.ext4" ] || exit 0
work=$(mktemp -d "$folder/making-$kind.XXXXXX")
chmod 755 "$work"
mkfifo "$work/gate"
unshare --user --mount sh "$0" "$kind" --inside "$work" &
namespace=$!
users=$(readlink /proc/self/ns/user)
until [ "$(readlink "/proc/$namespace/ns/user")" != "$users" ]; do sleep 0.1; done
if [ "$(id -u)" -eq 0 ]; then
  for map in uid_map gid_map; do echo '0 0 65536' >"/proc/$namespace/$map"; done
else
  range() { sed -n "s/^$(id -un):\([0-9]*\):.*/\1/p" "$1"; }
  newuidmap "$namespace" 0 "$(id -u)" 1 1 "$(range /etc/subuid)" 65535
  newgidmap "$namespace" 0 "$(id -g)" 1 1 "$(range /etc/subgid)" 65535
fi
echo >"$work/gate"
wait "$namespace"
mv "$work/root.ext4" "$folder/root-$kind.ext4"
rm -rf "$work"
