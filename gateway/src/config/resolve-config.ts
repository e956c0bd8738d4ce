import { resolve } from 'node:path';
import { FieldlineError, parseDuration, parseSize } from '@fieldline/protocol';
import { TopicPattern } from '../ingest/adapters/topic-pattern.ts';
import { defaultHome } from '../home/home.ts';
import { resolveAlertChannels } from './alerts-schema.ts';
import { resolveKeep } from './embedded-schema.ts';
import { resolveInfluxKeep, type InfluxFile } from './influx-schema.ts';
import type { GatewayConfig, GatewayLimits, InfluxConfig, ListenConfig } from './gateway-config.ts';
import type { DialectOptions } from './dialect-schema.ts';
import type { GatewayOptions, LimitsFile } from './gateway-schema.ts';
import { isLoopback } from './loopback.ts';
import { resolveSecureListen, resolveTls } from './resolve-tls.ts';

/** Every limit where nobody says otherwise, as people write it. */
export const defaultLimits: Required<LimitsFile> = {
  batchBytes: '1MiB',
  inflatedBytes: '8MiB',
  connectBytes: '8KiB',
  connectTimeout: '5s',
  connections: 10_000,
  unauthenticatedConnections: 1000,
  unauthenticatedPerAddress: 500,
  inFlightBatches: 1024,
  inFlightBytes: '64MiB',
  devices: 10_000,
  streamsPerDevice: 2000,
  epochsPerDevice: 100_000,
  rangesPerEpoch: 1024,
  digestsPerEpoch: 100_000,
  deadLetters: 10_000,
  deadLetterBytes: '4KiB',
  deadLetterStoreBytes: '256MiB',
  futureTime: '1d',
  anchorWait: '7d',
  anchorWaitBytes: '64MiB',
  journalBytes: '4GiB',
  journalAge: '30d',
  drain: '10s',
  users: 100,
  tokens: 100,
  sessions: 1000,
  sessionAge: '12h',
  auditEntries: 100_000,
  auditAge: '400d',
};

/** Where the gateway listens where nobody says otherwise. */
export const defaultListen = {
  http: { host: '127.0.0.1', port: 8080 },
  mqtt: { host: '127.0.0.1', port: 1883 },
} as const;

/** The database in InfluxDB where nobody says otherwise; it is created if missing. */
export const defaultInfluxDatabase = 'fieldline';

/** Lays the options over the defaults. Throws CONFIG_INVALID_VALUE. */
export function resolveConfig(options: GatewayOptions, environment: NodeJS.ProcessEnv): GatewayConfig {
  const { influxdb, dashboardDirectory } = options;
  const stores = options.stores ?? [influxdb ? 'influxdb' : 'embedded'];
  if (stores.includes('influxdb') && !influxdb) {
    throw invalid('stores', 'It names influxdb, but influxdb.url is not set (nor FIELDLINE_INFLUX_URL).');
  }
  if (influxdb) checkUrl(influxdb.url);
  return {
    home: resolve(options.home ?? defaultHome(environment)),
    http: resolveListen('http', options),
    allowedHosts: options.http?.allowedHosts ?? [],
    mqtt: resolveListen('mqtt', options),
    https: resolveSecureListen('https', options),
    mqtts: resolveSecureListen('mqtts', options),
    tls: resolveTls(options.tls),
    directBatches: options.directBatches ?? true,
    stores,
    keepUs: resolveKeep(options.embedded),
    ...(influxdb ? { influxdb: resolveInflux(influxdb) } : {}),
    ...(dashboardDirectory === undefined ? {} : { dashboardDirectory: resolve(dashboardDirectory) }),
    logLevel: options.logLevel ?? 'info',
    alertChannels: resolveAlertChannels(options.alerts),
    dialects: checkDialects(options.dialects ?? []),
    limits: resolveLimits({ ...defaultLimits, ...options.limits }),
  };
}

