import { cp, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBatch, type Batch } from '@fieldline/protocol';
import { airReadings, allBatched, sampleBatch } from '@fieldline/protocol/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../logger.ts';
import { Outbox } from './outbox.ts';

let directory: string;
let nowUs = 1_800_000_000_000_000;
const clock = { nowUs: () => (nowUs += 1000), quality: () => 'synced' as const };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fieldline-outbox-'));
});
afterEach(() => rm(directory, { recursive: true }));

const open = (limits: { maxBytes?: number; maxAgeUs?: number } = {}): Promise<Outbox> =>
  Outbox.open({ directory, maxBytes: 1e9, maxAgeUs: 1e15, clock, logger: silentLogger, ...limits });

/** A batch of `rows` readings, with random values so that it does not pack to nothing. */
function batchOf(outbox: Outbox, rows = 1): Batch {
  const t = Float64Array.from({ length: rows }, (_, row) => nowUs + row);
  const v = t.map(() => Math.random());
  return sampleBatch({
    epoch: outbox.state.epoch,
    seq: outbox.nextSeq,
    sentAt: clock.nowUs(),
    sensors: [airReadings(t, v)],
    ledger: { 'air/temperature': allBatched(outbox.nextSeq * rows) },
  });
}

async function sealMany(outbox: Outbox, count: number, rows = 1): Promise<void> {
  for (let index = 0; index < count; index++) await outbox.seal(batchOf(outbox, rows));
}

/** Everything that would be sent now, in order. */
async function waiting(outbox: Outbox): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let next = 0; ;) {
    const sealed = await outbox.nextWaiting(next, Number.POSITIVE_INFINITY);
    if (sealed === undefined) return batches;
    const decoded = decodeBatch(sealed.payload);
    if (!decoded.ok) throw new Error(decoded.refusal.detail);
    batches.push(decoded.value);
    next = sealed.offset + 1;
  }
}

const seqs = async (outbox: Outbox): Promise<number[]> => (await waiting(outbox)).map(({ seq }) => seq);

describe('an outbox', () => {
  it('sends no more again after a crash than was acknowledged since the last seal, however often it crashes', async () => {
    let outbox = await open();
    for (let run = 1; run <= 5; run++) {
      await sealMany(outbox, 10);
      const offsets = Array.from({ length: outbox.nextOffset - outbox.firstWaiting }, (_, index) => index);
      const first = outbox.firstWaiting;
      for (const index of offsets) {
        outbox.claim(first + index);
        outbox.acknowledge(first + index);
      }
      await sealMany(outbox, 1);
      // What a crash leaves: the files as they are.
      const copy = `${directory}-${run}`;
      await cp(directory, copy, { recursive: true, filter: (name) => !name.includes('lock') });
      await outbox.close();
      await rm(directory, { recursive: true });
      directory = copy;
      outbox = await open();
      expect(await seqs(outbox)).toEqual([run * 11]);
    }
    await outbox.close();
  });

  it('keeps its epoch over a restart shortly after a connection began', async () => {
    const first = await open();
    await sealMany(first, 2);
    await first.offer();
    const { epoch } = first.state;
    await first.close();
    const second = await open();
    expect(second.state).toMatchObject({ epoch, renewed: false, nextSeq: 3 });
    await second.close();
  });

  it('hands out sealed batches in order, and forgets what is acknowledged', async () => {
    const outbox = await open();
    await sealMany(outbox, 5);
    expect(await seqs(outbox)).toEqual([1, 2, 3, 4, 5]);
    for (const offset of [0, 2]) {
      expect(outbox.claim(offset)).toBe(true);
      expect(outbox.claim(offset)).toBe(false);
      outbox.acknowledge(offset);
    }
    expect(outbox.claim(3)).toBe(true);
    expect(await seqs(outbox)).toEqual([2, 5]);
    outbox.release();
    expect(await seqs(outbox)).toEqual([2, 4, 5]);
    await outbox.close();
  });

  it('goes on with epoch, seq and totals after a restart, and does not repeat what was acknowledged', async () => {
    const first = await open();
    await sealMany(first, 3);
    for (const offset of [0, 1]) {
      first.claim(offset);
      first.acknowledge(offset);
    }
    await first.close();
    const second = await open();
    expect(second.state).toMatchObject({ epoch: first.state.epoch, nextSeq: 4, renewed: false });
    expect(second.state.lastBatch?.ledger['air/temperature']?.taken).toBe(3);
    expect(second.closedCleanly).toBe(true);
    expect(await seqs(second)).toEqual([3]);
    await second.close();
  });

  it('keeps the last batch over a restart although all are acknowledged', async () => {
    const first = await open();
    await sealMany(first, 3);
    for (const offset of [0, 1, 2]) {
      first.claim(offset);
      first.acknowledge(offset);
    }
    await first.close();
    const second = await open();
    expect(second.state).toMatchObject({ epoch: first.state.epoch, nextSeq: 4 });
    expect(await seqs(second)).toEqual([]);
    await second.close();
  });

  it('begins a new epoch when recovery had to discard something; the old batches are still sent', async () => {
    const first = await open();
    await sealMany(first, 3, 100);
    await first.close();
    const segment = (await readdir(directory)).sort().find((name) => /\d{6}/.test(name));
    const path = join(directory, segment ?? '');
    const { size } = await import('node:fs/promises').then((fs) => fs.stat(path));
    await truncate(path, size - 5);
    const second = await open();
    expect(second.state).toMatchObject({ nextSeq: 1, renewed: true });
    expect(second.state.epoch).not.toBe(first.state.epoch);
    await second.seal(batchOf(second));
    expect((await waiting(second)).map(({ epoch, seq }) => [epoch === first.state.epoch, seq])).toEqual([
      [true, 1],
      [true, 2],
      [false, 1],
    ]);
    await second.close();
  });
});

