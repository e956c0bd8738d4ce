/** The last readings of a stream, kept in order of time and in order of size. Its capacity is its limit. */
export class SortedWindow {
  readonly #capacity: number;
  readonly #recent: Float64Array;
  readonly #sorted: Float64Array;
  readonly #deviations: Float64Array;
  #next = 0;
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#recent = new Float64Array(capacity);
    this.#sorted = new Float64Array(capacity);
    this.#deviations = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a value, in the place of the oldest where the window is full. */
  push(value: number): void {
    if (this.#size === this.#capacity) this.#remove(this.#recent[this.#next]!);
    this.#recent[this.#next] = value;
    this.#next = (this.#next + 1) % this.#capacity;
    let at = this.#size;
    while (at > 0 && this.#sorted[at - 1]! > value) {
      this.#sorted[at] = this.#sorted[at - 1]!;
      at -= 1;
    }
    this.#sorted[at] = value;
    this.#size += 1;
  }

  clear(): void {
    this.#next = 0;
    this.#size = 0;
  }

  /** NaN while there is no value. */
  median(): number {
    return middle(this.#sorted, this.#size);
  }

  /** The median of the absolute deviations from `center`. */
  medianDeviation(center: number): number {
    for (let index = 0; index < this.#size; index++)
      this.#deviations[index] = Math.abs(this.#sorted[index]! - center);
    this.#deviations.subarray(0, this.#size).sort();
    return middle(this.#deviations, this.#size);
  }

  #remove(value: number): void {
    let at = 0;
    while (at < this.#size - 1 && this.#sorted[at] !== value) at += 1;
    this.#sorted.copyWithin(at, at + 1, this.#size);
    this.#size -= 1;
  }
}

function middle(sorted: Float64Array, size: number): number {
  if (size === 0) return Number.NaN;
  const half = size >> 1;
  return size % 2 === 1 ? sorted[half]! : sorted[half - 1]! / 2 + sorted[half]! / 2;
}
