import type { QueryAnswer } from '@fieldline/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selectionStatistics } from './selection-statistics.ts';

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });

function rank(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(part * values.length) - 1)] ?? NaN;
}

/** The textbook formula, in two passes; null for one value. */
function sampleDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  return Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (values.length - 1));
}

/** What a store answers about these readings, each inner list a bucket; `raw`: each reading a point. */
function answerOf(buckets: readonly (readonly number[])[], raw = false): QueryAnswer {
  const parts = raw ? buckets.flat().map((each) => [each]) : buckets;
  return {
    stream: 'a/b/c',
    unit: 'V',
    windowUs: raw ? 0 : 1000,
    t: parts.map((_, index) => index * 1000),
    count: parts.map((each) => each.length),
    mean: parts.map((each) => each.reduce((sum, one) => sum + one, 0) / each.length),
    min: parts.map((each) => Math.min(...each)),
    max: parts.map((each) => Math.max(...each)),
    stddev: parts.map(sampleDeviation),
    p50: parts.map((each) => rank(each, 0.5)),
    p95: parts.map((each) => rank(each, 0.95)),
    p99: parts.map((each) => rank(each, 0.99)),
    gaps: [],
  };
}

describe('statistics of a selection', () => {
  test('are those of all readings, however they were cut into buckets', () => {
    const cut = fc.array(fc.array(value, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(cut, fc.boolean(), (buckets, raw) => {
        const all = buckets.flat();
        const found = selectionStatistics(answerOf(buckets, raw));
        expect(found.count).toBe(all.length);
        expect(found.mean).toBeCloseTo(all.reduce((sum, each) => sum + each, 0) / all.length, 4);
        expect([found.min, found.max]).toEqual([Math.min(...all), Math.max(...all)]);
        const deviation = sampleDeviation(all);
        if (deviation === null) expect(found.stddev).toBeNull();
        else expect(found.stddev).toBeCloseTo(deviation, 3);
        for (const [name, part] of [
          ['p50', 0.5],
          ['p95', 0.95],
          ['p99', 0.99],
        ] as const) {
          const [low, high] = found[name] ?? [NaN, NaN];
          expect(low).toBeLessThanOrEqual(rank(all, part));
          expect(high).toBeGreaterThanOrEqual(rank(all, part));
          if (raw || buckets.length === 1) expect(low).toBe(high);
        }
      }),
    );
  });

  test('know nothing of nothing, nor of a part without a sketch', () => {
    expect(selectionStatistics(answerOf([], true))).toMatchObject({ count: 0, mean: null, p50: null });
    const answer = { ...answerOf([[1], [2]]), p95: [1, null] };
    expect(selectionStatistics(answer)).toMatchObject({ p50: [1, 2], p95: null });
  });
});