describe('an outbox at its limit', () => {
  it('drops the oldest batches that were never sent, declares them with their counts, and frees the disk', async () => {
    const outbox = await open({ maxBytes: 200_000 });
    let drops;
    for (let index = 0; index < 200 && !drops; index++) {
      await sealMany(outbox, 1, 500);
      drops = await outbox.overLimit();
    }
    const dropped = drops?.offsets.length ?? 0;
    expect(dropped).toBeGreaterThan(0);
    expect(drops?.ranges).toEqual([[1, dropped, 'outbox-full', { 'air/temperature': dropped * 500 }]]);
    expect((await seqs(outbox))[0]).toBe(dropped + 1);
    const sizeBefore = outbox.counters().sizeBytes;
    await outbox.seal({ ...batchOf(outbox), dropped: drops?.ranges ?? [] }, drops);
    expect(outbox.counters()).toMatchObject({ droppedBatches: dropped });
    expect(outbox.counters().sizeBytes).toBeLessThan(sizeBefore);
    await outbox.close();
  });

  it('carries batches that the gateway may have to the end, under their own names', async () => {
    const outbox = await open({ maxBytes: 200_000 });
    await sealMany(outbox, 2, 500);
    outbox.claim(0);
    outbox.claim(1);
    outbox.release();
    let drops;
    for (let index = 0; index < 200 && !drops; index++) {
      await sealMany(outbox, 1, 500);
      drops = await outbox.overLimit();
    }
    await outbox.seal({ ...batchOf(outbox), dropped: drops?.ranges ?? [] }, drops);
    const names = await seqs(outbox);
    expect(drops?.ranges[0]?.[0]).toBe(3);
    expect(names).toContain(1);
    expect(names).toContain(2);
    expect(new Set(names).size).toBe(names.length);
    const next = outbox.nextSeq;
    await outbox.close();
    const reopened = await open({ maxBytes: 200_000 });
    expect(reopened.state.nextSeq).toBe(next);
    await reopened.close();
  });

  it('stays below its limit whatever comes', async () => {
    const outbox = await open({ maxBytes: 300_000 });
    for (let index = 0; index < 150; index++) {
      const drops = await outbox.overLimit();
      const batch = batchOf(outbox, 500);
      await outbox.seal(drops ? { ...batch, dropped: drops.ranges } : batch, drops);
      expect(outbox.counters().sizeBytes).toBeLessThan(400_000);
    }
    const sum = (await waiting(outbox)).length + outbox.counters().droppedBatches;
    expect(sum).toBe(150);
    await outbox.close();
  });

  it('drops what is too old, and passes on what a dropped batch had declared itself', async () => {
    const outbox = await open({ maxAgeUs: 3_600_000_000 });
    await outbox.seal({ ...batchOf(outbox), dropped: [[7, 9, 'outbox-full', { 'air/temperature': 5 }]] });
    nowUs += 2 * 3_600_000_000;
    await sealMany(outbox, 1);
    const drops = await outbox.overLimit();
    expect(drops?.ranges).toEqual([
      [1, 1, 'outbox-full', { 'air/temperature': 1 }],
      [7, 9, 'outbox-full', { 'air/temperature': 5 }],
    ]);
    await outbox.close();
  });
});
