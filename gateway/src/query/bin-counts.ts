import { histogram, type Sketch } from '@fieldline/protocol/aggregate';

/**
 * Readings of each bucket by bins of fixed edges: below the first edge, from each edge up to the next, from the last edge
 * on. Of readings they are exact; of windows as near as `histogram` comes with their sketches.
 */
export class BinCounts {
  readonly #edges: Float64Array;
  /** A row a bucket; NaN in all of a row says that a part came without a sketch. */
  readonly #counts: Float64Array;

  /** `edges` rise. */
  constructor(edges: Float64Array, buckets: number) {
    this.#edges = edges;
    this.#counts = new Float64Array(buckets * this.bins);
  }

  /** Bins of a row: one more than edges. */
  get bins(): number {
    return this.#edges.length + 1;
  }

  addValues(bucket: number, values: Float64Array): void {
    for (let at = 0; at < values.length; at++)
      this.#counts[bucket * this.bins + this.#binOf(values[at]!)]! += 1;
  }

  /** `sketch`: of one window; undefined where it has none that can be read. */
  addSketch(bucket: number, sketch: Sketch | undefined): void {
    const counts = sketch ? histogram(sketch, this.#edges) : new Float64Array(this.bins).fill(NaN);
    for (let bin = 0; bin < counts.length; bin++) this.#counts[bucket * this.bins + bin]! += counts[bin]!;
  }

  /** The row of a bucket. */
  row(bucket: number): Float64Array {
    return this.#counts.subarray(bucket * this.bins, (bucket + 1) * this.bins);
  }

  #binOf(value: number): number {
    let low = 0;
    let high = this.#edges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#edges[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
