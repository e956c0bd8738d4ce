/** Where a device keeps the digests of the package files that were installed over SSH, as sha256sum prints them. */
export const installedDigests = '/var/cache/fieldline/installed.sha256';

/**
 * What a device does, as root, in the folder of the upload; one step a call, so that each can be looked at:
 *
 * - `aside`: `before/` gets what is there now: configuration, whether the agent ran, and of each package that will be
 *   replaced a package made from its installed files (the one that it came from may be gone);
 * - `install`: packages, configuration, credential; the unit is stopped at the end;
 * - `start`, `back` (to what is in `before/`), `keep` (and forget what was put aside).
 */
export const deviceScript = `#!/bin/sh
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
here=$(dirname "$(readlink -f "$0")")
before=$here/before
digests=${installedDigests}
unit=fieldline-agent.service
dropin=/etc/systemd/system/$unit.d
has() { [ "$(dpkg-query -W -f='\${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
sent() { basename "$1" | cut -d_ -f1; }
unpack() { [ ! -f "$1" ] || dpkg --force-confold -i "$@"; }
repack() {
  tree=$here/tree
  mkdir -p "$tree/DEBIAN"
  dpkg-query -L "$1" | while read -r path; do
    if [ -d "$path" ] && [ ! -L "$path" ]; then mkdir -p "$tree$path"
    elif [ -e "$path" ] || [ -L "$path" ]; then mkdir -p "$tree$(dirname "$path")"; cp -a "$path" "$tree$path"; fi
  done
  dpkg-query -s "$1" | sed '/^Status:/d' >"$tree/DEBIAN/control"
  for part in md5sums preinst postinst prerm postrm; do
    [ ! -f "/var/lib/dpkg/info/$1.$part" ] || cp -a "/var/lib/dpkg/info/$1.$part" "$tree/DEBIAN/$part"
  done
  chmod 0755 "$tree" "$tree/DEBIAN"
  dpkg-deb --root-owner-group -Znone --build "$tree" "$before/$1.deb"
  rm -rf "$tree"
}
restore() {
  rm -rf "$2"
  [ ! -e "$1" ] || cp -a "$1" "$2"
}
case "$1" in
aside)
  # An earlier run may have been cut off in the middle of dpkg.
  dpkg --configure -a
  rm -rf "$before"
  mkdir -m 0700 "$before"
  [ ! -d /etc/fieldline ] || cp -a /etc/fieldline "$before/etc"
  [ ! -d $dropin ] || cp -a $dropin "$before/dropin"
  [ ! -f $digests ] || cp -a $digests "$before/digests"
  if systemctl is-active --quiet $unit; then touch "$before/active"; fi
  if systemctl is-enabled --quiet $unit 2>/dev/null; then touch "$before/enabled"; fi
  for package in "$here"/*.deb; do
    [ -f "$package" ] || continue
    name=$(sent "$package")
    if has "$name"; then repack "$name"; else echo "$name" >>"$before/new"; fi
  done
  sync
  ;;
install)
  install -d -m 0755 /etc/fieldline $dropin
  [ ! -f "$here/agent.yaml" ] || install -m 0644 "$here/agent.yaml" /etc/fieldline/agent.yaml
  if [ -f "$here/password" ]; then
    install -m 0600 "$here/password" /etc/fieldline/password
    rm -f "$here/password" $dropin/claim.conf
  elif [ -f "$here/claimed" ]; then
    rm -f /etc/fieldline/password
    # The device has a claim: its unit must not wait for a password.
    printf '[Service]\\nLoadCredential=\\nUnsetEnvironment=FIELDLINE_GATEWAY_PASSWORD_FILE\\n' >$dropin/claim.conf
  fi
  unpack "$here"/*.deb
  systemctl daemon-reload
  systemctl stop $unit
  sync
  ;;
start)
  systemctl enable $unit
  systemctl start $unit
  ;;
back)
  systemctl stop $unit || true
  # Removed, not purged: readings that were not delivered are somebody's.
  if [ -f "$before/new" ]; then xargs dpkg -r <"$before/new"; fi
  unpack "$before"/*.deb
  restore "$before/etc" /etc/fieldline
  restore "$before/dropin" $dropin
  install -d -m 0755 "$(dirname $digests)"
  restore "$before/digests" $digests
  rmdir "$(dirname $digests)" 2>/dev/null || true
  systemctl daemon-reload
  if [ -f "$before/active" ]; then systemctl start $unit; fi
  if [ -d "$before/etc" ] && [ ! -f "$before/enabled" ]; then systemctl disable $unit; fi
  rm -rf "$here"
  sync
  ;;
keep)
  install -d -m 0755 "$(dirname $digests)"
  for package in "$here"/*.deb; do
    [ -f "$package" ] || continue
    name=$(basename "$package")
    touch $digests
    grep -v " $(sent "$package")_" $digests >"$here/digests" || true
    (cd "$here" && sha256sum "$name") >>"$here/digests"
    install -m 0644 "$here/digests" $digests
  done
  rm -rf "$here"
  sync
  ;;
log)
  journalctl --unit $unit --lines 20 --output cat --no-pager
  ;;
esac
`;
