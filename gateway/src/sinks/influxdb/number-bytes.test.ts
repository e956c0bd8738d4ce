import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberBytesMax, TimeBytes, writeFloat } from './number-bytes.ts';

const bytes = Buffer.alloc(numberBytesMax);

function floatText(value: number): string {
  return bytes.toString('latin1', 0, writeFloat(bytes, 0, value));
}

describe('a number as bytes', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [7, '7'],
    [-10, '-10'],
    [20.05, '20.05'],
    [-0.001, '-0.001'],
    [0.1 + 0.2, '0.30000000000000004'],
    [2_147_483_647, '2147483647'],
    [2_147_483_648, '2147483648'],
    [-2_147_483_648, '-2147483648'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
    [-2.2250738585072014e-308, '-2.2250738585072014e-308'],
  ])('writes %d as %s', (value, text) => {
    expect(floatText(value)).toBe(text);
  });

  test('reads back as the same number, and is written as the engine would', () => {
    const decimal = fc.tuple(fc.maxSafeInteger(), fc.nat(9)).map(([whole, places]) => whole / 10 ** places);
    const small = fc.tuple(fc.integer(), fc.nat(9)).map(([whole, places]) => whole / 10 ** places);
    const any = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.oneof(any, decimal, small, fc.float({ noNaN: true, noDefaultInfinity: true })),
        (value) => {
          expect(floatText(value)).toBe(String(value));
          expect(Number(floatText(value))).toBe(value === 0 ? 0 : value);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

test('writes every time as the engine does', () => {
  const time = fc.oneof(
    fc.integer({ min: -1_000_000, max: Number.MAX_SAFE_INTEGER }),
    fc.nat(3_000_000),
    fc.nat(99).map((us) => 1_790_000_000_000_000 + us),
  );
  fc.assert(
    fc.property(fc.array(time), (times) => {
      const writer = new TimeBytes();
      const texts = times.map((timeUs) => bytes.toString('latin1', 0, writer.write(bytes, 0, timeUs)));
      expect(texts).toEqual(times.map(String));
    }),
    { numRuns: 500 },
  );
});
