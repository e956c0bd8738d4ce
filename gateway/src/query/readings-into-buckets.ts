import { lowerBound, type BucketSeries } from './bucket-series.ts';

/** Values that one bucket starts with room for. */
const initialValues = 1024;

/** Hands readings that come in order of time to a series, one bucket at a time; memory of one bucket. */
export class ReadingsIntoBuckets {
  readonly #series: BucketSeries;
  #values = new Float64Array(initialValues);
  #length = 0;
  #startUs = Number.NEGATIVE_INFINITY;
  #endUs = Number.NEGATIVE_INFINITY;

  constructor(series: BucketSeries) {
    this.#series = series;
  }

  /** Times must not fall, from call to call either; those outside of the series are passed over. */
  add(times: Float64Array, values: Float64Array, count: number = times.length): void {
    const { fromUs, toUs } = this.#series;
    let from = lowerBound(times, fromUs, 0);
    while (from < count && times[from]! < toUs) {
      this.#openBucket(times[from]!);
      const endUs = Math.min(this.#endUs, toUs);
      let to = from + 1;
      while (to < count && times[to]! < endUs) to += 1;
      this.#take(values.subarray(from, to));
      from = to;
    }
  }

  /** Hands over the last bucket. */
  finish(): void {
    if (this.#length > 0) this.#series.addReadings(this.#startUs, this.#values.subarray(0, this.#length));
    this.#length = 0;
  }

  #openBucket(timeUs: number): void {
    if (timeUs < this.#endUs) return;
    this.finish();
    this.#startUs = this.#series.bucketOf(timeUs);
    this.#endUs = this.#startUs + this.#series.lengthUs;
  }

  #take(values: Float64Array): void {
    const needed = this.#length + values.length;
    if (needed > this.#values.length) {
      const larger = new Float64Array(Math.max(needed, this.#values.length * 2));
      larger.set(this.#values.subarray(0, this.#length));
      this.#values = larger;
    }
    this.#values.set(values, this.#length);
    this.#length = needed;
  }
}
