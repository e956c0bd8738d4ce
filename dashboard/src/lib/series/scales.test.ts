import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graticuleDecimals, graticuleLines, graticuleStep } from './graticule.ts';
import { decimalsOfStep, niceScale, niceStep } from './nice-scale.ts';
import { timeTicks } from './time-ticks.ts';

describe('niceScale', () => {
  test('holds the values, with ends and lines at multiples of its step', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const scale = niceScale(min, max, 3, 0.01);
        expect(scale.low).toBeLessThanOrEqual(min);
        expect(scale.high).toBeGreaterThanOrEqual(max);
        expect(scale.ticks[0]).toBe(scale.low);
        expect(scale.ticks.at(-1)).toBe(scale.high);
        expect(scale.ticks.length).toBeLessThanOrEqual(6);
      }),
    );
  });

  test('does not fill the picture with the noise of a constant', () => {
    expect(niceScale(20.001, 20.002, 3, 0.5)).toMatchObject({ low: 19.6, high: 20.4, step: 0.2 });
  });

  test('does not go below zero for what never did', () => {
    expect(niceScale(0, 14, 3, 0.5)).toMatchObject({ low: 0, high: 20 });
  });

  test('steps are 1, 2 or 5 of a power of ten', () => {
    expect([0.011, 0.2, 3, 7, 49].map(niceStep)).toEqual([0.02, 0.2, 5, 10, 50]);
    expect([0.001, 0.05, 0.5, 1, 20].map(decimalsOfStep)).toEqual([3, 2, 1, 0, 0]);
  });
});

describe('timeTicks', () => {
  const minute = 60_000_000;

  test('stand at round times of the clock', () => {
    expect(timeTicks(0.5 * minute, 5.5 * minute, 6)).toEqual({
      stepUs: minute,
      ticksUs: [1, 2, 3, 4, 5].map((n) => n * minute),
    });
  });

  test('are round in the zone of the reader', () => {
    const offset = 30 * minute;
    const { ticksUs, stepUs } = timeTicks(0, 240 * minute, 5, offset);
    expect(stepUs).toBe(60 * minute);
    expect(ticksUs[0]).toBe(30 * minute);
  });

  test('are never too many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4e9 }), fc.integer({ min: 1, max: 20 }), (seconds, most) => {
        expect(timeTicks(0, seconds * 1e6, most).ticksUs.length).toBeLessThanOrEqual(most + 1);
      }),
    );
  });
});

describe('graticule', () => {
  test('gets finer as the map comes closer', () => {
    expect([360, 10, 0.05, 0.002].map((span) => graticuleStep(span, 8))).toEqual([45, 2, 0.01, 0.0005]);
  });

  test('lines are rounded to what their labels show', () => {
    expect(graticuleLines(47.598, 47.603, 0.001)).toEqual([47.598, 47.599, 47.6, 47.601, 47.602, 47.603]);
    expect([10, 0.5, 0.02, 0.0005].map(graticuleDecimals)).toEqual([0, 1, 2, 4]);
  });
});
