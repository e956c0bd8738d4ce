import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal, type FileAccess } from '@fieldline/journal';
import {
  batchTopic,
  encodeBatch,
  type Batch,
  type DeadLetter,
  type DeviceCredential,
  type LedgerAnswer,
} from '@fieldline/protocol';
import { airReadings, allBatched, sampleBatch } from '@fieldline/protocol/testing';
import mqtt from 'mqtt';
import { pino } from 'pino';
import type { Clock } from './clock.ts';
import type { GatewayOptions } from './config/gateway-schema.ts';
import { startGateway, type RunningGateway } from './gateway.ts';
import { BatchLog, type JournaledBatch } from './journal/batch-log.ts';

/** A gateway in this process, with a home of its own, as tests drive it: over TCP and HTTP alone. */
export interface GatewayRig {
  readonly home: string;
  readonly gateway: RunningGateway;
  /** What the gateway logged so far: one JSON document a line. */
  readonly log: string[];
  /** Registers a device; answers its password. */
  addDevice(device: string): Promise<string>;
  revoke(device: string): Promise<void>;
  /** Connects as a device does; `options` change what a real one would send. */
  connect(device: string, password: string, options?: mqtt.IClientOptions): Promise<mqtt.MqttClient>;
  ledger(): Promise<LedgerAnswer>;
  deadLetters(): Promise<DeadLetter[]>;
  /** Asks the API as the administrator. */
  post(path: string, body?: object): Promise<Response>;
  get(path: string): Promise<Response>;
  send(method: 'PUT' | 'DELETE', path: string, body?: object): Promise<Response>;
  /** How often `fieldline_mqtt_refused_total` or `fieldline_ingest_refused_total` has counted a code. */
  refused(code: string): Promise<number>;
  /** Stops the gateway and reads its journal from the disk. */
  stopAndReadJournal(): Promise<JournaledBatch[]>;
  /** Stops the gateway and removes its home. */
  end(): Promise<void>;
}

/**
 * Starts a gateway on free ports. `home`: one that an earlier rig left; by default a fresh one. `files`: the
 * disk under its journal. `clock`: its time.
 */
export async function startRig(
  options: GatewayOptions = {},
  files?: FileAccess,
  clock?: Clock,
): Promise<GatewayRig> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'fieldline-gateway-'));
  const log: string[] = [];
  const logger = pino({ level: 'debug', base: null }, { write: (line: string) => void log.push(line) });
  const gateway = await startGateway(
    { http: { port: 0 }, mqtt: { port: 0 }, ...options, home },
    { logger, environment: {}, ...(files ? { files } : {}), ...(clock ? { clock } : {}) },
  );
  const token = readFileSync(join(home, 'admin.token'), 'utf8').trim();
  const post = async (path: string, body: object = {}): Promise<Response> =>
    fetch(`${gateway.httpUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const get = async (path: string): Promise<Response> => fetch(`${gateway.httpUrl}${path}`);
  return {
    home,
    gateway,
    log,
    addDevice: async (device) => {
      const answer = await readJson<DeviceCredential>(await post('/api/v1/devices', { name: device }));
      return answer.password;
    },
    revoke: async (device) => {
      await post(`/api/v1/devices/${device}/revoke`, {});
    },
    connect: (device, password, overrides) =>
      mqtt.connectAsync(gateway.mqttUrl, {
        clientId: device,
        username: device,
        password,
        reconnectPeriod: 0,
        connectTimeout: 5000,
        ...overrides,
      }),
    ledger: async () => readJson<LedgerAnswer>(await get('/api/v1/ledger')),
    deadLetters: async () =>
      (await readJson<{ deadLetters: DeadLetter[] }>(await get('/api/v1/dead-letters'))).deadLetters,
    post,
    get,
    send: (method, path, body) =>
      fetch(`${gateway.httpUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      }),
    refused: async (code) => countIn(await (await get('/metrics')).text(), code),
    stopAndReadJournal: async () => {
      await gateway.stop();
      return readJournal(home);
    },
    end: async () => {
      await gateway.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The API's own tests hold its answers against their schemas. */
async function readJson<Answer>(response: Response): Promise<Answer> {
  return (await response.json()) as Answer;
}

/** Every batch in the journal of a home that no gateway uses. */
export async function readJournal(home: string): Promise<JournaledBatch[]> {
  const log = new BatchLog(await openJournal({ directory: join(home, 'journal') }), {
    inflatedBytes: 2 ** 23,
  });
  try {
    return await log.read(log.firstOffset, { maxBytes: 2 ** 30 });
  } finally {
    await log.close();
  }
}

/** A batch of one stream, `air/temperature`, with the ledger that an honest device would send. */
export function batchOf(
  device: string,
  seq: number,
  about: { epoch?: string; readings?: number; value?: number; before?: number } = {},
): Batch {
  const { epoch = 'epoch-1', readings = 1, value = 20, before = (seq - 1) * readings } = about;
  const t = Float64Array.from(
    { length: readings },
    (_, index) => 1_700_000_000_000_000 + (before + index) * 1e6,
  );
  const batched = before + readings;
  const sensors = [
    airReadings(
      t,
      t.map((_, index) => value + index),
    ),
  ];
  const ledger = { 'air/temperature': allBatched(batched) };
  return sampleBatch({ device, epoch, seq, sentAt: 1_700_000_000_000_000 + seq, sensors, ledger });
}

/** Publishes a batch as a device does; resolves with its PUBACK. */
export async function publishBatch(
  client: mqtt.MqttClient,
  batch: Batch,
  topic = batchTopic(batch.device),
): Promise<void> {
  await client.publishAsync(topic, Buffer.from(encodeBatch(batch)), { qos: 1 });
}

/** Resolves when the connection of a client has closed. */
export function closeOf(client: mqtt.MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}

function countIn(metrics: string, code: string): number {
  const lines = metrics
    .split('\n')
    .filter((line) => line.includes('_refused_total{') && line.includes(`"${code}"`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
