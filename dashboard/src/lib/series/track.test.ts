import { describe, expect, test } from 'vitest';
import { SeriesBuffer } from './series-buffer.ts';
import { fixAt, joinTrack, nearestFix, thinPiece } from './track.ts';

const second = 1_000_000;

function buffer(values: readonly (readonly [seconds: number, value: number])[]): SeriesBuffer {
  const result = new SeriesBuffer();
  for (const [seconds, value] of values) {
    const timeUs = seconds * second;
    result.push({ startUs: timeUs, endUs: timeUs, count: 1, mean: value, min: value, max: value });
  }
  return result;
}

describe('joinTrack', () => {
  test('joins what has the same time, and leaves out halves', () => {
    const latitude = buffer([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    const longitude = buffer([
      [0, 10],
      [2, 30],
    ]);
    expect(joinTrack(latitude, longitude, [])).toEqual({
      pieces: [
        [
          [1, 10],
          [3, 30],
        ],
      ],
      newest: { timeUs: 2 * second, position: [3, 30] },
      fixes: [
        { timeUs: 0, position: [1, 10] },
        { timeUs: 2 * second, position: [3, 30] },
      ],
    });
  });

  test('breaks at silences and at recorded gaps', () => {
    const times = [0, 1, 2, 3, 20, 21, 22];
    const latitude = buffer(times.map((time) => [time, time] as const));
    const longitude = buffer(times.map((time) => [time, time] as const));
    const lengths = (gaps: readonly (readonly [number, number, string])[]) =>
      joinTrack(latitude, longitude, gaps).pieces.map((piece) => piece.length);
    expect(lengths([])).toEqual([4, 3]);
    expect(lengths([[1.2 * second, 1.8 * second, 'no-fix']])).toEqual([2, 2, 3]);
  });

  test('does not run around the world at the 180th meridian', () => {
    const latitude = buffer([
      [0, 5],
      [1, 5],
      [2, 5],
    ]);
    const longitude = buffer([
      [0, 179.8],
      [1, 179.9],
      [2, -179.9],
    ]);
    expect(joinTrack(latitude, longitude, []).pieces).toEqual([
      [
        [5, 179.8],
        [5, 179.9],
      ],
      [[5, -179.9]],
    ]);
  });

  test('has no newest position where there is none', () => {
    expect(joinTrack(buffer([]), buffer([]), [])).toEqual({ pieces: [], newest: undefined, fixes: [] });
  });

  test('holds only what lies within the axis', () => {
    const times = buffer([0, 1, 2, 3, 4].map((time) => [time, time] as const));
    const span = { fromUs: second, toUs: 3 * second };
    expect(joinTrack(times, times, [], span).fixes.map(({ timeUs }) => timeUs / second)).toEqual([1, 2, 3]);
  });
});

describe('a fix', () => {
  const fixes = [0, 10, 20].map((at) => ({ timeUs: at * second, position: [at, 2 * at] as const }));

  test('is found by its time, unless it is too far away', () => {
    const at = (timeS: number, withinS: number) => fixAt(fixes, timeS * second, withinS * second)?.timeUs;
    expect([at(-1, 5), at(4, 5), at(6, 5), at(26, 5), at(14, 3)]).toEqual([
      0,
      0,
      10 * second,
      undefined,
      undefined,
    ]);
    expect(fixAt([], 0, 1)).toBeUndefined();
  });

  test('is found by its place', () => {
    expect(nearestFix(fixes, [9, 19])?.timeUs).toBe(10 * second);
    expect(nearestFix([], [9, 19])).toBeUndefined();
  });
});

test('a thinned piece keeps both ends', () => {
  const piece = Array.from({ length: 1001 }, (_, index) => [index, index] as const);
  const thin = thinPiece(piece, 100);
  expect(thin.length).toBeLessThanOrEqual(102);
  expect([thin[0], thin.at(-1)]).toEqual([
    [0, 0],
    [1000, 1000],
  ]);
});
