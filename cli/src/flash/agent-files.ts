import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DeviceCredential, FieldlineError } from '@fieldline/protocol';
import type { AgentFiles } from '@fieldline/provision';
import { parse, stringify } from 'yaml';
import { GatewayClient } from '../gateway/gateway-client.ts';
import { buildPackages, packageCache } from './build-packages.ts';
import type { DeviceOptions } from './device-options.ts';

/** Where the agent of a flashed device keeps its data; the unit's state directory. */
const deviceDataDir = '/var/lib/fieldline';

/**
 * What goes onto the device: packages, configuration and secret. A device whose password is not given is
 * registered at the gateway, which makes one.
 */
export async function agentFiles(
  options: DeviceOptions,
  device: { readonly name: string; readonly gateway: string },
  onStep: (step: string) => void,
): Promise<AgentFiles> {
  const packages = await packagesOf(options, onStep);
  const { config, password } = configOf(options.config, device);
  const value = password ?? (await passwordOf(options, device.name));
  return { config, secret: { name: 'password', value }, packages };
}

async function packagesOf(
  { packages, arch }: DeviceOptions,
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

function configOf(
  path: string | undefined,
  device: { readonly name: string; readonly gateway: string },
): { config: string; password: string | undefined } {
  const own = path === undefined ? {} : mappingIn(path);
  const ownGateway = isMapping(own['gateway']) ? own['gateway'] : {};
  const { password, passwordFile: _, ...gateway } = ownGateway;
  const config = {
    ...own,
    device: device.name,
    gateway: { ...gateway, url: device.gateway },
    dataDir: deviceDataDir,
    sensors: own['sensors'] ?? [],
  };
  return { config: stringify(config), password: typeof password === 'string' ? password : undefined };
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

async function passwordOf(options: DeviceOptions, name: string): Promise<string> {
  if (options.passwordFile !== undefined) {
    const text = await readFile(options.passwordFile, 'utf8').catch((cause: unknown) =>
      unreadable(options.passwordFile ?? '', cause),
    );
    return text.trim();
  }
  const { api, token, home } = options;
  const client = new GatewayClient({ gateway: api, token, home });
  return (await client.post('/api/v1/devices', DeviceCredential, { name })).password;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(path: string, cause: unknown): never {
  const detail = cause instanceof Error ? cause.message : String(cause);
  throw new FieldlineError('CLI_USAGE', { subject: path, detail, cause });
}
