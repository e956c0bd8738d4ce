import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lowerBound, SeriesBuffer, type Point } from './series-buffer.ts';

function reading(timeUs: number, value: number): Point {
  return { startUs: timeUs, endUs: timeUs, count: 1, mean: value, min: value, max: value };
}

function pointsOf(buffer: SeriesBuffer): Point[] {
  return Array.from({ length: buffer.length }, (_, index) => buffer.at(index)).filter(
    (point) => point !== undefined,
  );
}

describe('SeriesBuffer', () => {
  test('keeps count, mean, extremes and order of all that was pushed, within its capacity', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: 1,
      maxLength: 400,
    });
    fc.assert(
      fc.property(values, (readings) => {
        const buffer = new SeriesBuffer(16);
        readings.forEach((value, index) => expect(buffer.push(reading(index * 10, value))).toBe(true));
        const points = pointsOf(buffer);
        const count = points.reduce((sum, point) => sum + point.count, 0);
        expect(buffer.length).toBeLessThanOrEqual(16);
        expect(count).toBe(readings.length);
        expect(Math.min(...points.map((point) => point.min))).toBe(Math.min(...readings));
        expect(Math.max(...points.map((point) => point.max))).toBe(Math.max(...readings));
        const mean = points.reduce((sum, point) => sum + point.mean * point.count, 0) / count;
        expect(mean).toBeCloseTo(readings.reduce((sum, value) => sum + value, 0) / readings.length, 4);
        points.forEach((point, index) => {
          expect(point.startUs).toBeLessThanOrEqual(point.endUs);
          if (index > 0) expect(point.startUs).toBeGreaterThan(points[index - 1]?.endUs ?? Infinity);
        });
      }),
    );
  });

  test('coarsens the older half only: the newest points stay as they came', () => {
    const buffer = new SeriesBuffer(8);
    for (let index = 0; index < 9; index += 1) buffer.push(reading(index, index));
    expect(pointsOf(buffer).map((point) => point.count)).toEqual([2, 2, 1, 1, 1, 1, 1]);
  });

  test('refuses what is older than its newest point, and what is no number', () => {
    const buffer = new SeriesBuffer(8);
    buffer.push(reading(100, 1));
    expect(buffer.push(reading(99, 2))).toBe(false);
    expect(buffer.push(reading(101, Number.NaN))).toBe(false);
    expect(buffer.push(reading(100, 3))).toBe(true);
    expect(buffer.length).toBe(2);
  });

  test('finds the first point at or after a time', () => {
    const buffer = new SeriesBuffer(8);
    for (const time of [10, 20, 30]) buffer.push(reading(time, 0));
    expect([5, 10, 11, 30, 31].map((time) => lowerBound(buffer, time))).toEqual([0, 0, 1, 2, 3]);
  });
});
