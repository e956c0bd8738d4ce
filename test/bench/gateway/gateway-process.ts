import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { endProcess } from '../../services/end-process.ts';
import type { LoadClient } from './load-orders.ts';

const launcher = fileURLToPath(new URL('../../../cli/bin/fieldline.js', import.meta.url));

/** How often it is asked how far a sink is: often enough beside a run of seconds, and a thousandth of a processor. */
const lookEveryMs = 20;

/** How long a sink may take to have what was acknowledged. */
const settleMs = 300_000;

/** `fieldline gateway` in a process and a home of its own. */
export class GatewayProcess {
  readonly #child: ChildProcess;
  readonly home: string;
  readonly pid: number;
  readonly httpUrl: string;
  readonly mqttPort: number;

  private constructor(child: ChildProcess, home: string, ready: Ready) {
    this.#child = child;
    this.home = home;
    this.pid = ready.pid;
    this.httpUrl = new URL(ready.dashboard).origin;
    this.mqttPort = Number(new URL(ready.mqtt).port);
  }

  /**
   * Resolves when it takes connections. `config`: what its file says, beside where it listens. `nodeOptions`:
   * arguments of Node itself.
   */
  static start(config: object, nodeOptions: readonly string[] = []): Promise<GatewayProcess> {
    const home = mkdtempSync(join(tmpdir(), 'fieldline-bench-gateway-'));
    writeFileSync(join(home, 'bench.yaml'), stringify({ logLevel: 'warn', ...config }));
    return GatewayProcess.#launch(home, nodeOptions);
  }

  static async #launch(home: string, nodeOptions: readonly string[]): Promise<GatewayProcess> {
    const words = ['gateway', '--config', join(home, 'bench.yaml'), '--home', home, '--http-port', '0'];
    const child = spawn(
      process.execPath,
      [...nodeOptions, launcher, ...words, '--mqtt-port', '0', '--json'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as { ready?: Ready };
      if (said.ready) return new GatewayProcess(child, home, said.ready);
    }
    throw new Error('the gateway ended before it was ready');
  }

  /** Ends it; its home stays. */
  async stop(): Promise<void> {
    await endProcess(this.#child);
  }

  /** Another one in the home of this one, which has stopped. */
  restart(): Promise<GatewayProcess> {
    return GatewayProcess.#launch(this.home, []);
  }

  /** Registers devices as a person would. */
  async addDevices(names: readonly string[]): Promise<LoadClient[]> {
    const clients: LoadClient[] = [];
    for (const name of names) {
      const response = await fetch(`${this.httpUrl}/api/v1/devices`, {
        method: 'POST',
        headers: { ...this.authorization(), 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      });
      const { password } = (await response.json()) as { password: string };
      clients.push({ device: name, password });
    }
    return clients;
  }

  /** The administrator's, from the home. */
  authorization(): Record<string, string> {
    return { authorization: `Bearer ${readFileSync(join(this.home, 'admin.token'), 'utf8').trim()}` };
  }

  /**
   * Resolves with the time (as in `LoadReport`) at which a sink was first seen to have stored all that is journaled. Throws when
   * it never has.
   */
  async untilStored(sink: string): Promise<number> {
    for (const deadlineMs = performance.now() + settleMs; performance.now() < deadlineMs;) {
      const response = await fetch(`${this.httpUrl}/api/v1/pipeline`, { headers: this.authorization() });
      const { stages } = (await response.json()) as { stages: { name: string; queued: number }[] };
      if (stages.find(({ name }) => name === sink)?.queued === 0)
        return performance.timeOrigin + performance.now();
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    throw new Error(`${sink} has not stored everything within ${settleMs} ms`);
  }

  /** Readings that the ledger cannot account for. */
  async unaccounted(): Promise<number> {
    const response = await fetch(`${this.httpUrl}/api/v1/ledger`, { headers: this.authorization() });
    return ((await response.json()) as { total: { unaccounted: number } }).total.unaccounted;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}

interface Ready {
  readonly pid: number;
  readonly dashboard: string;
  readonly mqtt: string;
}
