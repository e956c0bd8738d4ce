#!/bin/sh
# Stands in for systemctl where no systemd runs: starts and stops the one service as its unit says, without the
# sandbox. What the unit reads from /etc fails here as it fails there.
set -eu
unit=fieldline-agent.service
file=/usr/lib/systemd/system/$unit
wanted=/etc/systemd/system/multi-user.target.wants/$unit
pid=/run/agent.pid
creds=/run/credentials/$unit
state=/var/lib/fieldline

runs() {
  [ -f $pid ] && stat=$(cut -d' ' -f3 "/proc/$(cat $pid)/stat" 2>/dev/null) && [ "$stat" != Z ]
}
settings() {
  cat $file $(ls /etc/systemd/system/$unit.d/*.conf 2>/dev/null) | sed -n "s/^$1=//p"
}
start() {
  runs && return 0
  [ -f $file ] || { echo "Failed to start $unit: Unit $unit not found." >&2; exit 5; }
  export FIELDLINE_DATA_DIR=$state
  mkdir -p $state $creds
  # An empty assignment resets the list (systemd.exec(5)).
  load=$(settings LoadCredential | tail -n 1)
  if [ -n "$load" ]; then
    cp "${load#*:}" "$creds/${load%%:*}" || { echo "Failed to set up credentials of $unit." >&2; exit 1; }
    export FIELDLINE_GATEWAY_PASSWORD_FILE="$creds/${load%%:*}"
  fi
  V8_FLAGS=$(settings Environment | sed -n 's/^"V8_FLAGS=\(.*\)"$/\1/p')
  exec_start=$(settings ExecStart | tail -n 1 | sed "s|\$V8_FLAGS|$V8_FLAGS|")
  setsid $exec_start </dev/null >>/run/agent.log 2>&1 &
  echo $! >$pid
}
stop() {
  runs || return 0
  kill -TERM "$(cat $pid)"
  while runs; do sleep 0.1; done
}

[ "$1" != enable ] && [ "$1" != disable ] || [ "$2" != --now ] || now=yes
case "$1" in
daemon-reload) ;;
start) start ;;
stop) stop ;;
restart) stop; start ;;
try-restart) ! runs || { stop; start; } ;;
enable) mkdir -p "$(dirname $wanted)"; ln -sf $file $wanted; [ -z "${now:-}" ] || start ;;
disable) rm -f $wanted; [ -z "${now:-}" ] || stop ;;
is-enabled) [ -L $wanted ] ;;
is-active) if runs; then [ "$2" = --quiet ] || echo active; else [ "$2" = --quiet ] || echo inactive; exit 3; fi ;;
*) echo "systemctl: $1 is not stood in for" >&2; exit 1 ;;
esac
