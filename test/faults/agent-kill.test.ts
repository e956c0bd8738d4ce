import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBatch, type Batch } from '@fieldline/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ledgerDifferences } from '../../edge/src/ledger/ledger.ts';
import { eventually } from '../../edge/src/testing/eventually.ts';
import { TestBroker } from '../../edge/src/testing/test-broker.ts';
import { readRecord, type Recorded } from '../services/records.ts';
import { carriedRuns, declaredGaps, locateRuns } from '../services/window-oracle.ts';

/**
 * A real agent process is killed at any moment, again and again. The virtual sensor's own record is the
 * oracle: every window holds exactly the readings that it says, and what no window holds lies in a gap.
 */
const agentProcess = new URL('../../edge/src/testing/agent-process.ts', import.meta.url).pathname;
const launcher = new URL('../../cli/bin/fieldline.js', import.meta.url).pathname;
const readingsPerSec = 100;
const flushMs = 200;

let folder: string;
let broker: TestBroker;
let sensor: ChildProcess;
let agent: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-agent-kill-'));
  broker = await TestBroker.start();
  const [link, record] = [join(folder, 'port'), join(folder, 'record.ndjson')];
  const simulate = ['simulate', 'thermometer', '--link', link, '--record', record, '--json'];
  sensor = spawn(process.execPath, [launcher, ...simulate, '--rate', String(readingsPerSec)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (sensor.stdout) await once(sensor.stdout, 'data');
  await writeFile(
    join(folder, 'agent.yaml'),
    `device: a-1
gateway: { url: '${broker.url}', password: secret }
dataDir: ./data
flush: ${flushMs}ms
sensors:
  - { id: air, driver: thermometer, port: '${link}', window: 2s, sketch: true, lateness: 100ms }
`,
  );
});

afterEach(async () => {
  await end(agent, 'SIGKILL');
  await end(sensor, 'SIGTERM');
  await broker.stop();
  await rm(folder, { recursive: true });
});

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child?.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

function startAgent(): ChildProcess {
  return spawn(process.execPath, [agentProcess, join(folder, 'agent.yaml')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Readings that the device has taken, by the newest account of each epoch: a torn tail begins another. */
function taken(batches: readonly Batch[]): number {
  const byEpoch = new Map<string, number>();
  for (const { epoch, ledger } of batches) {
    const count = ledger['air/temperature']?.taken ?? 0;
    byEpoch.set(epoch, Math.max(byEpoch.get(epoch) ?? 0, count));
  }
  return [...byEpoch.values()].reduce((sum, count) => sum + count, 0);
}

/** Waits until the agent has read on; says in what state it is where it does not. */
async function untilReadOn(): Promise<void> {
  const before = taken(broker.batches);
  agent = startAgent();
  try {
    await eventually(() => taken(broker.batches) > before + readingsPerSec / 2, 60_000);
  } catch (cause) {
    const last = broker.batches.at(-1);
    const { epoch, seq, sentAt, clock } = last ?? {};
    const state = { before, epoch, seq, sentAt, clock, agent: agent.exitCode, sensor: sensor.exitCode };
    throw new Error(
      `the agent does not read on: ${JSON.stringify({ ...state, connects: broker.connects.length })}`,
      {
        cause,
      },
    );
  }
}

/** Starts the agent, waits until it has read on, and kills it a little later: anywhere in window and flush. */
async function runAndKill(): Promise<void> {
  await untilReadOn();
  // No event marks "a random moment": this wait is the test.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 * flushMs));
  await end(agent, 'SIGKILL');
}

/** Every batch once, in the order of sealing. */
function distinct(): Batch[] {
  const byName = new Map<string, Batch>();
  for (const batch of broker.batches) {
    const name = `${batch.epoch}/${batch.seq}`;
    if (!byName.has(name)) byName.set(name, batch);
  }
  return [...byName.values()].sort((a, b) => a.sentAt - b.sentAt);
}

async function expectNothingUndeclared(kills: number): Promise<void> {
  for (let kill = 0; kill < kills; kill++) await runAndKill();
  await untilReadOn();
  await end(sensor, 'SIGTERM');
  await end(agent, 'SIGTERM');
  const batches = distinct();
  for (const { ledger } of batches) expect(ledgerDifferences(ledger)).toEqual([]);
  expect(batches.at(-1)?.ledger['air/temperature']?.open).toBe(0);

  const recorded: Recorded[] = readRecord(join(folder, 'record.ndjson'), 'temperature');
  const runs = carriedRuns(batches, { sensor: 'air', quantity: 'temperature' });
  const { unlocated, missing } = locateRuns(runs, recorded);
  expect(unlocated).toEqual([]);
  expect(missing.length).toBe(recorded.length - runs.reduce((sum, { count }) => sum + count, 0));
  const gaps = declaredGaps(batches, 'air');
  // The record knows when the kernel got a reading, the gap when the agent would have had it.
  const latencyUs = 1_000_000;
  // A sensor that ends takes its line along, with what the agent had not read of it yet: as a plug that is pulled.
  const unpluggedUs = 500_000;
  const endUs = recorded.at(-1)?.atUs ?? 0;
  const undeclared = missing.filter(
    ({ atUs }) =>
      atUs < endUs - unpluggedUs &&
      !gaps.some(([fromUs, toUs]) => fromUs - latencyUs <= atUs && atUs <= toUs + latencyUs),
  );
  expect(undeclared).toEqual([]);
  // What is lost of a run of the agent is what came after the last flush, not the open window of two seconds.
  const perKillMax = (readingsPerSec * (flushMs + 800)) / 1000;
  expect(missing.length).toBeLessThan(kills * perKillMax);
  // A crash makes the device send again what was acknowledged since its last seal, not all that ever was.
  const again = broker.batches.length - batches.length;
  expect(again).toBeLessThan((kills + 1) * 60);
  const payloads = broker.arrivals.filter(({ topic }) => topic.endsWith('/batch'));
  expect(payloads.every(({ payload }) => decodeBatch(payload).ok)).toBe(true);
}

describe('an agent killed in the middle of its windows', () => {
  test('20 times: every window is the record’s, or its missing part is a declared gap', async () => {
    await expectNothingUndeclared(20);
  }, 240_000);

  test.skipIf(process.env['FIELDLINE_TEST_LONG'] !== '1')(
    '200 times: every window is the record’s, or its missing part is a declared gap',
    async () => {
      await expectNothingUndeclared(200);
    },
    2_400_000,
  );
});
