import { textFile, type BootFile } from './boot-file.ts';
import type { DeviceSettings, LoginUser, Wifi } from './device-settings.ts';
import { installFolder } from './install-script.ts';
import { shellQuote } from './shell-quote.ts';

/**
 * `firstrun.sh` and the `cmdline.txt` that runs it once: the way of Raspberry Pi OS before cloud-init. systemd
 * starts the script in place of the ordinary system (`systemd.run=`, kernel-command-line(7)), then reboots. Each
 * step stands alone, so that a country without Wi-Fi does not keep the agent from being installed; the log lies
 * in the boot partition, where a person without a screen can read it: so it names the steps, and never holds
 * their commands, in which passwords stand.
 */
export function firstrunFiles(
  settings: DeviceSettings,
  image: { readonly cmdline: string; readonly bootFolder: string },
): BootFile[] {
  const lines = [
    '#!/bin/bash',
    '# Settings of this device, taken over once at the first boot.',
    `boot=${shellQuote(image.bootFolder)}`,
    `exec >>"$boot/${installFolder}/first-boot.log" 2>&1`,
    'set +e',
    'step() { echo "Fieldline: $1"; }',
    'step "host name"',
    ...hostnameLines(settings.name),
    ...(settings.user ? ['step "user"', ...userLines(settings.user)] : []),
    ...(settings.wifi ? ['step "Wi-Fi"', ...wifiLines(settings.wifi)] : []),
    'step "time zone, keyboard, locale"',
    ...localeLines(settings),
    'step "agent: see install.log"',
    `sh "$boot/${installFolder}/install.sh" || step "the agent was not installed"`,
    'step "done; a reboot follows"',
    `sed -i 's| systemd\\.run.*||' "$boot/cmdline.txt"`,
    // A command line that names a script which is gone would not let the device start.
    'sync',
    'rm -f "$boot/firstrun.sh"',
    'sync',
    'exit 0',
    '',
  ];
  return [
    textFile('firstrun.sh', lines.join('\n')),
    textFile('cmdline.txt', withScript(image.cmdline, `${image.bootFolder}/firstrun.sh`)),
  ];
}

function withScript(cmdline: string, script: string): string {
  const words = cmdline.trim().split(/\s+/);
  const kept = words.filter(
    (word) => !/^systemd\.(run|run_success_action|run_failure_action|unit)=/.test(word),
  );
  return `${[
    ...kept,
    `systemd.run=${script}`,
    'systemd.run_success_action=reboot',
    'systemd.unit=kernel-command-line.target',
  ].join(' ')}\n`;
}

function hostnameLines(name: string): string[] {
  return [
    `echo ${shellQuote(name)} >/etc/hostname`,
    `sed -i "s/127\\.0\\.1\\.1.*/127.0.1.1\\t"${shellQuote(name)}"/" /etc/hosts`,
    `grep -q '^127\\.0\\.1\\.1' /etc/hosts || echo "127.0.1.1 "${shellQuote(name)} >>/etc/hosts`,
  ];
}

function userLines({ name, passwordHash, sshKeys }: LoginUser): string[] {
  const user = shellQuote(name);
  const keys = sshKeys.join('\n');
  return [
    // Raspberry Pi OS has a first user already (UID 1000) and a tool that renames it.
    `first=$(getent passwd 1000 | cut -d: -f1)`,
    `if [ -n "$first" ] && [ -x /usr/lib/userconf-pi/userconf ]; then`,
    `  /usr/lib/userconf-pi/userconf ${user} ${shellQuote(passwordHash ?? '*')}`,
    `elif ! id ${user}; then`,
    `  useradd -m -s /bin/bash ${user}`,
    'fi',
    `for group in adm dialout sudo users; do usermod -a -G "$group" ${user}; done`,
    ...(passwordHash === undefined ? [] : [`echo ${user}:${shellQuote(passwordHash)} | chpasswd -e`]),
    ...(keys === ''
      ? []
      : [
          `home=$(getent passwd ${user} | cut -d: -f6)`,
          `install -d -m 0700 -o ${user} -g ${user} "$home/.ssh"`,
          `echo ${shellQuote(keys)} >"$home/.ssh/authorized_keys"`,
          `chown ${user}:${user} "$home/.ssh/authorized_keys"; chmod 0600 "$home/.ssh/authorized_keys"`,
        ]),
    ...(passwordHash === undefined
      ? [
          'install -d /etc/ssh/sshd_config.d',
          `echo 'PasswordAuthentication no' >/etc/ssh/sshd_config.d/fieldline.conf`,
        ]
      : []),
    'systemctl enable ssh',
  ];
}

