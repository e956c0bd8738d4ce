import { dirname, resolve } from 'node:path';
import { DeviceId, FieldlineError } from '@fieldline/protocol';
import { Value } from 'typebox/value';
import { parseDocument } from 'yaml';
import type { AgentConfig } from './agent-config.ts';
import { AgentFile } from './agent-schema.ts';
import { readIdentity, type Identity } from './applied-store.ts';
import { ConfigError } from './config-error.ts';
import { toErrors } from './desired-config.ts';
import { applyEnvironment, type Environment } from './environment.ts';
import { loadAgentConfig, readText, withoutEmptySections } from './load-agent-config.ts';
import { resolveConfig } from './resolve.ts';

/** Where the readings of a device are when nothing readable says otherwise: beside its file. */
const dataDirDefault = 'data';

/**
 * Reads an agent's file as `loadAgentConfig` does. A file that cannot run yields a configuration without
 * sensors and with `errors`, as long as somebody still knows who the device is and where its gateway is: the
 * file itself, the environment, or the last good start. So the device comes up and can be repaired from afar.
 * Throws what `loadAgentConfig` throws where nobody does.
 */
export async function loadOrRepair(
  path: string,
  environment: Environment = process.env,
): Promise<AgentConfig> {
  try {
    return await loadAgentConfig(path, environment);
  } catch (error) {
    if (!(error instanceof FieldlineError)) throw error;
    const bare = await bareConfig(path, environment);
    if (bare === undefined) throw error;
    const problems = error instanceof ConfigError ? toErrors(error.problems) : [];
    const errors = problems.length > 0 ? problems : [{ path: '', reason: error.message }];
    return { ...bare, errors, failure: error.message };
  }
}

async function bareConfig(path: string, environment: Environment): Promise<AgentConfig | undefined> {
  const directory = dirname(resolve(path));
  const file = applyEnvironment(await readAsFarAsPossible(path), environment);
  const dataDir = resolve(directory, textAt(file, ['dataDir']) ?? dataDirDefault);
  const known = await readIdentity(dataDir);
  const identity = await identityOf(file, known, directory);
  if (identity === undefined) return undefined;
  const { device, url, password } = identity;
  const minimal: AgentFile = { device, gateway: { url }, dataDir, sensors: [] };
  if (!Value.Check(AgentFile, minimal)) return undefined;
  return resolveConfig(minimal, { directory, password, environment }).config;
}

/** What the file says, where it says it rightly; else what was right at the last good start. */
async function identityOf(
  file: unknown,
  known: Identity | undefined,
  directory: string,
): Promise<Identity | undefined> {
  const named = textAt(file, ['device']);
  const device = Value.Check(DeviceId, named) ? named : known?.device;
  const urlGiven = textAt(file, ['gateway', 'url']);
  const isUrl = Value.Check(AgentFile.properties.gateway.properties.url, urlGiven);
  const url = isUrl ? urlGiven : known?.url;
  const password = (await passwordOf(file, directory)) ?? known?.password;
  if (device === undefined || url === undefined || password === undefined) return undefined;
  return { device, url, password };
}

async function passwordOf(file: unknown, directory: string): Promise<string | undefined> {
  const path = textAt(file, ['gateway', 'passwordFile']);
  if (path === undefined) return textAt(file, ['gateway', 'password']);
  const text = await readText(resolve(directory, path)).catch(() => undefined);
  return text?.trim();
}

/** The YAML parser goes on behind an error: what it makes of the rest is checked key by key. */
async function readAsFarAsPossible(path: string): Promise<unknown> {
  try {
    return withoutEmptySections(parseDocument(await readText(path)).toJS({ maxAliasCount: 100 }));
  } catch {
    return undefined;
  }
}

function textAt(value: unknown, path: readonly string[]): string | undefined {
  let at = value;
  for (const key of path)
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined;
  return typeof at === 'string' && at !== '' ? at : undefined;
}
