/** A set of offsets, kept as ranges: acknowledgements arrive out of order, but in long runs. */
export class OffsetRanges {
  /** Sorted, disjoint, not adjacent; `[from, to)`. */
  #ranges: [from: number, to: number][] = [];

  /** Adds one offset. */
  add(offset: number): void {
    const index = this.#ranges.findIndex(([, to]) => to >= offset);
    const range = this.#ranges[index];
    if (range === undefined) this.#ranges.push([offset, offset + 1]);
    else if (range[0] > offset + 1) this.#ranges.splice(index, 0, [offset, offset + 1]);
    else this.#grow(index, range, offset);
  }

  has(offset: number): boolean {
    return this.#ranges.some(([from, to]) => from <= offset && offset < to);
  }

  /** The first offset at or after `offset` that is not in the set. */
  nextMissing(offset: number): number {
    for (const [from, to] of this.#ranges) {
      if (offset < from) return offset;
      if (offset < to) return to;
    }
    return offset;
  }

  /** Forgets everything below `offset`. */
  removeBelow(offset: number): void {
    this.#ranges = this.#ranges.filter(([, to]) => to > offset);
    const first = this.#ranges[0];
    if (first !== undefined && first[0] < offset) first[0] = offset;
  }

  /** The number of ranges, for tests and metrics. */
  get size(): number {
    return this.#ranges.length;
  }

  #grow(index: number, range: [number, number], offset: number): void {
    range[0] = Math.min(range[0], offset);
    range[1] = Math.max(range[1], offset + 1);
    const next = this.#ranges[index + 1];
    if (next !== undefined && next[0] <= range[1]) {
      range[1] = Math.max(range[1], next[1]);
      this.#ranges.splice(index + 1, 1);
    }
  }
}
