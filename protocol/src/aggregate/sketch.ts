import type { Result } from '../errors/index.ts';
import { bucketIndexOf, type BucketIndex } from './bucket-index.ts';
import { Buckets } from './buckets.ts';
import { countByBucket } from './count-by-bucket.ts';
import { decodeSketch, encodeSketch } from './sketch-bytes.ts';
import { sketchLimits, type SketchOptions } from './sketch-limits.ts';

/**
 * A DDSketch (Masson, Rim, Lee, VLDB 2019) over numbers of either sign: buckets of the magnitude's logarithm
 * for positive values, others for negative ones, and one for zero. Every quantile is within
 * `relativeAccuracy` of an exact one, relative to it. `merge` is exact: any split and order of the same
 * readings gives the same buckets.
 *
 * Where the magnitudes of one sign span more than `bucketsMax` buckets, the smallest magnitudes are
 * collapsed into one: quantiles that fall there are too far from zero; all others keep their accuracy.
 */
export class Sketch {
  readonly relativeAccuracy: number;
  readonly bucketsMax: number;
  /** Buckets of the magnitudes of positive and of negative values: index `ceil(log(magnitude) / log(gamma))`. */
  readonly positive: Buckets;
  readonly negative: Buckets;
  zeroCount = 0;
  readonly #index: BucketIndex;

  constructor(options: SketchOptions = {}) {
    const { relativeAccuracy = 0.01, bucketsMax = 2048 } = options;
    checkOptions(relativeAccuracy, bucketsMax);
    this.relativeAccuracy = relativeAccuracy;
    this.bucketsMax = bucketsMax;
    this.positive = new Buckets(bucketsMax);
    this.negative = new Buckets(bucketsMax);
    this.#index = bucketIndexOf(relativeAccuracy);
  }

  /** How many values it holds. */
  get count(): number {
    return this.positive.total + this.negative.total + this.zeroCount;
  }

  /** Records one value; one that is not finite is passed over. */
  record(value: number): void {
    if (value > 0) {
      if (value < Infinity) this.positive.add(this.#index.of(value), 1);
    } else if (value < 0) {
      if (value > -Infinity) this.negative.add(this.#index.of(-value), 1);
    } else if (value === 0) {
      this.zeroCount += 1;
    }
  }

  /** Records all finite values (NaN is an absent reading), without allocating once the buckets are there. */
  recordBlock(values: Float64Array): void {
    if (this.#index.cellShift > 0) {
      this.zeroCount += countByBucket(values, this.#index, this);
      return;
    }
    for (let index = 0; index < values.length; index++) this.record(values[index]!);
  }

  /**
   * Adds the values of `other`. If its accuracy differs, its buckets are recorded anew by their
   * representative values, and the relative errors of both add up.
   */
  merge(other: Sketch): void {
    this.zeroCount += other.zeroCount;
    if (other.relativeAccuracy === this.relativeAccuracy) {
      this.positive.merge(other.positive);
      this.negative.merge(other.negative);
      return;
    }
    this.#recordAnew(this.positive, other, other.positive);
    this.#recordAnew(this.negative, other, other.negative);
  }

  /**
   * The value of rank `floor(q * (count - 1))`, counted from 0 in ascending order, within `relativeAccuracy`
   * of it; q from 0 to 1. NaN without values.
   */
  quantile(q: number): number {
    const { count } = this;
    if (count === 0 || !(q >= 0 && q <= 1)) return NaN;
    let rank = Math.floor(q * (count - 1));
    if (rank < this.negative.total) return -this.#magnitude(indexDownAt(this.negative, rank));
    rank -= this.negative.total;
    if (rank < this.zeroCount) return 0;
    return this.#magnitude(indexUpAt(this.positive, rank - this.zeroCount));
  }

  /** Shows what it holds in rising order: the value that stands for a bucket, and how many are in it. */
  eachBucket(visit: (value: number, count: number) => void): void {
    const { negative, positive } = this;
    for (let index = negative.highest; index >= negative.lowest; index--) {
      const count = negative.at(index);
      if (count > 0) visit(-this.#magnitude(index), count);
    }
    if (this.zeroCount > 0) visit(0, this.zeroCount);
    for (let index = positive.lowest; index <= positive.highest; index++) {
      const count = positive.at(index);
      if (count > 0) visit(this.#magnitude(index), count);
    }
  }

  /** Back to no value, keeping its buckets' room. */
  reset(): void {
    this.zeroCount = 0;
    this.positive.reset();
    this.negative.reset();
  }

  /** Its bytes, as docs/reference/wire.md describes them: about one a bucket in use. */
  encode(): Uint8Array {
    return encodeSketch(this);
  }

  /** A sketch from its bytes; refused (`BATCH_INVALID`) where they are damaged or beyond the limits. */
  static decode(bytes: Uint8Array): Result<Sketch> {
    return decodeSketch(bytes, (options) => new Sketch(options));
  }

  /** The value that is within `relativeAccuracy` of everything in bucket `index`. */
  #magnitude(index: number): number {
    const middle = Math.exp(index * this.#index.logGamma) * (1 - this.relativeAccuracy);
    return Math.min(middle, Number.MAX_VALUE);
  }

  #recordAnew(own: Buckets, other: Sketch, buckets: Buckets): void {
    if (buckets.total === 0) return;
    for (let index = buckets.highest; index >= buckets.lowest; index--) {
      const count = buckets.at(index);
      if (count === 0) continue;
      own.add(this.#index.of(other.#magnitude(index)), count);
    }
  }
}

function indexUpAt(buckets: Buckets, rank: number): number {
  let seen = 0;
  for (let index = buckets.lowest; index < buckets.highest; index++) {
    seen += buckets.at(index);
    if (seen > rank) return index;
  }
  return buckets.highest;
}

function indexDownAt(buckets: Buckets, rank: number): number {
  let seen = 0;
  for (let index = buckets.highest; index > buckets.lowest; index--) {
    seen += buckets.at(index);
    if (seen > rank) return index;
  }
  return buckets.lowest;
}

function checkOptions(relativeAccuracy: number, bucketsMax: number): void {
  const millionths = relativeAccuracy * 1e6;
  const { relativeAccuracyMin, relativeAccuracyMax, bucketsMaxMin, bucketsMaxMax } = sketchLimits;
  const isAccuracy = relativeAccuracy >= relativeAccuracyMin && relativeAccuracy <= relativeAccuracyMax;
  if (!isAccuracy || Math.round(millionths) / 1e6 !== relativeAccuracy) {
    throw new RangeError(`relativeAccuracy ${relativeAccuracy} is not 0.0001 to 0.5 in whole millionths`);
  }
  if (!Number.isInteger(bucketsMax) || bucketsMax < bucketsMaxMin || bucketsMax > bucketsMaxMax) {
    throw new RangeError(`bucketsMax ${bucketsMax} is not ${bucketsMaxMin} to ${bucketsMaxMax}`);
  }
}
