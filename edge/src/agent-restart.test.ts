import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '@fieldline/protocol';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledgerDifferences } from './ledger/ledger.ts';
import { eventually } from './testing/eventually.ts';
import { TestBroker } from './testing/test-broker.ts';
import { TestPort } from './testing/test-port.ts';

const source = new URL('./testing/agent-process.ts', import.meta.url).pathname;
let folder: string;
let broker: TestBroker;
let ports: TestPort[];
let child: ChildProcess | undefined;
let written: number;
let feeding: NodeJS.Timeout;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-restart-'));
  broker = await TestBroker.start();
  ports = ['raw', 'windowed'].map((name) => new TestPort(join(folder, name)));
  written = 0;
  await writeFile(
    join(folder, 'agent.yaml'),
    `device: a-1
gateway: { url: '${broker.url}', password: secret }
dataDir: ./data
flush: 50ms
sensors:
  - { id: raw, driver: thermometer, port: '${folder}/raw' }
  - { id: windowed, driver: thermometer, port: '${folder}/windowed', window: 200ms, lateness: 50ms }
`,
  );
  feeding = setInterval(() => {
    written += 1;
    for (const port of ports) port.write(`${written}\n`);
  }, 5);
});

afterEach(async () => {
  clearInterval(feeding);
  await end('SIGKILL');
  for (const port of ports) port.unplug();
  await broker.stop();
  await rm(folder, { recursive: true });
});

function start(command = process.execPath, script = source): void {
  child = spawn(command, [script, join(folder, 'agent.yaml')], { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function end(signal: NodeJS.Signals): Promise<void> {
  const ending = child;
  child = undefined;
  if (ending?.exitCode !== null || ending.signalCode !== null) return;
  ending.kill(signal);
  await once(ending, 'exit');
}

/** Every batch once, by name, in the order of its seq. */
function distinct(): Batch[] {
  const byName = new Map(broker.batches.map((batch) => [`${batch.epoch}/${batch.seq}`, batch]));
  return [...byName.values()];
}

/** Readings that the batches of one sensor carry. */
function carried(sensor: string): number {
  let count = 0;
  for (const block of distinct().flatMap(({ sensors }) => sensors)) {
    if (block.sensor !== sensor || block.kind === 'gaps') continue;
    const field = block.fields['temperature'];
    if (field) count += 'v' in field ? field.v.length : field.count.reduce((sum, each) => sum + each, 0);
  }
  return count;
}

const taking = (): boolean => carried('raw') > 20 && carried('windowed') > 20;

describe('an agent that is started again', () => {
  it('after kill -9, again and again: each account adds up, and what was in memory is a declared gap', async () => {
    for (let run = 0; run < 4; run++) {
      const before = broker.batches.length;
      start();
      await eventually(() => broker.batches.length > before + 10 && taking());
      await end('SIGKILL');
    }
    start();
    const count = broker.batches.length;
    await eventually(() => broker.batches.length > count + 5);
    clearInterval(feeding);
    await end('SIGTERM');
    const batches = distinct();
    for (const { ledger } of batches) expect(ledgerDifferences(ledger)).toEqual([]);
    for (const epoch of new Set(batches.map((batch) => batch.epoch))) {
      const own = batches.filter((batch) => batch.epoch === epoch).sort((a, b) => a.seq - b.seq);
      expect(own.map(({ seq }) => seq)).toEqual(own.map((_, index) => index + 1));
    }
    const last = batches.reduce((newest, batch) => (batch.sentAt > newest.sentAt ? batch : newest));
    expect(last.ledger['raw/temperature']?.open).toBe(0);
    if (new Set(batches.map(({ epoch }) => epoch)).size === 1) {
      expect(last.ledger['raw/temperature']?.batched).toBe(carried('raw'));
      expect(last.ledger['windowed/temperature']?.batched).toBe(carried('windowed'));
    }
    const gaps = batches.flatMap(({ sensors }) => sensors).filter((block) => block.kind === 'gaps');
    const restarts = gaps.filter(({ sensor, reason }) => sensor === 'raw' && reason.includes('restart'));
    // A pause may be two gaps that follow one another: until the start, and until the line gave something.
    const ends = restarts.flatMap(({ to }) => [...to]);
    const pauses = restarts.flatMap(({ from }) => [...from]).filter((fromUs) => !ends.includes(fromUs));
    expect(pauses).toHaveLength(4);
  }, 60_000);

  it('after SIGTERM: nothing is lost, and the time in between is a gap that says so', async () => {
    start();
    await eventually(taking);
    await end('SIGTERM');
    const stopped = distinct();
    const last = stopped.at(-1);
    for (const counters of Object.values(last?.ledger ?? {}))
      expect(counters).toMatchObject({ lost: 0, open: 0 });
    start();
    await eventually(() => broker.batches.length > stopped.length + 3);
    await end('SIGTERM');
    const gaps = distinct()
      .flatMap(({ sensors }) => sensors)
      .filter((block) => block.kind === 'gaps');
    expect(new Set(gaps.flatMap(({ reason }) => reason))).toEqual(new Set(['stopped']));
    // One gap a sensor, or two that follow one another: until the start, and until its line gave something.
    for (const sensor of ['raw', 'windowed']) {
      const own = gaps.filter((gap) => gap.sensor === sensor);
      const [from, to] = [own.flatMap((gap) => [...gap.from]), own.flatMap((gap) => [...gap.to])];
      expect(from.length).toBeGreaterThan(0);
      expect(from.slice(1)).toEqual(to.slice(0, -1));
    }
  }, 30_000);
});

/** A Node.js 20 of the machine's own, as on a device with a 32-bit system. */
const node20 = ['/usr/bin/node', '/usr/local/bin/node'].find(
  (path) => existsSync(path) && spawnSync(path, ['--version']).stdout.toString().startsWith('v20.'),
);

describe('the bundle', () => {
  it.skipIf(node20 === undefined)(
    'runs on Node.js 20 (install: a Node.js 20 as /usr/bin/node)',
    async () => {
      const script = join(folder, 'agent.mjs');
      await build({
        entryPoints: [source],
        outfile: script,
        bundle: true,
        platform: 'node',
        target: 'node20',
        format: 'esm',
        external: ['serialport'],
        banner: {
          js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
        },
      });
      const modules = new URL('../../node_modules', import.meta.url).pathname;
      await import('node:fs/promises').then((fs) => fs.symlink(modules, join(folder, 'node_modules')));
      start(node20, script);
      await eventually(taking, 20_000);
      await end('SIGTERM');
      expect(distinct().at(-1)?.ledger['raw/temperature']?.batched).toBe(carried('raw'));
    },
    40_000,
  );
});
