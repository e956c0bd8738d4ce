import { hash } from 'node:crypto';
import { FieldlineError } from '@fieldline/protocol';
import { parse, stringify } from 'yaml';
import { textFile, type BootFile } from './boot-file.ts';
import type { DeviceSettings, LoginUser, Wifi } from './device-settings.ts';
import type { SecretFile } from './forget-secrets.ts';
import { installFolder } from './install-script.ts';

/** Where cloud-init notes what it has begun for this instance; what is installed is noted beside it. */
const notes = '/var/lib/cloud/instance/sem';

/** Runs the installation wherever this system mounts its boot partition, and notes that it is done. */
const install = `for boot in /boot/firmware /boot; do script="$boot/${installFolder}/install.sh"; [ -f "$script" ] || continue; sh "$script" start && touch ${notes}/fieldline_installed; exit; done`;
const runInstall = ['sh', '-c', install];

/**
 * cloud-init runs the commands of a first boot once, and notes that before it begins: where the power was cut
 * meanwhile, the next boots go on.
 */
const resumeInstall = [
  'sh',
  '-c',
  `[ -e ${notes}/config_scripts_user ] && [ ! -e ${notes}/fieldline_installed ] || exit 0; ${install}`,
];

/** Everything lies on the card: cloud-init is not to wait for a network before it takes it (its documentation, "NoCloud"). */
const atOnce = { dsmode: 'local' };

/** What cloud-init is given: its files, and what of them is not to stay where any computer can read it. */
export interface CloudInitSettings {
  readonly files: readonly BootFile[];
  readonly secrets: readonly SecretFile[];
}

/**
 * The NoCloud files of cloud-init (its documentation, "NoCloud", "Networking config version 2") for `settings`.
 * What the image's own `user-data` asks for stays, where the settings say nothing else. The instance has an id
 * of its content, so that a card which is flashed again with other settings takes them.
 */
export function cloudInitFiles(
  settings: DeviceSettings,
  image: { readonly userData: string; readonly cmdline: string | undefined },
): CloudInitSettings {
  const document = userDataOf(settings, ownUserData(image.userData));
  const userData = `#cloud-config\n${stringify(document)}`;
  const network = settings.wifi ? stringify(networkOf(settings.wifi)) : undefined;
  const instance = `fieldline-${hash('sha256', userData + (network ?? '')).slice(0, 16)}`;
  const files = [
    textFile('user-data', userData),
    textFile('meta-data', stringify({ ...atOnce, 'instance-id': instance, 'local-hostname': settings.name })),
    ...(network === undefined ? [] : [textFile('network-config', network)]),
    ...(image.cmdline === undefined ? [] : [textFile('cmdline.txt', withInstance(image.cmdline, instance))]),
  ];
  const hasPassword = settings.user?.passwordHash !== undefined;
  const hasKey = network !== undefined && settings.wifi?.password !== undefined;
  return {
    files,
    secrets: [
      ...(hasPassword ? [{ path: 'user-data', text: userData, without: withoutPassword(document) }] : []),
      ...(hasKey ? [{ path: 'network-config', text: network, without: networksTaken }] : []),
    ],
  };
}

/**
 * The instance stays what it is by its id, so that cloud-init does nothing of it again: each part is done once an
 * instance (its documentation, "Instance metadata"). What it looks at in each boot (the host name) stays.
 */
function withoutPassword({ users = [], ...rest }: ReturnType<typeof userDataOf>): string {
  const bare = { ...rest, users: users.map(({ passwd: _, ...user }) => user) };
  return `#cloud-config\n# The password was taken over at the first boot, and has been taken out of here.\n${stringify(bare)}`;
}

/** Where cloud-init is made to run anew it leaves the networks alone, rather than to take them away. */
const networksTaken =
  '# The networks were taken over at the first boot (see /etc/netplan), and taken out of here with their passwords.\nconfig: disabled\n';

function ownUserData(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === '') return {};
  if (!text.startsWith('#cloud-config')) throw unusable('It is no #cloud-config.');
  try {
    const document: unknown = parse(text);
    return typeof document === 'object' && document !== null ? { ...document } : {};
  } catch (cause) {
    throw unusable(cause instanceof Error ? cause.message : String(cause));
  }
}

function unusable(detail: string): FieldlineError {
  return new FieldlineError('PROVISION_FIRST_BOOT_UNKNOWN', { subject: 'user-data of the image', detail });
}

function userDataOf(settings: DeviceSettings, own: Readonly<Record<string, unknown>>) {
  const { name, user, timezone, keyboard, locale } = settings;
  const listOf = (key: string): unknown[] => (Array.isArray(own[key]) ? own[key] : []);
  return {
    ...own,
    hostname: name,
    manage_etc_hosts: true,
    ...(user && { users: [userOf(user)], ssh_pwauth: user.passwordHash !== undefined, enable_ssh: true }),
    ...(timezone && { timezone }),
    ...(keyboard && { keyboard: { layout: keyboard } }),
    ...(locale && { locale }),
    bootcmd: [...listOf('bootcmd'), resumeInstall],
    runcmd: [...listOf('runcmd'), runInstall],
  };
}

function userOf({ name, passwordHash, sshKeys }: LoginUser) {
  return {
    name,
    groups: ['adm', 'dialout', 'sudo', 'users'],
    shell: '/bin/bash',
    lock_passwd: passwordHash === undefined,
    ...(passwordHash && { passwd: passwordHash }),
    ...(sshKeys.length > 0 && { ssh_authorized_keys: [...sshKeys] }),
  };
}

function networkOf({ ssid, password, country }: Wifi) {
  return {
    network: {
      version: 2,
      ethernets: { eth0: { dhcp4: true, optional: true } },
      wifis: {
        wlan0: {
          dhcp4: true,
          optional: true,
          'regulatory-domain': country,
          'access-points': { [ssid]: password === undefined ? {} : { password } },
        },
      },
    },
  };
}

/** The kernel's command line is one line; an instance id in it overrides that of `meta-data`. */
function withInstance(cmdline: string, instance: string): string {
  const words = cmdline.trim().split(/\s+/);
  return `${[...words.filter((word) => !word.startsWith('ds=nocloud')), `ds=nocloud;i=${instance}`].join(' ')}\n`;
}
