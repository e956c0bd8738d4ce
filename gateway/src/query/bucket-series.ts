import { Sketch } from '@fieldline/protocol/aggregate';
import { quantileOfSorted } from './quantile.ts';

/** One window as a store keeps it. */
export interface StoredWindow {
  readonly startUs: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** A DDSketch encoded by `aggregate/`, or null. */
  readonly sketch: Uint8Array | null;
}

/** Statistics of the raw readings of one bucket, where the store itself computed them. */
export interface ReadingsSummary {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** The columns of an answer, by bucket, in order of time. */
export interface SeriesColumns {
  readonly t: number[];
  readonly count: number[];
  readonly mean: (number | null)[];
  readonly min: (number | null)[];
  readonly max: (number | null)[];
  readonly p50: (number | null)[];
  readonly p95: (number | null)[];
  readonly p99: (number | null)[];
}

interface Bucket {
  count: number;
  sum: number;
  min: number;
  max: number;
  /** What the windows' sketches make together; null once a window without one came. */
  sketch: Sketch | null;
  /** Exact quantiles, where all readings of the bucket are raw. */
  exact: { p50: number; p95: number; p99: number } | null;
}

/** Merges windows and raw readings into buckets of one length: windows first, then each bucket's readings. */
export class BucketSeries {
  readonly #lengthUs: number;
  readonly #buckets = new Map<number, Bucket>();

  constructor(lengthUs: number) {
    this.#lengthUs = lengthUs;
  }

  /** Start of the bucket that `timeUs` falls into; buckets are aligned to the Unix epoch. */
  bucketOf(timeUs: number): number {
    return Math.floor(timeUs / this.#lengthUs) * this.#lengthUs;
  }

  /** Buckets that hold windows: their readings cannot be summarised apart, quantiles would not merge. */
  get withWindows(): ReadonlySet<number> {
    return new Set(this.#buckets.keys());
  }

  addWindow(window: StoredWindow): void {
    if (window.count === 0) return;
    const bucket = this.#bucket(this.bucketOf(window.startUs), window);
    bucket.sketch = mergeSketch(bucket.sketch, window.sketch);
  }

  /** All readings of the bucket that starts at `startUs`. Sorts `values` in place. */
  addReadings(startUs: number, values: Float64Array): void {
    if (values.length === 0) return;
    let sum = 0;
    for (const value of values) sum += value;
    values.sort();
    const summary = { count: values.length, sum, min: values[0]!, max: values[values.length - 1]! };
    const mixed = this.#buckets.has(startUs);
    const bucket = this.#bucket(startUs, summary);
    if (mixed) bucket.sketch?.recordBlock(values);
    else bucket.exact = exactQuantiles(values);
  }

  /** Readings that the store summarised; only for buckets without windows. */
  addSummary(startUs: number, { count, sum, min, max, p50, p95, p99 }: ReadingsSummary): void {
    if (count === 0) return;
    this.#bucket(startUs, { count, sum, min, max }).exact = { p50, p95, p99 };
  }

  columns(): SeriesColumns {
    const columns: SeriesColumns = {
      t: [],
      count: [],
      mean: [],
      min: [],
      max: [],
      p50: [],
      p95: [],
      p99: [],
    };
    const starts = Float64Array.from(this.#buckets.keys()).sort();
    for (const start of starts) {
      const bucket = this.#buckets.get(start);
      if (!bucket) continue;
      columns.t.push(start);
      columns.count.push(bucket.count);
      columns.mean.push(bucket.sum / bucket.count);
      columns.min.push(bucket.min);
      columns.max.push(bucket.max);
      columns.p50.push(bucket.exact?.p50 ?? sketched(bucket, 0.5));
      columns.p95.push(bucket.exact?.p95 ?? sketched(bucket, 0.95));
      columns.p99.push(bucket.exact?.p99 ?? sketched(bucket, 0.99));
    }
    return columns;
  }

  #bucket(startUs: number, part: { count: number; sum: number; min: number; max: number }): Bucket {
    const bucket = this.#buckets.get(startUs);
    if (!bucket) {
      const { count, sum, min, max } = part;
      const fresh: Bucket = { count, sum, min, max, sketch: new Sketch(), exact: null };
      this.#buckets.set(startUs, fresh);
      return fresh;
    }
    bucket.count += part.count;
    bucket.sum += part.sum;
    if (part.min < bucket.min) bucket.min = part.min;
    if (part.max > bucket.max) bucket.max = part.max;
    return bucket;
  }
}

/** A sketch may miss by a hundredth: never beyond what was measured. */
function sketched({ sketch, min, max }: Bucket, q: number): number | null {
  return sketch ? Math.min(max, Math.max(min, sketch.quantile(q))) : null;
}

/** Both together; null where one of them is missing or unreadable, since a partial quantile would be a lie. */
function mergeSketch(merged: Sketch | null, encoded: Uint8Array | null): Sketch | null {
  if (!merged || !encoded) return null;
  const decoded = Sketch.decode(encoded);
  if (!decoded.ok) return null;
  // The first one sets the accuracy: merged into a coarser one, a fine sketch would lose its own.
  if (merged.count === 0) return decoded.value;
  merged.merge(decoded.value);
  return merged;
}

function exactQuantiles(sorted: Float64Array): { p50: number; p95: number; p99: number } {
  return {
    p50: quantileOfSorted(sorted, 0.5),
    p95: quantileOfSorted(sorted, 0.95),
    p99: quantileOfSorted(sorted, 0.99),
  };
}
