#!/bin/sh
# Makes a device of this machine, in mount and process namespaces of its own: this system below, writable in memory
# alone, with its own sshd on a port of loopback. Nothing of it outlives this process. Arguments: a folder that both
# see, the port, the room of root's home in MiB (0: as much as there is), and a user besides root with the rule of
# sudo for it: "" for none, "NOPASSWD:", "PASSWD:".
set -eu
shared=$1 port=$2 home_mebi=$3 user=$4 rule=$5
parts=$(dirname "$(readlink -f "$0")")
root=$shared/root
mkdir -p "$root"
mount -t tmpfs -o size=1g device "$root"
mkdir "$root/upper" "$root/work" "$root/merged"
mount -t overlay device -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" "$root/merged"
root=$root/merged
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs run "$root/run"
mkdir -p "$root/run/systemd/system" "$root/run/sshd" "$root$shared"
mount --bind "$shared" "$root$shared"
[ "$home_mebi" = 0 ] || mount -t tmpfs -o "size=${home_mebi}m" home "$root/root"
# What this machine may have of the agent is not the device's.
rm -rf "$root/etc/fieldline" "$root/var/cache/fieldline" "$root/etc/systemd/system/fieldline-agent.service.d"
install -m 0755 "$parts/systemctl.sh" "$root/usr/bin/systemctl"
printf '#!/bin/sh\nexec tail -n 20 /run/agent.log\n' >"$root/usr/bin/journalctl"
chmod 0755 "$root/usr/bin/journalctl"
echo 'root:trockene-erde' | chroot "$root" chpasswd
if [ "$user" != root ]; then
  chroot "$root" useradd --create-home --shell /bin/sh "$user"
  echo "$user:trockene-erde" | chroot "$root" chpasswd
  [ -z "$rule" ] || echo "$user ALL=(ALL) $rule ALL" >"$root/etc/sudoers.d/device"
fi
# Read as the user who signs in, who does not see into the shared folder.
install -m 0644 "$shared/user.pub" "$root/etc/ssh/device_keys"
exec chroot "$root" /usr/sbin/sshd -D -e -f "$shared/sshd_config" -p "$port"
