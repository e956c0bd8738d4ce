import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleAgent } from '../../edge/bundle/bundle-agent.ts';
import { TestBroker } from '../../edge/src/testing/test-broker.ts';
import { endProcess } from '../services/end-process.ts';
import { residentBytes } from '../services/resident-bytes.ts';
import { unitEnvironment } from '../services/unit-environment.ts';
import { benchResult, type BenchResult } from './bench-result.ts';
import { DeviceFeed } from './device-feed.ts';

/** Seconds without a gateway, a flush each. */
const backlogSec = Number(process.env['FIELDLINE_BENCH_HOURS'] ?? 24) * 3600;
/** What the systemd unit allows (`MemoryMax`). */
const limitBytes = 128 * 2 ** 20;
/** Windows of the ADC are as large at this rate as at 10 kS/s, and come sooner. */
const adcRate = 50;
const lookEveryMs = 200;
const device = 'lab-1';
const memoryGroups = '/sys/fs/cgroup/memory';

/**
 * `edge-backlog`: the most memory that the bundled agent takes, with the flags of its unit, while it sends a backlog of
 * 24 hours (a batch a second: an ADC, a GNSS receiver of 10 fixes a second, four thermometers), beside the limit of
 * 128 MB and beside its memory with the last tenth to go. Where this process may make one, a memory cgroup holds the limit.
 *
 * Caveats: the backlog is made by the agent's own pipelines and outbox in this process, on a RAM disk where there is one; the agent
 * then finds it at its start, and reads no sensor.
 */
export async function runEdgeBacklog(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fieldline-backlog-'));
  const broker = await TestBroker.start();
  let agent: ChildProcess | undefined;
  let release: (() => void) | undefined;
  try {
    const waiting = await makeBacklog(folder);
    agent = await startAgent(folder, broker.port);
    release = limitMemory(agent);
    return report(await drain(agent, broker, waiting), release !== undefined);
  } finally {
    if (agent) await endProcess(agent);
    release?.();
    await broker.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Answers how many batches wait. */
async function makeBacklog(folder: string): Promise<number> {
  const startMs = Date.now() - backlogSec * 1000;
  const feed = await DeviceFeed.open({ folder, device, startMs, adcRate });
  for (let second = 0; second < backlogSec; second++) {
    await feed.passSecond();
    await feed.flush();
  }
  await feed.close();
  return feed.outbox.nextOffset;
}

async function startAgent(folder: string, port: number): Promise<ChildProcess> {
  const config = join(folder, 'agent.yaml');
  writeFileSync(
    config,
    `device: ${device}\ngateway: { url: 'mqtt://127.0.0.1:${port}', password: secret }\ndataDir: ./data\nuplink: { backlogBatchesPerSec: 10000, inFlight: 100 }\nsensors: []\n`,
  );
  const { program } = await bundleAgent({ folder, platforms: ['linux-x64'] });
  const { variables, flags } = unitEnvironment();
  const env = { ...process.env, ...variables, FIELDLINE_LOG_LEVEL: 'error' };
  return spawn(process.execPath, [...flags, program, '--config', config], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Puts a process under the limit; answers how to take the limit away, or undefined where that is not allowed. */
function limitMemory({ pid }: ChildProcess): (() => void) | undefined {
  const group = join(memoryGroups, `fieldline-bench-${process.pid}`);
  try {
    if (!existsSync(memoryGroups)) return undefined;
    mkdirSync(group);
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(limitBytes));
    writeFileSync(join(group, 'cgroup.procs'), String(pid));
    return () => rmdirSync(group);
  } catch {
    return undefined;
  }
}

interface Drained {
  /** The most memory while nine tenths of the backlog went out, bytes. */
  readonly most: number;
  /** The same for the last tenth. */
  readonly last: number;
}

async function drain(agent: ChildProcess, broker: TestBroker, waiting: number): Promise<Drained> {
  const ended = once(agent, 'exit').then(() => 'ended' as const);
  let [came, most, last] = [0, 0, 0];
  while (came < waiting) {
    const pause = new Promise<'on'>((resolve) => setTimeout(() => resolve('on'), lookEveryMs));
    if ((await Promise.race([ended, pause])) === 'ended')
      throw new Error(`the agent ended after ${came} batches`);
    came += broker.batches.length;
    // What arrived would grow in this process.
    broker.batches.length = 0;
    broker.arrivals.length = 0;
    const bytes = residentBytes(agent);
    if (came < 0.9 * waiting) most = Math.max(most, bytes);
    else last = Math.max(last, bytes);
  }
  return { most, last };
}

function report({ most, last }: Drained, isHeld: boolean): BenchResult[] {
  const name = `limit of 128 MB${isHeld ? ', held by a cgroup' : ''}`;
  const unit = 'bytes resident';
  const packages = ['mqtt'];
  return [
    benchResult({
      name: 'edge-backlog',
      unit,
      ours: [Math.max(most, last)],
      peer: { name, values: [limitBytes] },
      packages,
    }),
    benchResult({
      name: 'edge-backlog-growth',
      unit,
      ours: [last],
      peer: { name: 'the nine tenths before', values: [most] },
      packages,
    }),
  ];
}
