import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endProcess } from '../../services/end-process.ts';
import { freePort } from '../../services/free-port.ts';
import { mosquittoProgram } from '../../services/mosquitto.ts';
import { cpuSeconds } from './process-cost.ts';

const script = fileURLToPath(new URL('bridge-process.ts', import.meta.url));

/**
 * Mosquitto's defaults lose acknowledged messages when a subscriber is slower than the publishers: without
 * these limits it queues them all in memory.
 */
const tuned = 'max_inflight_messages 0\nmax_queued_messages 0\nmax_queued_bytes 0\nset_tcp_nodelay true\n';

/** Mosquitto, tuned, with a minimal bridge to InfluxDB behind it. */
export class Bridge {
  readonly port: number;
  readonly #broker: ChildProcess;
  readonly #bridge: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, broker: ChildProcess, bridge: ChildProcess, folder: string) {
    this.port = port;
    this.#broker = broker;
    this.#bridge = bridge;
    this.#folder = folder;
  }

  static async start(influxUrl: string, database: string): Promise<Bridge> {
    const folder = mkdtempSync(join(tmpdir(), 'fieldline-bench-bridge-'));
    const port = await freePort();
    const broker = await startMosquitto(folder, port);
    const bridge = fork(script, [`mqtt://127.0.0.1:${port}`, influxUrl, database]);
    await once(bridge, 'message');
    return new Bridge(port, broker, bridge, folder);
  }

  /** Processor time of both so far. */
  get cpuSeconds(): number {
    return cpuSeconds(this.#broker.pid ?? 0) + cpuSeconds(this.#bridge.pid ?? 0);
  }

  async end(): Promise<void> {
    await endProcess(this.#bridge);
    await endProcess(this.#broker);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function startMosquitto(folder: string, port: number): Promise<ChildProcess> {
  const file = join(folder, 'mosquitto.conf');
  const listen = `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type information\n`;
  writeFileSync(file, listen + tuned);
  const broker = spawn(mosquittoProgram.path, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const line of createInterface({ input: broker.stderr })) {
    if (!line.endsWith(' running')) continue;
    broker.stderr.resume();
    return broker;
  }
  throw new Error('mosquitto ended before it listened');
}
