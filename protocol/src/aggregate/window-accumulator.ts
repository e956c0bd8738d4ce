import { Moments } from './moments.ts';
import type { SketchOptions } from './sketch-limits.ts';
import { Sketch } from './sketch.ts';

/** What a windows block holds of one window of one stream: moments and, where asked for, a sketch. */
export class WindowAccumulator {
  readonly moments = new Moments();
  readonly #sketch: Sketch | undefined;
  #sketchIsWhole = true;

  /** With `sketch: true` or the options of one it also keeps quantiles. */
  constructor(options: { sketch?: boolean | SketchOptions } = {}) {
    const { sketch = false } = options;
    this.#sketch = sketch === false ? undefined : new Sketch(sketch === true ? {} : sketch);
  }

  /** Undefined where none was asked for, or where windows without one were merged into this. */
  get sketch(): Sketch | undefined {
    return this.#sketchIsWhole ? this.#sketch : undefined;
  }

  get count(): number {
    return this.moments.count;
  }

  /** Records one reading at `atUs` (µs). Values that are not finite are passed over. */
  record(value: number, atUs = NaN): void {
    this.moments.record(value, atUs);
    this.#sketch?.record(value);
  }

  /** Records all finite values; answers how many were. The times are those of the first and the last. */
  recordBlock(values: Float64Array, firstAtUs = NaN, lastAtUs = firstAtUs): number {
    this.#sketch?.recordBlock(values);
    return this.moments.recordBlock(values, firstAtUs, lastAtUs);
  }

  /** Adds the readings of `other`. Where `other` has readings but no sketch, this one has none any more. */
  merge(other: WindowAccumulator): void {
    this.moments.merge(other.moments);
    if (other.sketch) this.#sketch?.merge(other.sketch);
    else if (other.count > 0) this.#sketchIsWhole = false;
  }

  /** Back to no reading. */
  reset(): void {
    this.moments.reset();
    this.#sketch?.reset();
    this.#sketchIsWhole = true;
  }
}
