#!/bin/busybox sh
# The first program of the emulated device: drivers of the emulated board, then the system on the card.
/bin/busybox mkdir -p /bin /sbin /proc /sys /dev /root
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module.ko"; done
until [ -b /dev/vda2 ]; do usleep 100000; done
mount -t ext4 -o ro /dev/vda2 /root
for folder in proc sys dev; do mount -o move "/$folder" "/root/$folder"; done
exec switch_root /root /sbin/init
