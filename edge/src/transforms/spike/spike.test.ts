import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStream } from '../../testing/transform-case.ts';
import { SortedWindow } from './sorted-window.ts';
import { normalScale } from './spike.ts';

const values = fc.array(
  fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.double({ min: -1e4, max: 1e4, noNaN: true, noDefaultInfinity: true }),
  ),
  { minLength: 1, maxLength: 60 },
);

function median(of: readonly number[]): number {
  const sorted = [...of].sort((one, other) => one - other);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** Hampel's identifier as it is written: the limit about the median of the last values. */
function bounds(recent: readonly number[], threshold: number, floor: number): [low: number, high: number] {
  const center = median(recent);
  const deviation = median(recent.map((value) => Math.abs(value - center)));
  const limit = Math.max(floor, threshold * normalScale * deviation);
  return [center - limit, center + limit];
}

describe('a sorted window', () => {
  it('knows the medians of the last values, also of equal ones and of zeros of both signs', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 9 }), (given, capacity) => {
        const window = new SortedWindow(capacity);
        given.forEach((value, index) => {
          window.push(value);
          const recent = given.slice(Math.max(0, index + 1 - capacity), index + 1);
          expect(window.size).toBe(recent.length);
          expect(window.median()).toBeCloseTo(median(recent), 6);
          const center = median(recent);
          const deviation = median(recent.map((each) => Math.abs(each - center)));
          expect(window.medianDeviation(center)).toBeCloseTo(deviation, 6);
        });
      }),
    );
  });
});

describe('spike', () => {
  const settings = fc.record({
    window: fc.integer({ min: 3, max: 11 }),
    threshold: fc.double({ min: 0, max: 6, noNaN: true }),
    floor: fc.constantFrom(0, 0.5, 100),
  });

  it('lets through what is within the bounds of its window, and nothing else', () => {
    fc.assert(
      fc.property(values, settings, fc.integer({ min: 1, max: 7 }), (given, keys, blockRows) => {
        const readings = given.map((value, sec): [number, number] => [sec, value]);
        const { carried, reasons, differences } = runStream([{ spike: keys }], readings, { blockRows });
        expect(differences).toEqual([]);
        expect(carried.length + (reasons['spike'] ?? 0)).toBe(given.length);
        const kept = new Map(carried.map(([sec, value]) => [sec, value]));
        given.forEach((value, index) => {
          const recent = given.slice(Math.max(0, index + 1 - keys.window), index + 1);
          if (recent.length < 3) return expect(kept.get(index)).toBe(value);
          const [low, high] = bounds(recent, keys.threshold, keys.floor);
          const slack = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
          if (kept.has(index)) {
            expect(value).toBeGreaterThanOrEqual(low - slack);
            expect(value).toBeLessThanOrEqual(high + slack);
          } else expect(value < low + slack || value > high - slack).toBe(true);
        });
      }),
    );
  });

  it('never drops a value that does not change', () => {
    const readings = Array.from({ length: 50 }, (_, sec): [number, number] => [sec, 20.1]);
    expect(runStream([{ spike: {} }], readings).carried).toHaveLength(50);
  });

  it('marks instead, when asked to', () => {
    const readings = [20, 20.1, 20, 20.2, 90, 20].map((value, sec): [number, number] => [sec, value]);
    const { carried, reasons } = runStream([{ spike: { floor: 1, action: 'bad' } }], readings);
    expect(carried[4]).toEqual([4, 90, 'bad']);
    expect(reasons).toEqual({ 'marked-spike': 1 });
  });
});
