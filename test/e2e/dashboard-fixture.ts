import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGateway, type GatewayOptions, type RunningGateway } from '@fieldline/gateway';
import {
  batchTopic,
  encodeBatch,
  statusTopic,
  type SensorBlock,
  type StreamLedger,
} from '@fieldline/protocol';
import { sampleBatch } from '@fieldline/protocol/testing';
import { connectAsync, type MqttClient } from 'mqtt';
import { build } from 'vite';

/** A gateway that serves the dashboard as it stands in the source now. */
export interface DashboardFixture {
  gateway: RunningGateway;
  /** Starts the gateway again, on the same ports and the same home, with these settings changed. */
  restart(changes?: Partial<GatewayOptions>): Promise<void>;
  stop(): Promise<void>;
}

/** Asks the API of a gateway as its administrator. */
export async function askGateway<Answer>(
  gateway: RunningGateway,
  method: string,
  path: string,
  body: unknown,
): Promise<Answer> {
  const token = (await readFile(join(gateway.home, 'admin.token'), 'utf8')).trim();
  const response = await fetch(new URL(path, gateway.httpUrl), {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Answer;
}

/** Builds the dashboard as it stands in the source now; the folder of what is to be served, within `directory`. */
export async function buildDashboard(directory: string): Promise<string> {
  const root = fileURLToPath(new URL('../../dashboard/', import.meta.url));
  const outDir = join(directory, 'dist');
  await build({
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  });
  return outDir;
}

/** Builds the dashboard into a temporary directory and starts a real gateway with it, and with these settings. */
export async function startDashboard(settings: Partial<GatewayOptions> = {}): Promise<DashboardFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'fieldline-dashboard-'));
  const outDir = await buildDashboard(directory);
  const options: GatewayOptions = {
    home: join(directory, 'home'),
    dashboardDirectory: outDir,
    stores: ['embedded'],
    logLevel: 'silent',
    ...settings,
  };
  const listening = (http: number, mqtt: number, changes: Partial<GatewayOptions> = {}) =>
    startGateway(
      {
        ...options,
        ...changes,
        http: { host: '127.0.0.1', port: http },
        mqtt: { host: '127.0.0.1', port: mqtt },
      },
      { environment: {} },
    );
  const fixture: DashboardFixture = {
    gateway: await listening(0, 0),
    async restart(changes) {
      const { httpUrl, mqttUrl } = fixture.gateway;
      const [http, mqtt] = [Number(new URL(httpUrl).port), Number(new URL(mqttUrl).port)];
      fixture.gateway = await listening(http, mqtt, changes);
    },
    async stop() {
      await fixture.gateway.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return fixture;
}

/** One device as its agent behaves on the wire: a real client, numbered batches, running totals. */
export class TestDevice {
  readonly id: string;
  readonly #client: MqttClient;
  readonly #ledger: Record<string, StreamLedger> = {};
  #seq = 0;

  private constructor(id: string, client: MqttClient) {
    this.id = id;
    this.#client = client;
  }

  /** Registers the device at the gateway, connects it and says that it is online. */
  static async register(gateway: RunningGateway, id: string, agentVersion = '0.1.0'): Promise<TestDevice> {
    const { password } = await askGateway<{ password: string }>(gateway, 'POST', '/api/v1/devices', {
      name: id,
    });
    const client = await connectAsync(gateway.mqttUrl, {
      clientId: id,
      username: id,
      password,
      protocolVersion: 4,
      reconnectPeriod: 0,
    });
    const device = new TestDevice(id, client);
    const status = { online: true, configVersion: 1, bootId: 'boot-1', clock: 'synced', startedAt: nowUs() };
    await client.publishAsync(statusTopic(id), JSON.stringify({ ...status, agentVersion }), {
      qos: 1,
      retain: true,
    });
    return device;
  }

  /** Sends one batch; resolves once the gateway holds it durably. */
  async send(sensors: readonly SensorBlock[]): Promise<void> {
    this.#seq += 1;
    for (const block of sensors) this.#count(block);
    const batch = sampleBatch({
      device: this.id,
      seq: this.#seq,
      sentAt: nowUs(),
      sensors,
      ledger: structuredClone(this.#ledger),
    });
    await this.#client.publishAsync(batchTopic(this.id), Buffer.from(encodeBatch(batch)), { qos: 1 });
  }

  /** Sends these very bytes where batches belong; resolves once the gateway holds or refuses them durably. */
  async sendRaw(bytes: Uint8Array): Promise<void> {
    await this.#client.publishAsync(batchTopic(this.id), Buffer.from(bytes), { qos: 1 });
  }

  /** Hangs up. */
  async stop(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #count(block: SensorBlock): void {
    for (const [quantity, readings] of countsOf(block)) {
      const name = `${block.sensor}/${quantity}`;
      const total = (this.#ledger[name]?.taken ?? 0) + readings;
      this.#ledger[name] = { taken: total, filtered: 0, refused: 0, lost: 0, open: 0, batched: total };
    }
  }
}

/** Readings of each quantity in a block of readings or windows. */
function countsOf(block: SensorBlock): [quantity: string, readings: number][] {
  if (block.kind === 'gaps') return [];
  if (block.kind === 'readings') {
    return Object.entries(block.fields).map(([quantity, { v }]) => [
      quantity,
      v.filter((value) => !Number.isNaN(value)).length,
    ]);
  }
  return Object.entries(block.fields).map(([quantity, { count }]) => [
    quantity,
    count.reduce((sum, readings) => sum + readings, 0),
  ]);
}

/** Microseconds, UTC. */
export function nowUs(): number {
  return Date.now() * 1000;
}

/** Raw readings of one quantity at these times. */
export function readings(
  name: { sensor: string; type: string; quantity: string; unit: string },
  points: readonly (readonly [timeUs: number, value: number])[],
): SensorBlock {
  const t = Float64Array.from(points, ([timeUs]) => timeUs);
  const v = Float64Array.from(points, ([, value]) => value);
  const { sensor, type, quantity, unit } = name;
  return { sensor, type, kind: 'readings', t, fields: { [quantity]: { unit, v } } };
}

/** A recorded gap of a sensor. */
export function gap(sensor: string, type: string, fromUs: number, toUs: number, reason: string): SensorBlock {
  return {
    sensor,
    type,
    kind: 'gaps',
    from: Float64Array.of(fromUs),
    to: Float64Array.of(toUs),
    reason: [reason],
  };
}
