import type { DrawnSeries } from '../../series/decimate.ts';
import { lowerBound, type Columns } from '../../series/series-buffer.ts';
import type { TimeSpan } from '../../series/time-span.ts';
import { circleScale, niceScale, type NiceScale } from '../../series/nice-scale.ts';
import { smallestSpan } from './smallest-span.ts';

/** Lowest and highest of what is drawn from `fromUs` on; Infinity and -Infinity where nothing is. */
export function drawnExtremes(drawn: DrawnSeries, fromUs: number): [low: number, high: number] {
  let low = Infinity;
  let high = -Infinity;
  for (let index = 0; index < drawn.timeUs.length; index += 1) {
    if ((drawn.timeUs[index] ?? 0) < fromUs) continue;
    low = Math.min(low, drawn.min[index] ?? Infinity);
    high = Math.max(high, drawn.max[index] ?? -Infinity);
  }
  return [low, high];
}

/** The value axis for values from `low` to `high` in `unit`; a bearing that goes round gets the whole circle. */
export function scaleFor(unit: string, low: number, high: number): NiceScale {
  if (unit === 'deg' && low >= 0 && high <= 360 && high - low > 90) return circleScale;
  return niceScale(low, high, 3, smallestSpan(unit, high));
}

/**
 * The time that one drawn point stands for, in µs; 0 where each is a reading as it came. Where points of the
 * series were drawn as one it is the bucket, else the longest that the ends of the picture hold.
 */
export function pointLengthUs(
  columns: Columns,
  drawn: DrawnSeries,
  span: TimeSpan,
  bucketUs: number,
): number {
  const first = lowerBound(columns, span.fromUs);
  const last = Math.min(columns.length, lowerBound(columns, span.toUs)) - 1;
  const lengthUs = (index: number) => (columns.endUs[index] ?? 0) - (columns.startUs[index] ?? 0);
  const shownUs = Math.max(0, lengthUs(Math.min(first, columns.length - 1)), lengthUs(last));
  const points = drawn.mean.reduce<number>((count, mean) => count + (mean === null ? 0 : 1), 0);
  return points < last - first + 1 ? Math.max(bucketUs, shownUs) : shownUs;
}
