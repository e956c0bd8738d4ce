import { Sketch } from '@fieldline/protocol/aggregate';
import { BinCounts } from './bin-counts.ts';
import { quantileOfSorted } from './quantile.ts';

/** Windows of one stream: columns of one length. */
export interface WindowColumns {
  readonly start: Float64Array;
  readonly count: Float64Array;
  readonly sum: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly m2: Float64Array;
  /** DDSketches encoded by `aggregate/`, or null for those without; null where they were not read. */
  readonly sketch: readonly (Uint8Array | null)[] | null;
}

/** Count, sum, extremes and M2 of some readings, at least one; one object may be filled again and again. */
export interface Moments {
  count: number;
  sum: number;
  min: number;
  max: number;
  m2: number;
}

/** Statistics of the raw readings of one bucket, where the store itself computed them. */
export interface ReadingsSummary extends Readonly<Moments> {
  /** NaN where they are not known. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** The columns of an answer, by bucket, in order of time; NaN says that a figure is not known. */
export interface SeriesColumns {
  readonly t: Float64Array;
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly p50: Float64Array;
  readonly p95: Float64Array;
  readonly p99: Float64Array;
  /** Standard deviation of a sample, with `count - 1`. */
  readonly stddev: Float64Array;
  readonly rms: Float64Array;
  /** Quality codes, where each point is one reading; else null. */
  readonly quality: Uint8Array | null;
  /** Readings by bins, a row of one more than edges for each point; absent where no edges were given. */
  readonly bins?: Float64Array;
}

/** Names of the columns that hold figures. */
export const figureColumns = ['count', 'mean', 'min', 'max', 'p50', 'p95', 'p99', 'stddev', 'rms'] as const;

/** Columns of numbers in an answer: the figures and their times. */
const columnsOfSeries = figureColumns.length + 1;

/**
 * How quantiles come about. `none`: not at all. `exact`: of a bucket that holds raw readings alone they are those of the
 * sorted values; its readings must come at once. `merged`: from sketches, so that parts of a bucket may come from
 * several streams.
 */
export type QuantileMode = 'none' | 'exact' | 'merged';

/** What a series covers. */
export interface SeriesShape {
  readonly lengthUs: number;
  readonly fromUs: number;
  readonly toUs: number;
  readonly quantiles: QuantileMode;
  /** Rising edges of the bins to count readings by; they need `merged` quantiles. */
  readonly edges?: Float64Array | undefined;
}

/**
 * Merges windows and raw readings into buckets of one length, aligned to the Unix epoch: windows first, then readings.
 * Dense columns: a query asks for few enough buckets.
 */
export class BucketSeries {
  readonly lengthUs: number;
  readonly fromUs: number;
  readonly toUs: number;
  readonly quantiles: QuantileMode;
  /** Start of the first bucket. */
  readonly originUs: number;
  readonly #count: Float64Array;
  readonly #sum: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #m2: Float64Array;
  /** Quantiles of buckets of raw readings alone. */
  readonly #exact: Readonly<Record<'p50' | 'p95' | 'p99', Float64Array>>;
  /** By bucket: what its parts' sketches make together; null once a part without one came. */
  readonly #sketches = new Map<number, Sketch | null>();
  readonly #bins: BinCounts | undefined;

  constructor({ lengthUs, fromUs, toUs, quantiles, edges }: SeriesShape) {
    this.lengthUs = lengthUs;
    this.fromUs = fromUs;
    this.toUs = toUs;
    this.quantiles = quantiles;
    this.originUs = Math.floor(fromUs / lengthUs) * lengthUs;
    const buckets = Math.max(1, Math.ceil((toUs - this.originUs) / lengthUs));
    const column = (): Float64Array => new Float64Array(buckets);
    this.#count = column();
    this.#sum = column();
    this.#min = column().fill(Infinity);
    this.#max = column().fill(-Infinity);
    this.#m2 = column();
    this.#bins = edges && new BinCounts(edges, buckets);
    const exact = (): Float64Array => new Float64Array(quantiles === 'none' ? 0 : buckets).fill(NaN);
    this.#exact = { p50: exact(), p95: exact(), p99: exact() };
  }