function resolveInflux(file: InfluxFile): InfluxConfig {
  const { keepReadings: _readings, keepMinutes: _minutes, keepHours: _hours, ...address } = file;
  return { database: defaultInfluxDatabase, ...address, keepUs: resolveInfluxKeep(file) };
}

function resolveListen(name: 'http' | 'mqtt', options: GatewayOptions): ListenConfig {
  const listen = { insecure: false, ...defaultListen[name], ...options[name] };
  if (!isLoopback(listen.host) && !listen.insecure) {
    const detail = `${listen.host} is not loopback, and nothing is encrypted: set ${name}.insecure to true to allow it.`;
    throw invalid(`${name}.host`, detail);
  }
  return listen;
}

/** Throws CONFIG_INVALID_VALUE where an account comes twice, or a topic pattern is none. */
function checkDialects(dialects: readonly DialectOptions[]): readonly DialectOptions[] {
  for (const [index, { account, topics }] of dialects.entries()) {
    if (dialects.findIndex((each) => each.account === account) < index)
      throw invalid(`dialects[${index}].account`, `"${account}" stands there twice.`);
    for (const [at, pattern] of topics.entries()) {
      try {
        new TopicPattern(pattern);
      } catch (cause) {
        const detail = `"${pattern}": ${cause instanceof Error ? cause.message : String(cause)}.`;
        throw invalid(`dialects[${index}].topics[${at}]`, detail);
      }
    }
  }
  return dialects;
}

function checkUrl(url: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol === 'http:' || protocol === 'https:') return;
  const detail = `"${url}", from the file or from FIELDLINE_INFLUX_URL, is not a URL such as http://127.0.0.1:8086.`;
  throw invalid('influxdb.url', detail);
}

function resolveLimits(limits: Required<LimitsFile>): GatewayLimits {
  const size = (name: keyof LimitsFile) => sizeLimit(name, String(limits[name]));
  const time = (name: keyof LimitsFile) => timeLimit(name, String(limits[name]));
  return {
    batchBytes: size('batchBytes'),
    inflatedBytes: size('inflatedBytes'),
    connectBytes: size('connectBytes'),
    connectTimeoutUs: time('connectTimeout'),
    connections: limits.connections,
    unauthenticatedConnections: limits.unauthenticatedConnections,
    unauthenticatedPerAddress: limits.unauthenticatedPerAddress,
    inFlightBatches: limits.inFlightBatches,
    inFlightBytes: size('inFlightBytes'),
    devices: limits.devices,
    streamsPerDevice: limits.streamsPerDevice,
    epochsPerDevice: limits.epochsPerDevice,
    rangesPerEpoch: limits.rangesPerEpoch,
    digestsPerEpoch: limits.digestsPerEpoch,
    deadLetters: limits.deadLetters,
    deadLetterBytes: size('deadLetterBytes'),
    deadLetterStoreBytes: size('deadLetterStoreBytes'),
    futureTimeUs: time('futureTime'),
    anchorWaitUs: time('anchorWait'),
    anchorWaitBytes: size('anchorWaitBytes'),
    journalBytes: size('journalBytes'),
    journalAgeUs: time('journalAge'),
    drainUs: time('drain'),
    users: limits.users,
    tokens: limits.tokens,
    sessions: limits.sessions,
    sessionAgeUs: time('sessionAge'),
    auditEntries: limits.auditEntries,
    auditAgeUs: time('auditAge'),
  };
}

function sizeLimit(name: string, text: string): number {
  const parsed = parseSize(text);
  if (!parsed.ok) throw invalid(`limits.${name}`, `${parsed.refusal.detail}.`);
  if (parsed.value > 0) return parsed.value;
  throw invalid(`limits.${name}`, 'It must be more than 0B.');
}

function timeLimit(name: string, text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw invalid(`limits.${name}`, `${parsed.refusal.detail}.`);
  if (parsed.value > 0) return parsed.value;
  throw invalid(`limits.${name}`, 'It must be longer than 0s.');
}

function invalid(subject: string, detail: string): FieldlineError {
  return new FieldlineError('CONFIG_INVALID_VALUE', { subject, detail });
}
