import type { DatabaseSync } from 'node:sqlite';
import { decodeBatch, encodeBatch, OneReadingBatch, OutlineReader, type Batch } from '@fieldline/protocol';
import { airReadings, allBatched, sampleBatch } from '@fieldline/protocol/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '../ingest/batch-digest.ts';
import { temporaryDatabase } from '../testing/temporary-database.ts';
import { Ledger } from './ledger.ts';
import { RefusedReadings } from './refused-readings.ts';

let database: DatabaseSync;
let remove: () => void;

beforeAll(() => {
  ({ database, remove } = temporaryDatabase());
});
afterAll(() => remove());

/** Batch `seq` of a device that sends one reading at a time of one of two sensors; `skew` makes its books wrong. */
function messageOf(seq: number, sensor: string, batched: number, skew: number): Batch {
  const block = { ...airReadings(Float64Array.of(1e15 + seq), Float64Array.of(seq)), sensor };
  const totals = { ...allBatched(batched), ...(skew === 1 && { lost: 1 }) };
  return sampleBatch({ seq, sensors: [block], ledger: { [`${sensor}/temperature`]: totals } });
}

const stepArbitrary = fc.record({
  sensor: fc.constantFrom('air', 'soil'),
  /** 1: the totals of the batch do not add up; 2: they have jumped. */
  skew: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.constantFrom(1, 2)),
  /** How far behind its place it comes, and whether twice. */
  delay: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.nat(4)),
  isLost: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, fc.constant(true)),
  isTwice: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
});

test('accounts and digests are the same, whether a batch is held as ten numbers or as any other', () => {
  let short = 0;
  const steps = fc.array(stepArbitrary, { maxLength: 30 });
  fc.assert(
    fc.property(steps, (list) => {
      const sent = { air: 0, soil: 0 } as Record<string, number>;
      const arriving = list.flatMap((step, index) => {
        sent[step.sensor] = sent[step.sensor]! + (step.skew === 2 ? 3 : 1);
        const batch = messageOf(index + 1, step.sensor, sent[step.sensor]!, step.skew);
        const each = { at: index + step.delay, batch };
        if (step.isLost) return [];
        return step.isTwice ? [each, { at: each.at + 2, batch }] : [each];
      });
      arriving.sort((a, b) => a.at - b.at);
      const outlines = new OutlineReader();
      const ledgers = [
        new Ledger(new RefusedReadings(database)),
        new Ledger(new RefusedReadings(database)),
      ] as const;
      for (const { batch } of arriving) {
        const read = decodeBatch(encodeBatch(batch), {}, outlines);
        if (!read.ok) throw new Error(read.refusal.detail);
        if (read.value instanceof OneReadingBatch) short += 1;
        expect(digestOf(read.value)).toBe(digestOf(batch));
        for (const [index, each] of [batch, read.value].entries()) {
          ledgers[index]!.received({ batch: each });
          ledgers[index]!.committed([{ batch: each }]);
        }
      }
      const [plain, held] = ledgers.map((ledger) => ledger.device('lab-1'));
      expect(plain?.snapshot().epochs).toHaveLength(arriving.length > 0 ? 1 : 0);
      expect(held?.snapshot()).toEqual(plain?.snapshot());
      expect(held?.streams()).toEqual(plain?.streams());
    }),
    { numRuns: 500 },
  );
  expect(short).toBeGreaterThan(1000);
});
