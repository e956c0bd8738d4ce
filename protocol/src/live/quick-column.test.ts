import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../column/varint.ts';
import { readQuickColumn, writeQuickColumn } from './quick-column.ts';

function written(values: Float64Array): Uint8Array {
  const writer = new ByteWriter();
  writeQuickColumn(writer, values);
  return writer.finish();
}

const shifted = fc
  .tuple(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), fc.nat(7))
  .map(([n, by]) => n / 10 ** by);
const value = fc.oneof(
  shifted,
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 2 ** 31, 2 ** 51, -(2 ** 51), 2 ** 51 + 1, NaN, Infinity, 1e300),
);

test('a column comes back to the bit, whatever values it holds', () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(shifted), fc.array(value)), (values) => {
      const reader = new ByteReader(written(Float64Array.from(values)));
      const read = [...readQuickColumn(reader, values.length)];
      expect(reader.position).toBe(reader.bytes.length);
      expect(read.map((each, index) => Object.is(each, values[index]))).toEqual(values.map(() => true));
    }),
  );
});

test('a column is small wherever the value with the most decimals stands', () => {
  const plain = Float64Array.from({ length: 1000 }, (_, index) => 20 + (index % 7) / 10);
  const size = written(plain).length;
  for (const [at, value] of [
    [0, 20.25],
    [500, 20.125],
    [999, 20.000_001],
  ] as const) {
    expect(written(plain.with(at, value)).length).toBeLessThan(4 * size);
    expect(written(plain.with(at, value))[0]).toBe(1);
  }
});

test('doubles with all of their digits take eight bytes each, floats of four bytes less', () => {
  const digits = Float64Array.from({ length: 1000 }, (_, index) => Math.sin(index));
  expect(written(digits).length).toBeLessThan(8 * 1000 + 10);
  expect(written(digits.map(Math.fround)).length).toBeLessThan(6 * 1000);
});
