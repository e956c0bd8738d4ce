import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DeviceClaim, DeviceCredential, FieldlineError } from '@fieldline/protocol';
import type { AgentFiles } from '@fieldline/provision';
import { parse, stringify } from 'yaml';
import { GatewayClient } from '../gateway/gateway-client.ts';
import { buildPackages, packageCache } from './build-packages.ts';
import { publicHalf, readSigningKey, signingKeyPath } from '../update/signing-key.ts';
import type { DeviceOptions } from './device-options.ts';
import { knownBefore, type KnownDevice } from './known-device.ts';

/** Where the agent of a flashed device keeps its data; the unit's state directory. */
const deviceDataDir = '/var/lib/fieldline';

/** What goes onto a card, and what the gateway knows of its device. */
export interface CardAgent {
  readonly files: AgentFiles;
  /** Whether the device was registered at the gateway for this card. */
  readonly isRegistered: boolean;
  readonly known: KnownDevice;
}

/**
 * What goes onto the device: packages, configuration and credential. A device whose configuration brings neither
 * password nor claim is registered at the gateway: over TLS it gets a claim, otherwise a password. What could never
 * come to the gateway is refused: CLAIM_REFUSED, API_DEVICE_UNKNOWN.
 */
export async function agentFiles(
  options: DeviceOptions,
  device: { readonly name: string; readonly gateway: string },
  onStep: (step: string) => void,
): Promise<CardAgent> {
  const own = await checkedConfig(options.config, device);
  const isGiven = own.password !== undefined || own.claim !== undefined;
  const isBrought = isGiven || options.passwordFile !== undefined;
  const before = await knownBefore(device.name, { claim: own.claim, isBrought }, options);
  const packages = await fittingPackages(options, onStep);
  const { password, claim, expiresAt } = isGiven ? own : await credentialOf(options, device);
  const config = stringify(agentConfig(own, { ...device, claim }));
  return {
    files: { config, packages, ...(password !== undefined && { password }) },
    isRegistered: !isBrought,
    known: expiresAt === undefined ? before : { ...before, claimUntilUs: expiresAt },
  };
}

/** The document of an agent's configuration on a device, without a password. */
export function agentConfig(
  own: OwnConfig,
  device: { readonly name: string; readonly gateway: string; readonly claim: string | undefined },
): Readonly<Record<string, unknown>> {
  const { name, gateway, claim } = device;
  return {
    ...own.keys,
    device: name,
    gateway: { ...own.gateway, url: gateway, ...(claim !== undefined && { claim }) },
    dataDir: deviceDataDir,
    ...updatesOf(own.keys),
    sensors: own.keys['sensors'] ?? [],
  };
}

/** The configuration that a person brings; none is an empty one. Throws CLI_USAGE, or as the agent would. */
export async function checkedConfig(
  path: string | undefined,
  device: { readonly name: string; readonly gateway: string },
): Promise<OwnConfig> {
  const own = ownConfig(path === undefined ? {} : mappingIn(path));
  if (path !== undefined && own.keys['sensors'] !== undefined) await checkConfig(path, device);
  return own;
}

/** A card whose agent would refuse its configuration is not worth writing. Throws as the agent would. */
async function checkConfig(
  path: string,
  device: { readonly name: string; readonly gateway: string },
): Promise<void> {
  // Loaded here: without a configuration nothing of the agent is needed.
  const { loadAgentConfig } = await import('@fieldline/edge');
  await loadAgentConfig(path, {
    FIELDLINE_DEVICE: device.name,
    FIELDLINE_GATEWAY_URL: device.gateway,
    FIELDLINE_GATEWAY_PASSWORD: 'the one that the device will have',
    FIELDLINE_DATA_DIR: deviceDataDir,
  });
}

/** Whoever flashes from an account that signs updates wants their devices to take them. */
function updatesOf(keys: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const path = signingKeyPath();
  if (keys['updates'] !== undefined || !existsSync(path)) return {};
  return { updates: { keys: [publicHalf(readSigningKey(path))] } };
}