/** NetworkManager from Bookworm on, wpa_supplicant before. */
function wifiLines(wifi: Wifi): string[] {
  const country = shellQuote(wifi.country);
  return [
    `if command -v raspi-config; then raspi-config nonint do_wifi_country ${country}; else iw reg set ${country}; fi`,
    'rfkill unblock wifi',
    'for state in /var/lib/systemd/rfkill/*:wlan; do [ -f "$state" ] && echo 0 >"$state"; done',
    'umask 077',
    'if [ -d /etc/NetworkManager/system-connections ]; then',
    `  echo ${shellQuote(networkManagerFile(wifi))} >/etc/NetworkManager/system-connections/fieldline-wifi.nmconnection`,
    'else',
    `  echo ${shellQuote(wpaSupplicantFile(wifi))} >/etc/wpa_supplicant/wpa_supplicant.conf`,
    '  chmod 0600 /etc/wpa_supplicant/wpa_supplicant.conf',
    'fi',
    'umask 022',
  ];
}

/** An SSID as bytes: the form of both files that needs no quoting. */
function ssidBytes(ssid: string): number[] {
  return [...Buffer.from(ssid, 'utf8')];
}

function networkManagerFile({ ssid, password }: Wifi): string {
  const security =
    password === undefined
      ? []
      : [
          '[wifi-security]',
          'key-mgmt=wpa-psk',
          `psk=${password.replaceAll('\\', '\\\\').replace(/^ /, '\\s')}`,
        ];
  return [
    '[connection]',
    'id=fieldline-wifi',
    'type=wifi',
    '[wifi]',
    `ssid=${ssidBytes(ssid)
      .map((byte) => `${byte};`)
      .join('')}`,
    ...security,
    '[ipv4]',
    'method=auto',
    '[ipv6]',
    'method=auto',
  ].join('\n');
}

function wpaSupplicantFile({ ssid, password, country }: Wifi): string {
  return [
    'ctrl_interface=DIR=/var/run/wpa_supplicant GROUP=netdev',
    'update_config=1',
    `country=${country}`,
    'network={',
    `\tssid=${Buffer.from(ssidBytes(ssid)).toString('hex')}`,
    password === undefined ? '\tkey_mgmt=NONE' : `\tpsk="${password}"`,
    '}',
  ].join('\n');
}

function localeLines({ timezone, keyboard, locale }: DeviceSettings): string[] {
  return [
    ...(timezone
      ? [
          `ln -sf ${shellQuote(`/usr/share/zoneinfo/${timezone}`)} /etc/localtime`,
          `echo ${shellQuote(timezone)} >/etc/timezone`,
        ]
      : []),
    ...(keyboard
      ? [
          `sed -i ${shellQuote(`s/^XKBLAYOUT=.*/XKBLAYOUT="${keyboard}"/`)} /etc/default/keyboard`,
          'dpkg-reconfigure -f noninteractive keyboard-configuration',
        ]
      : []),
    ...(locale
      ? [
          `sed -i ${shellQuote(`s/^# *\\(${locale.replaceAll('.', '\\.')} \\)/\\1/`)} /etc/locale.gen`,
          'locale-gen',
          `echo ${shellQuote(`LANG=${locale}`)} >/etc/default/locale`,
        ]
      : []),
  ];
}
