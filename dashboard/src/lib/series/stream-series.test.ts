import type { QueryAnswer } from '@fieldline/protocol';
import { describe, expect, test } from 'vitest';
import { StreamSeries } from './stream-series.ts';

function history(windowUs: number, points: readonly (readonly [t: number, mean: number])[]): QueryAnswer {
  const t = points.map(([time]) => time);
  const mean = points.map(([, value]) => value);
  const count = points.map(() => (windowUs === 0 ? 1 : 10));
  const empty = points.map(() => null);
  const columns = { t, count, mean, min: mean, max: mean, p50: empty, p95: empty, p99: empty };
  return { stream: 'd/s/q', unit: 'Cel', windowUs, ...columns, gaps: [] };
}

function readings(...points: (readonly [t: number, v: number | null])[]) {
  return { stream: 'd/s/q', unit: 'Cel', t: points.map(([t]) => t), v: points.map(([, v]) => v) };
}

function means(series: StreamSeries): number[] {
  return Array.from(series.buffer.mean.subarray(0, series.buffer.length));
}

describe('StreamSeries', () => {
  test('history goes beneath the live readings that came before it, none twice', () => {
    const series = new StreamSeries();
    series.appendReadings(readings([30, 3], [40, 4]));
    series.applyHistory(
      history(0, [
        [10, 1],
        [20, 2],
        [30, 3],
      ]),
    );
    expect(means(series)).toEqual([1, 2, 3, 4]);
  });

  test('a live reading that the history holds already is no news', () => {
    const series = new StreamSeries();
    series.applyHistory(
      history(0, [
        [10, 1],
        [20, 2],
      ]),
    );
    expect(series.appendReadings(readings([20, 2], [30, 3]))).toBe('appended');
    expect(means(series)).toEqual([1, 2, 3]);
  });

  test('two different readings of one time are both kept', () => {
    const series = new StreamSeries();
    series.appendReadings(readings([10, 1], [10, 2]));
    expect(means(series)).toEqual([1, 2]);
  });

  test('a backlog is noticed, and changes nothing by itself', () => {
    const series = new StreamSeries();
    series.appendReadings(readings([100, 1]));
    expect(series.appendReadings(readings([50, 9]))).toBe('backfilled');
    expect(means(series)).toEqual([1]);
  });

  test('absent values and windows without a reading are passed over', () => {
    const series = new StreamSeries();
    series.appendReadings(readings([10, null], [20, 2]));
    const window = { stream: 'd/s/q', unit: 'Cel', window: '5s', start: [30, 35], end: [35, 40] };
    series.appendWindows({ ...window, count: [0, 7], mean: [null, 3], min: [null, 1], max: [null, 5] });
    expect(means(series)).toEqual([2, 3]);
    expect(series.buffer.at(1)).toEqual({ startUs: 35, endUs: 40, count: 7, mean: 3, min: 1, max: 5 });
  });

  test('buckets of the history cover the live readings within them', () => {
    const series = new StreamSeries();
    series.appendReadings(readings([12, 1], [19, 2], [20, 3], [25, 4]));
    series.applyHistory(
      history(10, [
        [0, 7],
        [10, 8],
      ]),
    );
    expect(means(series)).toEqual([7, 8, 3, 4]);
  });

  test('the last bucket ends where the question ended, so that no line runs back from it', () => {
    const series = new StreamSeries();
    const buckets = history(10, [
      [0, 7],
      [10, 8],
    ]);
    series.applyHistory(buckets, 14);
    series.appendReadings(readings([14, 1], [15, 2]));
    expect(series.buffer.at(1)).toMatchObject({ startUs: 10, endUs: 14 });
    const middles = Array.from({ length: series.buffer.length }, (_, index) => series.buffer.at(index)).map(
      (point) => ((point?.startUs ?? 0) + (point?.endUs ?? 0)) / 2,
    );
    expect(middles).toEqual([5, 12, 14, 15]);
  });
});
