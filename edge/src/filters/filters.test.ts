import { describe, expect, it } from 'vitest';
import { LineAggregator, lineStatistics, openWindowsMax } from './line-aggregator.ts';
import { lineMaxCharacters, parseReadingLine, type ReadingLine } from './reading-line.ts';

const line = (t: number, v: number, quantity = 'temperature'): ReadingLine => ({
  t,
  sensor: 'air',
  quantity,
  unit: 'Cel',
  v,
});

describe('a line', () => {
  it('is a reading, whatever else stands in it', () => {
    const given = { ...line(1e15, -3.5), note: 'from cron' };
    expect(parseReadingLine(JSON.stringify(given))).toEqual({ ok: true, value: line(1e15, -3.5) });
  });

  it.each([
    ['', 'no JSON'],
    ['23.4', 'object'],
    ['{"t":1}', 'sensor'],
    [JSON.stringify({ ...line(1, 2), t: 1.5 }), '/t'],
    [JSON.stringify({ ...line(1, 2), v: null }), '/v'],
    [JSON.stringify(line(1, 2)).replace('"v":2', '"v":1e309'), '/v'],
    [JSON.stringify({ ...line(1, 2), sensor: 'Air Quality' }), '/sensor'],
    [' '.repeat(lineMaxCharacters + 1), 'too long'],
  ])('%.40j is none: %s', (text, detail) => {
    expect(parseReadingLine(text)).toMatchObject({
      ok: false,
      refusal: { code: 'SOURCE_GARBAGE', detail: expect.stringContaining(detail) },
    });
  });
});

describe('windows of lines', () => {
  it('are cut by the times of the readings, in whatever order they come', () => {
    const windows = new LineAggregator(1000, ['count', 'mean']);
    for (const t of [2500, 500, 2999, 1000, 0]) windows.add(line(t, t / 1000));
    expect(windows.finish().map(({ t, quantity, unit, v }) => [t, quantity, unit, v])).toEqual([
      [0, 'temperature_count', 'count', 2],
      [0, 'temperature_mean', 'Cel', 0.25],
      [1000, 'temperature_count', 'count', 1],
      [1000, 'temperature_mean', 'Cel', 1],
      [2000, 'temperature_count', 'count', 2],
      [2000, 'temperature_mean', 'Cel', (2.5 + 2.999) / 2],
    ]);
    expect(windows.finish()).toEqual([]);
  });

  it('give every figure', () => {
    const windows = new LineAggregator(1e6, lineStatistics);
    for (let v = 1; v <= 100; v++) windows.add(line(v, v));
    const figures = Object.fromEntries(windows.finish().map(({ quantity, v }) => [quantity.slice(12), v]));
    expect(figures).toMatchObject({ count: 100, mean: 50.5, min: 1, max: 100, first: 1, last: 100 });
    expect(figures['stddev']).toBeCloseTo(Math.sqrt(833.25), 9);
    for (const [name, exact] of [
      ['p50', 50],
      ['p95', 95],
      ['p99', 99],
    ] as const) {
      expect(Math.abs((figures[name] ?? NaN) - exact) / exact).toBeLessThan(0.02);
    }
  });

  it('keep streams apart, and have an end', () => {
    const windows = new LineAggregator(1, ['count']);
    for (let t = 0; t < openWindowsMax; t++) expect(windows.add(line(t, 1))).toBe(true);
    expect(windows.add(line(openWindowsMax, 1))).toBe(false);
    expect(windows.add(line(0, 1, 'humidity'))).toBe(false);
    expect(windows.add(line(0, 1))).toBe(true);
  });
});
