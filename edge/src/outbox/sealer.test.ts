import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countReadings, decodeBatch, type Batch } from '@fieldline/protocol';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SensorPipeline } from '../aggregator/sensor-pipeline.ts';
import { Ledger, ledgerDifferences } from '../ledger/ledger.ts';
import { silentLogger } from '../logger.ts';
import { MemoryQueue } from './memory-queue.ts';
import { Outbox } from './outbox.ts';
import { Sealer } from './sealer.ts';

let directory: string;
let nowUs = 1_800_000_000_000_000;
const clock = { nowUs: () => nowUs, quality: () => 'synced' as const };
let outbox: Outbox;
let memory: MemoryQueue;
let ledger: Ledger;
let pipeline: SensorPipeline;
let sealer: Sealer;
let errors: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fieldline-sealer-'));
  outbox = await Outbox.open({ directory, maxBytes: 1e9, maxAgeUs: 1e15, clock, logger: silentLogger });
  memory = new MemoryQueue(1e6);
  ledger = new Ledger();
  errors = [];
  const streams = [{ quantity: 'temperature', unit: 'Cel', window: 'none', windowUs: 0, sketch: false }];
  const shared = { type: 't', streams, latenessUs: 0, startedAtUs: 0, ledger };
  pipeline = new SensorPipeline({ sensor: 'air', ...shared });
  const logger = { ...silentLogger, error: (_about: object, message: string) => void errors.push(message) };
  sealer = new Sealer({
    device: 'a-1',
    bootId: 'b',
    sensors: {
      close: (atUs, last) => (last ? pipeline.closeAll(atUs) : pipeline.closeDue(atUs)),
      cut: () => pipeline.closeAll(nowUs),
      generations: () => [{ configVersion: 0, pipelines: [pipeline] }],
      pipeline: () => pipeline,
    },
    ledger,
    outbox,
    memory,
    clock,
    logger,
    isOnline: () => false,
  });
});

afterEach(async () => {
  await outbox.close();
  await rm(directory, { recursive: true });
});

function emit(count: number): void {
  const t = Float64Array.from({ length: count }, () => (nowUs += 10));
  pipeline.emit(t, [t.map((_, index) => index)]);
}

async function batches(): Promise<Batch[]> {
  const found: Batch[] = [];
  for (let next = 0; ;) {
    const sealed = await outbox.nextWaiting(next, Number.POSITIVE_INFINITY);
    if (!sealed) return found;
    const decoded = decodeBatch(sealed.payload);
    if (decoded.ok) found.push(decoded.value);
    next = sealed.offset + 1;
  }
}

const readings = (batch: Batch | undefined): number =>
  batch ? (countReadings(batch).get('air/temperature') ?? 0) : 0;

it('seals nothing where there is nothing new to say', async () => {
  await sealer.flush();
  emit(3);
  await sealer.flush();
  await sealer.flush();
  expect(await batches()).toHaveLength(1);
});

it('cuts what has piled up into batches of bounded size, each with an account that adds up', async () => {
  emit(25_000);
  await sealer.flush();
  const sealed = await batches();
  expect(sealed.map(readings)).toEqual([10_000, 10_000, 5000]);
  for (const batch of sealed) expect(ledgerDifferences(batch.ledger)).toEqual([]);
  expect(sealed.map(({ lane }) => lane)).toEqual(['backlog', 'backlog', 'backlog']);
});

it('loses nothing where readings come faster than the disk takes batches', async () => {
  const seal = outbox.seal.bind(outbox);
  const slow = vi.spyOn(outbox, 'seal').mockImplementation((...sealed) => {
    emit(2);
    return seal(...sealed);
  });
  emit(2);
  // Each batch that is made durable lets the next two readings in: both flushes end at their limit of batches.
  await sealer.flush();
  await sealer.flush();
  slow.mockRestore();
  await sealer.flush();
  const sealed = await batches();
  const { taken } = sealed.at(-1)?.ledger['air/temperature'] ?? { taken: 0 };
  expect(taken).toBeGreaterThan(200);
  expect(sealed.reduce((sum, batch) => sum + readings(batch), 0)).toBe(taken);
  for (const batch of sealed) expect(ledgerDifferences(batch.ledger)).toEqual([]);
});

it('goes on from memory while the disk fails, says so once, and comes back to it with all that was taken', async () => {
  const seal = vi.spyOn(outbox, 'seal').mockRejectedValue(new Error('ENOSPC'));
  for (let flush = 0; flush < 3; flush++) {
    emit(10);
    await sealer.flush();
  }
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain('OUTBOX_WRITE_FAILED');
  // The batch on which the disk failed may have come to it: it keeps its name, and waits.
  expect(memory.counters().waitingBatches).toBe(2);
  seal.mockRestore();
  emit(5);
  await sealer.flush();
  expect(memory.counters().waitingBatches).toBe(0);
  emit(1);
  await sealer.flush();
  const sealed = await batches();
  const named = sealed.map((each) => [each.epoch === memory.epoch, each.seq, readings(each)]);
  // What came while the disk failed, under the names of memory; around it the durable epoch.
  expect(named).toEqual([
    [false, 1, 10],
    [true, 1, 10],
    [true, 2, 10],
    [true, 3, 5],
    [false, 2, 1],
  ]);
  for (const batch of sealed) expect(ledgerDifferences(batch.ledger)).toEqual([]);
  expect(sealed[3]?.ledger['air/temperature']).toMatchObject({ taken: 25, batched: 25, open: 0 });
  expect(sealed[4]?.ledger['air/temperature']).toMatchObject({ taken: 11, batched: 11, open: 0 });
});

it('counts what memory cannot hold while the disk fails, and says so when it is back', async () => {
  const seal = vi.spyOn(outbox, 'seal').mockRejectedValue(new Error('ENOSPC'));
  emit(1);
  await sealer.flush();
  emit(200_005);
  seal.mockRestore();
  await sealer.flush();
  expect(errors[1]).toMatch(/5 readings.*OUTBOX_MEMORY_FULL/);
  const all = await batches();
  // Lost while memory was all there was, so in the account of its epoch.
  const inMemory = all.findLast(({ epoch }) => epoch === memory.epoch)?.ledger['air/temperature'];
  expect(inMemory).toMatchObject({ taken: 200_005, lost: 5, batched: 200_000 });
  const gaps = all.flatMap(({ sensors }) => sensors).filter(({ kind }) => kind === 'gaps');
  expect(gaps).toMatchObject([{ reason: ['memory-full'], to: Float64Array.of(nowUs) }]);
});
