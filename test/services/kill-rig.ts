import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DeviceCredential, LedgerRow } from '@fieldline/protocol';
import { stringify } from 'yaml';
import { fetchLedger } from './demo.ts';
import { endProcess } from './end-process.ts';
import { freePort } from './free-port.ts';
import { startInfluxd, type Influxd } from './influxd.ts';

const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));
const agentProcess = fileURLToPath(new URL('../../edge/src/testing/agent-process.ts', import.meta.url));

/** What can be killed. */
export const victims = ['agent', 'gateway', 'influxd'] as const;
export type Victim = (typeof victims)[number];

/** A sensor of the rig, and the keys of its configuration beside id, driver and port. */
export interface RigSensor {
  readonly id: string;
  readonly ratePerSec: number;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Virtual thermometers, one agent, one gateway and one InfluxDB, each a process of its own: each can be killed and is started
 * again at the same place. The gateway stores in InfluxDB and in its embedded store.
 */
export class KillRig {
  readonly home = mkdtempSync(join(tmpdir(), 'fieldline-kill-'));
  readonly device = 'lab-1';
  readonly #sensors: readonly RigSensor[];
  readonly #simulators: ChildProcess[] = [];
  #influxd: Influxd | undefined;
  #gateway: ChildProcess | undefined;
  #agent: ChildProcess | undefined;
  #ports = { http: 0, mqtt: 0 };

  constructor(sensors: readonly RigSensor[]) {
    this.#sensors = sensors;
  }

  async start(): Promise<void> {
    this.#influxd = await startInfluxd();
    this.#ports = { http: await freePort(), mqtt: await freePort() };
    await this.#startGateway();
    for (const each of this.#sensors) await this.#startSensor(each);
    this.#writeAgentFile(await this.#addDevice());
    this.#startAgent();
  }

  get dashboard(): string {
    return `http://127.0.0.1:${this.#ports.http}`;
  }

  get influxUrl(): string {
    if (!this.#influxd) throw new Error('InfluxDB has not been started');
    return this.#influxd.url;
  }

  /** What the sensor itself says it handed over. */
  recordPath(sensor: string): string {
    return join(this.home, `${sensor}.ndjson`);
  }

  async total(): Promise<LedgerRow> {
    return (await fetchLedger(this.dashboard)).total;
  }

  /** Ends it as a power cut does, and starts it again. */
  async kill(victim: Victim): Promise<void> {
    if (victim === 'influxd') {
      await this.#influxd?.kill();
      await this.#influxd?.restart();
    } else if (victim === 'gateway') {
      if (this.#gateway) await endProcess(this.#gateway, 'SIGKILL');
      await this.#startGateway();
    } else {
      if (this.#agent) await endProcess(this.#agent, 'SIGKILL');
      this.#startAgent();
    }
  }

  async endSensors(): Promise<void> {
    for (const each of this.#simulators.splice(0)) await endProcess(each);
  }

  /** A stop in order, which closes and seals the open windows, and a start, which sends what is left. */
  async restartAgent(): Promise<void> {
    if (this.#agent) await endProcess(this.#agent);
    this.#startAgent();
  }

  /** Ends agent and gateway in order, so that their files can be read. */
  async end(): Promise<void> {
    if (this.#agent) await endProcess(this.#agent);
    if (this.#gateway) await endProcess(this.#gateway);
  }

  async remove(): Promise<void> {
    await this.endSensors();
    if (this.#agent) await endProcess(this.#agent, 'SIGKILL');
    if (this.#gateway) await endProcess(this.#gateway, 'SIGKILL');
    await this.#influxd?.remove();
    rmSync(this.home, { recursive: true, force: true });
  }

  async #startGateway(): Promise<void> {
    const { http, mqtt } = this.#ports;
    const ports = ['--http-port', String(http), '--mqtt-port', String(mqtt)];
    const env = {
      ...process.env,
      FIELDLINE_INFLUX_URL: this.influxUrl,
      FIELDLINE_STORES: 'influxdb,embedded',
      FIELDLINE_LOG_LEVEL: 'silent',
    };
    const words = [launcher, 'gateway', '--home', join(this.home, 'gateway'), ...ports, '--json'];
    this.#gateway = await ready(
      spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] }),
    );
  }

  async #startSensor({ id, ratePerSec }: RigSensor): Promise<void> {
    const paths = ['--link', join(this.home, id), '--record', this.recordPath(id), '--json'];
    const words = [launcher, 'simulate', 'thermometer', ...paths, '--rate', String(ratePerSec)];
    this.#simulators.push(
      await ready(spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })),
    );
  }

  async #addDevice(): Promise<DeviceCredential> {
    const token = readFileSync(join(this.home, 'gateway', 'admin.token'), 'utf8').trim();
    const response = await fetch(new URL('/api/v1/devices', this.dashboard), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: this.device }),
    });
    return (await response.json()) as DeviceCredential;
  }

  #writeAgentFile({ password }: DeviceCredential): void {
    const sensors = this.#sensors.map(({ id, config }) => {
      return { id, driver: 'thermometer', port: join(this.home, id), ...config };
    });
    const gateway = { url: `mqtt://127.0.0.1:${this.#ports.mqtt}`, password };
    const file = { device: this.device, gateway, dataDir: './data', flush: '200ms', sensors };
    writeFileSync(join(this.home, 'agent.yaml'), stringify(file));
  }

  #startAgent(): void {
    this.#agent = spawn(process.execPath, [agentProcess, join(this.home, 'agent.yaml')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
}

/** Waits for the first line of a program, which says that it is ready. */
async function ready(child: ChildProcess): Promise<ChildProcess> {
  if (!child.stdout) throw new Error('started without a pipe for its output');
  const lines = createInterface({ input: child.stdout });
  const [first]: unknown[] = await Promise.race([once(lines, 'line'), once(child, 'exit')]);
  if (typeof first !== 'string') throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}`);
  return child;
}
