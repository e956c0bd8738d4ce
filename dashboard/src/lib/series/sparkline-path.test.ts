import { expect, test } from 'vitest';
import { sparklinePath, sparklineSpanUs } from './sparkline-path.ts';
import { StreamSeries } from './stream-series.ts';

const second = 1_000_000;
const view = { width: 100, height: 20, fromUs: 0, toUs: 50 * second };

test('a sparkline breaks at gaps and tells its extremes', () => {
  const series = new StreamSeries();
  const times = [0, 1, 2, 3, 30, 31, 32, 47, 48];
  series.appendReadings({ stream: 's', unit: 'V', t: times.map((s) => s * second), v: times });
  const path = sparklinePath(series, view);
  expect(path.line.match(/M/g)).toHaveLength(3);
  expect(path).toMatchObject({ low: 0, high: 48 });
  expect(path.newest?.x).toBeCloseTo(96);
});

test('an empty one draws nothing', () => {
  expect(sparklinePath(new StreamSeries(), view)).toMatchObject({ line: '', band: '', low: undefined });
});

test('a constant is a line in the middle', () => {
  const series = new StreamSeries();
  series.appendReadings({ stream: 's', unit: 'V', t: [0, 25 * second, 50 * second], v: [7, 7, 7] });
  expect(sparklinePath(series, view).line).toMatch(/^M0\.0,10\.0L/);
});

test('a young stream fills its line', () => {
  const series = new StreamSeries();
  expect(sparklineSpanUs(series, 5 * second)).toBe(60 * second);
  series.appendReadings({ stream: 's', unit: 'V', t: [0], v: [7] });
  const spans = [30, 61, 301, 9000].map((age) => sparklineSpanUs(series, age * second) / second);
  expect(spans).toEqual([60, 300, 900, 900]);
});
