import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countReadings, decodeBatch, type Batch } from '@fieldline/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SensorPipeline } from '../aggregator/sensor-pipeline.ts';
import { Ledger, ledgerDifferences } from '../ledger/ledger.ts';
import { silentLogger } from '../logger.ts';
import { MemoryQueue } from './memory-queue.ts';
import { Outbox } from './outbox.ts';
import { Sealer } from './sealer.ts';
import { thinned } from './thin.ts';
import type { WhenFull } from './when-full.ts';

const startUs = Date.UTC(2026, 5, 1) * 1000;
const maxBytes = 120_000;
const name = 'air/temperature';

/** A device that is offline for so many flushes of 20 readings, one a second; `sent`: batches offered before. */
async function offline(whenFull: WhenFull, about: { flushes: number; sent: number; windowSec: number }) {
  const directory = await mkdtemp(join(tmpdir(), 'fieldline-when-full-'));
  let nowUs = startUs;
  const clock = { nowUs: () => nowUs, quality: () => 'synced' as const };
  const logger = silentLogger;
  const outbox = await Outbox.open({ directory, maxBytes, maxAgeUs: 1e15, whenFull, clock, logger });
  const ledger = new Ledger();
  const windowUs = about.windowSec * 1e6;
  const window = windowUs === 0 ? 'none' : `${about.windowSec}s`;
  const streams = [{ quantity: 'temperature', unit: 'Cel', window, windowUs, sketch: false }];
  const options = { sensor: 'air', type: 't', streams, latenessUs: 0, startedAtUs: 0, ledger };
  const pipeline = new SensorPipeline(options);
  const sensors = {
    close: (atUs: number) => pipeline.closeDue(atUs),
    cut: () => undefined,
    generations: () => [{ configVersion: 0, pipelines: [pipeline] }],
    pipeline: () => pipeline,
  };
  const memory = new MemoryQueue(1e6);
  const shared = { device: 'a-1', bootId: 'b', memory, isOnline: () => false };
  const sealer = new Sealer({ ...shared, sensors, ledger, outbox, clock, logger });
  let sizeBytesMax = 0;
  let emitted = 0;
  for (let flush = 0; flush < about.flushes; flush++) {
    for (let reading = 0; reading < 20; reading++) {
      nowUs += 1_000_000;
      pipeline.emit(Float64Array.of(nowUs), [Float64Array.of(Math.random())]);
      emitted += 1;
    }
    await sealer.flush();
    if (flush < about.sent) outbox.claim(flush);
    if (flush === about.sent) outbox.release();
    sizeBytesMax = Math.max(sizeBytesMax, outbox.counters().sizeBytes);
  }
  return {
    ...{ outbox, ledger, sealer, emitted, sizeBytesMax },
    end: async () => {
      await outbox.close();
      await rm(directory, { recursive: true });
    },
  };
}

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

/** Readings that batches carry, and that they declare lost. */
function account(batches: readonly Batch[]): { carried: number; lost: number; seqs: number[] } {
  let [carried, lost] = [0, 0];
  const seqs: number[] = [];
  for (const batch of batches) {
    carried += countReadings(batch).get(name) ?? 0;
    seqs.push(batch.seq);
    for (const [from, to, reason, counts] of batch.dropped ?? []) {
      if (reason !== thinned) lost += counts[name] ?? 0;
      for (let seq = from; seq <= to; seq++) seqs.push(seq);
    }
  }
  return { carried, lost, seqs: seqs.sort((a, b) => a - b) };
}

const plan = fc.record({
  flushes: fc.integer({ min: 50, max: 700 }),
  sent: fc.integer({ min: 0, max: 30 }),
  windowSec: fc.constantFrom(0, 2),
});

it.each(['drop-oldest', 'thin'] as const)(
  '%s: every seq is there or declared once, and the counts add up',
  async (whenFull) => {
    await fc.assert(
      fc.asyncProperty(plan, async (about) => {
        const { outbox, ledger, emitted, sizeBytesMax, end } = await offline(whenFull, about);
        const batches = await waiting(outbox);
        const { carried, lost, seqs } = account(batches);
        expect(seqs).toEqual(Array.from({ length: outbox.nextSeq - 1 }, (_, index) => index + 1));
        const total = ledger.stream(name);
        expect(carried + lost).toBe(total.batched);
        expect(total.taken).toBe(emitted);
        for (const batch of batches) expect(ledgerDifferences(batch.ledger)).toEqual([]);
        expect(sizeBytesMax).toBeLessThan(maxBytes * 1.6);
        await end();
      }),
      { numRuns: 6 },
    );
  },
  120_000,
);

it('thin: keeps the shape of all of it where dropping keeps the end', async () => {
  const about = { flushes: 700, sent: 0, windowSec: 0 };
  const thin = await offline('thin', about);
  const batches = await waiting(thin.outbox);
  const { carried, lost } = account(batches);
  expect(lost).toBe(0);
  expect(carried).toBe(thin.emitted);
  const starts = batches.flatMap(({ sensors }) =>
    sensors.flatMap((block) => (block.kind === 'windows' ? [...block.start] : [])),
  );
  expect(Math.min(...starts)).toBeLessThan(startUs + 60e6);
  await thin.end();
}, 60_000);

it('drop-newest: keeps what it has, counts what is new as lost, and declares it as one gap', async () => {
  const { outbox, ledger, emitted, sealer, end } = await offline('drop-newest', {
    ...{ flushes: 700, sent: 0, windowSec: 0 },
  });
  const first = await waiting(outbox);
  expect(first.map(({ seq }) => seq)).toEqual(first.map((_, index) => index + 1));
  expect(ledger.stream(name)).toMatchObject({ taken: emitted, lost: emitted - 20 * first.length });
  for (let offset = 0; offset < first.length; offset++) {
    outbox.claim(offset);
    outbox.acknowledge(offset);
  }
  await sealer.flush();
  const [last] = await waiting(outbox);
  expect(last?.sensors).toMatchObject([{ kind: 'gaps', reason: ['outbox-full'] }]);
  expect(ledgerDifferences(last?.ledger ?? {})).toEqual([]);
  await end();
}, 60_000);
