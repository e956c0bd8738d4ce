/** Room for so many buckets is made first, and added at least on each growth. */
const bucketsAtOnce = 64;

/**
 * Counts by integer index, in one array over the range in use, of at most `bucketsMax` buckets: those below
 * `highest - bucketsMax + 1` are collapsed into that one. What is collapsed depends on the highest index
 * alone, so that merging parts in any order gives exactly the buckets of the whole.
 */
export class Buckets {
  readonly bucketsMax: number;
  total = 0;
  /** Lowest and highest index in use; `highest` is below `lowest` while `total` is 0. */
  lowest = 0;
  highest = -1;
  /** Counts from index `base` on; written by others only between `lowest` and `highest`, with `total`. */
  counts = new Float64Array(0);
  base = 0;

  constructor(bucketsMax: number) {
    this.bucketsMax = bucketsMax;
  }

  /** Counts `count` (positive) more at `index`. */
  add(index: number, count: number): void {
    let at = index;
    if (this.total === 0 || index > this.highest || index < this.lowest) at = this.#include(index);
    this.counts[at - this.base]! += count;
    this.total += count;
  }

  /** The count at `index`; 0 outside of the range in use. */
  at(index: number): number {
    return this.total === 0 ? 0 : (this.counts[index - this.base] ?? 0);
  }

  merge(other: Buckets): void {
    if (other.total === 0) return;
    // The highest first: then nothing is placed that would be collapsed afterwards.
    for (let index = other.highest; index >= other.lowest; index--) {
      const count = other.at(index);
      if (count > 0) this.add(index, count);
    }
  }

  reset(): void {
    this.total = 0;
    this.lowest = 0;
    this.highest = -1;
    this.counts.fill(0);
  }

  /** Widens the range so that `index` is in it; answers the index to count at, which collapsing may raise. */
  #include(index: number): number {
    if (this.total === 0) {
      this.lowest = this.highest = index;
      this.base = index - (this.counts.length >> 1);
    }
    const highest = Math.max(this.highest, index);
    const floor = highest - this.bucketsMax + 1;
    const at = Math.max(index, floor);
    this.#place(Math.max(Math.min(this.lowest, at), floor), highest);
    return at;
  }

  /** Moves the counts so that `[lowest, highest]` fits, folding what lies below `lowest` into it. */
  #place(lowest: number, highest: number): void {
    const span = highest - lowest + 1;
    const fits = lowest >= this.base && highest < this.base + this.counts.length;
    if (!fits || lowest > this.lowest) {
      const room = Math.min(this.bucketsMax, Math.max(span + bucketsAtOnce, this.counts.length));
      const base = lowest - ((room - span) >> 1);
      const counts = new Float64Array(room);
      if (this.total > 0) {
        for (let index = this.lowest; index <= this.highest; index++) {
          counts[Math.max(index, lowest) - base]! += this.counts[index - this.base]!;
        }
      }
      this.counts = counts;
      this.base = base;
    }
    this.lowest = lowest;
    this.highest = highest;
  }
}
