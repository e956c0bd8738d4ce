import { lowerBound, type BucketSeries, type Moments } from '../../../query/bucket-series.ts';
import { ColumnReader, type StoredColumn } from './column-bytes.ts';
import { decimalPower, type Offsets } from './decimal-scale.ts';
import { summarise } from './readings.ts';

/** Times of a block, which never fall, asked for one by one. */
interface Times {
  readonly rows: number;
  /** Microseconds, UTC. */
  at(row: number): number;
  /** The first row from `from` on whose time is not below `timeUs`. */
  rowAt(timeUs: number, from: number): number;
}

/** Values of a block, asked for by ranges of rows. */
interface Values {
  /** Of rows `[from, to)`, at least one. */
  addTo(moments: Moments, from: number, to: number): void;
}

/**
 * Readings as they lie in a block, for questions that want no quantiles: of times only those at the edges of buckets are
 * made, and values are added up as the whole numbers that they are stored as. Five times faster than to decode first.
 */
export class PackedReadings {
  readonly #times: Times;
  readonly #values: Values;

  /** `bytes`: of `encodeReadings`. Throws STORE_DAMAGED. */
  constructor(bytes: Uint8Array, rows: number) {
    const reader = new ColumnReader(bytes, rows);
    reader.nextBytes(1);
    this.#times = timesOf(reader.nextStored());
    this.#values = valuesOf(reader.nextStored());
  }

  /** Adds those of `[fromUs, toUs)` to the buckets of a series. */
  addTo(series: BucketSeries, fromUs: number, toUs: number): void {
    const times = this.#times;
    const moments: Moments = { count: 0, sum: 0, min: 0, max: 0, m2: 0 };
    let from = times.rowAt(Math.max(fromUs, series.fromUs), 0);
    const end = times.rowAt(Math.min(toUs, series.toUs), from);
    while (from < end) {
      const startUs = series.bucketOf(times.at(from));
      const to = Math.min(end, times.rowAt(startUs + series.lengthUs, from + 1));
      this.#values.addTo(moments, from, to);
      series.addMoments(startUs, moments);
      from = to;
    }
  }
}

function timesOf(column: StoredColumn): Times {
  const { line } = column;
  return line ? new TimesOnLine(line, column.offsets, column.rows) : new PlainTimes(column.decoded());
}

function valuesOf(column: StoredColumn): Values {
  const { decimals } = column;
  if (!decimals) return new PlainValues(column.decoded());
  const { offsets } = column;
  // Squares of offsets of 32 bits would leave the whole numbers that a double holds.
  return offsets instanceof Uint32Array
    ? new PlainValues(column.decoded())
    : new ScaledValues(offsets, decimals.base, decimalPower(decimals.decimals));
}

class PlainTimes implements Times {
  readonly #times: Float64Array;

  constructor(times: Float64Array) {
    this.#times = times;
  }

  get rows(): number {
    return this.#times.length;
  }

  at(row: number): number {
    return this.#times[row]!;
  }

  rowAt(timeUs: number, from: number): number {
    return lowerBound(this.#times, timeUs, from);
  }
}

/** Times beside a straight line: the line says about where a time is. */
class TimesOnLine implements Times {
  readonly rows: number;
  readonly #base: number;
  readonly #step: number;
  readonly #offsets: Offsets;

  constructor({ base, step }: { base: number; step: number }, offsets: Offsets, rows: number) {
    this.rows = rows;
    this.#base = base;
    this.#step = step;
    this.#offsets = offsets;
  }

  at(row: number): number {
    return this.#base + Math.floor(row * this.#step + 0.5) + (this.#offsets[row] ?? 0);
  }

  rowAt(timeUs: number, from: number): number {
    const guess = Math.round((timeUs - this.#base) / this.#step);
    // A line without a slope gives no number.
    const row = guess >= from ? Math.min(guess, this.rows) : from;
    if (row < this.rows && this.at(row) < timeUs) return this.#after(row + 1, timeUs);
    return this.#upTo(row, timeUs, from);
  }

  /** All rows below `low` are too early: looks on, in growing steps. */
  #after(low: number, timeUs: number): number {
    let known = low;
    for (let step = 1; known + step <= this.rows; step *= 2) {
      const row = known + step - 1;
      if (this.at(row) >= timeUs) return this.#between(known, row, timeUs);
      known = row + 1;
    }
    return this.#between(known, this.rows, timeUs);
  }

  /** All rows from `high` on are late enough: looks back, in growing steps. */
  #upTo(high: number, timeUs: number, from: number): number {
    let known = high;
    for (let step = 1; known - step >= from; step *= 2) {
      const row = known - step;
      if (this.at(row) < timeUs) return this.#between(row + 1, known, timeUs);
      known = row;
    }
    return this.#between(from, known, timeUs);
  }

  #between(from: number, to: number, timeUs: number): number {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle) < timeUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

class PlainValues implements Values {
  readonly #values: Float64Array;

  constructor(values: Float64Array) {
    this.#values = values;
  }

  addTo(moments: Moments, from: number, to: number): void {
    const { readings, sum, min, max, m2 } = summarise(this.#values, from, to);
    moments.count = readings;
    moments.sum = sum;
    moments.min = min;
    moments.max = max;
    moments.m2 = m2;
  }
}

/** Values that are `(base + offset) / power`, offsets of 16 bits at most. */
class ScaledValues implements Values {
  readonly #offsets: Uint8Array | Uint16Array;
  readonly #base: number;
  readonly #power: number;

  constructor(offsets: Uint8Array | Uint16Array, base: number, power: number) {
    this.#offsets = offsets;
    this.#base = base;
    this.#power = power;
  }

  /**
   * Sums and squares of the differences to the first offset are whole numbers, and exact: 4096 rows of 16 bits stay
   * below 2^44. That the first one lies between the extremes keeps M2 = Σd² - (Σd)²/n from cancelling by more than n.
   */
  addTo(moments: Moments, from: number, to: number): void {
    const offsets = this.#offsets;
    const first = offsets[from]!;
    let least = first;
    let most = first;
    let sum = 0;
    let squares = 0;
    for (let row = from; row < to; row++) {
      const offset = offsets[row]!;
      const apart = offset - first;
      sum += apart;
      squares += apart * apart;
      if (offset < least) least = offset;
      if (offset > most) most = offset;
    }
    const count = to - from;
    const base = this.#base;
    const power = this.#power;
    moments.count = count;
    moments.sum = ((base + first) * count + sum) / power;
    moments.min = (base + least) / power;
    moments.max = (base + most) / power;
    moments.m2 = Math.max(0, squares - (sum * sum) / count) / (power * power);
  }
}
