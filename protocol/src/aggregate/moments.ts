/** What a window holds of its readings besides a sketch; the columns of a windows block, for one window. */
export interface MomentsValues {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly first: number;
  readonly last: number;
  readonly m2: number;
}

/**
 * Count, sum, extremes, first, last and M2 of a set of readings, mergeable.
 *
 * One reading at a time by Welford (1962), two sets by Chan, Golub and LeVeque (1979), eq. 2.1: both are
 * stable where the textbook sum of squares cancels. Before the first reading every value but `count` is NaN.
 * Values that are not finite are passed over. Where a sum or M2 leaves the range of a double it saturates at
 * the largest finite one, since an infinity could not travel.
 */
export class Moments {
  count = 0;
  min = NaN;
  max = NaN;
  first = NaN;
  last = NaN;
  /** Time of `first` and of `last` in µs; NaN where readings were recorded without times. */
  firstAtUs = NaN;
  lastAtUs = NaN;
  #sum = 0;
  #mean = 0;
  #m2 = 0;

  /** Moments of what a windows block carries for one window. `startUs` orders windows when they are merged. */
  static from(values: MomentsValues, startUs = NaN): Moments {
    const moments = new Moments();
    if (values.count === 0) return moments;
    moments.count = values.count;
    moments.min = values.min;
    moments.max = values.max;
    moments.first = values.first;
    moments.last = values.last;
    moments.firstAtUs = startUs;
    moments.lastAtUs = startUs;
    moments.#sum = values.sum;
    moments.#mean = values.sum / values.count;
    moments.#m2 = values.m2;
    return moments;
  }

  get sum(): number {
    return this.count === 0 ? NaN : saturated(this.#sum);
  }

  /** Sum of squared differences from the mean; the variance is `m2 / count`, or `m2 / (count - 1)` of a sample. */
  get m2(): number {
    return this.count === 0 ? NaN : saturated(this.#m2);
  }

  get mean(): number {
    if (this.count === 0) return NaN;
    return Number.isFinite(this.#sum) ? this.#sum / this.count : saturated(this.#mean);
  }

  /** Records one reading; `atUs` is its time where first and last must survive merging in any order. */
  record(value: number, atUs = NaN): void {
    if (!Number.isFinite(value)) return;
    this.count += 1;
    const delta = value - this.#mean;
    this.#mean += delta / this.count;
    this.#m2 += delta * (value - this.#mean);
    this.#sum += value;
    this.#include(value, value, value, value, atUs, atUs);
  }

  /** Records all finite values in their order; NaN is an absent reading. Answers how many were recorded. */
  recordBlock(values: Float64Array, firstAtUs = NaN, lastAtUs = firstAtUs): number {
    if (this.#recordWhole(values, firstAtUs, lastAtUs)) return values.length;
    let count = 0;
    let sum = 0;
    let min = Infinity;
    let max = -Infinity;
    let first = NaN;
    let last = NaN;
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      if (value - value !== 0) continue;
      if (count === 0) first = value;
      count += 1;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
      last = value;
    }
    if (count === 0) return 0;
    const mean = sum / count;
    this.#combine(count, sum, mean, squaredDifferences(values, mean));
    this.#include(min, max, first, last, firstAtUs, lastAtUs);
    return count;
  }

  /** Adds the readings of `other`. Without times `other` is taken to follow. */
  merge(other: Moments): void {
    if (other.count === 0) return;
    this.#combine(other.count, other.#sum, other.#mean, other.#m2);
    this.#include(other.min, other.max, other.first, other.last, other.firstAtUs, other.lastAtUs);
  }

  /** Back to no reading, so that one object serves window after window. */
  reset(): void {
    this.count = 0;
    this.min = this.max = this.first = this.last = this.firstAtUs = this.lastAtUs = NaN;
    this.#sum = this.#mean = this.#m2 = 0;
  }

  /** Records a block in which every value is finite, which most are; false, and nothing recorded, where one is not. */
  #recordWhole(values: Float64Array, firstAtUs: number, lastAtUs: number): boolean {
    if (values.length === 0) return false;
    let sum = 0;
    let min = Infinity;
    let max = -Infinity;
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    // A value that is not finite leaves no finite sum; a sum too large for a double takes the other way too.
    if (sum - sum !== 0) return false;
    const mean = sum / values.length;
    let m2 = 0;
    for (let index = 0; index < values.length; index++) {
      const difference = values[index]! - mean;
      m2 += difference * difference;
    }
    this.#combine(values.length, sum, mean, m2);
    this.#include(min, max, values[0]!, values[values.length - 1]!, firstAtUs, lastAtUs);
    return true;
  }

  #combine(count: number, sum: number, mean: number, m2: number): void {
    const total = this.count + count;
    const delta = mean - this.#mean;
    this.#m2 += m2 + delta * delta * ((this.count * count) / total);
    this.#mean += (delta * count) / total;
    this.#sum += sum;
    this.count = total;
  }

  #include(min: number, max: number, first: number, last: number, firstAtUs: number, lastAtUs: number): void {
    if (!(this.min <= min)) this.min = min;
    if (!(this.max >= max)) this.max = max;
    const isFirst = Number.isNaN(this.first);
    if (isFirst || firstAtUs < this.firstAtUs) {
      this.first = first;
      this.firstAtUs = firstAtUs;
    }
    if (isFirst || !(lastAtUs < this.lastAtUs)) {
      this.last = last;
      this.lastAtUs = lastAtUs;
    }
  }
}

function squaredDifferences(values: Float64Array, mean: number): number {
  let m2 = 0;
  for (let index = 0; index < values.length; index++) {
    const difference = values[index]! - mean;
    if (difference - difference === 0) m2 += difference * difference;
  }
  return m2;
}

function saturated(value: number): number {
  if (Number.isNaN(value)) return Number.MAX_VALUE;
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}
