import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStream } from '../../testing/transform-case.ts';

const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 50 });
const limits = fc
  .tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }))
  .map(([one, other]) => ({ min: Math.min(one, other), max: Math.max(one, other) }));

function readingsOf(given: readonly number[]): [number, number][] {
  return given.map((value, sec) => [sec, value]);
}

describe('range', () => {
  it('drops exactly what is outside', () => {
    fc.assert(
      fc.property(values, limits, (given, { min, max }) => {
        const readings = readingsOf(given);
        const { carried, reasons, differences } = runStream([{ range: { min, max } }], readings);
        expect(carried).toEqual(readings.filter(([, value]) => value >= min && value <= max));
        expect(reasons['out-of-range'] ?? 0).toBe(given.length - carried.length);
        expect(differences).toEqual([]);
      }),
    );
  });

  it('marks or clamps exactly what is outside, and drops nothing', () => {
    const action = fc.constantFrom('uncertain' as const, 'bad' as const, 'clamp' as const);
    fc.assert(
      fc.property(values, limits, action, (given, { min, max }, each) => {
        const { carried } = runStream([{ range: { min, max, action: each } }], readingsOf(given));
        const expected = given.map((value, sec) => {
          if (value >= min && value <= max) return [sec, value];
          if (each === 'clamp') return [sec, Math.min(max, Math.max(min, value)), 'uncertain'];
          return [sec, value, each];
        });
        expect(carried).toEqual(expected);
      }),
    );
  });

  it('takes one limit alone, which is inside', () => {
    const readings = readingsOf([-1, 0, 1e300]);
    expect(runStream([{ range: { min: 0 } }], readings).carried).toHaveLength(2);
    expect(runStream([{ range: { max: 0 } }], readings).carried).toHaveLength(2);
  });
});