/** How the device will say who it is: by a password, or by a claim that it trades for a certificate. */
export interface Credential {
  readonly password?: string | undefined;
  readonly claim?: string | undefined;
  /** Until when the claim can be traded, in µs; where it was made just now. */
  readonly expiresAt?: number | undefined;
}

/** Throws CLI_USAGE where a folder has none for the device's processor: the card would start, and install nothing. */
async function fittingPackages(
  options: Pick<DeviceOptions, 'packages' | 'arch'>,
  onStep: (step: string) => void,
): Promise<AgentFiles['packages']> {
  const all = await packagesOf(options, onStep);
  const fitting = all.filter(({ name }) => isFor(name, options.arch));
  if (fitting.length > 0) return fitting;
  const names = all.map(({ name }) => name).join(', ');
  const detail = `None of its packages is for ${options.arch}: ${names}. Name their processor with --arch, or make others with \`fieldline flash bundle --arch ${options.arch}\`.`;
  throw new FieldlineError('CLI_USAGE', { subject: options.packages ?? '', detail });
}

/** Whether a package is for this processor, by its name as dpkg gives it. */
export function isFor(name: string, arch: DeviceOptions['arch']): boolean {
  return name.endsWith(`_${arch}.deb`);
}

/** The packages for a device, in the order of their installation: those of a folder, else they are made. */
export async function packagesOf(
  { packages, arch }: Pick<DeviceOptions, 'packages' | 'arch'>,
  onStep: (step: string) => void,
): Promise<AgentFiles['packages']> {
  if (packages !== undefined) return packagesIn(packages);
  const built = await buildPackages({ arch, folder: packageCache(arch), withArchive: false, onStep });
  return built.map(({ path }) => ({ name: basename(path), content: { file: path } }));
}

async function packagesIn(folder: string): Promise<AgentFiles['packages']> {
  const names = (await readdir(folder).catch((cause: unknown) => unreadable(folder, cause)))
    .filter((name) => name.endsWith('.deb'))
    // The runtime before the agent, which depends on it.
    .sort((a, b) => Number(b.includes('runtime')) - Number(a.includes('runtime')) || a.localeCompare(b));
  if (names.length === 0)
    throw new FieldlineError('CLI_USAGE', { subject: folder, detail: 'There are no .deb packages in it.' });
  return names.map((name) => ({ name, content: { file: join(folder, name) } }));
}

/** The keys of a configuration; a password or claim in it goes a way of its own. */
export interface OwnConfig extends Credential {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly gateway: Readonly<Record<string, unknown>>;
}

/** Takes a configuration's document apart. */
export function ownConfig(keys: Readonly<Record<string, unknown>>): OwnConfig {
  const { password, claim, passwordFile: _, ...gateway } = isMapping(keys['gateway']) ? keys['gateway'] : {};
  const textOr = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return { keys, gateway, password: textOr(password), claim: textOr(claim) };
}

function mappingIn(path: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    unreadable(path, cause);
  }
  if (isMapping(document)) return document;
  throw new FieldlineError('CLI_USAGE', { subject: path, detail: 'It is no YAML mapping.' });
}

/** The credential of a device whose configuration brings none: from a file, else by registering it. Throws CLI_USAGE, or what the gateway answers. */
export async function credentialOf(
  options: Pick<DeviceOptions, 'passwordFile' | 'api' | 'token' | 'home'>,
  device: { readonly name: string; readonly gateway: string },
): Promise<Credential> {
  const { passwordFile, api, token, home } = options;
  if (passwordFile !== undefined) {
    const text = await readFile(passwordFile, 'utf8').catch((cause: unknown) =>
      unreadable(passwordFile, cause),
    );
    return { password: text.trim() };
  }
  const client = new GatewayClient({ gateway: api, token, home });
  const { name } = device;
  if (/^(mqtts|wss):/.test(device.gateway))
    return client.post('/api/v1/devices', DeviceClaim, { name, claim: true });
  return client.post('/api/v1/devices', DeviceCredential, { name });
}

/** Whether a value is a mapping of YAML. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(path: string, cause: unknown): never {
  const detail = cause instanceof Error ? cause.message : String(cause);
  throw new FieldlineError('CLI_USAGE', { subject: path, detail, cause });
}
