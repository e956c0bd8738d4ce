import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Moments } from './moments.ts';
import { Sketch } from './sketch.ts';
import { histogram, momentStatistics, statistic } from './statistics.ts';

const lists = fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { minLength: 2, maxLength: 200 });

function windowOf(list: readonly number[]): { moments: Moments; sketch: Sketch } {
  const [moments, sketch] = [new Moments(), new Sketch()];
  moments.recordBlock(Float64Array.from(list));
  sketch.recordBlock(Float64Array.from(list));
  return { moments, sketch };
}

describe('statistics of a window', () => {
  it('are those of the definitions, from the moments alone', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const { moments } = windowOf(list);
        const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
        const squares = list.reduce((sum, value) => sum + value * value, 0);
        const spread = list.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        expect(statistic('count', moments)).toBe(list.length);
        expect(statistic('mean', moments)).toBeCloseTo(mean, 6);
        expect(statistic('rms', moments)).toBeCloseTo(Math.sqrt(squares / list.length), 6);
        expect(statistic('standard-deviation', moments)).toBeCloseTo(Math.sqrt(spread / (list.length - 1)), 6); // prettier-ignore
        expect(statistic('peak-to-peak', moments)).toBe(Math.max(...list) - Math.min(...list));
        expect(['min', 'max', 'first', 'last'].map((name) => statistic(name, moments) + 0)).toEqual(
          [Math.min(...list), Math.max(...list), list[0]!, list.at(-1)!].map((value) => value + 0),
        );
      }),
    );
  });

  it('are quantiles of the sketch where there is one, and NaN where there is nothing to tell', () => {
    const { moments, sketch } = windowOf([1, 2, 3, 4, 100]);
    expect(statistic('p50', moments, sketch)).toBe(sketch.quantile(0.5));
    expect(statistic('p99.9', moments, sketch)).toBe(sketch.quantile(0.999));
    for (const name of ['p50', 'p49', 'median']) expect(statistic(name, moments)).toBe(NaN);
    const empty = momentStatistics.filter((name) => name !== 'count');
    expect(empty.map((name) => statistic(name, new Moments()))).toEqual(empty.map(() => NaN));
    expect(statistic('standard-deviation', windowOf([5]).moments)).toBe(NaN);
  });
});

describe('a histogram from a sketch', () => {
  it('counts every reading once, on its side of each edge that is not within the accuracy', () => {
    fc.assert(
      fc.property(
        lists,
        fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }),
        (list, at) => {
          const edges = Float64Array.from(at).sort();
          const bins = histogram(windowOf(list).sketch, edges);
          expect(bins.reduce((sum, count) => sum + count, 0)).toBe(list.length);
          let below = 0;
          edges.forEach((edge, index) => {
            below += bins[index]!;
            const margin = 0.0203 * Math.abs(edge);
            expect(below).toBeGreaterThanOrEqual(list.filter((value) => value < edge - margin).length);
            expect(below).toBeLessThanOrEqual(list.filter((value) => value < edge + margin).length);
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});
