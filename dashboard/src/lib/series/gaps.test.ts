import { describe, expect, test } from 'vitest';
import { findGaps, usualIntervalUs } from './gaps.ts';
import { SeriesBuffer } from './series-buffer.ts';

const second = 1_000_000;

/** Readings of value 0 at these seconds. */
function readingsAt(...seconds: number[]): SeriesBuffer {
  const buffer = new SeriesBuffer();
  for (const at of seconds) {
    const timeUs = at * second;
    buffer.push({ startUs: timeUs, endUs: timeUs, count: 1, mean: 0, min: 0, max: 0 });
  }
  return buffer;
}

/** Windows of `lengthS` with `count` readings, beginning at these seconds. */
function windowsAt(lengthS: number, count: number, ...seconds: number[]): SeriesBuffer {
  const buffer = new SeriesBuffer();
  for (const at of seconds) {
    const span = { startUs: at * second, endUs: (at + lengthS) * second };
    buffer.push({ ...span, count, mean: 0, min: 0, max: 0 });
  }
  return buffer;
}

describe('findGaps', () => {
  test('a silence of more than four usual intervals is a gap', () => {
    const buffer = readingsAt(0, 1, 2, 3, 4, 12, 13, 14);
    expect(findGaps(buffer, [], 15 * second)).toEqual([[4 * second, 12 * second, '']]);
  });

  test('jitter, and one lost reading, are none', () => {
    expect(findGaps(readingsAt(0, 1.2, 2, 2.9, 4, 6, 7), [], 8 * second)).toEqual([]);
  });

  test('a sensor that reads once a minute has no gaps for that', () => {
    expect(findGaps(readingsAt(0, 60, 120, 180), [], 200 * second)).toEqual([]);
  });

  test('one missing window of a dense stream is a gap; sparse buckets are not', () => {
    expect(findGaps(windowsAt(10, 100, 0, 10, 30, 40), [], 50 * second)).toEqual([
      [20 * second, 30 * second, ''],
    ]);
    expect(findGaps(windowsAt(4, 1, 0, 8, 20, 28), [], 32 * second)).toEqual([]);
  });

  test('a silence takes over the reason of the record that explains it', () => {
    const recorded = [[5 * second, 11 * second, 'offline']] as const;
    expect(findGaps(readingsAt(0, 1, 2, 3, 4, 12, 13), recorded, 14 * second)).toEqual([
      [4 * second, 12 * second, 'offline'],
    ]);
  });

  test('a recorded gap stands even where the silence alone would be too short', () => {
    const recorded = [[2.2 * second, 2.8 * second, 'restart']] as const;
    expect(findGaps(readingsAt(0, 1, 2, 3, 4), recorded, 5 * second)).toEqual(recorded);
  });

  test('the silence since the newest reading is open towards now', () => {
    expect(findGaps(readingsAt(0, 1, 2, 3), [], 30 * second)).toEqual([[3 * second, 30 * second, '']]);
    expect(findGaps(readingsAt(0, 1, 2, 3), [], 7 * second)).toEqual([]);
  });

  test('nothing and one point have no usual interval, and no gap', () => {
    expect(usualIntervalUs(readingsAt())).toBe(0);
    expect(findGaps(readingsAt(), [], second)).toEqual([]);
    expect(findGaps(readingsAt(1), [], 2 * second)).toEqual([]);
  });
});
