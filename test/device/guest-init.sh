#!/bin/busybox sh
# The first process of the emulated machine: two ADS1015 on an I2C bus that the kernel emulates, a trigger by
# time, the network, and the agent. What the converter "measures" is written into its conversion register.
/bin/busybox mkdir -p /proc /sys /dev /tmp /bin /sbin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module.ko" $(cat "/modules/$module.options" 2>/dev/null); done
mount -t configfs config /sys/kernel/config
ifconfig lo 127.0.0.1 up
ifconfig eth0 10.0.2.15 up
route add default gw 10.0.2.2

for adapter in /sys/bus/i2c/devices/i2c-*; do
  if grep -q stub "$adapter/name"; then break; fi
done
bus=${adapter##*-}
# The register holds the value in its upper 12 bits, big endian; SMBus sends words little endian.
set_register() { i2cset -f -y "$bus" "$1" 0 "$2" w; }
set_register 0x48 0x0040
set_register 0x49 0x0010
echo ads1015 0x48 > "$adapter/new_device"
echo ads1015 0x49 > "$adapter/new_device"
mkdir /sys/kernel/config/iio/triggers/hrtimer/t1
echo 50 > /sys/bus/iio/devices/trigger0/sampling_frequency
echo "devices: $(cat /sys/bus/iio/devices/iio:device*/name | tr '\n' ' ')"

/app/node /app/lib/agent.cjs --config /app/agent.yaml &
while true; do
  for value in 0x0010 0x0020 0xf07f 0x00f0; do
    set_register 0x49 "$value"
    usleep 500000
  done
done
