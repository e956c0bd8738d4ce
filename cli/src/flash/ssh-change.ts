import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { FieldlineError } from '@fieldline/protocol';
import { digestOf, type ProbedDevice, type SentCredential, type SentFile } from '@fieldline/provision/ssh';
import { parse, stringify } from 'yaml';
import {
  agentConfig,
  checkedConfig,
  credentialOf,
  isMapping,
  ownConfig,
  isFor,
  packagesOf,
  type Credential,
  type OwnConfig,
} from './agent-files.ts';
import type { Asker } from './ask.ts';
import type { DeviceOptions } from './device-options.ts';
import { checkGateway } from './flash-plan.ts';

/** What a device shall be, against what it is. */
export interface SshWish {
  readonly name: string;
  readonly gateway: string;
  readonly own: OwnConfig;
  /** What is installed; an empty one where nothing is. */
  readonly present: OwnConfig;
  /** Serial ports that the configuration names. */
  readonly ports: readonly string[];
}

/** What is not yet as it shall be. */
export interface SshChange {
  readonly config: string | undefined;
  readonly credential: SentCredential;
  /** Whether the device was registered at the gateway for this. */
  readonly isRegistered: boolean;
}

/** What `sshWish` is told. */
export type WishOptions = Pick<DeviceOptions, 'name' | 'gateway' | 'config'>;

/**
 * Asks only what neither the options nor the device tell. Throws CLI_USAGE, SSH_DEVICE_OTHER where the device has
 * another name, or what the agent would say of the configuration.
 */
export async function sshWish(
  { config }: Pick<ProbedDevice, 'config'>,
  options: WishOptions,
  asker: Asker,
): Promise<SshWish> {
  const present = presentConfig(config);
  const presentName = textAt(present.keys, 'device');
  const name = options.name ?? presentName ?? (await asker.ask('Name of the device', '--name'));
  if (presentName !== undefined && presentName !== name)
    throw new FieldlineError('SSH_DEVICE_OTHER', { subject: name, detail: `It is ${presentName}.` });
  const gateway =
    options.gateway ??
    textAt(present.gateway, 'url') ??
    (await asker.ask('Gateway, as the device reaches it (mqtts://HOST:8883)', '--gateway'));
  checkGateway(gateway);
  const brought = await checkedConfig(options.config, { name, gateway });
  // Whoever brings no configuration means the one that is there.
  const own = options.config === undefined ? { ...present, claim: undefined } : brought;
  return { name, gateway, own, present, ports: portsIn(own.keys['sensors']) };
}

/**
 * What of the configuration and the credential is to be changed. Registers the device at the gateway where neither
 * it nor the options bring a credential: so nothing is asked of the gateway before the device has been found fit.
 */
export async function sshChange(
  { name, gateway, own, present }: SshWish,
  { passwordDigest }: Pick<ProbedDevice, 'passwordDigest'>,
  options: Parameters<typeof credentialOf>[0],
): Promise<SshChange> {
  const isBrought = own.password !== undefined || own.claim !== undefined;
  const isThere = present.claim !== undefined || passwordDigest !== undefined;
  const isRegistered = !isBrought && !isThere && options.passwordFile === undefined;
  let wanted: Credential | undefined = isBrought ? own : undefined;
  if (!isBrought && (isRegistered || options.passwordFile !== undefined))
    wanted = await credentialOf(options, { name, gateway });
  const credential = sentCredential(wanted, { claim: present.claim, passwordDigest });
  const claim = credential.kind === 'kept' ? present.claim : wanted?.claim;
  const config = stringify(agentConfig(own, { name, gateway, claim }));
  const isSame = isDeepStrictEqual(parse(config), present.keys);
  return { config: isSame ? undefined : config, credential, isRegistered };
}

/**
 * The packages that the device does not have as they are. Throws SSH_DEVICE_UNSUITABLE where the folder has none for
 * its processor.
 */
export async function missingPackages(
  { arch, versions, digests }: Pick<ProbedDevice, 'arch' | 'versions' | 'digests'>,
  about: {
    readonly destination: string;
    readonly folder: string | undefined;
    readonly onStep: (step: string) => void;
  },
): Promise<SentFile[]> {
  const { destination, folder, onStep } = about;
  const all = await packagesOf({ packages: folder, arch }, onStep);
  const fitting = all.filter(({ name }) => isFor(name, arch));
  if (fitting.length === 0) {
    const detail = `It is ${arch}, and there are no packages for that in ${folder ?? 'the cache'}.`;
    throw new FieldlineError('SSH_DEVICE_UNSUITABLE', { subject: destination, detail });
  }
  const missing: SentFile[] = [];
  for (const { name, content } of fitting) {
    const [packageName = '', version = ''] = name.split('_');
    const isInstalled = versions.get(packageName) === version;
    // A runtime is what its version says: it comes from the registry, by a checksum that is pinned.
    if (isInstalled && packageName === 'fieldline-runtime') continue;
    const bytes = content instanceof Uint8Array ? content : await readFile(content.file);
    if (!isInstalled || digests.get(name) !== digestOf(bytes)) missing.push({ name, content: bytes });
  }
  return missing;
}

function sentCredential(
  wanted: Credential | undefined,
  present: { readonly claim: string | undefined; readonly passwordDigest: string | undefined },
): SentCredential {
  if (wanted?.password !== undefined) {
    const isSame = digestOf(`${wanted.password}\n`) === present.passwordDigest;
    return isSame ? { kind: 'kept' } : { kind: 'password', password: wanted.password };
  }
  if (wanted?.claim === undefined || wanted.claim === present.claim) return { kind: 'kept' };
  return { kind: 'claim' };
}

/** A file that is no YAML mapping is none: it is replaced, and comes back where that fails. */
function presentConfig(text: string | undefined): OwnConfig {
  try {
    const document: unknown = text === undefined ? undefined : parse(text);
    return ownConfig(isMapping(document) ? document : {});
  } catch {
    return ownConfig({});
  }
}

function portsIn(sensors: unknown): string[] {
  if (!Array.isArray(sensors)) return [];
  const named = sensors.map((each: unknown) => (isMapping(each) ? each['port'] : undefined));
  const paths = named.filter((port) => typeof port === 'string' && port.startsWith('/'));
  return [...new Set(paths.map(String))];
}

function textAt(keys: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = keys[name];
  return typeof value === 'string' ? value : undefined;
}
