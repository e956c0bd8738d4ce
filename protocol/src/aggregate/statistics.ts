import type { Moments } from './moments.ts';
import type { Sketch } from './sketch.ts';

/** What can be told of a window from what travels: `p50` to `p99.9` too, which need a sketch. */
export const momentStatistics = [
  'count',
  'mean',
  'min',
  'max',
  'first',
  'last',
  'standard-deviation',
  'rms',
  'peak-to-peak',
] as const;

const quantileName = /^p([5-9][0-9](?:\.[0-9])?)$/;

/**
 * A statistic of a window by its name: one of `momentStatistics`, or a quantile such as `p99.9`. NaN where the
 * window has no reading, no sketch for a quantile, or there is no such statistic. The standard deviation is that
 * of a sample, with `count - 1`: NaN for one reading. The root mean square follows from mean and M2.
 */
export function statistic(name: string, moments: Moments, sketch?: Sketch): number {
  const { count, mean, m2, min, max } = moments;
  const [, percent] = quantileName.exec(name) ?? [];
  if (percent !== undefined) return sketch?.quantile(Number(percent) / 100) ?? NaN;
  switch (name) {
    case 'count':
      return count;
    case 'mean':
      return mean;
    case 'min':
      return min;
    case 'max':
      return max;
    case 'first':
      return moments.first;
    case 'last':
      return moments.last;
    case 'standard-deviation':
      return count > 1 ? Math.sqrt(m2 / (count - 1)) : NaN;
    case 'rms':
      return count > 0 ? Math.hypot(mean, Math.sqrt(m2 / count)) : NaN;
    case 'peak-to-peak':
      return max - min;
    default:
      return NaN;
  }
}

/**
 * Readings in the bins between rising `edges`, from a sketch: below the first edge, `[edges[i], edges[i + 1])`, and
 * from the last edge on; one more number than edges. A reading nearer to an edge than twice the sketch's relative
 * accuracy may count on its other side; none is lost or counted twice.
 */
export function histogram(sketch: Sketch, edges: Float64Array): Float64Array {
  const bins = new Float64Array(edges.length + 1);
  let bin = 0;
  sketch.eachBucket((value, count) => {
    while (bin < edges.length && value >= edges[bin]!) bin += 1;
    bins[bin]! += count;
  });
  return bins;
}
