import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../schema/index.ts';
import { allBatched, airReadings, sampleBatch } from '../testing/index.ts';
import { arbitraryTotals } from './arbitrary-batch.ts';
import { decodeBatch, encodeBatch } from './codec.ts';
import { countReadings } from './count-readings.ts';
import { OneReadingBatch } from './one-reading.ts';
import { OutlineReader } from './outline-reader.ts';

const numbers = fc.record({
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  sentAt: fc.integer({ min: 0, max: 2 ** 52 }),
  t: fc.integer({ min: 0, max: 2 ** 52 }),
  v: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(-0, 21.5, 7)),
  totals: arbitraryTotals,
});
type Numbers = typeof numbers extends fc.Arbitrary<infer Value> ? Value : never;

function batchOf({ seq, sentAt, t, v, totals: row }: Numbers, rest: Partial<Batch> = {}): Batch {
  const sensors = [airReadings(Float64Array.of(t), Float64Array.of(v))];
  return sampleBatch({ seq, sentAt, sensors, ledger: { 'air/temperature': row }, ...rest });
}

/** What a program that asks for everything gets. */
function asked({
  v,
  device,
  epoch,
  seq,
  bootId,
  sentAt,
  clock,
  configVersion,
  lane,
  sensors,
  ledger,
}: Batch): Batch {
  return { v, device, epoch, seq, bootId, sentAt, clock, configVersion, lane, sensors, ledger };
}

/** A reader that has seen one message like those to come. */
function readerOf(first: Batch): OutlineReader {
  const outlines = new OutlineReader();
  decodeBatch(encodeBatch(first), {}, outlines);
  return outlines;
}

const one = { seq: 7, sentAt: 1e15, t: 1e15, v: 21.5, totals: allBatched(7) };

describe('OutlineReader', () => {
  it('reads the numbers of a message that differs in nothing else', () => {
    fc.assert(
      fc.property(numbers, numbers, fc.boolean(), fc.nat(70_000), (before, now, packed, configVersion) => {
        const outlines = new OutlineReader();
        decodeBatch(encodeBatch(batchOf(before, { configVersion }), { packed }), {}, outlines);
        const batch = batchOf(now, { configVersion });
        const bytes = encodeBatch(batch, { packed });
        const read = outlines.read(bytes);
        const plain = decodeBatch(bytes);
        expect(plain.ok && plain.value).toEqual(batch);
        if (read) expect(asked(read)).toEqual(batch);
        // What it may leave to the other reader: numbers in forms that no usual reading has.
        else expect(Number.isInteger(now.v * 100) && !Object.is(now.v, -0)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes nothing for a batch that is none, and nothing for another batch, whatever the bytes', () => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x18, 0x1b, 0xf6, 0xfb)));
    fc.assert(
      fc.property(
        numbers,
        fc.boolean(),
        fc.array(change, { maxLength: 3 }),
        fc.nat(30),
        (now, packed, list, cut) => {
          const bytes = encodeBatch(batchOf(now), { packed });
          for (const [at, byte] of list) bytes[at % bytes.length] = byte;
          const message = cut === 0 ? bytes.subarray(0, bytes.length - 1) : bytes;
          const read = readerOf(batchOf(one)).read(message);
          if (!read) return;
          const plain = decodeBatch(message);
          expect(plain.ok && plain.value).toEqual(asked(read));
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('counts what other batches count', () => {
    const read = readerOf(batchOf(one)).read(encodeBatch(batchOf(one)));
    expect(read).toBeInstanceOf(OneReadingBatch);
    expect(read?.outline.counts).toEqual(countReadings(batchOf(one)));
    expect(read?.totals).toEqual(one.totals);
  });

  it.each([
    ['two readings', { sensors: [airReadings(Float64Array.of(1, 2), Float64Array.of(1, 2))] }],
    ['times that count from a boot', { clock: 'unset' }],
    [
      'totals of another stream too',
      { ledger: { 'air/temperature': allBatched(1), 'soil/moisture': allBatched(1) } },
    ],
    ['no totals', { ledger: {} }],
    ['an absent value', { sensors: [airReadings(Float64Array.of(1), Float64Array.of(NaN))] }],
  ] as const)('leaves a batch with %s to the reader of any', (_what, rest) => {
    const batch = batchOf(one, rest);
    expect(readerOf(batch).read(encodeBatch(batch))).toBeUndefined();
  });

  it('knows several streams of one connection, and begins anew where there come others', () => {
    const batches = Array.from({ length: 40 }, (_, index) => {
      const block = { ...airReadings(Float64Array.of(1), Float64Array.of(2)), sensor: `s${index}` };
      return batchOf(one, { sensors: [block], ledger: { [`s${index}/temperature`]: allBatched(1) } });
    });
    const outlines = new OutlineReader();
    const rounds = (list: readonly Batch[], times: number): number => {
      let known = 0;
      for (let round = 0; round < times; round++) {
        for (const batch of list) {
          const decoded = decodeBatch(encodeBatch(batch), {}, outlines);
          expect(decoded.ok && asked(decoded.value)).toEqual(batch);
          if (decoded.ok && decoded.value instanceof OneReadingBatch) known += 1;
        }
      }
      return known;
    };
    expect(rounds(batches.slice(0, 16), 3)).toBe(2 * 16);
    rounds(batches.slice(16), 60);
    expect(rounds(batches.slice(16, 32), 2)).toBeGreaterThanOrEqual(16);
  });
});
