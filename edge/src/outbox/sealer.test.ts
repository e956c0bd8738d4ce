import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countReadings, decodeBatch, type Batch } from '@fieldline/protocol';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SensorPipeline } from '../aggregator/sensor-pipeline.ts';
import { Ledger, ledgerDifferences } from '../ledger/ledger.ts';
import { silentLogger } from '../logger.ts';
import { Outbox } from './outbox.ts';
import { Sealer } from './sealer.ts';

let directory: string;
let nowUs = 1_800_000_000_000_000;
const clock = { nowUs: () => nowUs, quality: () => 'synced' as const };
let outbox: Outbox;
let ledger: Ledger;
let pipeline: SensorPipeline;
let sealer: Sealer;
let errors: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fieldline-sealer-'));
  outbox = await Outbox.open({ directory, maxBytes: 1e9, maxAgeUs: 1e15, clock, logger: silentLogger });
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
      generations: () => [{ configVersion: 0, pipelines: [pipeline] }],
      pipeline: () => pipeline,
    },
    ledger,
    outbox,
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

it('keeps the batch and its seq while the disk fails, says so once, and loses nothing below its limit', async () => {
  const seal = vi.spyOn(outbox, 'seal').mockRejectedValue(new Error('ENOSPC'));
  for (let flush = 0; flush < 3; flush++) {
    emit(10);
    await sealer.flush();
  }
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain('OUTBOX_WRITE_FAILED');
  seal.mockRestore();
  await sealer.flush();
  const sealed = await batches();
  expect(sealed.map(({ seq }) => seq)).toEqual([1, 2]);
  expect(sealed.map(readings)).toEqual([10, 20]);
});

it('counts what memory cannot hold while the disk fails, and says so when it is back', async () => {
  const seal = vi.spyOn(outbox, 'seal').mockRejectedValue(new Error('ENOSPC'));
  emit(1);
  await sealer.flush();
  emit(200_005);
  seal.mockRestore();
  await sealer.flush();
  expect(errors[1]).toMatch(/5 readings.*OUTBOX_MEMORY_FULL/);
  const last = (await batches()).at(-1)?.ledger['air/temperature'];
  expect(last).toMatchObject({ taken: 200_006, lost: 5, batched: 200_001 });
  const gaps = (await batches()).flatMap(({ sensors }) => sensors).filter(({ kind }) => kind === 'gaps');
  expect(gaps).toMatchObject([{ reason: ['memory-full'], to: Float64Array.of(nowUs) }]);
});
