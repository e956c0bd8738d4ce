/** What a new device is put onto. */
export const flashTargets = ['disk', 'image'] as const;
/** One of them. */
export type FlashTarget = (typeof flashTargets)[number];
/** Kinds of processors that packages are made for, as Debian calls them. */
export const flashArchs = ['arm64', 'armhf', 'amd64'] as const;
/** One of them. */
export type FlashArch = (typeof flashArchs)[number];

/** What the commands are made from; empty texts are left out. */
export interface FlashChoice {
  readonly device: string;
  /** `mqtts://HOST:PORT` as the device reaches it. */
  readonly gateway: string;
  readonly target: FlashTarget;
  readonly arch: FlashArch;
  readonly image: string;
  readonly wifi: string;
  readonly wifiCountry: string;
}

/** The name under which the configuration with the secret is saved. */
export function configFileName(device: string): string {
  return `${device}.yaml`;
}

/** The commands that put the agent onto a device, one a line, as a POSIX shell reads them. */
export function flashCommands(choice: FlashChoice): string[] {
  const { device, gateway, target, arch, image, wifi, wifiCountry } = choice;
  const file = configFileName(device);
  const options = [
    ['--name', device],
    ['--gateway', gateway],
    ['--config', file],
    ['--arch', arch],
    ...(wifi === '' ? [] : [['--wifi', wifi]]),
    ...(wifi === '' || wifiCountry === '' ? [] : [['--wifi-country', wifiCountry]]),
  ].map(([name, value = '']) => `${name} ${shellWord(value)}`);
  const tail = [...options, '--no-wait'].join(' ');
  if (target === 'image') return [`fieldline flash image ${shellWord(image)} ${tail}`];
  return ['fieldline flash disk', `fieldline flash disk /dev/sdX --image ${shellWord(image)} ${tail}`];
}

/** A text as one word of a POSIX shell (IEEE 1003.1, 2.2.2): nothing in it is expanded or ends it. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-')) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
