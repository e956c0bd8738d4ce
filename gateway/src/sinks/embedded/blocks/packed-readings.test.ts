import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BucketSeries } from '../../../query/bucket-series.ts';
import { PackedReadings } from './packed-readings.ts';
import { encodeReadings, summarise } from './readings.ts';

const startUs = 1_790_000_000_000_000;
const rowsMax = 300;

/** Steps from reading to reading, µs: regular, jittering, several at one time, with holes. */
const steps = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 5_000_000 }), fc.integer({ min: 0, max: 2000 })).chain(([step, jitter]) =>
    fc.array(fc.integer({ min: step, max: step + jitter }), { minLength: 1, maxLength: rowsMax }),
  ),
  fc.array(fc.constantFrom(0, 1, 1000, 1_000_000, 3_600_000_000), { minLength: 1, maxLength: rowsMax }),
); // prettier-ignore

const decimals = fc.integer({ min: -3000, max: 60_000 }).map((hundredths) => hundredths / 100);
const value = fc.oneof(
  { weight: 5, arbitrary: decimals },
  fc.integer({ min: 0, max: 200 }),
  fc.constantFrom(-0, 7, Math.fround(0.1), 1e9),
);
/** Values of one kind mostly, so that each form of a column comes up. */
const valuesOf = (rows: number): fc.Arbitrary<number[]> => {
  const all = (one: fc.Arbitrary<number>): fc.Arbitrary<number[]> => fc.array(one, { minLength: rows, maxLength: rows }); // prettier-ignore
  const double = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const constant = value.map((one) => Array<number>(rows).fill(one));
  return fc.oneof(all(decimals), all(fc.integer({ min: -20, max: 40 })), all(value), all(double), constant);
};

const block = steps.chain((each) => {
  let timeUs = startUs;
  const t = Float64Array.from(each, (step) => (timeUs += step));
  return valuesOf(each.length).map((v) => ({ t, v: Float64Array.from(v) }));
});

interface Row {
  readonly t: number;
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly stddev: number;
}

function expectedRows(
  t: Float64Array,
  v: Float64Array,
  lengthUs: number,
  fromUs: number,
  toUs: number,
): Row[] {
  const buckets = new Map<number, number[]>();
  for (const [index, timeUs] of t.entries()) {
    if (timeUs < fromUs || timeUs >= toUs) continue;
    const bucketUs = Math.floor(timeUs / lengthUs) * lengthUs;
    buckets.set(bucketUs, [...(buckets.get(bucketUs) ?? []), v[index]!]);
  }
  return Array.from(buckets, ([bucketUs, values]) => {
    const { readings, sum, min, max, m2 } = summarise(Float64Array.from(values));
    const stddev = readings > 1 ? Math.sqrt(m2 / (readings - 1)) : NaN;
    return { t: bucketUs, count: readings, mean: sum / readings, min, max, stddev };
  });
}

test('a block gives the buckets of its readings, without decoding them', () => {
  const length = fc.constantFrom(1_000_000, 60_000_000, 3_600_000_000);
  const cut = fc.integer({ min: 0, max: 1000 });
  fc.assert(
    fc.property(block, length, cut, cut, ({ t, v }, lengthUs, early, late) => {
      const lastUs = t[t.length - 1]! + 1;
      // Buckets are dense: no more of them than a question may ask for.
      const toUs = Math.min(lastUs - late * 1000, startUs + 10_000 * lengthUs);
      const fromUs = startUs + early * 1000;
      if (fromUs >= toUs) return;
      const series = new BucketSeries({ lengthUs, fromUs, toUs, quantiles: 'none' });
      new PackedReadings(encodeReadings({ t, v, q: null }), t.length).addTo(series, fromUs, toUs);
      const columns = series.columns();
      const expected = expectedRows(t, v, lengthUs, fromUs, toUs);
      expect([...columns.t]).toEqual(expected.map((row) => row.t));
      const scale = Math.max(1e-300, ...v.map(Math.abs));
      for (const [index, row] of expected.entries()) {
        expect(columns.count[index]).toBe(row.count);
        expect(columns.min[index]).toBe(row.min);
        expect(columns.max[index]).toBe(row.max);
        expect(Math.abs(columns.mean[index]! - row.mean) / scale).toBeLessThan(1e-12);
        if (row.count === 1) expect(columns.stddev[index]).toBeNaN();
        else expect(Math.abs(columns.stddev[index]! - row.stddev) / scale).toBeLessThan(1e-9);
      }
    }),
    { numRuns: 400 },
  );
});

test('squares of offsets lose nothing, however far the values lie from zero', () => {
  const t = Float64Array.from({ length: 4096 }, (_, index) => startUs + index * 1000);
  const v = t.map((_, index) => 1e9 + (index % 2) / 100);
  const series = new BucketSeries({ lengthUs: 3_600_000_000, fromUs: startUs, toUs: startUs + 1e10, quantiles: 'none' }); // prettier-ignore
  new PackedReadings(encodeReadings({ t, v, q: null }), t.length).addTo(series, startUs, startUs + 1e10);
  const { count, mean, stddev } = series.columns();
  expect([...count]).toEqual([4096]);
  expect(mean[0]).toBeCloseTo(1e9 + 0.005, 6);
  expect(stddev[0]).toBeCloseTo(0.005 * Math.sqrt(4096 / 4095), 9);
});