  /** Start of the bucket that `timeUs` falls into. */
  bucketOf(timeUs: number): number {
    return Math.floor(timeUs / this.lengthUs) * this.lengthUs;
  }

  /** Buckets that hold something already: readings that a store summarised cannot join their quantiles. */
  isFilled(startUs: number): boolean {
    return this.#count[this.#indexOf(startUs)]! > 0;
  }

  /** Windows belong to the bucket in which they start; those that start outside of the series are passed over. */
  addWindows(windows: WindowColumns): void {
    const { start, count, sum, min, max, m2, sketch } = windows;
    for (let row = 0; row < start.length; row++) {
      const startUs = start[row]!;
      if (startUs < this.fromUs || startUs >= this.toUs || count[row] === 0) continue;
      const index = this.#indexOf(startUs);
      if (this.quantiles !== 'none') this.#mergeSketch(index, sketch?.[row] ?? null);
      this.#merge(index, count[row]!, sum[row]!, min[row]!, max[row]!, m2[row]!);
    }
  }

  /** Readings of the bucket that starts at `startUs`. Sorts `values` in place where it needs their order. */
  addReadings(startUs: number, values: Float64Array): void {
    if (values.length === 0) return;
    const index = this.#indexOf(startUs);
    this.#bins?.addValues(index, values);
    this.#addQuantiles(index, values);
    this.#addValues(index, values, 0, values.length);
  }

  /** Readings of the bucket that starts at `startUs`. Only where no quantile is wanted. */
  addMoments(startUs: number, { count, sum, min, max, m2 }: Moments): void {
    this.#merge(this.#indexOf(startUs), count, sum, min, max, m2);
  }

