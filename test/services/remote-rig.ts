import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOrRepair, startAgent, type Agent } from '@fieldline/edge';
import { startGateway, type GatewayOptions, type RunningGateway } from '@fieldline/gateway';
import { openJournal } from '@fieldline/journal';
import {
  decodeBatch,
  type Batch,
  type ConfigState,
  type DeviceConfigAnswer,
  type DeviceCredential,
  type LedgerAnswer,
} from '@fieldline/protocol';
import { systemClock, VirtualSensor, type Sensor } from '@fieldline/simulators';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { eventually } from './wait.ts';

const device = 'lab-1';
const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A real gateway, a real agent and virtual sensors, in this process; all that goes between them is MQTT and ptys. */
export class RemoteRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'fieldline-remote-'));
  readonly #sensors: VirtualSensor[] = [];
  #gateway: RunningGateway | undefined;
  #agent: Agent | undefined;
  #password = '';
  #token = '';

  /** @param more what the gateway is told beside its home and ports: the dashboard it serves */
  async startGateway(more: Pick<GatewayOptions, 'dashboardDirectory'> = {}): Promise<void> {
    const home = join(this.folder, 'home');
    const options = { home, http: { port: 0 }, mqtt: { port: 0 }, ...more };
    this.#gateway = await startGateway(options, { logger: pino({ level: 'silent' }), environment: {} });
    this.#token = readFileSync(join(home, 'admin.token'), 'utf8').trim();
    const { password } = await this.ask<DeviceCredential>('POST', '/api/v1/devices', { name: device });
    this.#password = password;
  }

  /** The header by which a request is an administrator's. */
  get authorization(): string {
    return `Bearer ${this.#token}`;
  }

  get gateway(): RunningGateway {
    if (this.#gateway === undefined) throw new Error('the gateway has not been started');
    return this.#gateway;
  }

  /** The path at which the agent finds a sensor. */
  port(sensor: string): string {
    return join(this.folder, sensor);
  }

  /** The sensor's own record. */
  recordPath(sensor: string): string {
    return join(this.folder, `${sensor}.ndjson`);
  }

  /** A virtual sensor that holds what it says until somebody reads. */
  addSensor(name: string, sensor: Sensor): VirtualSensor {
    const added = new VirtualSensor({
      sensor,
      clock: systemClock,
      link: this.port(name),
      record: this.recordPath(name),
      whileAway: 'hold',
    });
    this.#sensors.push(added);
    return added;
  }

  /** Writes the agent's file with these keys, or this text; answers its path. */
  writeAgentFile(keys: Record<string, unknown> | string): string {
    const gateway = { url: this.gateway.mqttUrl, password: this.#password };
    const file = typeof keys === 'string' ? keys : stringify({ device, gateway, dataDir: './data', ...keys });
    const path = join(this.folder, 'agent.yaml');
    writeFileSync(path, file.replace('$URL', gateway.url).replace('$PASSWORD', gateway.password));
    return path;
  }

  /** Starts the agent on a file of these keys, or on this text. */
  async startAgent(keys: Record<string, unknown> | string): Promise<void> {
    const config = await loadOrRepair(this.writeAgentFile(keys), {});
    this.#agent = await startAgent(config, { logger: quiet });
  }

  async stopAgent(): Promise<void> {
    await this.#agent?.stop();
    this.#agent = undefined;
  }

  /** Asks the gateway's API as an administrator. */
  async ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.gateway.httpUrl}${path}`, {
      method,
      headers: { authorization: this.authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Answer;
  }

  config(): Promise<DeviceConfigAnswer> {
    return this.ask('GET', `/api/v1/devices/${device}/config`);
  }

  /** Sets a configuration. */
  set(config: unknown): Promise<DeviceConfigAnswer> {
    return this.ask('PUT', `/api/v1/devices/${device}/config`, { config });
  }

  /** Sets a configuration, and waits until the device has answered it so. */
  async setUntil(config: unknown, state: ConfigState, withinMs = 40_000): Promise<DeviceConfigAnswer> {
    const { desired } = await this.set(config);
    return this.until(state, desired?.version ?? 0, withinMs);
  }

  /** Waits until this version is in this state; another answer of the device ends the wait. */
  async until(state: ConfigState, version: number, withinMs = 40_000): Promise<DeviceConfigAnswer> {
    const answer = await eventually(
      `version ${version} ${state}`,
      async () => {
        const now = await this.config();
        const isOpen = now.state === 'waiting' || now.state === 'delivered';
        return isOpen || now.desired?.version !== version ? undefined : now;
      },
      withinMs,
    );
    if (answer.state !== state)
      throw new Error(`${answer.state}: ${JSON.stringify(answer.reported?.errors)}`);
    return answer;
  }

  /** Waits until the agent has read so many readings: what is still in a port when it closes is gone. */
  read(taken: number, withinMs = 30_000): Promise<LedgerAnswer> {
    return this.#account(taken, (ledger) => ledger.total.taken >= taken, withinMs);
  }

  /** Waits until the gateway's account holds so many readings, all of them stored. */
  settled(taken: number): Promise<LedgerAnswer> {
    return this.#account(taken, ({ total }) => total.taken === taken && total.underWay === 0);
  }

  async #account(
    taken: number,
    isThere: (ledger: LedgerAnswer) => boolean,
    withinMs?: number,
  ): Promise<LedgerAnswer> {
    let last: LedgerAnswer | undefined;
    const look = async (): Promise<LedgerAnswer | undefined> => {
      last = await this.ask<LedgerAnswer>('GET', `/api/v1/ledger?device=${device}`);
      return isThere(last) ? last : undefined;
    };
    return eventually(`${taken} readings`, look, withinMs).catch((cause: unknown) => {
      throw new Error(`${taken} were written; the account says ${JSON.stringify(last?.total)}`, { cause });
    });
  }

  /** Stops agent and gateway, and reads every batch from the journal on the disk. */
  async stopAndReadBatches(): Promise<Batch[]> {
    await this.stopAgent();
    await this.gateway.stop();
    const journal = await openJournal({ directory: join(this.folder, 'home', 'journal') });
    const records = await journal.read(journal.firstOffset, { maxBytes: 2 ** 30 });
    await journal.close();
    return records.map(({ value }) => {
      const decoded = decodeBatch(value);
      if (!decoded.ok) throw new Error(decoded.refusal.detail);
      return decoded.value;
    });
  }

  async end(): Promise<void> {
    await this.stopAgent();
    for (const sensor of this.#sensors) await sensor.close();
    await this.#gateway?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
