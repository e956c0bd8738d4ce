import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packFloats, packPlainFloats, packTimes, unpackFloats, unpackTimes } from './column.ts';

/** Compared by their bits, so that -0 is not 0; NaNs are one. */
function bitsOf(values: Float64Array): string[] {
  const view = new DataView(new ArrayBuffer(8));
  return Array.from(values, (value) => {
    view.setFloat64(0, value);
    return Number.isNaN(value) ? 'absent' : view.getBigUint64(0).toString(16);
  });
}

function roundTrip(values: Float64Array, pack = packFloats): string[] {
  const unpacked = unpackFloats(pack(values));
  return unpacked.ok ? bitsOf(unpacked.value) : [unpacked.refusal.detail];
}

const anyDouble = fc.double();
const decimal = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 6 }))
  .map(([integer, exponent]) => integer / 10 ** exponent);
const walk = fc
  .tuple(
    fc.integer({ min: 200_000 - 2 ** 53, max: 2 ** 53 - 200_000 }),
    fc.array(fc.integer({ min: -500, max: 500 }), { maxLength: 200 }),
  )
  .map(([start, steps]) => steps.reduce<number[]>((all, step) => [...all, (all.at(-1) ?? start) + step], []));
const special = fc.constantFrom(
  0,
  -0,
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  Number.MAX_VALUE,
  2 ** 52,
  2 ** 53 - 1,
);

describe('packFloats and unpackFloats are inverse to the bit', () => {
  const kinds: Readonly<Record<string, fc.Arbitrary<readonly number[]>>> = {
    'any doubles': fc.array(anyDouble, { maxLength: 200 }),
    'decimals of mixed precision': fc.array(decimal, { maxLength: 200 }),
    'decimals with holes, zeros and extremes': fc.array(fc.oneof(decimal, special), { maxLength: 200 }),
    'integers that walk': walk,
    'floats of 32 bits': fc.array(fc.float(), { maxLength: 200 }),
    'few values often repeated': fc.array(fc.constantFrom(20.5, -0, 0, NaN, 1 / 3), { maxLength: 200 }),
    'any integers': fc.array(fc.maxSafeInteger(), { maxLength: 50 }),
  };
  for (const [kind, arbitrary] of Object.entries(kinds)) {
    it(kind, () => {
      fc.assert(
        fc.property(arbitrary, (list) => {
          const values = Float64Array.from(list);
          expect(roundTrip(values)).toEqual(bitsOf(values));
          expect(roundTrip(values, packPlainFloats)).toEqual(bitsOf(values));
        }),
        { numRuns: 500 },
      );
    });
  }
});

describe('packTimes and unpackTimes', () => {
  it('are inverse for jittered, unsorted and far times', () => {
    fc.assert(
      fc.property(fc.oneof(walk, fc.array(fc.maxSafeInteger())), (list) => {
        const times = Float64Array.from(list);
        expect(unpackTimes(packTimes(times))).toEqual({ ok: true, value: times });
      }),
    );
  });

  it('refuse what is not a whole number', () => {
    const refusal = expect.objectContaining({ detail: expect.stringContaining('whole number') });
    expect(unpackTimes(packFloats(Float64Array.of(1.5)))).toEqual({ ok: false, refusal });
    expect(unpackTimes(packFloats(Float64Array.of(2 ** 53)))).toEqual({ ok: false, refusal });
    expect(unpackTimes(packFloats(Float64Array.of(1, NaN)))).toEqual({ ok: false, refusal });
  });

  it('keep a regular grid in a few bytes, and a gap in it costs about ten more', () => {
    const grid = Float64Array.from({ length: 1000 }, (_, index) => 1_790_000_000_000_000 + 1_000_000 * index);
    const regular = packTimes(grid).length;
    expect(regular).toBeLessThan(150);
    expect(
      packTimes(grid.map((time, index) => time + (index > 500 ? 3_600_000_000 : 0))).length,
    ).toBeLessThan(regular + 12);
  });
});

describe('hostile packed columns', () => {
  it('never throw, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const unpacked = unpackFloats(bytes, { valuesMax: 10_000 });
        if (unpacked.ok) expect(unpacked.value.length).toBeLessThanOrEqual(10_000);
      }),
      { numRuns: 20_000 },
    );
  });

  it('never throw when one byte is changed, nor go beyond the limit', () => {
    const values = Float64Array.from(
      { length: 50 },
      (_, index) => Math.round(2000 + 50 * Math.sin(index)) / 100,
    );
    const packed = packFloats(values);
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = packed.slice();
        damaged[at]! ^= change;
        const unpacked = unpackFloats(damaged, { valuesMax: 60 });
        if (unpacked.ok) expect(unpacked.value.length).toBeLessThanOrEqual(60);
      }),
    );
  });

  it('are refused when cut or prolonged', () => {
    for (const values of [
      [1, 2, 3, 9],
      [1 / 3, 2 / 3],
      [0.1, NaN, -0],
      [7, 7, 7],
    ]) {
      const packed = packFloats(Float64Array.from(values));
      for (let length = 0; length < packed.length; length++) {
        expect(unpackFloats(packed.subarray(0, length)).ok, `${values.join()} cut to ${length}`).toBe(false);
      }
      expect(unpackFloats(Uint8Array.from([...packed, 0])).ok).toBe(false);
    }
  });

  it('allocate nothing for a length beyond the limit', () => {
    // Constant form, 2^52 values of 1.5: 17 bytes that would be 32 PiB.
    const bomb = Uint8Array.of(1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 8, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f);
    const unpacked = unpackFloats(bomb);
    expect(unpacked).toMatchObject({
      ok: false,
      refusal: { detail: expect.stringContaining('more than 1000000') },
    });
    for (const kind of [0, 2, 3])
      expect(unpackFloats(Uint8Array.of(kind, 0xbf, 0x84, 0x3d, 0, 0, 0, 0)).ok).toBe(false);
  });
});
