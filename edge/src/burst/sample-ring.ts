/** The newest samples of one stream: times (µs UTC) and values, in two typed arrays that are never replaced. */
export class SampleRing {
  readonly capacity: number;
  readonly #t: Float64Array;
  readonly #v: Float64Array;
  #written = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#t = new Float64Array(capacity);
    this.#v = new Float64Array(capacity);
  }

  /** Samples written since the start; sample `n` is held while `n >= written - capacity`. */
  get written(): number {
    return this.#written;
  }

  /** Time of the newest sample; undefined before the first. */
  get newestUs(): number | undefined {
    return this.#written === 0 ? undefined : this.#t[(this.#written - 1) % this.capacity];
  }

  /** Keeps the rows `[from, to)` of a block; the oldest samples make room. */
  append(t: Float64Array, v: Float64Array, from: number, to: number): void {
    const skip = Math.max(0, to - from - this.capacity);
    this.#written += skip;
    for (let row = from + skip; row < to;) {
      const at = this.#written % this.capacity;
      const count = Math.min(to - row, this.capacity - at);
      this.#t.set(t.subarray(row, row + count), at);
      this.#v.set(v.subarray(row, row + count), at);
      this.#written += count;
      row += count;
    }
  }

  /** The number of the first sample, not before `lowest`, of those that end the ring and are not before `fromUs`. */
  firstSince(fromUs: number, lowest: number): number {
    const oldest = Math.max(lowest, this.#written - this.capacity);
    let first = this.#written;
    while (first > oldest && this.#t[(first - 1) % this.capacity]! >= fromUs) first -= 1;
    return first;
  }

  /** Hands over the samples from number `first` on, oldest first, in at most two parts. */
  read(first: number, receive: (t: Float64Array, v: Float64Array) => void): void {
    for (let next = first; next < this.#written;) {
      const at = next % this.capacity;
      const count = Math.min(this.#written - next, this.capacity - at);
      receive(this.#t.subarray(at, at + count), this.#v.subarray(at, at + count));
      next += count;
    }
  }
}
