import { resolve } from 'node:path';
import { nearestKey, parseDuration, parseSize, refused, type Result } from '@fieldline/protocol';
import type { StreamPlan } from '../aggregator/sensor-pipeline.ts';
import type { BoundDriver, QuantityPlan } from '../drivers/driver.ts';
import { findDriver } from '../drivers/registry.ts';
import type { AgentConfig, ClaimConfig, LocalKeys, SensorConfig } from './agent-config.ts';
import { SensorKeys, type AgentFile, type SensorFile } from './agent-schema.ts';
import { agentDefaults } from './defaults.ts';
import { resolveJoins } from './resolve-joins.ts';
import { privacyProblems, resolveTransforms } from './resolve-transforms.ts';
import { resolveWindows } from './resolve-windows.ts';
import type { Environment } from './environment.ts';
import type { ConfigPath, ConfigProblem } from './config-problem.ts';

/** Collects what is wrong while values are resolved, so that all of it is told at once. */
class Resolver {
  readonly problems: ConfigProblem[] = [];

  value<Value>(result: Result<Value>, path: ConfigPath, fallback: Value): Value {
    if (result.ok) return result.value;
    this.problems.push({ code: 'CONFIG_INVALID_VALUE', path, reason: `${result.refusal.detail}.` });
    return fallback;
  }

  durationUs(text: string, path: ConfigPath, bounds: { minUs: number; maxUs: number }): number {
    const us = this.value(parseDuration(text), path, bounds.minUs);
    if (us >= bounds.minUs && us <= bounds.maxUs) return us;
    const reason = `${text} is not between ${bounds.minUs / 1000} ms and ${bounds.maxUs / 1000} ms`;
    return this.value(refused('CONFIG_INVALID_VALUE', reason), path, bounds.minUs);
  }
}

/** The gateway's port for HTTPS where nobody says otherwise. */
const claimPort = 8443;

/** What a file is resolved with. */
export interface ResolveContext {
  readonly directory: string;
  readonly password: string;
  /** The keys that stay with the device; those of this file where it is the local one. */
  readonly local?: LocalKeys;
  readonly environment?: Environment;
}

/** Turns a file of the right shape into a configuration, or into what is still wrong with it. */
export function resolveConfig(
  file: AgentFile,
  context: ResolveContext,
): { config: AgentConfig; problems: readonly ConfigProblem[] } {
  const resolver = new Resolver();
  const { outbox = {}, uplink = {} } = file;
  const { sensors, problems: joinProblems } = resolveJoins(
    file.sensors.flatMap((sensor, index) => resolveSensor(resolver, sensor, ['sensors', index])),
  );
  resolver.problems.push(...joinProblems);
  checkUnique(resolver, file.sensors);
  const keepaliveUs = resolver.durationUs(file.keepalive ?? agentDefaults.keepalive, ['keepalive'], {
    minUs: 1e6,
    maxUs: 3.6e9,
  });
  const { device } = file;
  const gateway = { url: file.gateway.url, password: context.password };
  const dataDir = resolve(context.directory, file.dataDir);
  const { directory, environment = {} } = context;
  const config: AgentConfig = {
    device,
    gateway,
    dataDir,
    local: context.local ?? {
      device,
      gateway,
      claim: claimOf(file),
      updates: resolveUpdates(resolver, file),
      dataDir,
      directory,
      environment,
    },
    errors: [],
    confirmWithinUs: resolver.durationUs(
      file.confirmWithin ?? agentDefaults.confirmWithin,
      ['confirmWithin'],
      {
        minUs: 1e6,
        maxUs: 3.6e9,
      },
    ),
    flushUs: resolver.durationUs(file.flush ?? agentDefaults.flush, ['flush'], {
      minUs: 10_000,
      maxUs: 60_000_000,
    }),
    clock: resolveClock(resolver, file, context.directory),
    keepaliveSec: Math.round(keepaliveUs / 1e6),
    outbox: resolveOutbox(resolver, outbox),
    uplink: {
      backlogBatchesPerSec: uplink.backlogBatchesPerSec ?? agentDefaults.backlogBatchesPerSec,
      inFlightMax: uplink.inFlight ?? agentDefaults.inFlight,
    },
    sensors,
    reported: withoutSecrets(file),
  };
  return { config, problems: resolver.problems };
}

function resolveClock(resolver: Resolver, file: AgentFile, directory: string): AgentConfig['clock'] {
  const { clock = {} } = file;
  const settleBounds = { minUs: 0, maxUs: 86_400_000_000 };
  const delayBounds = { minUs: 0, maxUs: 2_000_000 };
  const delayUs = resolver.durationUs(
    clock.delay ?? agentDefaults.clockDelay,
    ['clock', 'delay'],
    delayBounds,
  );
  const settle = clock.settle ?? agentDefaults.settle;
  const sensor = clock.source === 'gnss' ? receiverOf(resolver, file) : undefined;
  return {
    settleUs: resolver.durationUs(settle, ['clock', 'settle'], settleBounds),
    syncedFile: clock.syncedFile && resolve(directory, clock.syncedFile),
    receiver: sensor === undefined ? undefined : { sensor, delayUs },
  };
}

