import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ColumnReader, ColumnWriter } from './column-bytes.ts';
import { blockEnds, blockLimits, reachOf, reachUs } from './limits.ts';

const any = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer({ min: -5000, max: 5000 }).map((hundredths) => hundredths / 100),
  fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  fc.constantFrom(0, -0, 5e-324, 1e308, -1e308, 0.1 + 0.2, Math.fround(0.1), 2 ** 53, -(2 ** 52)),
);
const column = fc.oneof(
  fc.array(any, { minLength: 1, maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 2 ** 33 }), { minLength: 1, maxLength: 60 }),
  fc.array(
    fc.integer({ min: 2000, max: 2600 }).map((value) => value / 100),
    { minLength: 1, maxLength: 60 },
  ),
  fc.tuple(any, fc.integer({ min: 1, max: 9 })).map(([value, count]) => Array<number>(count).fill(value)),
);

function roundTrip(values: readonly number[], shape: 'line' | 'free'): Float64Array {
  const writer = new ColumnWriter();
  writer.addBytes(Uint8Array.of(1, 2, 3));
  writer.add(Float64Array.from(values), shape);
  writer.add(Float64Array.of(...values).fill(7));
  // SQLite may hand bytes out at any place of a larger buffer.
  const bytes = writer.finish();
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const reader = new ColumnReader(shifted.subarray(3), values.length);
  expect([...reader.nextBytes(3)]).toEqual([1, 2, 3]);
  const read = reader.next();
  expect(reader.next().every((value) => value === 7)).toBe(true);
  return read;
}

test('every column comes back to the bit', () => {
  fc.assert(
    fc.property(column, fc.constantFrom('line' as const, 'free' as const), (values, shape) => {
      const read = roundTrip(values, shape);
      expect(read.length).toBe(values.length);
      for (const [index, value] of values.entries()) expect(Object.is(read[index], value)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test('a line takes whole numbers alone', () => {
  expect([...roundTrip([0, 0.5, 1.5, 2], 'line')]).toEqual([0, 0.5, 1.5, 2]);
  expect([...roundTrip([0, -0, 0, 4], 'line')].map((value) => Object.is(value, -0))).toEqual([
    false, true, false, false,
  ]); // prettier-ignore
});

test('jittering times and decimals take two bytes and one or two', () => {
  const writer = new ColumnWriter();
  const rows = 1000;
  writer.add(Float64Array.from({ length: rows }, (_, index) => 1.8e15 + index * 1e6 + ((index * 7919) % 2000)), 'line'); // prettier-ignore
  writer.add(Float64Array.from({ length: rows }, (_, index) => (2000 + ((index * 31) % 300)) / 100));
  expect(writer.finish().length / rows).toBeLessThan(4.1);
});

test.each([
  ['cut short', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 8)],
  ['of an unknown form', (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, at) => (at === 0 ? 9 : byte))],
  ['of an unknown width', (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, at) => (at === 1 ? 3 : byte))],
])('a column %s is told of by name', (_, spoil) => {
  const writer = new ColumnWriter();
  writer.add(Float64Array.of(1, 2, 300));
  const reader = new ColumnReader(spoil(writer.finish()), 3);
  expect(() => reader.next()).toThrow('STORE_DAMAGED');
});

const times = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 1e12 })), { maxLength: 200 })
  .map((steps) => {
    let timeUs = 0;
    return Float64Array.from(steps, (step) => (timeUs += step));
  });

test('blocks take all rows in order, none too many', () => {
  const many = fc
    .integer({ min: 1, max: 20_000 })
    .map((rows) => Float64Array.from({ length: rows }, (_, at) => at));
  fc.assert(
    fc.property(fc.oneof(times, many), (column) => {
      const ends = blockEnds(column);
      expect(ends.at(-1) ?? 0).toBe(column.length);
      let from = 0;
      for (const to of ends) {
        expect(to).toBeGreaterThan(from);
        expect(to - from).toBeLessThanOrEqual(blockLimits.rowsMax);
        from = to;
      }
    }),
  );
});

test('late rows do not share a block with new ones', () => {
  const late = Array.from({ length: 10 }, (_, second) => second * 1e6);
  const fresh = late.map((timeUs) => timeUs + 1e12);
  expect(blockEnds(Float64Array.of(...late, ...fresh))).toEqual([10, 20]);
  expect(blockEnds(Float64Array.of(...late))).toEqual([10]);
});

test('a reach is the least power of four beyond the span', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (spanUs) => {
      const reach = reachOf(spanUs);
      expect(reachUs(reach)).toBeGreaterThan(spanUs);
      if (reach > 0) expect(reachUs(reach - 1)).toBeLessThanOrEqual(spanUs);
    }),
  );
});
