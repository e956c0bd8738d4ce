import type { BucketSeries } from './bucket-series.ts';

/** Values that one bucket starts with room for. */
const initialValues = 1024;

/** Hands readings that come in order of time to a series, one bucket at a time; memory of one bucket. */
export class ReadingsIntoBuckets {
  readonly #series: BucketSeries;
  #values = new Float64Array(initialValues);
  #length = 0;
  #startUs = Number.NEGATIVE_INFINITY;
  #endUs = Number.NEGATIVE_INFINITY;
  readonly #lengthUs: number;

  constructor(series: BucketSeries, lengthUs: number) {
    this.#series = series;
    this.#lengthUs = lengthUs;
  }

  /** Times must not fall. */
  add(timeUs: number, value: number): void {
    if (timeUs >= this.#endUs) {
      this.finish();
      this.#startUs = this.#series.bucketOf(timeUs);
      this.#endUs = this.#startUs + this.#lengthUs;
    }
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length++] = value;
  }

  /** Hands over the last bucket. */
  finish(): void {
    if (this.#length > 0) this.#series.addReadings(this.#startUs, this.#values.subarray(0, this.#length));
    this.#length = 0;
  }

  #grow(): void {
    const larger = new Float64Array(this.#values.length * 2);
    larger.set(this.#values);
    this.#values = larger;
  }
}