/** The sensor that gives the time must be there, and be a receiver. */
function receiverOf(resolver: Resolver, { clock, sensors }: AgentFile): string | undefined {
  const receivers = sensors.filter(({ driver }) => driver === 'gnss').map(({ id }) => id);
  const sensor = clock?.sensor;
  if (sensor !== undefined && receivers.includes(sensor)) return sensor;
  const known = receivers.length > 0 ? `receivers are: ${receivers.join(', ')}` : 'there is no gnss sensor';
  const reason =
    sensor === undefined ? `the clock needs a receiver; ${known}` : `"${sensor}" is no receiver; ${known}`;
  return resolver.value(refused('CONFIG_INVALID_VALUE', reason), ['clock', 'sensor'], undefined);
}

function resolveUpdates(resolver: Resolver, { updates }: AgentFile): LocalKeys['updates'] {
  const within = updates?.confirmWithin ?? agentDefaults.updateConfirmWithin;
  const bounds = { minUs: 10e6, maxUs: 3.6e9 };
  const confirmWithinUs = resolver.durationUs(within, ['updates', 'confirmWithin'], bounds);
  return { keys: updates?.keys ?? [], confirmWithinUs, file: updates };
}

function resolveOutbox(resolver: Resolver, keys: NonNullable<AgentFile['outbox']>): AgentConfig['outbox'] {
  const sizeBytes = (key: 'maxBytes' | 'memory'): number =>
    resolver.value(parseSize(keys[key] ?? agentDefaults[key]), ['outbox', key], 0);
  const ageBounds = { minUs: 1e6, maxUs: 3.2e14 };
  return {
    maxBytes: sizeBytes('maxBytes'),
    memoryBytes: sizeBytes('memory'),
    whenFull: keys.whenFull ?? agentDefaults.whenFull,
    maxAgeUs: resolver.durationUs(keys.maxAge ?? agentDefaults.maxAge, ['outbox', 'maxAge'], ageBounds),
  };
}

/** Claims are traded on the host of the broker, where nothing else is said. */
function claimOf({ gateway: { url, claim, claimUrl } }: AgentFile): ClaimConfig | undefined {
  if (claim === undefined) return undefined;
  const host = URL.canParse(url) ? new URL(url).hostname : 'localhost';
  return { claim, url: claimUrl ?? `https://${host}:${claimPort}` };
}

function withoutSecrets(file: AgentFile): unknown {
  return { ...file, gateway: { url: file.gateway.url.replace(/\/\/[^/@]*@/, '//') } };
}

function checkUnique(resolver: Resolver, sensors: readonly SensorFile[]): void {
  const seen = new Set<string>();
  sensors.forEach(({ id }, index) => {
    const reason = `"${id}" is the id of another sensor already`;
    if (seen.has(id))
      resolver.value(refused('CONFIG_INVALID_VALUE', reason), ['sensors', index, 'id'], undefined);
    seen.add(id);
  });
}

function resolveSensor(resolver: Resolver, sensor: SensorFile, path: ConfigPath): SensorConfig[] {
  const driver = resolver.value<BoundDriver | undefined>(bindDriver(sensor), path, undefined);
  if (driver === undefined) return [];
  const lateness = sensor.lateness ?? driver.plan.lateness;
  checkStreamNames(resolver, sensor, driver, path);
  const quantities = driver.plan.quantities.map(({ quantity }) => quantity);
  resolver.problems.push(...privacyProblems(sensor.streams ?? {}, quantities, path));
  return [
    {
      id: sensor.id,
      file: sensor,
      type: sensor.type ?? sensor.driver,
      driver,
      latenessUs: resolver.durationUs(lateness, [...path, 'lateness'], { minUs: 0, maxUs: 3.6e9 }),
      streams: driver.plan.quantities.map((quantity) =>
        resolveStream(resolver, sensor, { driver, quantity, path }),
      ),
    },
  ];
}

/** The keys of the sensor that are not common to all are its driver's settings. */
function bindDriver(sensor: SensorFile): Result<BoundDriver> {
  const common = Object.keys(SensorKeys.properties);
  const settings = Object.fromEntries(Object.entries(sensor).filter(([key]) => !common.includes(key)));
  return findDriver(sensor.driver)?.bind(settings) ?? refused('SOURCE_DRIVER_UNKNOWN', sensor.driver);
}

function resolveStream(
  resolver: Resolver,
  sensor: SensorFile,
  about: { driver: BoundDriver; quantity: QuantityPlan; path: ConfigPath },
): StreamPlan {
  const { plan } = about.driver;
  const { quantity } = about.quantity;
  const own = sensor.streams?.[quantity] ?? {};
  const streamPath = [...about.path, 'streams', quantity];
  const { transforms, unit, problems } = resolveTransforms(
    own.transforms ?? [],
    { own: own.unit, driver: about.quantity.unit },
    streamPath,
  );
  resolver.problems.push(...problems);
  const paths = { ownPath: streamPath, sensorPath: about.path };
  const windows = resolveWindows({ own, sensor, driver: plan, ...paths });
  resolver.problems.push(...windows.problems);
  return { quantity, unit, ...windows.plan, ...(transforms.length > 0 ? { transforms } : {}) };
}

function checkStreamNames(
  resolver: Resolver,
  sensor: SensorFile,
  driver: BoundDriver,
  path: ConfigPath,
): void {
  const known = driver.plan.quantities.map(({ quantity }) => quantity);
  for (const name of Object.keys(sensor.streams ?? {})) {
    if (known.includes(name)) continue;
    const nearest = nearestKey(name, known);
    const hint = nearest ? `did you mean "${nearest}"?` : `it yields ${known.join(', ')}`;
    const reason = `"${name}" is no quantity of this sensor; ${hint}`;
    resolver.problems.push({ code: 'CONFIG_UNKNOWN_KEY', path: [...path, 'streams', name], reason });
  }
}
