import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSketch, Sketch, type SketchOptions } from './index.ts';
import { WindowAccumulator } from './window-accumulator.ts';

const value = fc.oneof(
  fc.double({ min: -40, max: 60, noNaN: true }),
  fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
  fc.double({ min: -1e9, max: -1e-6, noNaN: true }),
  fc.constantFrom(0, -0, 1, -1),
);
// Magnitudes from 1e-7 to 1e9 are 16 decades: within the range of 2048 buckets at 1 %.
const moderate = value.filter((number) => number === 0 || Math.abs(number) > 1e-7);
const values = fc.array(moderate, { minLength: 1, maxLength: 300 });
const quantiles = [0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 1];

function sketchOf(list: readonly number[], options: SketchOptions = {}): Sketch {
  const sketch = new Sketch(options);
  sketch.recordBlock(Float64Array.from(list));
  return sketch;
}

function expectWithin(found: number, exact: number, relativeAccuracy: number): void {
  expect(Math.abs(found - exact)).toBeLessThanOrEqual(relativeAccuracy * Math.abs(exact) * (1 + 1e-9));
}

/** Merges the parts of `list` between random cuts, in random order. */
function mergedParts(
  list: readonly number[],
  cuts: readonly number[],
  seed: number,
  options: SketchOptions,
): Sketch {
  const bounds = [0, ...cuts.map((cut) => cut % (list.length + 1)).sort((a, b) => a - b), list.length];
  const parts = bounds.slice(1).map((end, index) => sketchOf(list.slice(bounds[index], end), options));
  const whole = new Sketch(options);
  for (let left = parts.length, at = seed; left > 0; left--, at += seed + 1) {
    whole.merge(parts.splice(at % left, 1)[0]!);
  }
  return whole;
}

describe('Sketch', () => {
  it('answers quantiles within its relative accuracy of exact ones, below zero and across it', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(0.001, 0.01, 0.05), (list, relativeAccuracy) => {
        const bucketsMax = 4096;
        fc.pre(
          relativeAccuracy > 0.001 ||
            list.every((number) => Math.abs(number) > 0.1 && Math.abs(number) < 100),
        );
        const sketch = sketchOf(list, { relativeAccuracy, bucketsMax });
        const sorted = Float64Array.from(list).sort();
        for (const q of quantiles) {
          expectWithin(sketch.quantile(q), sorted[Math.floor(q * (list.length - 1))]!, relativeAccuracy);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of any split, merged in any order, is exactly that of the whole, collapsed or not', () => {
    const cuts = fc.array(fc.nat(), { maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 300 }),
        cuts,
        fc.nat(),
        fc.constantFrom(16, 40, 2048),
        (list, at, seed, bucketsMax) => {
          const whole = sketchOf(list, { bucketsMax }).encode();
          expect(mergedParts(list, at, seed, { bucketsMax }).encode()).toEqual(whole);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is the same after encoding and decoding, at about a byte a bucket', () => {
    fc.assert(
      fc.property(fc.array(value), fc.constantFrom(16, 2048), (list, bucketsMax) => {
        const bytes = sketchOf(list, { bucketsMax }).encode();
        const decoded = Sketch.decode(bytes);
        expect(decoded.ok && decoded.value.encode()).toEqual(bytes);
        expect(decoded.ok && decoded.value.count).toBe(list.length);
        expect(checkSketch(bytes)).toEqual({ ok: true, value: list.length });
      }),
    );
    const temperatures = Array.from({ length: 1000 }, (_, index) => 20 + 2 * Math.sin(index));
    expect(sketchOf(temperatures).encode().length).toBeLessThan(45);
  });

  it('keeps the largest magnitudes exact where the smallest are collapsed', () => {
    const list = Array.from({ length: 1000 }, (_, index) => 1.1 ** (index - 500));
    const sketch = sketchOf(list, { bucketsMax: 1024 });
    expect(sketch.positive.highest - sketch.positive.lowest).toBeLessThan(1024);
    expectWithin(sketch.quantile(0.9), list[899]!, 0.01);
    expect(sketch.quantile(0)).toBeGreaterThan(list[0]!);
  });

  it('passes over what is not finite, takes the extremes of doubles, and is NaN when empty', () => {
    const sketch = sketchOf([NaN, Infinity, -Infinity]);
    expect([sketch.count, sketch.quantile(0.5)]).toEqual([0, NaN]);
    const extremes = sketchOf([-Number.MAX_VALUE, 5e-324, Number.MAX_VALUE]);
    expect(extremes.count).toBe(3);
    expectWithin(extremes.quantile(0), -Number.MAX_VALUE, 0.01);
    expectWithin(extremes.quantile(1), Number.MAX_VALUE, 0.01);
    expect(extremes.quantile(2)).toBe(NaN);
  });

  it('merges another accuracy with the errors of both', () => {
    const [fine, coarse] = [sketchOf([-5, 1, 20]), sketchOf([-50, 100], { relativeAccuracy: 0.05 })];
    fine.merge(coarse);
    expect(fine.count).toBe(5);
    expectWithin(fine.quantile(0), -50, 0.061);
    expectWithin(fine.quantile(1), 100, 0.061);
  });

  it('is refused, not thrown, where its bytes are damaged or beyond the limits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, begun) => {
        const start = begun ? [1, 0x90, 0x4e, 0x80, 0x10] : [];
        const decoded = Sketch.decode(Uint8Array.from([...start, ...bytes]));
        expect(checkSketch(Uint8Array.from([...start, ...bytes])).ok).toBe(decoded.ok);
        if (decoded.ok)
          expect(decoded.value.positive.highest - decoded.value.positive.lowest).toBeLessThan(4096);
      }),
      { numRuns: 5000 },
    );
    const bytes = sketchOf([1, 2, -3]).encode();
    expect(Sketch.decode(bytes.subarray(0, -1)).ok).toBe(false);
    expect(Sketch.decode(Uint8Array.from([...bytes, 0])).ok).toBe(false);
    // 4096 buckets allowed, two of them four million indices apart.
    expect(
      Sketch.decode(Uint8Array.of(1, 0x90, 0x4e, 0x80, 0x20, 0, 2, 0, 0, 0x80, 0x92, 0xe8, 3, 0)).ok,
    ).toBe(false);
  });

  it('refuses options out of range at once', () => {
    for (const relativeAccuracy of [0, 1, NaN, 0.01000001]) {
      expect(() => new Sketch({ relativeAccuracy })).toThrow(RangeError);
    }
    expect(() => new Sketch({ bucketsMax: 5000 })).toThrow(RangeError);
  });
});

describe('WindowAccumulator', () => {
  it('keeps moments and sketch of the same readings', () => {
    const window = new WindowAccumulator({ sketch: true });
    window.record(-20, 1);
    window.recordBlock(Float64Array.of(NaN, 5, 30), 2, 3);
    expect([window.count, window.sketch?.count]).toEqual([3, 3]);
    expect(window.moments).toMatchObject({ first: -20, last: 30, firstAtUs: 1, lastAtUs: 3 });
    window.reset();
    expect([window.count, window.sketch?.count]).toEqual([0, 0]);
  });

  it('has no sketch any more once readings without one were merged into it', () => {
    const [window, plain] = [new WindowAccumulator({ sketch: true }), new WindowAccumulator()];
    window.record(1);
    window.merge(plain);
    expect(window.sketch?.count).toBe(1);
    plain.record(2);
    window.merge(plain);
    expect([window.count, window.sketch]).toEqual([2, undefined]);
    window.reset();
    expect(window.sketch?.count).toBe(0);
  });
});
