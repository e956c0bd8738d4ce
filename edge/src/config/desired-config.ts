import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Reported } from '@fieldline/protocol';
import type { AgentConfig, LocalKeys } from './agent-config.ts';
import { checkShape } from './check-shape.ts';
import { formatPath, type ConfigProblem } from './config-problem.ts';
import { applyEnvironment } from './environment.ts';
import { resolveConfig } from './resolve.ts';

/** What is wrong in a configuration from afar, as `reported` tells it. */
export type ReportedErrors = Reported['errors'];

/** A configuration from afar that can run here, or everything that is wrong with it. */
export type DesiredOutcome =
  | { readonly ok: true; readonly config: AgentConfig }
  | { readonly ok: false; readonly errors: ReportedErrors };

/** Errors that one answer lists. */
const errorsMax = 50;

/**
 * Checks a configuration from the gateway as a whole, on this device. It has the shape of the local file; what
 * it leaves out has its default, except for the keys that stay with the device: `device` and `dataDir` are
 * those of the local file, as is `updates`, and `gateway` is too where nothing else is said.
 */
export function readDesired(config: unknown, local: LocalKeys): DesiredOutcome {
  if (!isObject(config)) return { ok: false, errors: [{ path: '', reason: 'It is not a mapping of keys.' }] };
  const merged = applyEnvironment(withLocalKeys(config, local), local.environment);
  const shape = checkShape(merged);
  const problems = [...localKeyProblems(config, local), ...(shape.ok ? [] : shape.problems)];
  if (!shape.ok || problems.length > 0) return { ok: false, errors: toErrors(problems) };
  const { directory } = local;
  const password = shape.file.gateway.password ?? local.gateway.password;
  const resolved = resolveConfig(shape.file, { directory, password, local });
  if (resolved.problems.length > 0) return { ok: false, errors: toErrors(resolved.problems) };
  return { ok: true, config: resolved.config };
}

/** Each problem once, as `reported` tells it. */
export function toErrors(problems: readonly ConfigProblem[]): ReportedErrors {
  const errors = problems.map(({ path, reason }) => ({ path: formatPath(path), reason }));
  const unique = new Map(errors.map((each) => [`${each.path} ${each.reason}`, each]));
  return [...unique.values()].slice(0, errorsMax);
}

function withLocalKeys(config: Record<string, unknown>, local: LocalKeys): Record<string, unknown> {
  const { url } = local.gateway;
  const own = isObject(config['gateway']) ? config['gateway'] : {};
  const isGiven = config['gateway'] !== undefined && !isObject(config['gateway']);
  return {
    ...config,
    device: local.device,
    dataDir: typeof config['dataDir'] === 'string' ? config['dataDir'] : local.dataDir,
    gateway: isGiven ? config['gateway'] : { url, ...own },
    ...(local.updates.file && { updates: local.updates.file }),
  };
}

/** What may not be changed from afar: who the device is, where its readings are, and which files it opens. */
function localKeyProblems(config: Record<string, unknown>, local: LocalKeys): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const refuse = (path: string[], reason: string): void => {
    problems.push({ code: 'CONFIG_INVALID_VALUE', path, reason });
  };
  const { device, dataDir, gateway, updates } = config;
  if (device !== undefined && device !== local.device)
    refuse(['device'], `It is "${local.device}", and can be changed on the device only.`);
  if (dataDir !== undefined && !(typeof dataDir === 'string' && isLocalFolder(dataDir, local)))
    refuse(['dataDir'], 'It can be changed on the device only.');
  if (updates !== undefined && !isDeepStrictEqual(updates, local.updates.file))
    refuse(['updates'], 'Whose updates the device takes can be changed on the device only.');
  if (isObject(gateway) && gateway['passwordFile'] !== undefined)
    refuse(
      ['gateway', 'passwordFile'],
      'A file of the device can be named on the device only; give `password`.',
    );
  if (isObject(gateway) && (gateway['claim'] !== undefined || gateway['claimUrl'] !== undefined))
    refuse(['gateway', 'claim'], 'A claim can be given on the device only.');
  return problems;
}

function isLocalFolder(dataDir: string, local: LocalKeys): boolean {
  return resolve(local.directory, dataDir) === local.dataDir;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
