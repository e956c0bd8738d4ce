import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { endProcess } from './end-process.ts';
import { runFieldline } from './run-fieldline.ts';

const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));

/** A device beside those of the demo: a virtual thermometer in the hand of the test, read by a real agent. */
export interface BenchDevice {
  /** The thermometer says this value on its line, once; resolves when the kernel has taken the bytes. */
  say(value: number): Promise<void>;
  /** Bytes that are no line of a thermometer. */
  garbage(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Where a bench device belongs. */
export interface BenchPlace {
  readonly device: string;
  readonly gateway: string;
  readonly mqtt: string;
  /** The gateway's home, where its admin token is. */
  readonly home: string;
}

/** Registers `device` at the gateway as a person would, and starts `fieldline agent` on a new pty. */
export async function startBenchDevice(place: BenchPlace): Promise<BenchDevice> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-bench-'));
  const password = await register(place);
  const port = join(folder, 'port');
  const words = ['simulate', 'thermometer', '--control', '--hold', '--json', '--link', port];
  const sensor = spawn('node', [launcher, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: sensor.stdout })[Symbol.asyncIterator]();
  await answers.next();
  const config = join(folder, 'agent.yaml');
  writeFileSync(config, stringify(agentConfig(place, password, port)));
  const agent = spawn('node', [launcher, 'agent', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const order = async (line: string): Promise<void> => {
    sensor.stdin.write(`${line}\n`);
    await answers.next();
  };
  return {
    say: (value) => order(`value ${value}`),
    garbage: (count) => order(`garbage ${count}`),
    stop: async () => {
      await endProcess(agent);
      await endProcess(sensor);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function register({ device, gateway, home }: BenchPlace): Promise<string> {
  const words = ['device', 'add', device, '--gateway', gateway, '--json'];
  const added = await runFieldline(words, { FIELDLINE_HOME: home });
  if (added.exitCode !== 0) throw new Error(`device add: ${added.stderr}`);
  return (JSON.parse(added.stdout) as { password: string }).password;
}

function agentConfig({ device, mqtt }: BenchPlace, password: string, port: string): unknown {
  return {
    device,
    gateway: { url: mqtt, password },
    dataDir: './data',
    flush: '200ms',
    sensors: [{ id: 'probe', driver: 'thermometer', port, baudRate: 9600 }],
  };
}
