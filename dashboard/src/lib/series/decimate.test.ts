import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimate, type DrawnSeries } from './decimate.ts';
import { findGaps, type Gap } from './gaps.ts';
import { SeriesBuffer } from './series-buffer.ts';

function bufferOf(readings: readonly (readonly [timeUs: number, value: number])[]): SeriesBuffer {
  const buffer = new SeriesBuffer();
  for (const [timeUs, value] of readings) {
    buffer.push({ startUs: timeUs, endUs: timeUs, count: 1, mean: value, min: value, max: value });
  }
  return buffer;
}

function draw(buffer: SeriesBuffer, bucketUs: number, gaps: readonly Gap[] = []): DrawnSeries {
  return decimate(buffer, { fromUs: -Infinity, toUs: Infinity, bucketUs, gaps });
}

describe('decimate', () => {
  test('keeps each reading where pixels are enough', () => {
    const drawn = draw(
      bufferOf([
        [10, 1],
        [20, 5],
        [30, 3],
      ]),
      1,
    );
    expect(drawn).toEqual({ timeUs: [10, 20, 30], mean: [1, 5, 3], min: [1, 5, 3], max: [1, 5, 3] });
  });

  test('makes one point a bucket, with the mean and the true extremes', () => {
    const drawn = draw(
      bufferOf([
        [0, 1],
        [4, 9],
        [8, 2],
        [10, 5],
      ]),
      10,
    );
    expect(drawn).toEqual({ timeUs: [4, 10], mean: [4, 5], min: [1, 5], max: [9, 5] });
  });

  test('no spike is lost, whatever the bucket', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 5000 }), (readings, bucketUs) => {
        const drawn = draw(bufferOf(readings.map((value, index) => [index * 7, value] as const)), bucketUs);
        expect(Math.max(...drawn.max.map(Number))).toBe(Math.max(...readings));
        expect(Math.min(...drawn.min.map(Number))).toBe(Math.min(...readings));
        drawn.mean.forEach((mean, index) => {
          const span = Math.abs(Number(drawn.max[index]) - Number(drawn.min[index])) * 1e-9 + 1e-3;
          expect(Number(mean)).toBeGreaterThanOrEqual(Number(drawn.min[index]) - span);
          expect(Number(mean)).toBeLessThanOrEqual(Number(drawn.max[index]) + span);
        });
      }),
    );
  });

  test('a gap breaks the line, and no bucket spans it', () => {
    const buffer = bufferOf([
      [0, 1],
      [1, 1],
      [90, 5],
      [91, 5],
    ]);
    const drawn = draw(buffer, 1000, [[1, 90, 'offline']]);
    expect(drawn.mean).toEqual([1, null, 5]);
    expect(drawn.timeUs).toEqual([0.5, 45.5, 90.5]);
  });

  test('every gap that was found breaks the line', () => {
    const second = 1_000_000;
    const buffer = bufferOf([0, 1, 2, 3, 20, 21, 22, 60, 61].map((s) => [s * second, s] as const));
    const gaps = findGaps(buffer, [], 62 * second);
    expect(draw(buffer, 1, gaps).mean).toEqual([0, 1, 2, 3, null, 20, 21, 22, null, 60, 61]);
  });

  test('one point beyond each edge is kept, so that the line runs out of the picture', () => {
    const buffer = bufferOf([0, 10, 20, 30, 40].map((time) => [time, time] as const));
    const drawn = decimate(buffer, { fromUs: 15, toUs: 25, bucketUs: 1, gaps: [] });
    expect(drawn.timeUs).toEqual([10, 20, 30]);
  });
});
