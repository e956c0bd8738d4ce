/** Readings that one stream may have waiting for earlier ones; a reading costs 16 bytes. */
export const reorderRowsMax = 200_000;

const firstCapacity = 64;

/** Takes readings in the order of their times (of equal times: of their values). */
export type OrderedReceiver = (t: Float64Array, v: Float64Array) => void;

/** Readings that wait until nothing earlier can come: gives them out in the order of their times. */
export class ReorderBuffer {
  #t = new Float64Array(firstCapacity);
  #v = new Float64Array(firstCapacity);
  #rows = 0;
  #releasedUs = Number.NEGATIVE_INFINITY;

  /** Readings that wait. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Takes readings (NaN: none) until the buffer is full; answers how many rows were looked at, and how many
   * readings of them were earlier than what went out already. Those become NaN.
   */
  append(t: Float64Array, v: Float64Array): { rows: number; late: number } {
    this.#reserve(Math.min(this.#rows + t.length, reorderRowsMax));
    let late = 0;
    let row = 0;
    for (; row < t.length && this.#rows < reorderRowsMax; row++) {
      if (Number.isNaN(v[row])) continue;
      if (t[row]! < this.#releasedUs) {
        late += 1;
        v[row] = Number.NaN;
        continue;
      }
      this.#t[this.#rows] = t[row]!;
      this.#v[this.#rows] = v[row]!;
      this.#rows += 1;
    }
    return { rows: row, late };
  }

  /** Gives out what is earlier than `beforeUs`. */
  release(beforeUs: number, receive: OrderedReceiver): void {
    this.#sort();
    let count = 0;
    while (count < this.#rows && this.#t[count]! < beforeUs) count += 1;
    this.#releasedUs = Math.max(this.#releasedUs, beforeUs);
    this.#giveOut(count, receive);
  }

  /** Gives out the older half: for a buffer that is full. */
  releaseOldest(receive: OrderedReceiver): void {
    this.#sort();
    const count = Math.ceil(this.#rows / 2);
    this.#releasedUs = Math.max(this.#releasedUs, this.#t[count - 1] ?? Number.NEGATIVE_INFINITY);
    this.#giveOut(count, receive);
  }

  /** Shows all that waits, in order; it stays. The arrays are valid during the call only. */
  peek(receive: OrderedReceiver): void {
    this.#sort();
    if (this.#rows > 0) receive(this.#t.subarray(0, this.#rows), this.#v.subarray(0, this.#rows));
  }

  #giveOut(count: number, receive: OrderedReceiver): void {
    if (count > 0) receive(this.#t.subarray(0, count), this.#v.subarray(0, count));
    this.#t.copyWithin(0, count, this.#rows);
    this.#v.copyWithin(0, count, this.#rows);
    this.#rows -= count;
  }

  /** Most sources are in order, and then there is nothing to do. */
  #sort(): void {
    const [t, v] = [this.#t, this.#v];
    let row = 1;
    while (row < this.#rows && (t[row]! > t[row - 1]! || (t[row] === t[row - 1] && v[row]! >= v[row - 1]!)))
      row += 1;
    if (row >= this.#rows) return;
    const order = Array.from({ length: this.#rows }, (_, index) => index);
    order.sort((a, b) => t[a]! - t[b]! || v[a]! - v[b]!);
    const times = Float64Array.from(order, (index) => t[index]!);
    const values = Float64Array.from(order, (index) => v[index]!);
    t.set(times);
    v.set(values);
  }

  #reserve(rows: number): void {
    if (rows <= this.#t.length) return;
    const capacity = Math.min(reorderRowsMax, Math.max(rows, 2 * this.#t.length));
    this.#t = grown(this.#t, capacity);
    this.#v = grown(this.#v, capacity);
  }
}

function grown(column: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  larger.set(column);
  return larger;
}