  /** Readings of one bucket that the store summarised. */
  addSummary(startUs: number, { count, sum, min, max, m2, p50, p95, p99 }: ReadingsSummary): void {
    if (count === 0) return;
    const index = this.#indexOf(startUs);
    if (this.#count[index]! > 0) this.#sketches.set(index, null);
    else {
      this.#exact.p50[index] = p50;
      this.#exact.p95[index] = p95;
      this.#exact.p99[index] = p99;
    }
    this.#merge(index, count, sum, min, max, m2);
  }

  /** The buckets that hold a reading. */
  columns(): SeriesColumns {
    let rows = 0;
    for (let index = 0; index < this.#count.length; index++) if (this.#count[index]! > 0) rows += 1;
    const columns = this.#emptyColumns(rows);
    let row = 0;
    for (let index = 0; index < this.#count.length; index++) {
      if (this.#count[index]! > 0) this.#fillRow(columns, row++, index);
    }
    return columns;
  }

  /** All columns in one buffer, which is handed to another thread as a whole; unknown quantiles are one column. */
  #emptyColumns(rows: number): SeriesColumns {
    const isKnown = this.quantiles !== 'none';
    const buffer = new Float64Array(rows * (isKnown ? columnsOfSeries : columnsOfSeries - 2));
    let from = 0;
    const column = (): Float64Array => buffer.subarray(from, (from += rows));
    const p50 = column().fill(NaN);
    return {
      p50,
      p95: isKnown ? column() : p50,
      p99: isKnown ? column() : p50,
      t: column(),
      count: column(),
      mean: column(),
      min: column(),
      max: column(),
      stddev: column(),
      rms: column(),
      quality: null,
      ...(this.#bins && { bins: new Float64Array(rows * this.#bins.bins) }),
    };
  }

  #fillRow(columns: SeriesColumns, row: number, index: number): void {
    const count = this.#count[index]!;
    const mean = this.#sum[index]! / count;
    const variance = this.#m2[index]! / count;
    columns.t[row] = this.originUs + index * this.lengthUs;
    columns.count[row] = count;
    columns.mean[row] = mean;
    columns.min[row] = this.#min[index]!;
    columns.max[row] = this.#max[index]!;
    columns.stddev[row] = count > 1 ? Math.sqrt(this.#m2[index]! / (count - 1)) : NaN;
    // Squares of large values leave the range of a double, where `hypot`, which is slow, does not.
    const square = mean * mean + variance;
    columns.rms[row] =
      square < Infinity && square > 1e-300 ? Math.sqrt(square) : Math.hypot(mean, Math.sqrt(variance));
    if (this.#bins) columns.bins?.set(this.#bins.row(index), row * this.#bins.bins);
    if (this.quantiles === 'none') return;
    columns.p50[row] = this.#quantile(index, 'p50', 0.5);
    columns.p95[row] = this.#quantile(index, 'p95', 0.95);
    columns.p99[row] = this.#quantile(index, 'p99', 0.99);
  }

  #indexOf(timeUs: number): number {
    return Math.floor((timeUs - this.originUs) / this.lengthUs);
  }

  #addValues(index: number, values: Float64Array, from: number, to: number): void {
    let sum = 0;
    let min = Infinity;
    let max = -Infinity;
    for (let at = from; at < to; at++) {
      const value = values[at]!;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    const mean = sum / (to - from);
    let m2 = 0;
    for (let at = from; at < to; at++) {
      const difference = values[at]! - mean;
      m2 += difference * difference;
    }
    this.#merge(index, to - from, sum, min, max, m2);
  }

  /** Two sets as one: Chan, Golub and LeVeque (1979), eq. 2.1. */
  #merge(index: number, count: number, sum: number, min: number, max: number, m2: number): void {
    const before = this.#count[index]!;
    if (before === 0) this.#m2[index] = m2;
    else {
      const apart = sum / count - this.#sum[index]! / before;
      this.#m2[index]! += m2 + apart * apart * ((before * count) / (before + count));
    }
    this.#count[index] = before + count;
    this.#sum[index]! += sum;
    if (min < this.#min[index]!) this.#min[index] = min;
    if (max > this.#max[index]!) this.#max[index] = max;
  }

  #addQuantiles(index: number, values: Float64Array): void {
    if (this.quantiles === 'none') return;
    const isFirst = this.#count[index] === 0;
    if (isFirst && this.quantiles === 'exact') {
      values.sort();
      this.#exact.p50[index] = quantileOfSorted(values, 0.5);
      this.#exact.p95[index] = quantileOfSorted(values, 0.95);
      this.#exact.p99[index] = quantileOfSorted(values, 0.99);
      return;
    }
    if (isFirst) this.#sketches.set(index, new Sketch());
    this.#sketches.get(index)?.recordBlock(values);
  }

  /** Both together; null where one is missing or unreadable, since a partial quantile would be a lie. */
  #mergeSketch(index: number, encoded: Uint8Array | null): void {
    const merged = this.#sketches.get(index);
    const decoded = encoded && (merged !== null || this.#bins) ? Sketch.decode(encoded) : undefined;
    const sketch = decoded?.ok ? decoded.value : undefined;
    this.#bins?.addSketch(index, sketch);
    if (!sketch || merged === null || (merged === undefined && this.#count[index]! > 0))
      this.#sketches.set(index, null);
    // The first one sets the accuracy: merged into a coarser one, a fine sketch would lose its own.
    else if (!merged) this.#sketches.set(index, sketch);
    else merged.merge(sketch);
  }

  /** A sketch may miss by a hundredth: never beyond what was measured. */
  #quantile(index: number, name: 'p50' | 'p95' | 'p99', q: number): number {
    const sketch = this.#sketches.get(index);
    if (sketch === undefined) return this.#exact[name][index]!;
    if (sketch === null) return NaN;
    return Math.min(this.#max[index]!, Math.max(this.#min[index]!, sketch.quantile(q)));
  }
}

/** The first place from `from` on whose time is not below `timeUs`. */
export function lowerBound(times: Float64Array, timeUs: number, from: number): number {
  let low = from;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < timeUs) low = middle + 1;
    else high = middle;
  }
  return low;
}
