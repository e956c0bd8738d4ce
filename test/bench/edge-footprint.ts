import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestBroker } from '../../edge/src/testing/test-broker.ts';
import { bundleAgent } from '../../edge/bundle/bundle-agent.ts';
import { residentBytes } from '../services/resident-bytes.ts';
import { unitEnvironment } from '../services/unit-environment.ts';
import { benchResult, type BenchResult } from './bench-result.ts';

/** How long the agent runs before it is measured; the figure of the issue is that after 10 minutes. */
const minutesDefault = 1;
/** Measurements of each process, a second apart. */
const measurements = 15;
/** The kernel counts processor time in these (sysconf(_SC_CLK_TCK) on Linux). */
const ticksPerSec = 100;
/** CPU that the agent may take, in per cent of one core. */
const cpuLimitPercent = 4;

/** The runtime of both sides: this one, or the one that `FIELDLINE_BENCH_NODE` names. */
const node = process.env['FIELDLINE_BENCH_NODE'] ?? process.execPath;

const baseline = fileURLToPath(new URL('footprint-baseline.js', import.meta.url));
const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));

/**
 * `edge-footprint`: resident memory of the bundled agent under its usual load (an ADC of 10 kS/s, a GNSS
 * receiver of 10 fixes a second, four thermometers, outbox and uplink), with the flags of its systemd unit, beside
 * a bare process of the same Node, without flags, that imports mqtt and serialport. Then its CPU beside the limit.
 *
 * Caveats: after one minute, not ten, unless FIELDLINE_BENCH_MINUTES says so; both sides run on the Node of
 * this process, unless FIELDLINE_BENCH_NODE names another. Shared pages of the runtime
 * count in both. On a busy machine the virtual sensors fall behind, and the agent has less to do.
 */
export async function runEdgeFootprint(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-footprint-'));
  const started: ChildProcess[] = [];
  const broker = await TestBroker.start();
  try {
    started.push(...(await startSensors(folder)));
    const agent = startAgentProcess(
      (await bundleAgent({ folder, platforms: ['linux-x64'] })).program,
      folder,
      broker.port,
    );
    const bare = spawn(node, [baseline], { stdio: 'ignore' });
    started.push(agent, bare);
    const runMs = Number(process.env['FIELDLINE_BENCH_MINUTES'] ?? minutesDefault) * 60_000;
    await forget(broker, runMs);
    return await measureBoth(agent, bare, broker);
  } finally {
    await Promise.all(started.map(end));
    await broker.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Ends a process, and waits for its end. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Starts the virtual sensors; resolves when their ports are there. */
async function startSensors(folder: string): Promise<ChildProcess[]> {
  const sensors = [
    ['adc', '--rate', '10000', '--block', '250', '--link', join(folder, 'adc')],
    ['gnss', '--speed', '10', '--link', join(folder, 'gnss')],
    ...[0, 1, 2, 3].map((index) => ['thermometer', '--link', join(folder, `thermometer-${index}`)]),
  ];
  return Promise.all(
    sensors.map(async (words) => {
      const child = spawn(process.execPath, [launcher, 'simulate', ...words, '--json'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      await once(child.stdout, 'data');
      child.stdout.resume();
      return child;
    }),
  );
}

function startAgentProcess(bundle: string, folder: string, port: number): ChildProcess {
  const thermometers = [0, 1, 2, 3].map(
    (index) => `  - { id: t${index}, driver: thermometer, port: ${folder}/thermometer-${index} }\n`,
  );
  const config = join(folder, 'agent.yaml');
  writeFileSync(
    config,
    `device: lab-1
gateway: { url: 'mqtt://127.0.0.1:${port}', password: secret }
dataDir: ./data
sensors:
  - { id: shaft, driver: adc, source: mcu, port: ${folder}/adc, channels: [{ index: 0 }] }
  - { id: position, driver: gnss, port: ${folder}/gnss }
${thermometers.join('')}`,
  );
  const { variables, flags } = unitEnvironment();
  const env = { ...process.env, ...variables, FIELDLINE_LOG_LEVEL: 'error' };
  const words = [...flags, bundle, '--config', config];
  return spawn(node, words, { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Waits, and lets go of what arrives: it would grow in this process and slow it. */
async function forget(broker: TestBroker, forMs: number): Promise<void> {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(1000, forMs)));
    broker.arrivals.length = 0;
    broker.batches.length = 0;
  }
}

async function measureBoth(
  agent: ChildProcess,
  bare: ChildProcess,
  broker: TestBroker,
): Promise<BenchResult[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const cpu: number[] = [];
  for (let run = 0; run < measurements; run++) {
    const before = { cpuSec: cpuSeconds(agent), atMs: performance.now() };
    await forget(broker, 1000);
    const elapsedSec = (performance.now() - before.atMs) / 1000;
    cpu.push((100 * (cpuSeconds(agent) - before.cpuSec)) / elapsedSec);
    ours.push(residentBytes(agent));
    theirs.push(residentBytes(bare));
  }
  const packages = ['mqtt', 'serialport'];
  const runtime = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const limit = { name: 'limit', values: cpu.map(() => cpuLimitPercent) };
  return [
    benchResult({
      name: 'edge-footprint',
      unit: 'bytes resident',
      ours,
      peer: { name: `bare Node ${runtime}, mqtt and serialport`, values: theirs },
      packages,
    }),
    benchResult({ name: 'edge-footprint-cpu', unit: '% of a core', ours: cpu, peer: limit, packages }),
  ];
}

/** Processor time of a process so far, of all its threads, user and system (proc(5), fields 14 and 15). */
function cpuSeconds({ pid }: ChildProcess): number {
  const text = readFileSync(`/proc/${pid ?? 0}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSec;
}
