import type { Gap } from './gaps.ts';
import { lowerBound, type Columns } from './series-buffer.ts';

/** What a chart draws: columns of equal length; `null` breaks the line. Times in µs. */
export interface DrawnSeries {
  readonly timeUs: number[];
  readonly mean: (number | null)[];
  readonly min: (number | null)[];
  readonly max: (number | null)[];
}

/** What part of a series is drawn, and how finely. */
export interface DecimateOptions {
  readonly fromUs: number;
  readonly toUs: number;
  /** Points that start within the same multiple of this become one: the time that one pixel stands for. */
  readonly bucketUs: number;
  /** Where the line breaks. */
  readonly gaps: readonly Gap[];
}

/**
 * Thins a series to at most one point a bucket: the count-weighted mean with the true minimum and maximum, so
 * that no spike is lost. Buckets are aligned to absolute time: a moving chart does not shimmer. One point
 * beyond each edge is kept, so that lines run out of the picture; a `null` stands in the middle of each gap.
 */
export function decimate(columns: Columns, options: DecimateOptions): DrawnSeries {
  const drawn: DrawnSeries = { timeUs: [], mean: [], min: [], max: [] };
  const first = Math.max(0, lowerBound(columns, options.fromUs) - 1);
  const end = Math.min(columns.length, lowerBound(columns, options.toUs) + 1);
  const bucketUs = Math.max(1, options.bucketUs);
  let gapIndex = 0;
  for (let index = first; index < end;) {
    gapIndex = breakAtGaps(drawn, options.gaps, gapIndex, columns.startUs[index]!, index > first);
    const limitUs = nextGapStart(options.gaps, gapIndex);
    index = mergeBucket(drawn, columns, { index, end, bucketUs, limitUs });
  }
  return drawn;
}

/** Puts one `null` for the gaps that lie before `startUs`; returns the index of the next gap. */
function breakAtGaps(
  drawn: DrawnSeries,
  gaps: readonly Gap[],
  gapIndex: number,
  startUs: number,
  hasBefore: boolean,
): number {
  let next = gapIndex;
  while (next < gaps.length && gaps[next]![0] < startUs) next += 1;
  if (next > gapIndex && hasBefore) {
    const [from, to] = gaps[next - 1]!;
    drawn.timeUs.push((from + Math.min(to, startUs)) / 2);
    drawn.mean.push(null);
    drawn.min.push(null);
    drawn.max.push(null);
  }
  return next;
}

function nextGapStart(gaps: readonly Gap[], gapIndex: number): number {
  return gaps[gapIndex]?.[0] ?? Infinity;
}

/** Merges the points of one bucket, from `index`, never across a gap; returns the first index after it. */
function mergeBucket(
  drawn: DrawnSeries,
  columns: Columns,
  at: { index: number; end: number; bucketUs: number; limitUs: number },
): number {
  const { index: first, end, bucketUs, limitUs } = at;
  const bucket = Math.floor(columns.startUs[first]! / bucketUs);
  let index = first;
  let count = 0;
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  do {
    count += columns.count[index]!;
    sum += columns.mean[index]! * columns.count[index]!;
    min = Math.min(min, columns.min[index]!);
    max = Math.max(max, columns.max[index]!);
    index += 1;
  } while (
    index < end &&
    columns.startUs[index]! <= limitUs &&
    Math.floor(columns.startUs[index]! / bucketUs) === bucket
  );
  drawn.timeUs.push((columns.startUs[first]! + columns.endUs[index - 1]!) / 2);
  drawn.mean.push(sum / count);
  drawn.min.push(min);
  drawn.max.push(max);
  return index;
}
