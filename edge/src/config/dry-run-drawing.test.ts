import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { thinRows } from './dry-run-drawing.ts';
import type { SentColumns } from './sent-points.ts';
import { worstError } from './worst-error.ts';

/** Readings at these times. */
function readings(points: readonly (readonly [timeUs: number, value: number])[]): SentColumns {
  const times = points.map(([timeUs]) => timeUs);
  const values = points.map(([, value]) => value);
  return { unit: 'V', start: times, end: times, mean: values, min: values, max: values };
}

describe('the error that a thinning makes', () => {
  const raw = readings([
    [0, 0],
    [1, 4],
    [2, 2],
    [3, 3],
  ]);

  test('is the distance from a line between what is sent', () => {
    expect(
      worstError(
        raw,
        readings([
          [0, 0],
          [3, 3],
        ]),
        'line',
      ),
    ).toBe(3);
  });

  test('is the distance from the last sent value where that holds', () => {
    expect(
      worstError(
        raw,
        readings([
          [0, 0],
          [3, 3],
        ]),
        'hold',
      ),
    ).toBe(4);
  });

  test('is the distance from the mean of a window', () => {
    const windows = { unit: 'V', start: [0, 2], end: [2, 4], mean: [2, 2.5], min: [0, 2], max: [4, 3] };
    expect(worstError(raw, windows, 'line')).toBe(2);
  });

  test('is none where readings of one time are all sent', () => {
    const lines = readings([
      [0, 1],
      [5, 7],
      [5, 3],
      [5, 9],
      [8, 2],
    ]);
    expect(worstError(lines, lines, 'line')).toBe(0);
  });

  test('is none where everything is sent, and unknown where nothing is', () => {
    expect(worstError(raw, raw, 'line')).toBe(0);
    expect(worstError(raw, readings([]), 'line')).toBeNull();
  });
});

test('a drawing keeps its extremes, its order and its size', () => {
  const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 900 });
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 200 }), (given, most) => {
      const rows = thinRows(readings(given.map((value, index) => [index, value] as const)), most);
      expect(rows.length).toBeLessThanOrEqual(most);
      expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
      const kept = rows.map((row) => given[row]!);
      expect([Math.min(...kept), Math.max(...kept)]).toEqual([Math.min(...given), Math.max(...given)]);
    }),
  );
});
