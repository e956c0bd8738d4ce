/** First and last seq, both included. */
export type SeqRange = readonly [from: number, to: number];

/** Reads ranges from JSON as `JSON.stringify(ranges.toArray())` writes it. */
export function parseRanges(json: string): SeqRange[] {
  const read: unknown = JSON.parse(json);
  if (!Array.isArray(read)) return [];
  return read.flatMap((range: unknown): SeqRange[] =>
    Array.isArray(range) ? [[Number(range[0]), Number(range[1])]] : [],
  );
}

/**
 * A set of sequence numbers, kept as sorted ranges that neither touch nor overlap. A device in order has
 * one range however long it runs; each further range is a hole that has not been filled.
 */
export class SeqRanges {
  readonly #ranges: [from: number, to: number][];

  /** `ranges` sorted and apart, as `toArray` gave them. */
  constructor(ranges: readonly SeqRange[] = []) {
    this.#ranges = ranges.map(([from, to]) => [from, to]);
  }

  get count(): number {
    return this.#ranges.length;
  }

  /** The highest seq in the set; 0 when it is empty. */
  get last(): number {
    return this.#ranges.at(-1)?.[1] ?? 0;
  }

  has(seq: number): boolean {
    const range = this.#ranges[this.#indexAtOrBelow(seq)];
    return range !== undefined && seq <= range[1];
  }

  /** Whether adding `seq` would make one more range. */
  wouldSplit(seq: number): boolean {
    return !this.has(seq) && !this.has(seq - 1) && !this.has(seq + 1);
  }

  add(seq: number): void {
    if (this.has(seq)) return;
    const index = this.#indexAtOrBelow(seq);
    const left = this.#ranges[index];
    const right = this.#ranges[index + 1];
    const touchesLeft = left?.[1] === seq - 1;
    const touchesRight = right?.[0] === seq + 1;
    if (touchesLeft && touchesRight) {
      left[1] = right[1];
      this.#ranges.splice(index + 1, 1);
    } else if (touchesLeft) left[1] = seq;
    else if (touchesRight) right[0] = seq;
    else this.#ranges.splice(index + 1, 0, [seq, seq]);
  }

  toArray(): SeqRange[] {
    return this.#ranges.map(([from, to]) => [from, to]);
  }

  /** Index of the last range that begins at or below `seq`; -1 where there is none. */
  #indexAtOrBelow(seq: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && range[0] <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
